//! Everything once more on each way to reach a server.

use crate::common::Store;
use crate::{changing, compacting, listing, messages, transfer};

async fn everything(store: Store) {
    messages::all(&store).await;
    changing::all(&store).await;
    compacting::all(&store).await;
    listing::all(&store).await;
    transfer::all(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_user_with_the_least_rights() {
    everything(Store::restricted_redis().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls() {
    everything(Store::tls().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_with_a_client_certificate() {
    everything(Store::mutual_tls().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_sentinels() {
    everything(Store::sentinels().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_cluster() {
    everything(Store::cluster().await).await;
}
