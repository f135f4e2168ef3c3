//! From URLs to the servers they mean, and to what people may see of them.

mod endpoint;
mod parameters;
#[cfg(test)]
mod tests;

use cache_core::{CacheError, ErrorKind};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use secrecy::{ExposeSecret, SecretString};

use crate::{Credentials, RedisConfig};
pub(crate) use endpoint::Endpoint;
use parameters::Parameters;

const SENTINEL_PORT: &str = "26379";

/// What a URL means.
pub(crate) struct Address {
    pub(crate) kind: Kind,
    /// The server, or those that know the others. Never empty.
    pub(crate) seeds: Vec<Endpoint>,
    pub(crate) tls: bool,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) db: i64,
    pub(crate) parameters: Parameters,
}

/// How the servers hang together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Single,
    Cluster,
    /// The name of the service that the Sentinels watch over.
    Sentinel(String),
}

impl Address {
    pub(crate) fn new(config: &RedisConfig) -> Result<Self, CacheError> {
        let mut address = parse(config.url.expose_secret())?;
        for node in &config.nodes {
            address.seeds.push(endpoint(node, address.default_port())?);
        }
        if address.kind == Kind::Single && address.seeds.len() > 1 {
            return Err(invalid(
                "several hosts make a cluster or are Sentinels: begin the URL with \
                 redis+cluster:// or redis+sentinel://, or name replicas with ?replicas=",
            ));
        }
        if config.mentions_tls() && !address.tls && !address.sentinels_use_tls(config) {
            return Err(invalid(
                "a CA, a client certificate or a server name is given, but the URL is not rediss://",
            ));
        }
        Ok(address)
    }

    /// Whether there are Sentinels, and they speak TLS.
    pub(crate) fn sentinels_use_tls(&self, config: &RedisConfig) -> bool {
        let said = config.sentinel_tls.or(self.parameters.sentinel_tls);
        matches!(self.kind, Kind::Sentinel(_)) && said.unwrap_or(self.tls)
    }

    fn default_port(&self) -> &'static str {
        match self.kind {
            Kind::Sentinel(_) => SENTINEL_PORT,
            Kind::Single | Kind::Cluster => "6379",
        }
    }

    /// The URL without the password.
    pub(crate) fn location(&self) -> String {
        let seeds: Vec<_> = self.seeds.iter().map(ToString::to_string).collect();
        let user = self.credentials.as_ref().and_then(Credentials::user);
        let shown = shown(self.tls, user, &seeds.join(","), self.db);
        match &self.kind {
            Kind::Single => location(self.tls, user, &self.seeds[0], self.db),
            Kind::Cluster => shown.replacen("://", "+cluster://", 1),
            Kind::Sentinel(service) => {
                let db = format!("/{}", self.db);
                let place = shown.strip_suffix(&db).unwrap_or(&shown);
                format!("{place}/{service}{db}").replacen("://", "+sentinel://", 1)
            }
        }
    }
}

/// How one server is called in messages.
pub(crate) fn location(tls: bool, user: Option<&str>, endpoint: &Endpoint, db: i64) -> String {
    match endpoint {
        Endpoint::Tcp(..) => shown(tls, user, &endpoint.to_string(), db),
        Endpoint::Unix(path) => {
            let user = user.map(|user| format!("{user}@")).unwrap_or_default();
            format!("unix://{user}{}?db={db}", path.display())
        }
    }
}

fn shown(tls: bool, user: Option<&str>, hosts: &str, db: i64) -> String {
    let scheme = if tls { "rediss" } else { "redis" };
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    format!("{scheme}://{user}{hosts}/{db}")
}

/// The parts of a scheme: what is spoken, and how the servers hang together.
fn scheme(scheme: &str) -> Result<(bool, &str), CacheError> {
    let unknown = || {
        invalid(
            "a Redis URL starts with redis://, rediss:// or unix://, or with redis+cluster:// or \
             redis+sentinel://",
        )
    };
    let (base, kind) = scheme.split_once(['+', '-']).unwrap_or((scheme, ""));
    let tls = match base {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        "unix" if kind.is_empty() => return Ok((false, "unix")),
        _ => return Err(unknown()),
    };
    match kind {
        "" | "cluster" | "sentinel" => Ok((tls, kind)),
        "unix" if !tls => Ok((false, kind)),
        _ => Err(unknown()),
    }
}

