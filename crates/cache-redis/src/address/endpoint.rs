//! Where one server listens.

use std::fmt;
use std::path::PathBuf;

/// The address of one server. Equal addresses are one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    /// A name or address, without brackets, and a port.
    Tcp(String, u16),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Endpoint {
    /// `host:port` as servers write it in redirections and lists; the host may be an IPv6 address
    /// without brackets. An empty host means that of who says so.
    pub(crate) fn announced(text: &str, by: &Self) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Self::of_announced(host, port.parse().ok()?, by)
    }

    /// The same in two parts.
    pub(crate) fn of_announced(host: &str, port: u16, by: &Self) -> Option<Self> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if port == 0 {
            return None;
        }
        match (host, by) {
            ("" | "?", Self::Tcp(host, _)) => Some(Self::Tcp(host.clone(), port)),
            ("" | "?", Self::Unix(_)) => Some(Self::Tcp("127.0.0.1".to_owned(), port)),
            (host, _) => Some(Self::Tcp(host.to_owned(), port)),
        }
    }

    /// The name or address that a certificate may be for.
    #[cfg(feature = "tls")]
    pub(crate) fn host(&self) -> Option<&str> {
        match self {
            Self::Tcp(host, _) => Some(host),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_write_addresses_in_several_ways() {
        let by = Endpoint::Tcp("asked.example".to_owned(), 1);
        let tcp = |host: &str, port| Some(Endpoint::Tcp(host.to_owned(), port));
        assert_eq!(Endpoint::announced("10.0.0.1:7000", &by), tcp("10.0.0.1", 7000));
        assert_eq!(Endpoint::announced("node-1.example:7000", &by), tcp("node-1.example", 7000));
        assert_eq!(Endpoint::announced("::1:7000", &by), tcp("::1", 7000));
        assert_eq!(Endpoint::announced("[::1]:7000", &by), tcp("::1", 7000));
        assert_eq!(Endpoint::announced(":7000", &by), tcp("asked.example", 7000));
        assert_eq!(Endpoint::announced("?:7000", &by), tcp("asked.example", 7000));
        for wrong in ["", "host", "host:", "host:0", "host:port", "host:70000"] {
            assert_eq!(Endpoint::announced(wrong, &by), None, "{wrong}");
        }
        assert_eq!(tcp("::1", 7000).unwrap().to_string(), "[::1]:7000");
    }
}
