//! The real stores.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheBackend, LogBackend, MemoryBackend, MemoryLog, Namespace};
use cache_embedded::EmbeddedBackend;
use cache_redis::acl::{self, AclFor};
use cache_redis::{RedisBackend, RedisConfig};
use redis_test_server::{Authority, TestCluster, TestSentinels, TestServer};
use tempfile::TempDir;

use crate::Watched;

/// A store of its own for one test, and where other handles and processes find it.
pub struct Store {
    place: Place,
    handles: Handles,
}

/// What one connection gives.
struct Handles {
    cache: Arc<dyn CacheBackend>,
    log: Arc<dyn LogBackend>,
}

enum Place {
    Memory,
    File(TempDir),
    Server(TestServer),
    Tls(TestServer),
    Restricted(TestServer),
    Sentinels { primary: TestServer, _replica: TestServer, sentinels: TestSentinels },
    Cluster(TestCluster),
}

/// The name of the restricted user, and the password.
const USER: &str = "cache";

impl Place {
    fn address(&self) -> String {
        match self {
            Self::Memory => panic!("no other process sees this one's memory"),
            Self::File(folder) => folder.path().join("cache.db").display().to_string(),
            Self::Server(server) => server.url(),
            Self::Tls(server) => server.tls_url(),
            Self::Restricted(server) => {
                server.url().replacen("://", &format!("://{USER}:{USER}@"), 1)
            }
            Self::Sentinels { sentinels, .. } => sentinels.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    async fn open(self) -> Store {
        let handles = Handles::open(&self.address()).await;
        Store { place: self, handles }
    }

    async fn open_with(self, settings: impl FnOnce(RedisConfig) -> RedisConfig) -> Store {
        let handles = Handles::connect(&settings(patient(&self.address()))).await;
        Store { place: self, handles }
    }
}

/// A machine that runs many tests at once is slow, which is not what is tested.
fn patient(address: &str) -> RedisConfig {
    RedisConfig::new(address)
        .with_connect_timeout(Duration::from_secs(10))
        .with_response_timeout(Duration::from_secs(10))
}

impl Handles {
    async fn open(address: &str) -> Self {
        if address.starts_with("redis") {
            Self::connect(&patient(address)).await
        } else {
            let backend = Arc::new(EmbeddedBackend::open(address).await.unwrap());
            Self { cache: backend.clone(), log: backend }
        }
    }

    async fn connect(config: &RedisConfig) -> Self {
        let backend = Arc::new(RedisBackend::connect_with(config).await.unwrap());
        Self { cache: backend.clone(), log: backend }
    }
}

impl Store {
    pub fn memory() -> Self {
        let cache = Arc::new(MemoryBackend::new(64 << 20));
        let log = Arc::new(MemoryLog::new(256 << 20));
        Self { place: Place::Memory, handles: Handles { cache, log } }
    }

    pub async fn embedded() -> Self {
        Place::File(tempfile::tempdir().unwrap()).open().await
    }

    pub async fn redis() -> Self {
        Place::Server(TestServer::start()).open().await
    }

    /// A server of which the user has the rights of [`acl::rules`] in the default namespace and in
    /// `other`, and no more.
    pub async fn restricted_redis() -> Self {
        let what = AclFor::new().with_cache(true).with_tracking(true).with_logs(true);
        let namespaces = [Namespace::default(), Namespace::new("other").unwrap()];
        let rules = ["on".to_owned(), format!(">{USER}")].into_iter();
        let rules: Vec<_> = rules.chain(acl::rules(&namespaces, what)).collect();
        let rules: Vec<_> = rules.iter().map(String::as_str).collect();
        Place::Restricted(TestServer::builder().user(USER, &rules).start()).open().await
    }

    /// A server that is spoken to over TLS.
    pub async fn tls() -> Self {
        let server = TestServer::builder().tls().start();
        let authority = server.ca_pem().to_owned();
        Place::Tls(server).open_with(|config| config.with_ca_certificate(authority)).await
    }

    /// One that asks for a client's certificate as well.
    pub async fn mutual_tls() -> Self {
        let authority = Authority::new();
        let server = TestServer::builder().authority(&authority).client_certificates().start();
        let client = authority.client();
        let settings = |config: RedisConfig| {
            config
                .with_ca_certificate(authority.pem())
                .with_client_certificate(client.certificate, client.key)
        };
        Place::Tls(server).open_with(settings).await
    }

    /// A primary and its replica, found through Sentinels.
    pub async fn sentinels() -> Self {
        let primary = TestServer::start();
        let replica = TestServer::builder().replica_of(&primary).start();
        let sentinels = TestServer::builder().start_sentinels(&primary);
        Place::Sentinels { primary, _replica: replica, sentinels }.open().await
    }

    /// A cluster of three primaries and their replicas.
    pub async fn cluster() -> Self {
        Place::Cluster(TestCluster::start()).open().await
    }

    /// A handle of its own of the store at this address.
    pub async fn open(address: &str) -> Arc<dyn CacheBackend> {
        Handles::open(address).await.cache
    }

    /// The same for logs.
    pub async fn open_log(address: &str) -> Arc<dyn LogBackend> {
        Handles::open(address).await.log
    }

    pub fn log(&self) -> Arc<dyn LogBackend> {
        Arc::clone(&self.handles.log)
    }

    /// Empties the server; a test that follows finds nothing of the one before.
    pub fn flush(&self) {
        let servers = match &self.place {
            Place::Memory | Place::File(_) => panic!("this store is no server"),
            Place::Server(server) | Place::Tls(server) | Place::Restricted(server) => {
                std::slice::from_ref(server)
            }
            Place::Sentinels { primary, .. } => std::slice::from_ref(primary),
            Place::Cluster(cluster) => &cluster.nodes()[..3],
        };
        for server in servers {
            server.command(&["FLUSHALL"]);
        }
    }

    /// Where other processes find it; memory has no address.
    pub fn address(&self) -> String {
        self.place.address()
    }

    pub fn server(&mut self) -> &mut TestServer {
        match &mut self.place {
            Place::Server(server) | Place::Restricted(server) => server,
            _ => {
                panic!("this store is no single server")
            }
        }
    }

    /// The store, watched.
    pub fn watched(&self) -> Arc<Watched> {
        Arc::new(Watched::new(Arc::clone(&self.handles.cache)))
    }

    /// The store as another program would see it: by a handle of its own, where that is possible.
    pub async fn another(&self) -> Arc<Watched> {
        let backend = match self.place {
            Place::Memory => Arc::clone(&self.handles.cache),
            _ => Self::open(&self.address()).await,
        };
        Arc::new(Watched::new(backend))
    }
}
