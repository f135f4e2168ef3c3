//! The servers in use, whatever hangs them together.
//!
//! Who needs connections of its own (to be told of changes, say) asks here:
//!
//! * [`Topology::discover`] and [`Topology::nodes`]: the primaries, and which of them serves a key;
//! * [`Topology::changes`]: a channel that tells when the set of primaries, or their slots, change:
//!   a failover, a node more, slots that moved. It always holds the latest;
//! * [`Topology::open`]: a connection of one's own to one of them, with the right credentials and
//!   TLS, and, when asked for, with RESP3 and a sender for what the server says unasked. It ends
//!   when what is returned is dropped, and it is not made again by itself: whoever holds it looks
//!   at [`Topology::nodes`] again when it breaks. Changed credentials reach it by themselves.

mod cluster;
mod nodes;
mod sentinel;
mod slots;

use std::sync::{Arc, OnceLock};

use cache_core::CacheError;
use tokio::sync::watch;

pub(crate) use cluster::{Cluster, Layout};
pub(crate) use nodes::Nodes;
pub(crate) use sentinel::{EVENTS, Sentinels};
pub(crate) use slots::of as slot_of;

use crate::address::{self, Address, Endpoint, Kind};
use crate::connection::{Connector, Dialer, Opened, Place, Wanted};
use crate::{ReadFrom, RedisConfig};

/// A primary and the replicas that readings may go to.
pub(crate) struct Group {
    pub(crate) primary: Arc<Connector>,
    pub(crate) replicas: Vec<Arc<Connector>>,
}

/// All servers of one configuration.
pub(crate) struct Topology {
    dialer: Arc<Dialer>,
    location: String,
    seeds: Vec<Endpoint>,
    read_from: ReadFrom,
    /// The one primary, fixed or by the Sentinels; for a configured cluster, its first seed.
    primary: Arc<Connector>,
    replicas: Replicas,
    cluster: OnceLock<Arc<Cluster>>,
    nodes: Arc<watch::Sender<Arc<Nodes>>>,
}

/// The replicas of the one primary.
enum Replicas {
    Fixed(Vec<Arc<Connector>>),
    Sentinel(Arc<Sentinels>),
}

impl Topology {
    /// Checks the configuration; connects to nothing yet.
    pub(crate) fn new(config: &RedisConfig) -> Result<Arc<Self>, CacheError> {
        let address = Address::new(config)?;
        let dialer = Arc::new(Dialer::new(config, &address)?);
        let read_from = config.read_from.or(address.parameters.read_from).unwrap_or_default();
        let nodes = Arc::new(watch::Sender::new(Arc::new(Nodes::default())));
        let mut replicas = Replicas::Fixed(replicas(config, &address, &dialer)?);
        let first = address.seeds[0].clone();
        let place = match &address.kind {
            Kind::Single => {
                nodes.send_replace(Arc::new(Nodes::one(first.clone())));
                Place::Fixed(first)
            }
            Kind::Cluster => Place::Node(first, false),
            Kind::Sentinel(service) => {
                let sentinels = Sentinels::new(config, &address, service, &dialer, &nodes)?;
                replicas = Replicas::Sentinel(Arc::clone(&sentinels));
                Place::Sentinel(sentinels)
            }
        };
        let topology = Self {
            location: address.location(),
            primary: Arc::new(Connector::new(Arc::clone(&dialer), place)),
            seeds: address.seeds,
            dialer,
            read_from,
            replicas,
            cluster: OnceLock::new(),
            nodes,
        };
        if address.kind == Kind::Cluster {
            topology.make_cluster();
        }
        Ok(Arc::new(topology))
    }

    /// The URL without the password.
    pub(crate) fn location(&self) -> &str {
        &self.location
    }

    /// Which servers answer readings.
    pub(crate) fn read_from(&self) -> ReadFrom {
        self.read_from
    }

    /// The cluster, if it is one as far as is known.
    pub(crate) fn cluster(&self) -> Option<&Arc<Cluster>> {
        self.cluster.get()
    }

    /// The one primary, where there is no cluster.
    pub(crate) fn primary(&self) -> &Arc<Connector> {
        &self.primary
    }

    /// An answer made no sense. Which connection it came by is not known here: all are made again.
    pub(crate) fn distrust(&self) {
        match self.cluster() {
            Some(cluster) => cluster.distrust(),
            None => self.replicas().iter().chain([&self.primary]).for_each(|it| it.distrust()),
        }
    }

    /// The replicas of the one primary.
    pub(crate) fn replicas(&self) -> Vec<Arc<Connector>> {
        match &self.replicas {
            Replicas::Fixed(replicas) => replicas.clone(),
            Replicas::Sentinel(sentinels) => sentinels.replicas(),
        }
    }

    /// The server turned out to be a node of a cluster: from now on its cluster is used.
    pub(crate) fn make_cluster(&self) -> &Arc<Cluster> {
        self.cluster.get_or_init(|| {
            tracing::debug!(server = %self.location, "a cluster");
            let readonly = self.read_from != ReadFrom::Primary;
            let (dialer, nodes) = (Arc::clone(&self.dialer), Arc::clone(&self.nodes));
            Arc::new(Cluster::new(dialer, self.seeds.clone(), readonly, nodes))
        })
    }

    /// Makes a connection where there is none and learns the primaries.
    pub(crate) async fn discover(&self) -> Result<Arc<Nodes>, CacheError> {
        if self.cluster().is_none() && self.primary.live().await?.is_cluster() {
            self.make_cluster();
        }
        if let Some(cluster) = self.cluster() {
            cluster.layout().await?;
        }
        Ok(self.nodes())
    }

    /// The primaries as they were known last; none before something was connected to.
    pub(crate) fn nodes(&self) -> Arc<Nodes> {
        Arc::clone(&self.nodes.borrow())
    }

    /// Tells when the primaries or their slots change. They are noticed when calls are made.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Nodes>> {
        self.nodes.subscribe()
    }

    /// The way to a server that another one named. Nothing keeps it.
    pub(crate) fn connector(&self, endpoint: &Endpoint) -> Arc<Connector> {
        Arc::new(Connector::new(Arc::clone(&self.dialer), Place::Fixed(endpoint.clone())))
    }

    /// A connection of one's own to this server, within the connect timeout.
    pub(crate) async fn open(
        &self,
        node: &Endpoint,
        wanted: &Wanted,
    ) -> Result<Opened, CacheError> {
        self.dialer.open(node, wanted).await
    }
}

fn replicas(
    config: &RedisConfig,
    address: &Address,
    dialer: &Arc<Dialer>,
) -> Result<Vec<Arc<Connector>>, CacheError> {
    let mut endpoints = address.parameters.replicas.clone();
    for node in &config.replicas {
        endpoints.push(address::endpoint(node, "6379")?);
    }
    if !endpoints.is_empty() && address.kind != Kind::Single {
        return Err(address::invalid(
            "clusters and Sentinels know their replicas: name none for them",
        ));
    }
    let connect = |endpoint| Connector::new(Arc::clone(dialer), Place::Fixed(endpoint));
    Ok(endpoints.into_iter().map(connect).map(Arc::new).collect())
}
