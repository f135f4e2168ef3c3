//! What every server of the store says of itself.

mod figures;
mod read;

use std::collections::HashSet;
use std::sync::Arc;

use cache_core::CacheError;
use futures_util::future::join_all;
use redis::{Value, cmd};

pub(crate) use read::named;

pub use figures::{CommandFigures, ReplicaFigures, ServerFigures, ServerReport, ServerRole};

use crate::address::Endpoint;
use crate::connection::Connector;
use crate::info::{Info, part};
use crate::link::Link;
use crate::reply;
use crate::topology::Group;

/// A server, and what it answered.
struct Look {
    name: String,
    answer: Result<Info, CacheError>,
}

/// All servers, the primaries first.
pub(crate) async fn look(link: &Link) -> Result<Vec<ServerReport>, CacheError> {
    let Asked { mut looks, named, .. } = ask_known(link).await?;
    looks.extend(join_all(named.iter().map(|(name, server)| ask(link, name, server))).await);
    forget_repeated(&mut looks);
    Ok(read::reports(looks))
}

/// The ways to all servers, the primaries first. Those that do not answer are among them, unless
/// only another one knows of them.
pub(crate) async fn all(link: &Link) -> Result<Vec<(String, Arc<Connector>)>, CacheError> {
    let Asked { known: mut all, named, .. } = ask_known(link).await?;
    all.extend(named);
    Ok(all)
}

/// The servers that are known, what they answered, and those that they named besides.
struct Asked {
    known: Vec<(String, Arc<Connector>)>,
    looks: Vec<Look>,
    named: Vec<(String, Arc<Connector>)>,
}

async fn ask_known(link: &Link) -> Result<Asked, CacheError> {
    let known = known(link).await?;
    let looks = join_all(known.iter().map(|(name, server)| ask(link, name, server))).await;
    let named = announced(&looks).map(|it| (it.to_string(), link.topology().connector(&it)));
    let named = named.collect();
    Ok(Asked { known, looks, named })
}

/// The servers that calls may go to.
async fn known(link: &Link) -> Result<Vec<(String, Arc<Connector>)>, CacheError> {
    let primaries = link.primaries().await?;
    let primaries = primaries.into_iter().map(|server| (server.name, server.connector));
    let replicas = match link.topology().cluster() {
        Some(cluster) => {
            // Replicas that came after the slots were learnt are not used for a while, but are there.
            let layout = cluster.learn_after(&cluster.layout().await?).await?;
            layout.groups().iter().flat_map(|group: &Group| group.replicas.clone()).collect()
        }
        None => link.topology().replicas(),
    };
    let replicas = replicas.into_iter().filter_map(|it| Some((it.endpoint()?.to_string(), it)));
    Ok(primaries.chain(replicas).collect())
}

async fn ask(link: &Link, name: &str, server: &Arc<Connector>) -> Look {
    let mut command = cmd("INFO");
    command.arg("all"); // the counts of commands are in no smaller set
    let answer = match link.at(server, &command).await {
        Ok(Value::BulkString(text)) => Ok(Info::new(String::from_utf8_lossy(&text).into_owned())),
        Ok(other) => Err(reply::unusable(link, other, "INFO")),
        Err(error) => Err(error),
    };
    Look { name: name.to_owned(), answer }
}

/// The replicas that servers name and that nobody has asked yet.
fn announced(looks: &[Look]) -> impl Iterator<Item = Endpoint> {
    let asked: HashSet<_> = looks.iter().map(|look| look.name.clone()).collect();
    let infos = looks.iter().filter_map(|look| look.answer.as_ref().ok());
    let replicas = infos.flat_map(|info| info.numbered("slave"));
    let replicas =
        replicas.filter_map(|value| Some(Endpoint::Tcp(part(value, "ip")?, part(value, "port")?)));
    replicas.filter(move |endpoint| !asked.contains(&endpoint.to_string()))
}

/// A server that goes by two names is told once, under the first.
fn forget_repeated(looks: &mut Vec<Look>) {
    let mut seen = HashSet::new();
    looks.retain(|look| match &look.answer {
        Ok(info) => info.text("run_id").is_none_or(|id| seen.insert(id.to_owned())),
        Err(_) => true,
    });
}