fn parse(url: &str) -> Result<Address, CacheError> {
    let (start, rest) = url.split_once("://").ok_or_else(|| {
        invalid("the Redis URL has no scheme; write it like redis://127.0.0.1:6379")
    })?;
    let (tls, kind) = scheme(start)?;
    if tls && cfg!(not(feature = "tls")) {
        let message = "this build cannot speak TLS; enable the feature `tls` of cache-redis";
        return Err(CacheError::new(ErrorKind::Unsupported, message));
    }
    match rest.split_once('#') {
        Some((_, "insecure")) => Err(invalid(
            "TLS without verification (#insecure) is not offered; trust the server's own CA with \
             RedisConfig::with_ca_certificate",
        )),
        Some(_) => Err(unusable("what follows # is not part of a Redis URL")),
        None if kind == "unix" => unix(url),
        None => tcp(rest, tls, kind),
    }
}

fn unix(url: &str) -> Result<Address, CacheError> {
    let info = read(url)?;
    let ConnectionAddr::Unix(path) = info.addr() else {
        return Err(unusable("a path is missing"));
    };
    Ok(Address {
        kind: Kind::Single,
        seeds: vec![Endpoint::Unix(path.clone())],
        tls: false,
        credentials: credentials(&info),
        db: info.redis_settings().db(),
        parameters: Parameters::default(),
    })
}

fn tcp(rest: &str, tls: bool, kind: &str) -> Result<Address, CacheError> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (format!("{login}@"), hosts),
        None => (String::new(), authority),
    };
    let (kind, db) = match (kind, path.trim_matches('/')) {
        ("sentinel", path) => {
            let (service, db) = path.split_once('/').unwrap_or((path, ""));
            let service = parameters::decode(service)?;
            if service.is_empty() {
                return Err(unusable("the service's name is missing behind the Sentinels"));
            }
            (Kind::Sentinel(service), db)
        }
        ("cluster", path) => (Kind::Cluster, path),
        (_, path) => (Kind::Single, path),
    };
    let port = if matches!(kind, Kind::Sentinel(_)) { SENTINEL_PORT } else { "6379" };
    let infos = hosts
        .split(',')
        .map(|host| read(&format!("redis://{login}{}/{db}", with_port(host, port))));
    let infos = infos.collect::<Result<Vec<_>, _>>()?;
    let db = infos[0].redis_settings().db();
    if kind == Kind::Cluster && db != 0 {
        return Err(unusable("a cluster has no database but 0"));
    }
    Ok(Address {
        seeds: infos.iter().map(endpoint_of).collect::<Result<_, _>>()?,
        credentials: credentials(&infos[0]),
        parameters: Parameters::parse(query, &kind)?,
        kind,
        tls,
        db,
    })
}

/// `host[:port]`
pub(crate) fn endpoint(text: &str, default_port: &str) -> Result<Endpoint, CacheError> {
    let plain = !text.contains(['@', '/', '?', '#', ',']);
    let info = plain.then(|| read(&format!("redis://{}", with_port(text, default_port))));
    match info {
        Some(info) => endpoint_of(&info?),
        None => Err(unusable("a node is written like host:port")),
    }
}

fn with_port(host: &str, port: &str) -> String {
    let named = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    if named || host.is_empty() { host.to_owned() } else { format!("{host}:{port}") }
}

fn endpoint_of(info: &ConnectionInfo) -> Result<Endpoint, CacheError> {
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => Ok(Endpoint::Tcp(host.clone(), *port)),
        _ => Err(unusable("a host is missing")),
    }
}

fn credentials(info: &ConnectionInfo) -> Option<Credentials> {
    let settings = info.redis_settings();
    let password = SecretString::from(settings.password()?);
    Some(match settings.username() {
        Some(user) => Credentials::new(user, password),
        None => Credentials::password(password),
    })
}

fn read(url: &str) -> Result<ConnectionInfo, CacheError> {
    url.into_connection_info().map_err(|error| {
        // The client's reasons are fixed texts that quote nothing of the URL.
        let text = error.to_string();
        unusable(text.split(" - ").next().unwrap_or_default())
    })
}

fn unusable(reason: &str) -> CacheError {
    invalid(&format!(
        "the Redis URL cannot be used ({reason}); write it like \
         redis://user:password@host:6379/0, with special characters of the password \
         percent-encoded (@ as %40, / as %2F, # as %23)"
    ))
}

pub(crate) fn invalid(message: &str) -> CacheError {
    CacheError::new(ErrorKind::InvalidInput, message)
}
