//! Calls in a cluster: each command goes to the node that serves its slot, all nodes at the same
//! time, and follows where it is sent on.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cache_core::CacheError;
use futures_util::future::join_all;
use redis::{ServerError, Value};

use super::call::{Lost, call, call_replica};
use super::{Access, Commands, Link, Repeat, Request, Weight};
use crate::address::Endpoint;
use crate::connection::{Connector, Live};
use crate::error;
use crate::topology::{Cluster, Layout};

/// Pause before a command is sent again to nodes that are just changing; doubled each time, up to
/// [`LONGEST_PAUSE`], until the response timeout is over.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Where a command goes next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// To whoever serves its slot, a replica if readings may go there.
    Owner,
    /// To the primary that serves its slot.
    Primary,
    /// Where a node sent it.
    Node(Endpoint),
    /// Where a node sent it, this once.
    Asking(Endpoint),
}

/// Commands that go to the same node together.
struct Parcel {
    node: Arc<Connector>,
    /// The connection to a replica.
    replica: Option<Arc<Live>>,
    asking: bool,
    numbers: Vec<usize>,
}

/// What became of the commands of one round.
#[derive(Default)]
struct Round {
    pending: Vec<(usize, Way)>,
    /// The layout is wrong, and is to be learnt before anything is sent again.
    relearn: bool,
    /// The layout is wrong, and what is sent again knows the way.
    outdated: bool,
    pause: bool,
    refusal: Option<ServerError>,
    /// A node could not be reached: it, or another one in its place, may be soon.
    failure: Option<CacheError>,
    /// Nothing is sent again.
    end: Option<CacheError>,
}

/// One reply for each command, nil as long as there is none.
struct Replies {
    first: usize,
    values: Vec<Value>,
    answered: usize,
}

