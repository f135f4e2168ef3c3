//! A cluster: its nodes and slots, learnt from the nodes themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use cache_core::{CacheError, ErrorKind};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::{Value, cmd};
use tokio::sync::watch;

use super::nodes::{NOBODY, Nodes, Owners};
use super::{Group, slots};
use crate::address::Endpoint;
use crate::connection::{Connector, Dialer, Failure, Place};
use crate::error;

/// Nodes that are asked at the same time for the slots.
const ASKED_AT_ONCE: usize = 3;

/// The slots are not asked for more often than this.
const MIN_AGE: Duration = Duration::from_millis(100);

/// After so long the slots are asked for again without a reason, so that new replicas are used; and
/// where there is none and one is wanted, after the shorter time.
const MAX_AGE: Duration = Duration::from_secs(60);
const MAX_AGE_WITHOUT_REPLICAS: Duration = Duration::from_secs(5);

/// The nodes of a cluster.
pub(crate) struct Cluster {
    dialer: Arc<Dialer>,
    seeds: Vec<Endpoint>,
    /// Whether nodes answer readings as replicas, too.
    readonly: bool,
    connectors: Mutex<HashMap<Endpoint, Arc<Connector>>>,
    layout: RwLock<Arc<Layout>>,
    /// Who asks for the slots, and when and why that failed last.
    turn: tokio::sync::Mutex<Option<(Instant, Failure)>>,
    nodes: Arc<watch::Sender<Arc<Nodes>>>,
}

/// Who serves what, as learnt at some moment.
pub(crate) struct Layout {
    groups: Vec<Group>,
    owners: Arc<Owners>,
    learnt: Option<Instant>,
}

impl Layout {
    /// All primaries with their replicas.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The index among the groups of the one that serves a slot.
    pub(crate) fn owner(&self, slot: u16) -> Option<usize> {
        let index = usize::from(self.owners[usize::from(slot)]);
        (index < self.groups.len()).then_some(index)
    }

    /// Whether it says the same as another.
    pub(crate) fn same_owners(&self, other: &Self) -> bool {
        let primaries = |layout: &Self| -> Vec<_> {
            layout.groups.iter().map(|group| group.primary.endpoint().cloned()).collect()
        };
        self.owners == other.owners && primaries(self) == primaries(other)
    }

    /// The failure of one node, as one of a part while other primaries are connected to.
    pub(crate) fn failed(&self, failure: CacheError) -> CacheError {
        match self.groups.iter().any(|group| group.primary.standing().is_some()) {
            true => failure.of_a_part(),
            false => failure,
        }
    }

    /// How many slots nobody serves.
    pub(crate) fn unserved(&self) -> usize {
        self.owners.iter().filter(|&&owner| owner == NOBODY).count()
    }
}

impl Cluster {
    pub(super) fn new(
        dialer: Arc<Dialer>,
        seeds: Vec<Endpoint>,
        readonly: bool,
        nodes: Arc<watch::Sender<Arc<Nodes>>>,
    ) -> Self {
        let unknown =
            Layout { groups: Vec::new(), owners: Arc::new([NOBODY; slots::SLOTS]), learnt: None };
        Self {
            dialer,
            seeds,
            readonly,
            connectors: Mutex::default(),
            layout: RwLock::new(Arc::new(unknown)),
            turn: tokio::sync::Mutex::default(),
            nodes,
        }
    }

    /// Who serves what; asked for now if it is not known, and in the background if that is long
    /// ago.
    pub(crate) async fn layout(self: &Arc<Self>) -> Result<Arc<Layout>, CacheError> {
        let layout = self.known();
        match layout.learnt {
            None => self.learn_after(&layout).await,
            Some(learnt) => {
                let lacking =
                    self.readonly && layout.groups.iter().any(|group| group.replicas.is_empty());
                let max_age = if lacking { MAX_AGE_WITHOUT_REPLICAS } else { MAX_AGE };
                if learnt.elapsed() > max_age {
                    self.suspect(&layout);
                }
                Ok(layout)
            }
        }
    }

    /// Asks for the slots in the background: this layout has turned out to be wrong.
    pub(crate) fn suspect(self: &Arc<Self>, wrong: &Arc<Layout>) {
        if self.turn.try_lock().is_err() {
            return; // somebody is asking
        }
        let (cluster, wrong) = (Arc::clone(self), Arc::clone(wrong));
        tokio::spawn(async move {
            if let Err(error) = cluster.learn_after(&wrong).await {
                tracing::debug!(%error, "the cluster's slots are not known anew");
            }
        });
    }

    /// A newer layout than this, if one can be had now, or else the same.
    pub(crate) async fn learn_after(
        self: &Arc<Self>,
        wrong: &Arc<Layout>,
    ) -> Result<Arc<Layout>, CacheError> {
        let mut turn = self.turn.lock().await;
        let known = self.known();
        let fresh = known.learnt.is_some_and(|learnt| learnt.elapsed() < MIN_AGE);
        if known.learnt != wrong.learnt || fresh {
            return Ok(known);
        }
        if let Some((at, failure)) = &*turn
            && at.elapsed() < MIN_AGE
        {
            return Err(CacheError::from(failure));
        }
        match self.ask().await {
            Ok(layout) => {
                *turn = None;
                Ok(layout)
            }
            Err(error) => {
                let failure = Failure::from(error);
                let error = CacheError::from(&failure);
                *turn = Some((Instant::now(), failure));
                Err(error)
            }
        }
    }

