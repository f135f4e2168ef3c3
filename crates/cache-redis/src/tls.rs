//! TLS clients.

use cache_core::CacheError;
use redis::{Client, ConnectionInfo, TlsCertificates};
use rustls::crypto::{CryptoProvider, aws_lc_rs};

use crate::address::invalid;

/// A client that verifies the server against `ca`, or without one against the system's
/// certificates.
pub(crate) fn client(info: ConnectionInfo, ca: Option<&str>) -> Result<Client, CacheError> {
    if CryptoProvider::get_default().is_none() {
        // Fails only when another thread was faster, which serves as well.
        let _ = aws_lc_rs::default_provider().install_default();
    }
    let root_cert = match ca {
        None => None,
        Some(pem) if pem.contains("-----BEGIN CERTIFICATE-----") => Some(pem.as_bytes().to_vec()),
        Some(_) => {
            return Err(invalid("the CA for the rediss:// URL holds no PEM certificate"));
        }
    };
    Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
        .map_err(|error| invalid(&format!("the CA for the rediss:// URL is unusable: {error}")))
}