impl Link {
    /// Sends the commands with these numbers; one reply for each.
    pub(super) async fn routed(
        &self,
        commands: &Commands<'_>,
        range: Range<usize>,
        access: Access,
        repeat: Repeat,
    ) -> Result<Vec<Value>, CacheError> {
        let mut replies = Replies::new(&range);
        match self.follow(commands, range, access, repeat, &mut replies).await {
            Ok(()) => Ok(replies.values),
            Err(error) if commands.partial && replies.answered > 0 && error.is_retryable() => {
                tracing::debug!(%error, "a node of the cluster was left out of a reading");
                Ok(replies.values)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends commands until each has its reply.
    async fn follow(
        &self,
        commands: &Commands<'_>,
        range: Range<usize>,
        access: Access,
        repeat: Repeat,
        replies: &mut Replies,
    ) -> Result<(), CacheError> {
        let cluster = self.topology().make_cluster();
        let mut layout = cluster.layout().await?;
        let mut pending: Vec<_> = range.map(|number| (number, Way::Owner)).collect();
        let mut pause = FIRST_PAUSE;
        let limit = self.limit(Weight::default());
        let started = Instant::now();
        for turn in 0.. {
            let mut round = Round::default();
            let parcels = self.sort(cluster, &layout, commands, pending, access, &mut round);
            let sent = parcels.iter().map(|parcel| self.deliver(commands, parcel));
            let outcomes = join_all(sent).await;
            for (parcel, outcome) in parcels.into_iter().zip(outcomes) {
                round.take(parcel, outcome, repeat, replies);
            }
            round.failure = round.failure.map(|failure| layout.failed(failure));
            if round.outdated {
                cluster.suspect(&layout);
            }
            if let Some(error) = round.end {
                return Err(error);
            }
            if round.pending.is_empty() {
                break;
            }
            self.0.redirections.fetch_add(1, Ordering::AcqRel);
            if started.elapsed() + pause > limit {
                return Err(self.given_up(round));
            }
            if round.relearn {
                layout = self.learn(cluster, &layout, &mut round, turn).await?;
            }
            // Who is sent to and fro meets nodes that do not agree yet.
            if round.pause || turn > 1 {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            pending = round.pending;
        }
        Ok(())
    }

    /// Another layout after a failure, if there is one; else the failure stands. A connection that
    /// broke is made again once.
    async fn learn(
        &self,
        cluster: &Arc<Cluster>,
        wrong: &Arc<Layout>,
        round: &mut Round,
        turn: u32,
    ) -> Result<Arc<Layout>, CacheError> {
        let limit = self.limit(Weight::default());
        let learnt = tokio::time::timeout(limit, cluster.learn_after(wrong)).await;
        match (learnt, round.failure.take()) {
            (Ok(Ok(layout)), failure) => match failure {
                Some(failure) if turn > 0 && layout.same_owners(wrong) => Err(failure),
                _ => Ok(layout),
            },
            (_, Some(failure)) => Err(failure),
            (Ok(Err(error)), None) => Err(error),
            (Err(_), None) => Err(error::timeout(self.location(), limit)),
        }
    }

    fn given_up(&self, round: Round) -> CacheError {
        match (round.failure, round.refusal) {
            (Some(failure), _) => failure,
            (None, Some(refusal)) => error::of_reply(&refusal, self.location()),
            (None, None) => error::no_owner(self.location()),
        }
    }

    /// Puts commands that go to the same node together. Those whose slot nobody serves end it.
    fn sort(
        &self,
        cluster: &Cluster,
        layout: &Layout,
        commands: &Commands<'_>,
        pending: Vec<(usize, Way)>,
        access: Access,
        round: &mut Round,
    ) -> Vec<Parcel> {
        let mut parcels: Vec<Parcel> = Vec::new();
        // The parcels for each group, so that a large batch is sorted fast.
        let mut of_group = vec![[None; 2]; layout.groups().len()];
        for (number, way) in pending {
            let index = match way {
                Way::Owner | Way::Primary => {
                    let Some(owner) = layout.owner((commands.slot)(number)) else {
                        round.outdated = true;
                        round.end = Some(layout.failed(error::no_owner(self.location())));
                        continue;
                    };
                    let replica_may = access == Access::Read && way == Way::Owner;
                    *of_group[owner][usize::from(replica_may)].get_or_insert_with(|| {
                        parcels.push(self.parcel(layout, owner, replica_may));
                        parcels.len() - 1
                    })
                }
                Way::Node(endpoint) => find(&mut parcels, cluster.connector(&endpoint), false),
                Way::Asking(endpoint) => find(&mut parcels, cluster.connector(&endpoint), true),
            };
            parcels[index].numbers.push(number);
        }
        parcels
    }

    fn parcel(&self, layout: &Layout, owner: usize, replica_may: bool) -> Parcel {
        let group = &layout.groups()[owner];
        let read_from = self.topology().read_from();
        let chosen = match replica_may {
            true => self.0.turn.next(read_from, &group.replicas),
            false => None,
        };
        let (node, replica) = match chosen {
            Some((node, live)) => (node, Some(live)),
            None => (&group.primary, None),
        };
        Parcel { node: Arc::clone(node), replica, asking: false, numbers: Vec::new() }
    }

    async fn deliver(
        &self,
        commands: &Commands<'_>,
        parcel: &Parcel,
    ) -> Result<Option<Vec<Value>>, Lost> {
        let numbers = &parcel.numbers;
        let volleys = commands.volleys(numbers.len(), |position| numbers[position]);
        let volley = |number: usize| {
            let run = volleys.get(number)?.clone();
            Some(commands.pipeline(numbers[run].iter().copied(), parcel.asking))
        };
        let request = Request::Volleys(&volley);
        let mut weight = Weight::default();
        numbers.iter().for_each(|&number| weight.add((commands.weight)(number)));
        let limit = self.limit(weight);
        let mut replies = match &parcel.replica {
            Some(live) => match call_replica(&parcel.node, live, &request, limit).await {
                Some(replies) => replies,
                None => return Ok(None),
            },
            None => {
                let live = parcel.node.live().await.map_err(Lost::Unsent)?;
                call(&parcel.node, &live, &request, limit).await?.replies
            }
        };
        if parcel.asking {
            // Every other one is that to ASKING.
            let mut own = true;
            replies.retain(|_| {
                own = !own;
                own
            });
        }
        if replies.len() == numbers.len() {
            Ok(Some(replies))
        } else {
            Err(Lost::Silent(error::unexpected(parcel.node.location(), "a batch")))
        }
    }
}

/// The parcel for a node that a redirection named, begun if there is none.
fn find(parcels: &mut Vec<Parcel>, node: Arc<Connector>, asking: bool) -> usize {
    let same = |parcel: &Parcel| {
        Arc::ptr_eq(&parcel.node, &node) && parcel.asking == asking && parcel.replica.is_none()
    };
    parcels.iter().position(same).unwrap_or_else(|| {
        parcels.push(Parcel { node, replica: None, asking, numbers: Vec::new() });
        parcels.len() - 1
    })
}

impl Replies {
    fn new(range: &Range<usize>) -> Self {
        Self { first: range.start, values: vec![Value::Nil; range.len()], answered: 0 }
    }

    fn set(&mut self, number: usize, reply: Value) {
        self.values[number - self.first] = reply;
        self.answered += 1;
    }
}

impl Round {
    /// Takes note of what became of a parcel.
    fn take(
        &mut self,
        parcel: Parcel,
        outcome: Result<Option<Vec<Value>>, Lost>,
        repeat: Repeat,
        replies: &mut Replies,
    ) {
        match outcome {
            Ok(Some(answers)) => {
                for (number, reply) in parcel.numbers.into_iter().zip(answers) {
                    match reply {
                        Value::ServerError(error)
                            if self.leads_on(&error, number, &parcel.node) => {}
                        reply => replies.set(number, reply),
                    }
                }
            }
            // A replica was passed over.
            Ok(None) => {
                self.pending
                    .extend(parcel.numbers.into_iter().map(|number| (number, Way::Primary)));
            }
            Err(Lost::Silent(error)) => self.end = Some(error),
            Err(Lost::Broken(error)) if repeat == Repeat::Never => self.end = Some(error),
            Err(Lost::Broken(error) | Lost::Unsent(error)) if !error.is_retryable() => {
                self.end = Some(error);
            }
            Err(Lost::Broken(error) | Lost::Unsent(error)) => {
                self.relearn = true;
                self.failure = Some(error);
                self.pending.extend(parcel.numbers.into_iter().map(|number| (number, Way::Owner)));
            }
        }
    }

    /// Whether the node sent the command on, or cannot serve it just now.
    fn leads_on(&mut self, error: &ServerError, number: usize, by: &Arc<Connector>) -> bool {
        let to = || {
            let address = error.details()?.split(' ').nth(1)?;
            Endpoint::announced(address, by.endpoint()?)
        };
        let way = match error.code() {
            "MOVED" => {
                self.outdated = true;
                to().map(Way::Node)
            }
            "ASK" => to().map(Way::Asking),
            "TRYAGAIN" => {
                self.pause = true;
                Some(Way::Primary)
            }
            "CLUSTERDOWN" | "LOADING" | "MASTERDOWN" | "READONLY" => {
                (self.pause, self.relearn) = (true, true);
                Some(Way::Primary)
            }
            _ => None,
        };
        if let Some(way) = way {
            self.refusal = Some(error.clone());
            self.pending.push((number, way));
            return true;
        }
        false
    }
}
