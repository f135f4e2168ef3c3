//! A cluster of servers.

use std::thread;
use std::time::Duration;

use crate::{Builder, Proxy, TestServer};

const SLOTS: usize = 16_384;
const PRIMARIES: usize = 3;

/// Three primaries with a third of the slots each, and a replica for each, stopped on drop. A node
/// that does not answer for a second is taken for dead.
#[derive(Debug)]
pub struct TestCluster {
    options: Builder,
    nodes: Vec<TestServer>,
}

impl TestCluster {
    /// A cluster without any options.
    ///
    /// # Panics
    /// As [`Builder::start`].
    #[must_use]
    pub fn start() -> Self {
        TestServer::builder().start_cluster()
    }

    pub(crate) fn start_with(base: &Builder) -> Self {
        let mut options = base.clone();
        options.cluster = true;
        if let Some(password) = &base.password {
            options = options.directive("masterauth", &[password]);
        }
        let nodes: Vec<_> = (0..2 * PRIMARIES).map(|_| options.clone().start()).collect();
        let cluster = Self { options, nodes };
        cluster.give_out_slots();
        cluster.introduce();
        for (replica, primary) in cluster.nodes[PRIMARIES..].iter().zip(&cluster.nodes) {
            replica.command(&["CLUSTER", "REPLICATE", &id(primary)]);
        }
        cluster.wait_until_whole();
        cluster
    }

