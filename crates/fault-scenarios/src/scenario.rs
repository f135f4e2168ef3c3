//! What can happen to a store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache_core::CacheBackend;
use redis_test_server::{Fault, TestServer};

use crate::server::{OneServer, PASSWORD};
use crate::topologies::{Cluster, Watched};

/// A store that can be broken and healed.
#[async_trait]
pub trait Stage: Send {
    /// The store, as a program would open it.
    async fn open(&self) -> Arc<dyn CacheBackend>;

    /// Breaks it.
    fn break_it(&mut self);

    /// Makes it whole again, or waits until it has made itself whole.
    fn heal(&mut self);
}

/// One way in which a store fails.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What happens, in words for a table.
    pub name: &'static str,
    /// Sets the store up.
    pub stage: fn() -> Box<dyn Stage>,
    /// How long the store is broken.
    pub lasts: Lasts,
    /// Whether the whole store is out for long enough for a breaker to open.
    pub outage: bool,
}

/// How long a store is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// As long as the pace has it.
    ThePace,
    /// Until it has made itself whole.
    UntilItHeals,
}

impl Scenario {
    fn new(name: &'static str, stage: fn() -> Box<dyn Stage>) -> Self {
        Self { name, stage, lasts: Lasts::ThePace, outage: true }
    }

    /// One in which another server takes over.
    fn heals_itself(mut self) -> Self {
        self.lasts = Lasts::UntilItHeals;
        self
    }

    /// One in which some of the store is always there, or it is away for a moment only.
    fn may_pass_unnoticed(mut self) -> Self {
        self.outage = false;
        self
    }
}

/// All scenarios, in the order of the table.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("server killed, then started again, empty", killed),
        Scenario::new("server hung (SIGSTOP)", hung),
        Scenario::new("answers come 500 ms late", late),
        Scenario::new("answers do not come, connections stay open", silent),
        Scenario::new("one byte in 64 of the answers is another", garbled),
        Scenario::new("connections break off after 200 bytes of answers", cut),
        Scenario::new("`maxmemory` reached, `noeviction`", full),
        Scenario::new("server turned into a read-only replica", replica),
        Scenario::new("password changed, connections closed", locked),
        Scenario::new("Sentinels: primary killed, its replica promoted", lost_primary)
            .heals_itself(),
        Scenario::new("Sentinels: planned failover", planned_failover)
            .heals_itself()
            .may_pass_unnoticed(),
        Scenario::new("cluster: primary killed, its replica promoted", Cluster::new)
            .heals_itself()
            .may_pass_unnoticed(),
    ]
}

fn killed() -> Box<dyn Stage> {
    OneServer::new(|stage| stage.server.kill(), |stage| stage.server.restart())
}

fn hung() -> Box<dyn Stage> {
    OneServer::new(|stage| stage.server.pause(), |stage| stage.server.resume())
}

fn late() -> Box<dyn Stage> {
    faulty(|stage| stage.proxy.set_fault(Fault::Delay(Duration::from_millis(500))))
}

fn silent() -> Box<dyn Stage> {
    faulty(|stage| stage.proxy.set_fault(Fault::Silence))
}

fn garbled() -> Box<dyn Stage> {
    faulty(|stage| stage.proxy.set_fault(Fault::Garble(64)))
}

fn cut() -> Box<dyn Stage> {
    faulty(|stage| stage.proxy.set_fault(Fault::CutAfter(200)))
}

/// The way to the server is at fault.
fn faulty(break_it: fn(&mut OneServer)) -> Box<dyn Stage> {
    OneServer::new(break_it, |stage| stage.proxy.set_fault(Fault::None))
}

fn full() -> Box<dyn Stage> {
    OneServer::new(
        |stage| configure(&stage.server, "maxmemory", "1"),
        |stage| configure(&stage.server, "maxmemory", "0"),
    )
}

fn configure(server: &TestServer, name: &str, value: &str) {
    server.command_as(PASSWORD, &["CONFIG", "SET", name, value]);
}

/// Its primary is gone, so that it has what it had.
fn replica() -> Box<dyn Stage> {
    OneServer::new(
        |stage| drop(stage.server.command_as(PASSWORD, &["REPLICAOF", "127.0.0.1", "1"])),
        |stage| drop(stage.server.command_as(PASSWORD, &["REPLICAOF", "NO", "ONE"])),
    )
}

fn locked() -> Box<dyn Stage> {
    const ANOTHER: &str = "another";
    OneServer::new(
        |stage| {
            configure(&stage.server, "requirepass", ANOTHER);
            stage.proxy.cut();
        },
        |stage| {
            let back = ["CONFIG", "SET", "requirepass", PASSWORD];
            stage.server.command_as(ANOTHER, &back);
        },
    )
}

fn lost_primary() -> Box<dyn Stage> {
    Watched::new(|stage| stage.primary.kill())
}

fn planned_failover() -> Box<dyn Stage> {
    Watched::new(|stage| {
        stage.sentinels.nodes()[0].command(&["SENTINEL", "FAILOVER", "main"]);
    })
}
