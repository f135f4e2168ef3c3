//! Authorities and certificates for tests.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// A certificate authority. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Authority(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its private key, in PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

/// What is the matter with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certificate {
    /// Nothing: it is for `localhost` and 127.0.0.1.
    #[default]
    Valid,
    /// Nothing: it is for `localhost`.
    NameOnly,
    /// It was valid, until the year 2001.
    Expired,
    /// It is for `elsewhere.example`.
    OtherName,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    #[allow(clippy::new_without_default)] // each is another
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names are valid names");
        params.distinguished_name = named("test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.self_signed(&key).expect("a CA can sign itself");
        let pem = certificate.pem();
        Self(Arc::new(Inner { pem, issuer: Issuer::new(params, key) }))
    }

    /// Its own certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.0.pem
    }

    /// A client's certificate, signed by this authority.
    #[must_use]
    pub fn client(&self) -> Identity {
        let mut params = CertificateParams::new([]).expect("no names are valid names");
        params.distinguished_name = named("client");
        self.sign(&params)
    }

    fn server(&self, what: Certificate) -> Identity {
        let names = match what {
            Certificate::OtherName => vec!["elsewhere.example".to_owned()],
            Certificate::NameOnly => vec!["localhost".to_owned()],
            _ => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        };
        let mut params = CertificateParams::new(names).expect("the names are valid");
        params.distinguished_name = named("server");
        if what == Certificate::Expired {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.0.issuer).expect("the CA can sign");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// OpenSSL takes a certificate for self-signed that has the name of its authority.
fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// The names of the files in a server's folder.
pub(crate) const CA: &str = "ca.pem";
pub(crate) const CERTIFICATE: &str = "server.pem";
pub(crate) const KEY: &str = "server.key";

/// Writes a server's files.
pub(crate) fn write(authority: &Authority, what: Certificate, folder: &Path) {
    let server = authority.server(what);
    for (name, pem) in
        [(CA, authority.pem()), (CERTIFICATE, &server.certificate), (KEY, &server.key)]
    {
        fs::write(folder.join(name), pem).expect("the temporary folder takes files");
    }
}
