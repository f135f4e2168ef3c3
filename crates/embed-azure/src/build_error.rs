//! Why a client could not be made.

use cache_core::BoxError;

/// The settings of a client cannot work. No text here repeats a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The endpoint is no address that a client could ask.
    #[error("the endpoint is unusable: {0}")]
    Endpoint(String),
    /// No credential was given to a service that wants one.
    #[error("no credential: give an API key, a token or a token provider")]
    NoCredential,
    /// The credential is empty or holds characters that no HTTP header takes.
    #[error(
        "the credential is empty or holds line breaks or other characters that no HTTP header takes"
    )]
    Credential,
    /// A header that cannot be sent.
    #[error("the header {0:?} is unusable: {1}")]
    Header(String, &'static str),
    /// The proxy's address is no URL.
    #[error("the proxy's address is unusable: give http://host:port or https://host:port")]
    Proxy,
    /// The CA holds no PEM certificate.
    #[error("the CA certificate is unusable: it must be PEM, with at least one certificate")]
    CaCertificate,
    /// The HTTP client could not be set up, for instance because the system has no certificates.
    #[error("the HTTP client could not be set up")]
    Client(#[source] BoxError),
}
