//! Servers that not every machine has.

use std::env;

use crate::Builder;

/// A kind of server that the environment names, where it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionalServer {
    /// Redis 8 or newer, with vector sets: `TEST_REDIS8_SERVER`.
    Redis8,
    /// A server with a search module (`FT.CREATE` and `FT.SEARCH`): `TEST_REDIS_SEARCH_SERVER`.
    Search,
}

impl OptionalServer {
    /// The environment variable with the command line that starts it, to which options are added.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Self::Redis8 => "TEST_REDIS8_SERVER",
            Self::Search => "TEST_REDIS_SEARCH_SERVER",
        }
    }

    /// Options of such a server. Where there is none, the test's output says so.
    #[must_use]
    #[allow(clippy::print_stdout)] // it is the output of a test
    pub fn builder(self) -> Option<Builder> {
        let line = env::var(self.variable()).ok();
        if line.is_none() {
            println!("not run: {} is not set", self.variable());
        }
        line.map(|line| Builder::default().command_line(line))
    }

    /// The URL of such a server that runs already and may be written to, though others use it:
    /// `TEST_REDIS_SEARCH_URL`.
    #[must_use]
    pub fn running(self) -> Option<String> {
        match self {
            Self::Redis8 => None,
            Self::Search => env::var("TEST_REDIS_SEARCH_URL").ok(),
        }
    }
}
