//! How far a clearing, or a look at the keys, has come over all primaries.

use std::fmt;

use crate::link::Server;

/// A server's `SCAN` cursor, and the servers that are done with. The cursor of one server means
/// nothing to another, so that one that takes the place of another (after a failover) is gone
/// through from its start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) cursor: u64,
    at: Option<String>,
    done: Vec<String>,
}

impl Place {
    /// The cursor, where it belongs, and who is done with, in words.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let cursor = words.next()?.parse().ok()?;
        let at = words.next()?;
        let at = (at != "-").then(|| at.to_owned());
        Some(Self { cursor, at, done: words.map(str::to_owned).collect() })
    }

    /// Who is to be gone on with: the same as before if it is still a primary, or else the next.
    pub(crate) fn server<'a>(&mut self, servers: &'a [Server]) -> Option<&'a Server> {
        let same = servers.iter().find(|server| self.at.as_deref() == Some(&server.name));
        let next = || servers.iter().find(|server| !self.done.contains(&server.name));
        let server = same.or_else(next)?;
        if same.is_none() {
            self.cursor = 0;
            self.at = Some(server.name.clone());
        }
        Some(server)
    }

    /// Takes note of the cursor that the server gave; at 0 it is done with.
    pub(crate) fn advance(&mut self, cursor: u64) {
        self.cursor = cursor;
        if cursor == 0 {
            self.done.extend(self.at.take());
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cursor, self.at.as_deref().unwrap_or("-"))?;
        self.done.iter().try_for_each(|name| write!(f, " {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        for (cursor, at, done) in
            [(0, None, vec![]), (7, Some("a:1"), vec!["b:2", "[::1]:3"]), (0, None, vec!["b:2"])]
        {
            let done = done.into_iter().map(str::to_owned).collect();
            let place = Place { cursor, at: at.map(str::to_owned), done };
            assert_eq!(Place::parse(&place.to_string()), Some(place));
        }
        for wrong in ["", "7", "rowid 7", "-1 a:1"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