    fn give_out_slots(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            if index < PRIMARIES {
                let first = index * SLOTS / PRIMARIES;
                let last = (index + 1) * SLOTS / PRIMARIES - 1;
                let range = [first.to_string(), last.to_string()];
                node.command(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]);
            }
        }
    }

    /// Everybody meets everybody, which is faster than to wait for gossip.
    fn introduce(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            for other in &self.nodes[..index] {
                meet(node, other);
            }
        }
        for node in &self.nodes {
            node.wait("a node knows all others", |node| {
                let known = node.command(&["CLUSTER", "NODES"]);
                known.lines().count() == self.nodes.len() && !known.contains("handshake")
            });
        }
    }

    /// Waits until every node says that all is well, and that every primary has its replica.
    pub fn wait_until_whole(&self) {
        for node in &self.nodes {
            node.wait("the cluster is whole", |node| {
                // Replicas are listed once it is known how far they are.
                let listed = node.command(&["CLUSTER", "SLOTS"]);
                let listed = |other: &TestServer| {
                    let ports = [other.port().to_string(), other.tls_port_if_any().to_string()];
                    listed.lines().any(|line| ports.iter().any(|port| port == line))
                };
                let link = node.command(&["INFO", "replication"]);
                node.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
                    && self.nodes.iter().all(listed)
                    && !link.contains("master_link_status:down")
            });
        }
    }

    /// `redis+cluster://{the first two nodes}`, without credentials.
    #[must_use]
    pub fn url(&self) -> String {
        let seeds = [self.nodes[0].port(), self.nodes[1].port()];
        format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", seeds[0], seeds[1])
    }

    /// The same over TLS; it must have been built with TLS.
    #[must_use]
    pub fn tls_url(&self) -> String {
        let seeds = [self.nodes[0].tls_port(), self.nodes[1].tls_port()];
        format!("rediss+cluster://localhost:{},localhost:{}", seeds[0], seeds[1])
    }

    /// All nodes: at first three primaries, and then the replica of each.
    #[must_use]
    pub fn nodes(&self) -> &[TestServer] {
        &self.nodes
    }

    /// The same, to be killed and restarted.
    pub fn nodes_mut(&mut self) -> &mut [TestServer] {
        &mut self.nodes
    }

    /// Starts one more node, a primary without slots, and makes it known.
    pub fn add_node(&mut self) -> usize {
        let node = self.options.clone().start();
        for other in &self.nodes {
            meet(&node, other);
        }
        self.nodes.push(node);
        for node in &self.nodes {
            node.wait("a new node is known", |node| {
                let known = node.command(&["CLUSTER", "NODES"]);
                known.lines().count() == self.nodes.len()
                    && !known.contains("handshake")
                    && node.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
            });
        }
        self.nodes.len() - 1
    }

    /// Puts a proxy before every node that runs and has the nodes tell clients of the proxies in place of
    /// themselves.
    #[must_use]
    pub fn behind_proxies(&self) -> Vec<Proxy> {
        let nodes: Vec<_> = self.nodes.iter().filter(|node| node.runs()).collect();
        let proxies: Vec<_> = nodes.iter().map(|node| Proxy::start(node.port())).collect();
        for (node, proxy) in nodes.iter().zip(&proxies) {
            let bus = node.bus_port().to_string();
            node.command(&["CONFIG", "SET", "cluster-announce-bus-port", &bus]);
            let port = proxy.port().to_string();
            node.command(&["CONFIG", "SET", "cluster-announce-port", &port]);
        }
        for node in nodes {
            node.wait("the proxies are known", |node| {
                let slots = node.command(&["CLUSTER", "SLOTS"]);
                let known =
                    |proxy: &Proxy| slots.lines().any(|line| line == proxy.port().to_string());
                proxies.iter().all(known)
            });
        }
        proxies
    }

    /// The slot of a key.
    #[must_use]
    pub fn slot(&self, key: &str) -> u16 {
        let slot = self.nodes[0].command(&["CLUSTER", "KEYSLOT", key]);
        slot.parse().expect("a slot is a number")
    }

    /// The number of the primary that was given this slot at the start.
    #[must_use]
    pub fn first_owner(&self, slot: u16) -> usize {
        let within = |index: &usize| usize::from(slot) < (index + 1) * SLOTS / PRIMARIES;
        (0..PRIMARIES).find(within).expect("a slot is below 16384")
    }

    /// Begins to move a slot: what is not there any more is asked for at the other node (ASK).
    pub fn begin_move(&self, slot: u16, from: usize, to: usize) {
        let (slot, nodes) = (slot.to_string(), &self.nodes);
        let (source, target) = (id(&nodes[from]), id(&nodes[to]));
        nodes[to].command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]);
        nodes[from].command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]);
    }

    /// Moves up to so many keys of a slot that is being moved; says whether there were any.
    #[must_use]
    pub fn move_keys(&self, slot: u16, from: usize, to: usize, most: usize) -> bool {
        let (slot, most) = (slot.to_string(), most.to_string());
        let keys = self.nodes[from].command(&["CLUSTER", "GETKEYSINSLOT", &slot, &most]);
        if keys.is_empty() {
            return false;
        }
        let port = self.nodes[to].port().to_string();
        let mut command = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        command.extend(keys.lines());
        self.nodes[from].command(&command);
        true
    }

    /// Ends a move: all nodes know the new owner (MOVED).
    ///
    /// It waits until they do, and of the same epochs. A message on its way would else be able to
    /// undo the next move: one in which a node with a newer epoch still claims the slot that it is
    /// about to give away. Both nodes would send clients to each other from then on.
    pub fn end_move(&self, slot: u16, from: usize, to: usize) {
        while self.move_keys(slot, from, to, 100) {}
        let (slot, owner) = (slot.to_string(), id(&self.nodes[to]));
        // The new owner first: for a moment nobody would serve the slot otherwise.
        self.nodes[to].command(&["CLUSTER", "SETSLOT", &slot, "NODE", &owner]);
        self.nodes[from].command(&["CLUSTER", "SETSLOT", &slot, "NODE", &owner]);
        self.nodes[to].wait("the nodes agree on who serves what", |_| {
            let mut views = self.nodes.iter().filter(|node| node.runs()).map(claims);
            let first = views.next();
            views.all(|view| Some(view) == first)
        });
    }

    /// Waits until this node has become a primary.
    pub fn wait_until_primary(&self, index: usize) {
        self.nodes[index].wait("a replica is promoted", |node| {
            node.has_role("master")
                && node.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
        });
        thread::sleep(Duration::from_millis(50));
    }
}

/// The epoch and the slots of each primary, as this node knows them.
fn claims(node: &TestServer) -> Vec<String> {
    let known = node.command(&["CLUSTER", "NODES"]);
    let claim = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [id, _, flags, _, _, _, epoch, _, slots @ ..] = &fields[..] else { return None };
        // Slots on their way are listed by the two that they concern alone.
        let slots: Vec<_> = slots.iter().filter(|slots| !slots.starts_with('[')).copied().collect();
        flags.contains("master").then(|| format!("{id} {epoch} {}", slots.join(" ")))
    };
    let mut claims: Vec<_> = known.lines().filter_map(claim).collect();
    claims.sort_unstable();
    claims
}

fn id(node: &TestServer) -> String {
    node.command(&["CLUSTER", "MYID"])
}

fn meet(node: &TestServer, other: &TestServer) {
    let (port, bus) = (other.port().to_string(), other.bus_port().to_string());
    node.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
}
