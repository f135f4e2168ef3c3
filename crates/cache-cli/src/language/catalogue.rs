//! How messages are written: once, in both languages, with the same arguments.

/// Makes a method of [`Language`](super::Language) for each message. A message without its Korean
/// side, or with an argument that it does not have, does not compile.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) {
        $english:literal
        $korean:literal
    })*) => {
        impl crate::language::Language {
            $(
                $(#[$doc])*
                #[allow(clippy::useless_format, reason = "some messages have no arguments")]
                pub(crate) fn $name(self $(, $argument: $type)*) -> String {
                    match self {
                        Self::English => format!($english),
                        Self::Korean => format!($korean),
                    }
                }
            )*
        }

        #[cfg(test)]
        mod tests {
            #[test]
            fn both_sides_say_the_same_in_their_language() {
                $(crate::language::catalogue::check(stringify!($name), $english, $korean);)*
            }
        }
    };
}

pub(super) use messages;

/// Asserts that the sides of a message are in their languages and use the same arguments.
#[cfg(test)]
pub(super) fn check(name: &str, english: &str, korean: &str) {
    assert!(!has_hangul(english), "{name}: the English side holds Korean");
    assert!(has_hangul(korean), "{name}: the Korean side holds no Korean");
    assert_eq!(arguments(english), arguments(korean), "{name}: the sides use other arguments");
}

#[cfg(test)]
pub(super) fn has_hangul(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

#[cfg(test)]
fn arguments(text: &str) -> std::collections::BTreeSet<&str> {
    let after = text.split('{').skip(1);
    after.filter_map(|rest| rest.split('}').next()).collect()
}
