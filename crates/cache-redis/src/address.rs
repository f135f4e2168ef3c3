//! From a URL to a client, and to what people may see of it.

use cache_core::{CacheError, ErrorKind};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use secrecy::ExposeSecret;

use crate::RedisConfig;

/// A client that has not connected yet.
pub(crate) struct Address {
    pub(crate) client: Client,
    /// The URL without the password, for messages.
    pub(crate) location: String,
}

impl Address {
    pub(crate) fn new(config: &RedisConfig) -> Result<Self, CacheError> {
        let info = parse(config.url.expose_secret())?;
        let location = location(&info);
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        // RESP2 whatever the URL says: replies have one form.
        let settings = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP2)
            .set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        let info = info.set_tcp_settings(tcp).set_redis_settings(settings);
        let client = client(info, config.ca_certificate.as_deref())?;
        Ok(Self { client, location })
    }
}

fn parse(url: &str) -> Result<ConnectionInfo, CacheError> {
    let (scheme, _) = url.split_once("://").ok_or_else(|| {
        invalid("the Redis URL has no scheme; write it like redis://127.0.0.1:6379")
    })?;
    match scheme {
        "redis" | "valkey" | "unix" | "redis+unix" | "valkey+unix" => {}
        "rediss" | "valkeys" if cfg!(feature = "tls") => {}
        "rediss" | "valkeys" => {
            let message = "this build cannot speak TLS; enable the feature `tls` of cache-redis";
            return Err(CacheError::new(ErrorKind::Unsupported, message));
        }
        _ => {
            return Err(invalid("a Redis URL starts with redis://, rediss:// or unix://"));
        }
    }
    url.into_connection_info().map_err(|error| {
        // The client's reasons are fixed texts that quote nothing of the URL.
        let text = error.to_string();
        let reason = text.split(" - ").next().unwrap_or_default();
        invalid(&format!(
            "the Redis URL cannot be used ({reason}); write it like \
             redis://user:password@host:6379/0, with special characters of the password \
             percent-encoded (@ as %40, / as %2F, # as %23)"
        ))
    })
}

fn client(info: ConnectionInfo, ca: Option<&str>) -> Result<Client, CacheError> {
    match info.addr() {
        ConnectionAddr::TcpTls { insecure: true, .. } => Err(invalid(
            "TLS without verification (#insecure) is not offered; trust the server's own CA with \
             RedisConfig::with_ca_certificate",
        )),
        #[cfg(feature = "tls")]
        ConnectionAddr::TcpTls { .. } => crate::tls::client(info, ca),
        _ if ca.is_some() => {
            Err(invalid("a CA certificate is given, but the URL is not rediss://"))
        }
        _ => Client::open(info).map_err(|_| invalid("the Redis URL cannot be used")),
    }
}

fn location(info: &ConnectionInfo) -> String {
    let settings = info.redis_settings();
    let user = settings.username().map(|user| format!("{user}@")).unwrap_or_default();
    let db = settings.db();
    let host = |host: &str| match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    };
    match info.addr() {
        ConnectionAddr::Tcp(name, port) => format!("redis://{user}{}:{port}/{db}", host(name)),
        ConnectionAddr::TcpTls { host: name, port, .. } => {
            format!("rediss://{user}{}:{port}/{db}", host(name))
        }
        ConnectionAddr::Unix(path) => format!("unix://{user}{}?db={db}", path.display()),
        other => other.to_string(),
    }
}

pub(crate) fn invalid(message: &str) -> CacheError {
    CacheError::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        Address::new(&RedisConfig::new(url)).unwrap().location
    }

    #[test]
    fn what_is_shown_holds_no_password() {
        assert_eq!(shown("redis://127.0.0.1"), "redis://127.0.0.1:6379/0");
        assert_eq!(shown("redis://:hunter2@h:7000/3"), "redis://h:7000/3");
        assert_eq!(shown("redis://app:hunter2@[::1]/1"), "redis://app@[::1]:6379/1");
        assert_eq!(shown("valkey://app:hunter2@h"), "redis://app@h:6379/0");
        assert_eq!(
            shown("unix:///run/redis.sock?db=2&user=app&pass=hunter2"),
            "unix://app@/run/redis.sock?db=2"
        );
        assert_eq!(shown("redis+unix:///run/redis.sock"), "unix:///run/redis.sock?db=0");
    }

    #[test]
    fn passwords_are_percent_decoded() {
        let info = parse("redis://:p%40ss%2Fw%23rd%25@h").unwrap();
        assert_eq!(info.redis_settings().password(), Some("p@ss/w#rd%"));
    }

    #[test]
    fn a_bad_url_is_refused_with_advice_and_without_being_shown() {
        let urls = [
            "",
            "localhost:6379",
            "http://:hunter2@h",
            "redis://",
            "redis://:hunter2@",
            "redis://:hunt#er2@h",
            "redis://:12/hunter2@h:6379",
            "redis://:hunter2@h:99999",
            "redis://:hunter2@h/db",
            "redis://:hunter2@0.0.0.0",
            "unix://",
        ];
        for url in urls {
            let error = Address::new(&RedisConfig::new(url)).err().expect(url);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunt") && text.contains("redis://"), "{url}: {text}");
        }
    }

    #[cfg(feature = "tls")]
    #[test]
    fn tls_is_verified_or_refused() {
        assert_eq!(shown("rediss://app:hunter2@h:6380"), "rediss://app@h:6380/0");
        let insecure = Address::new(&RedisConfig::new("rediss://h/#insecure")).err().unwrap();
        assert!(insecure.to_string().contains("with_ca_certificate"), "{insecure}");
        for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAA\n"] {
            let config = RedisConfig::new("rediss://h").with_ca_certificate(pem);
            let error = Address::new(&config).err().expect("such a CA is refused");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        let config = RedisConfig::new("redis://h").with_ca_certificate("pem");
        assert!(Address::new(&config).is_err(), "a CA for a connection without TLS is refused");
    }
}
