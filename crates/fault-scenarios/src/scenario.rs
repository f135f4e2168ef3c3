//! What can happen to a store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cache_core::CacheBackend;
use redis_test_server::{Fault, TestServer};

use crate::server::{OneServer, PASSWORD};

/// A store that can be broken and healed.
#[async_trait]
pub trait Stage: Send {
    /// The store, as a program would open it.
    async fn open(&self) -> Arc<dyn CacheBackend>;

    /// Breaks it.
    fn break_it(&mut self);

    /// Makes it whole again.
    fn heal(&mut self);
}

/// One way in which a store fails.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// What happens, in words for a table.
    pub name: &'static str,
    /// Sets the store up.
    pub stage: fn() -> Box<dyn Stage>,
}

/// All scenarios, in the order of the table.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario { name: "server killed, then started again, empty", stage: killed },
        Scenario { name: "server hung (SIGSTOP)", stage: hung },
        Scenario { name: "answers come 500 ms late", stage: late },
        Scenario { name: "answers do not come, connections stay open", stage: silent },
        Scenario { name: "one byte in 64 of the answers is another", stage: garbled },
        Scenario { name: "connections break off after 200 bytes of answers", stage: cut },
        Scenario { name: "`maxmemory` reached, `noeviction`", stage: full },
        Scenario { name: "server turned into a read-only replica", stage: replica },
        Scenario { name: "password changed, connections closed", stage: locked },
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
