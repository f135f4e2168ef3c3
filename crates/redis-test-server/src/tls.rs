//! A CA and a server certificate for one test.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Files in the server's folder, and the CA for clients.
#[derive(Debug)]
pub(crate) struct Certificates {
    pub(crate) ca_pem: String,
}

impl Certificates {
    pub(crate) const CA: &str = "ca.pem";
    pub(crate) const CERTIFICATE: &str = "server.pem";
    pub(crate) const KEY: &str = "server.key";

    /// Makes a CA and a certificate for `localhost` and 127.0.0.1, and writes the files.
    pub(crate) fn write(folder: &Path) -> Self {
        let (ca_pem, issuer) = ca();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).expect("the names are valid");
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &issuer).expect("the CA can sign");
        let files = [
            (Self::CA, ca_pem.clone()),
            (Self::CERTIFICATE, certificate.pem()),
            (Self::KEY, key.serialize_pem()),
        ];
        for (name, pem) in files {
            fs::write(folder.join(name), pem).expect("the temporary folder takes files");
        }
        Self { ca_pem }
    }
}

fn ca() -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new([]).expect("no names are valid names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().expect("a key can be made");
    let certificate = params.self_signed(&key).expect("a CA can sign itself");
    (certificate.pem(), Issuer::new(params, key))
}
