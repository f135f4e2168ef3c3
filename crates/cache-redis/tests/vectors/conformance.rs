//! The shared suite on every engine.

use std::sync::Arc;

use cache_core::conformance::vector as suite;
use cache_core::vector::{IndexMethod, Precision};
use cache_redis::acl::AclFor;
use cache_redis::{Protocol, RedisVectors, VectorEngine, VectorOptions};
use redis_test_server::{OptionalServer, TestServer};

use crate::graphs::graph;
use crate::support::{WithUser, as_cache, least_privilege, patient};
use crate::{server, store};

/// Whatever version of the protocol is spoken.
const PROTOCOLS: [Protocol; 2] = [Protocol::Resp2, Protocol::Resp3];

async fn conforms(url: &str, options: VectorOptions, method: IndexMethod) {
    suite::run(&suite::Subject::new(store(url, options).await).with_method(method)).await;
}

async fn conforms_in_both_protocols(url: &str, options: VectorOptions, method: IndexMethod) {
    for protocol in PROTOCOLS {
        let store = spoken(url, options, protocol).await;
        suite::run(&suite::Subject::new(store).with_method(method)).await;
    }
}

async fn spoken(url: &str, options: VectorOptions, protocol: Protocol) -> Arc<RedisVectors> {
    let config = patient(url).with_protocol(protocol);
    Arc::new(RedisVectors::connect(&config, options).await.unwrap())
}

fn by(engine: VectorEngine) -> VectorOptions {
    VectorOptions::new().with_engine(engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_module_exactly() {
    let running = OptionalServer::Search.running();
    let server = if running.is_some() { None } else { server(VectorEngine::Search) };
    let Some(url) = running.or_else(|| Some(server.as_ref()?.url())) else { return };
    conforms_in_both_protocols(&url, by(VectorEngine::Search), IndexMethod::Exact).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_module_by_graph() {
    let Some(server) = server(VectorEngine::Search) else { return };
    conforms_in_both_protocols(&server.url(), by(VectorEngine::Search), graph()).await;
}

/// Of halves where the module has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_module_of_halves() {
    let Some(server) = server(VectorEngine::Search) else { return };
    for protocol in PROTOCOLS {
        let store = spoken(&server.url(), by(VectorEngine::Search), protocol).await;
        suite::run(&suite::Subject::new(store).with_precision(Precision::Float16)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_module_as_a_user_with_the_least_rights() {
    let rules = least_privilege(AclFor::new().with_vectors(VectorEngine::Search));
    let Some(builder) = OptionalServer::Search.builder() else { return };
    let server = builder.password("other").with_user("cache", &rules).start();
    conforms(&as_cache(&server.url()), by(VectorEngine::Auto), IndexMethod::Exact).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vector_sets_exactly() {
    let Some(server) = server(VectorEngine::Sets) else { return };
    conforms_in_both_protocols(&server.url(), by(VectorEngine::Sets), IndexMethod::Exact).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vector_sets_by_graph_in_parts() {
    let Some(server) = server(VectorEngine::Sets) else { return };
    conforms_in_both_protocols(&server.url(), by(VectorEngine::Sets).with_parts(3), graph()).await;
}

/// Of bits, and of bytes by which what they find is compared. Of the suite's few dimensions bits tell
/// next to nothing: what large indexes find is measured on vectors of sentences, in the benches' tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vector_sets_of_bits() {
    let Some(server) = server(VectorEngine::Sets) else { return };
    for protocol in PROTOCOLS {
        let store = spoken(&server.url(), by(VectorEngine::Sets), protocol).await;
        let subject = suite::Subject::new(store).with_method(graph());
        let subject = subject.with_precision(Precision::Binary);
        suite::missing(&subject).await;
        suite::creating(&subject).await;
        suite::conflicts(&subject).await;
        suite::dropping(&subject).await;
        suite::isolation(&subject).await;
        suite::writing(&subject).await;
        suite::overwriting(&subject).await;
        suite::duplicates(&subject).await;
        suite::removing(&subject).await;
        suite::empty_batches(&subject).await;
        suite::hostile(&subject).await;
        suite::cosines(&subject).await;
        suite::order(&subject).await;
        suite::batches(&subject).await;
        suite::radius(&subject).await;
        suite::filters(&subject).await;
        suite::counting(&subject).await;
        suite::refusals(&subject).await;
        suite::expiry(&subject).await;
        suite::cancellation(&subject).await;
        suite::concurrency(&subject).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vector_sets_as_a_user_with_the_least_rights() {
    let rules = least_privilege(AclFor::new().with_vectors(VectorEngine::Sets));
    let Some(builder) = OptionalServer::Redis8.builder() else { return };
    let server = builder.password("other").with_user("cache", &rules).start();
    conforms(&as_cache(&server.url()), by(VectorEngine::Auto), IndexMethod::Exact).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vector_sets_on_a_cluster() {
    let Some(builder) = OptionalServer::Redis8.builder() else { return };
    let cluster = builder.start_cluster();
    conforms(&cluster.url(), by(VectorEngine::Sets).with_parts(6), IndexMethod::Exact).await;
    for node in &cluster.nodes()[..3] {
        assert!(node.command_calls("VSIM") > 0, "every primary has a part in it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_server() {
    let server = TestServer::start();
    conforms_in_both_protocols(&server.url(), by(VectorEngine::Plain), IndexMethod::Exact).await;
    conforms(&server.url(), by(VectorEngine::Plain), graph()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_commands_of_a_server_with_vector_sets() {
    let Some(server) = server(VectorEngine::Sets) else { return };
    conforms(&server.url(), by(VectorEngine::Plain), IndexMethod::Exact).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_server_by_graph() {
    let server = TestServer::start();
    let options = by(VectorEngine::Plain).with_approximate_above(100);
    conforms(&server.url(), options, graph()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_server_as_a_user_with_the_least_rights() {
    let rules = least_privilege(AclFor::new().with_vectors(VectorEngine::Plain));
    let server = TestServer::builder().password("other").with_user("cache", &rules).start();
    conforms(&as_cache(&server.url()), by(VectorEngine::Plain), IndexMethod::Exact).await;
    let refused = server.command(&["ACL", "LOG"]);
    assert!(!refused.contains("lua"), "no script was refused anything: {refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_cluster() {
    let cluster = TestServer::builder().start_cluster();
    conforms(&cluster.url(), by(VectorEngine::Plain), IndexMethod::Exact).await;
    let asked = cluster.nodes()[..3].iter().filter(|node| node.command_calls("evalsha") > 0);
    assert!(asked.count() > 1, "each index is in a slot of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_module_on_a_cluster() {
    let Some(builder) = OptionalServer::Search.builder() else { return };
    let cluster = builder.start_cluster();
    conforms(&cluster.url(), by(VectorEngine::Search), IndexMethod::Exact).await;
}
