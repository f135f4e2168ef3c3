//! What stands behind the question mark of a URL.

use cache_core::CacheError;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::{Endpoint, Kind, endpoint, invalid};
use crate::{Credentials, Protocol, ReadFrom};

/// The parameters of a URL.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) replicas: Vec<Endpoint>,
    pub(crate) read_from: Option<ReadFrom>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) sentinel_credentials: Option<Credentials>,
    pub(crate) sentinel_tls: Option<bool>,
}

impl Parameters {
    pub(super) fn parse(query: &str, kind: &Kind) -> Result<Self, CacheError> {
        let mut parameters = Self::default();
        let (mut user, mut password) = (None, None);
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = decode(value)?;
            match (name, kind) {
                ("replicas", Kind::Single) => {
                    for host in value.split(',') {
                        parameters.replicas.push(endpoint(host, "6379")?);
                    }
                }
                ("read_from", _) => parameters.read_from = Some(value.parse()?),
                ("sentinel_user", Kind::Sentinel(_)) => user = Some(value),
                ("sentinel_password", Kind::Sentinel(_)) => password = Some(value),
                ("sentinel_tls", Kind::Sentinel(_)) => {
                    parameters.sentinel_tls = Some(yes_or_no(&value)?);
                }
                ("protocol", _) => parameters.protocol = Some(value.parse()?),
                _ => {
                    return Err(invalid(
                        "the Redis URL has a parameter that is not known here: redis:// takes \
                         replicas, redis+sentinel:// takes sentinel_user, sentinel_password and \
                         sentinel_tls, and all take read_from and protocol",
                    ));
                }
            }
        }
        parameters.sentinel_credentials = match (user, password.map(SecretString::from)) {
            (Some(user), Some(password)) => Some(Credentials::new(user, password)),
            (None, Some(password)) => Some(Credentials::password(password)),
            (Some(_), None) => return Err(invalid("sentinel_user needs a sentinel_password")),
            (None, None) => None,
        };
        Ok(parameters)
    }
}

fn yes_or_no(value: &str) -> Result<bool, CacheError> {
    match value {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err(invalid("sentinel_tls is yes or no")),
    }
}

/// Percent-decoded.
pub(super) fn decode(text: &str) -> Result<String, CacheError> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(invalid("the Redis URL holds text that is not UTF-8")),
    }
}
