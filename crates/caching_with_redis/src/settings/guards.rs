//! The guards of the semantic stage, as they are written.

use std::fmt;
use std::str::FromStr;

use response_cache::semantic::{Guard, Guards};
use serde::de::{Deserialize, Deserializer, Error as _};

use super::SettingsError;
use super::nearest::nearest;
use super::semantic::parts;

/// Which guards stand before an answer: `all`, `none`, those that are named, or all but those behind a
/// minus sign: `-additions, -substitution`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardChoice(pub Guards);

impl FromStr for GuardChoice {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let mut chosen = match parts(text).next() {
            Some(first) if !first.starts_with('-') => Vec::new(),
            _ => Guard::ALL.to_vec(),
        };
        for part in parts(text) {
            match part.strip_prefix('-') {
                _ if part == "all" => chosen = Guard::ALL.to_vec(),
                _ if part == "none" => chosen.clear(),
                Some(name) => {
                    let out = guard(name.trim())?;
                    chosen.retain(|guard| *guard != out);
                }
                None => chosen.push(guard(part)?),
            }
        }
        let left_out = Guard::ALL.into_iter().filter(|guard| !chosen.contains(guard));
        Ok(Self(left_out.fold(Guards::all(), Guards::without)))
    }
}

impl fmt::Display for GuardChoice {
    /// As settings have it, the shortest way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |has: bool, sign: &str| {
            let these = Guard::ALL.into_iter().filter(|guard| self.0.has(*guard) == has);
            these.map(|guard| format!("{sign}{}", guard.as_str())).collect::<Vec<_>>()
        };
        let (chosen, left_out) = (names(true, ""), names(false, "-"));
        match (chosen.len(), left_out.len()) {
            (_, 0) => f.write_str("all"),
            (0, _) => f.write_str("none"),
            (chosen_ones, others) if chosen_ones < others => f.write_str(&chosen.join(",")),
            _ => f.write_str(&left_out.join(",")),
        }
    }
}

fn guard(name: &str) -> Result<Guard, SettingsError> {
    let found = Guard::ALL.into_iter().find(|guard| guard.as_str() == name);
    found.ok_or_else(|| {
        let names = Guard::ALL.map(Guard::as_str);
        let meant = nearest(name, names.into_iter());
        let meant = meant.map(|meant| format!("did you mean {meant}? ")).unwrap_or_default();
        SettingsError::new(format!(
            "{name:?} is no guard: {meant}choose from all, none, {}",
            names.join(", ")
        ))
    })
}

impl<'de> Deserialize<'de> for GuardChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_chosen_or_left_out() {
        let all = Guards::all();
        for (text, guards, shown) in [
            ("", all, "all"),
            ("all", all, "all"),
            ("none", Guards::none(), "none"),
            ("-additions", all.without(Guard::Additions), "-additions"),
            (
                "all, -order,-names",
                all.without(Guard::Names).without(Guard::Order),
                "-names,-order",
            ),
        ] {
            let choice: GuardChoice = text.parse().unwrap();
            assert_eq!((choice.0, choice.to_string().as_str()), (guards, shown), "{text}");
            assert_eq!(choice.to_string().parse::<GuardChoice>().unwrap(), choice);
        }
        let two: GuardChoice = "dates,numbers".parse().unwrap();
        assert!(two.0.has(Guard::Dates) && two.0.has(Guard::Numbers) && !two.0.has(Guard::Names));
        assert_eq!(two.to_string(), "dates,numbers");
        let error = "-numers".parse::<GuardChoice>().unwrap_err().to_string();
        assert!(error.contains("did you mean numbers?") && error.contains("opposites"), "{error}");
    }
}