    /// An answer of some node made no sense.
    pub(super) fn distrust(&self) {
        let connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        connectors.values().for_each(|connector| connector.distrust());
    }

    /// The way to a node, also to one that a redirection named and the layout does not know yet.
    pub(crate) fn connector(&self, endpoint: &Endpoint) -> Arc<Connector> {
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let connector = connectors.entry(endpoint.clone()).or_insert_with(|| {
            let place = Place::Node(endpoint.clone(), self.readonly);
            Arc::new(Connector::new(Arc::clone(&self.dialer), place))
        });
        Arc::clone(connector)
    }

    fn known(&self) -> Arc<Layout> {
        Arc::clone(&self.layout.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks the nodes, those first that are connected to, and takes the first answer.
    async fn ask(&self) -> Result<Arc<Layout>, CacheError> {
        let mut candidates = self.candidates().into_iter();
        let mut asked = FuturesUnordered::new();
        let mut failure = None;
        for endpoint in candidates.by_ref().take(ASKED_AT_ONCE) {
            asked.push(self.ask_node(endpoint));
        }
        while let Some(outcome) = asked.next().await {
            match outcome {
                Ok(map) => return Ok(self.take(map)),
                Err(error) => {
                    let telling = |old: &CacheError| old.is_retryable() && !error.is_retryable();
                    if failure.as_ref().is_none_or(telling) {
                        failure = Some(error);
                    }
                    asked.extend(candidates.next().map(|endpoint| self.ask_node(endpoint)));
                }
            }
        }
        Err(failure.unwrap_or_else(|| {
            CacheError::new(ErrorKind::Unavailable, "no node of the Redis cluster is known")
        }))
    }

    fn candidates(&self) -> Vec<Endpoint> {
        let layout = self.known();
        let nodes = layout
            .groups
            .iter()
            .flat_map(|group| std::iter::once(&group.primary).chain(&group.replicas));
        let (up, down): (Vec<_>, Vec<_>) = nodes.partition(|node| node.standing().is_some());
        let known = up.into_iter().chain(down).filter_map(|node| node.endpoint().cloned());
        let mut candidates = Vec::new();
        for endpoint in known.chain(self.seeds.iter().cloned()) {
            if !candidates.contains(&endpoint) {
                candidates.push(endpoint);
            }
        }
        candidates
    }

    async fn ask_node(&self, endpoint: Endpoint) -> Result<slots::SlotMap, CacheError> {
        let connector = self.connector(&endpoint);
        let live = connector.live().await?;
        let mut connection = live.connection();
        let mut command = cmd("CLUSTER");
        command.arg("SLOTS");
        let limit = self.dialer.timeout();
        let reply =
            match tokio::time::timeout(limit, connection.send_packed_command(&command)).await {
                Ok(reply) => reply,
                Err(_) => {
                    connector.discard(&live);
                    return Err(error::timeout(connector.location(), limit));
                }
            };
        match reply {
            Ok(Value::ServerError(error)) => Err(error::of_slots(&error, connector.location())),
            Ok(reply) => {
                let reply = live.protocol().plain(reply);
                slots::read(reply, &endpoint).ok_or_else(|| error::no_slots(connector.location()))
            }
            Err(error) => {
                connector.discard(&live);
                let phase = error::Phase::Connected;
                Err(error::of_connection(&error, connector.location(), phase))
            }
        }
    }

    /// Takes over what a node said.
    fn take(&self, map: slots::SlotMap) -> Arc<Layout> {
        let primaries = map.groups.iter().map(|(primary, _)| primary.clone()).collect();
        let nodes = Nodes::cluster(primaries, Arc::clone(&map.owners));
        let group = |(primary, replicas): &(Endpoint, Vec<Endpoint>)| Group {
            primary: self.connector(primary),
            replicas: replicas.iter().map(|replica| self.connector(replica)).collect(),
        };
        let groups = map.groups.iter().map(group).collect();
        let layout = Arc::new(Layout { groups, owners: map.owners, learnt: Some(Instant::now()) });
        self.forget_all_but(&map.groups);
        *self.layout.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&layout);
        self.nodes.send_if_modified(|known| {
            let changed = **known != nodes;
            if changed {
                *known = Arc::new(nodes);
            }
            changed
        });
        layout
    }

    fn forget_all_but(&self, groups: &[(Endpoint, Vec<Endpoint>)]) {
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let is_node = |endpoint: &Endpoint| {
            groups
                .iter()
                .any(|(primary, replicas)| primary == endpoint || replicas.contains(endpoint))
        };
        connectors.retain(|endpoint, _| is_node(endpoint) || self.seeds.contains(endpoint));
    }
}
