//! TLS: whom we trust, and who we are.

use std::sync::Arc;

use cache_core::CacheError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use secrecy::ExposeSecret;

use super::stream::Stream;
use crate::RedisConfig;
use crate::address::{Address, Endpoint, invalid};

/// What every handshake of a configuration has in common.
pub(super) struct Tls {
    config: ClientConfig,
    verifier: Arc<WebPkiServerVerifier>,
    /// The name that the user gave: all servers are that.
    name: Option<ServerName<'static>>,
    /// The name of the first seed. Nodes of a managed cluster are listed by their addresses, and
    /// have the certificate of the name by which everybody reaches the cluster.
    seed: Option<ServerName<'static>>,
}

impl Tls {
    pub(super) fn new(config: &RedisConfig, address: &Address) -> Result<Self, CacheError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let roots = Arc::new(roots(config.ca_certificate.as_deref())?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|error| invalid(&format!("the CA for TLS is unusable: {error}")))?;
        let name = config.server_name.as_deref().map(server_name).transpose()?;
        let seed = address.seeds[0].host().map(server_name).transpose()?;
        Ok(Self {
            config: client(config, provider, Arc::clone(&verifier))?,
            verifier,
            name,
            seed: seed.filter(|name| matches!(name, ServerName::DnsName(_))),
        })
    }

    /// The handshake on a new connection to this server.
    pub(super) async fn shake_hands(
        &self,
        stream: tokio::net::TcpStream,
        endpoint: &Endpoint,
    ) -> Result<Stream, std::io::Error> {
        let host = endpoint.host().unwrap_or_default();
        let own = match &self.name {
            Some(name) => name.clone(),
            None => ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?,
        };
        let mut config = self.config.clone();
        let mut shown = own.clone();
        if let (None, ServerName::IpAddress(_), Some(seed)) = (&self.name, &own, &self.seed) {
            // The name is sent, as some services choose the certificate by it.
            shown = seed.clone();
            let verifier = EitherName { inner: Arc::clone(&self.verifier), other: own };
            config.dangerous().set_certificate_verifier(Arc::new(verifier));
        }
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let stream = connector.connect(shown, stream).await?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

fn client(
    config: &RedisConfig,
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
) -> Result<ClientConfig, CacheError> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(&format!("TLS cannot be set up: {error}")))?
        .with_webpki_verifier(verifier);
    let Some(identity) = &config.client_certificate else {
        return Ok(builder.with_no_client_auth());
    };
    // Reasons are not passed on: they might quote the key.
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap_or_default();
    if chain.is_empty() {
        return Err(invalid("the client certificate for TLS holds no PEM certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(identity.key.expose_secret().as_bytes())
        .map_err(|_| invalid("the client certificate's key is no PEM private key"))?;
    builder.with_client_auth_cert(chain, key).map_err(|_| {
        invalid("the client certificate and its key do not belong together, or are unusable")
    })
}

/// Of those certificates, or of the system.
fn roots(ca: Option<&str>) -> Result<RootCertStore, CacheError> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let added = certificate.map_err(|_| ()).and_then(|der| roots.add(der).map_err(|_| ()));
            added.map_err(|()| invalid("the CA for TLS is not a PEM certificate"))?;
        }
        if roots.is_empty() {
            return Err(invalid("the CA for TLS holds no PEM certificate"));
        }
    } else {
        // A system has many; those that cannot be read are left out.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(invalid(
                "the system has no CA certificates (install ca-certificates), and none is given \
                 with RedisConfig::with_ca_certificate",
            ));
        }
    }
    Ok(roots)
}

fn server_name(name: &str) -> Result<ServerName<'static>, CacheError> {
    ServerName::try_from(name.to_owned())
        .map_err(|_| invalid("a server's name for TLS is a DNS name or an IP address"))
}

/// Takes a certificate for the name that is asked for, or for another that the same server has.
#[derive(Debug)]
struct EitherName {
    inner: Arc<WebPkiServerVerifier>,
    other: ServerName<'static>,
}

impl ServerCertVerifier for EitherName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |name| self.inner.verify_server_cert(certificate, chain, name, ocsp, now);
        match verify(name) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => verify(&self.other),
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
