//! Why a TLS handshake failed, and what to do about it.

use std::error::Error;

use cache_core::ErrorKind;
use redis::RedisError;

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Name,
    Expired,
    NotYetValid,
    Issuer,
    ClientMissing,
    ClientRefused,
    NotTls,
    Other,
}

impl Reason {
    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Self::ClientMissing | Self::ClientRefused => ErrorKind::Unauthenticated,
            _ => ErrorKind::Other,
        }
    }

    pub(super) fn advice(self, location: &str) -> String {
        let text = match self {
            Self::Name => {
                "the server's certificate is for another name: use the name that is in it, or give \
                 it with RedisConfig::with_server_name"
            }
            Self::Expired => "the server's certificate has expired: renew it (or set the clock)",
            Self::NotYetValid => "the server's certificate is not valid yet: check the clock",
            Self::Issuer => {
                "nobody known vouches for the server's certificate: give its CA with \
                 RedisConfig::with_ca_certificate"
            }
            Self::ClientMissing => {
                "the server wants a client certificate: give one with \
                 RedisConfig::with_client_certificate"
            }
            Self::ClientRefused => {
                "the server refused the client certificate: it must be valid and of a CA that the \
                 server trusts"
            }
            Self::NotTls => "the port does not speak TLS: use redis://, or the port that does",
            Self::Other => "the handshake failed: see the source of this error",
        };
        format!("TLS with {location} failed: {text}")
    }
}

/// The reason, if it was TLS.
pub(super) fn reason(error: &RedisError) -> Option<Reason> {
    use rustls::{AlertDescription as Alert, CertificateError as Bad, Error as Tls};
    Some(match find(error)? {
        Tls::InvalidCertificate(bad) => match bad {
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Reason::Name,
            Bad::Expired | Bad::ExpiredContext { .. } => Reason::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Reason::NotYetValid,
            // A CA of the same name as the right one does not fit its signature.
            Bad::UnknownIssuer | Bad::BadSignature => Reason::Issuer,
            _ => Reason::Other,
        },
        Tls::AlertReceived(alert) => match alert {
            // OpenSSL says "handshake failure" for a missing certificate up to TLS 1.2.
            Alert::CertificateRequired | Alert::HandshakeFailure => Reason::ClientMissing,
            Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate
            | Alert::DecryptError => Reason::ClientRefused,
            _ => Reason::Other,
        },
        Tls::InvalidMessage(_) => Reason::NotTls,
        _ => Reason::Other,
    })
}

/// What rustls said, wherever the layers in between put it.
fn find(error: &RedisError) -> Option<&rustls::Error> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let shared = error.downcast_ref::<std::sync::Arc<dyn Error + Send + Sync>>();
        let io = match shared {
            Some(shared) => shared.downcast_ref::<std::io::Error>(),
            None => error.downcast_ref(),
        };
        next = match io.and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
