//! Which keys are ours.

use cache_core::Namespace;

/// What a key of the namespace's prefix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Entry,
    /// A lease or the counters.
    Companion,
    /// Somebody else uses the same prefix. Left alone.
    Foreign,
}

/// `{namespace}:stats`
pub(crate) fn stats_key(namespace: &Namespace) -> String {
    format!("{namespace}:stats")
}

pub(crate) fn classify(namespace: &Namespace, key: &[u8]) -> Found {
    let rest = key.strip_prefix(namespace.as_str().as_bytes());
    let Some(rest) = rest.and_then(|rest| rest.strip_prefix(b":")) else {
        return Found::Foreign;
    };
    if rest == b"stats" || is_lease(namespace, rest) {
        Found::Companion
    } else if is_entry(rest) {
        Found::Entry
    } else {
        Found::Foreign
    }
}

/// `lease:` and an entry's whole name in braces.
fn is_lease(namespace: &Namespace, rest: &[u8]) -> bool {
    let Some(rest) = rest.strip_prefix(b"lease:") else {
        return false;
    };
    let tagged = rest.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
    tagged.is_some_and(|entry| classify(namespace, entry) == Found::Entry)
}

/// `{kind}:{generation}:{43 characters of base64url}`, of whatever kind: newer versions may have
/// more of them.
fn is_entry(rest: &[u8]) -> bool {
    let mut parts = rest.split(|&byte| byte == b':');
    let mut part = |length: std::ops::RangeInclusive<usize>, allowed: fn(&u8) -> bool| {
        parts.next().is_some_and(|part| length.contains(&part.len()) && part.iter().all(allowed))
    };
    part(1..=32, u8::is_ascii_alphanumeric)
        && part(1..=10, u8::is_ascii_digit)
        && part(43..=43, |c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::{CacheKey, KeyKind, KeySpace};

    #[test]
    fn keys_are_told_apart() {
        let namespace = Namespace::new("app").unwrap();
        let of = |key: &str| classify(&namespace, key.as_bytes());
        for kind in [KeyKind::Embedding, KeyKind::Response, KeyKind::Model, KeyKind::Generation] {
            let space = KeySpace::new(namespace.clone(), kind, u32::MAX);
            let key = CacheKey::new(space, [0xff; 32]).to_string();
            assert_eq!(of(&key), Found::Entry);
            assert_eq!(of(&format!("app:lease:{{{key}}}")), Found::Companion);
            assert_eq!(of(&format!("app:lease:{{{key}")), Found::Foreign);
            assert_eq!(of(&format!("app:lease:{{x{key}}}")), Found::Foreign);
            assert_eq!(of(&format!("{key}x")), Found::Foreign);
            assert_eq!(of(&format!("{key}:x")), Found::Foreign);
            assert_eq!(of(&format!("x{key}")), Found::Foreign);
            assert_eq!(of(&key.replacen("app:", "app2:", 1)), Found::Foreign);
        }
        assert_eq!(of(&stats_key(&namespace)), Found::Companion);
        for foreign in [
            "app",
            "app:",
            "app:users",
            "app:lease:",
            "app:lease:x",
            "app:lease:{}",
            "app:emb:0:",
            "app:stats:x",
        ] {
            assert_eq!(of(foreign), Found::Foreign, "{foreign}");
        }
    }
}
