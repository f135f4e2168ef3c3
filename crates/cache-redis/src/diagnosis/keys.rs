//! Whose keys lie under the namespace's prefix, and of what format.

use cache_core::{
    CacheError, DiagnoseOptions, ErrorKind, Finding, FindingCode as Code, Severity, codec,
};
use futures_util::future::join_all;
use redis::{Cmd, Value, cmd};

use super::{Visit, is_fatal, not_allowed};
use crate::keyspace::{Found, classify, pattern, scan};

/// Keys of one `SCAN`.
const STEP: usize = 1_000;

/// Entries whose first bytes are read.
const MOST_READ: usize = 200;

/// Bytes that tell an entry's format.
const START: usize = 3;

pub(super) async fn look(
    visit: &mut Visit<'_>,
    options: &DiagnoseOptions,
) -> Result<(), CacheError> {
    let Some(keys) = sample(visit, options).await? else { return Ok(()) };
    let of = |wanted| {
        let kind = move |key: &&Vec<u8>| classify(&options.namespace, key) == wanted;
        keys.iter().filter(kind)
    };
    let foreign = of(Found::Foreign).count() as u64;
    if foreign > 0 {
        visit.findings.push(shared(foreign, keys.len() as u64));
    }
    let framed: Vec<_> = of(Found::Entry).filter(|key| is_framed(key)).take(MOST_READ).collect();
    let starts = starts(visit, &framed).await?;
    let looked_at = starts.len() as u64;
    let unreadable = starts.iter().filter(|start| !codec::is_current(start)).count() as u64;
    if unreadable > 0 {
        visit.findings.push(unreadable_entries(unreadable, looked_at));
    }
    Ok(())
}

/// Some keys of the namespace's prefix; `None` where the user may not look for them.
async fn sample(
    visit: &mut Visit<'_>,
    options: &DiagnoseOptions,
) -> Result<Option<Vec<Vec<u8>>>, CacheError> {
    let (mut keys, mut cursor, mut looked) = (Vec::new(), 0, 0);
    let pattern = pattern(&options.namespace);
    // Where the namespace is a small part of a large server, its keys are not looked for for ever.
    while keys.len() < options.sample && looked < 100 * options.sample.max(STEP) {
        match scan(visit.link, visit.server, &pattern, cursor, STEP).await {
            Ok((next, found)) => {
                keys.extend(found);
                (cursor, looked) = (next, looked + STEP);
            }
            Err(error) if is_fatal(&error) => return Err(error),
            Err(_) => {
                visit.findings.push(not_allowed("scan"));
                return Ok(None);
            }
        }
        if cursor == 0 {
            break;
        }
    }
    // SCAN may give a key twice.
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(options.sample);
    Ok(Some(keys))
}

/// Vectors and answers: other kinds have forms of their own.
fn is_framed(key: &[u8]) -> bool {
    let kind = key.split(|&byte| byte == b':').nth(1);
    matches!(kind, Some(b"emb" | b"resp"))
}

/// The first bytes of those that are there.
async fn starts(visit: &mut Visit<'_>, keys: &[&Vec<u8>]) -> Result<Vec<Vec<u8>>, CacheError> {
    let commands: Vec<_> = keys.iter().map(|key| start_of(key)).collect();
    let replies = join_all(commands.iter().map(|command| visit.send(command))).await;
    let mut starts = Vec::with_capacity(keys.len());
    for reply in replies {
        match reply {
            // Empty where the key is gone meanwhile.
            Ok(Value::BulkString(start)) if start.is_empty() => {}
            Ok(Value::BulkString(start)) => starts.push(start),
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                visit.findings.push(not_allowed("getrange"));
                return Ok(Vec::new());
            }
            // Of another type: not readable to us either.
            _ => starts.push(Vec::new()),
        }
    }
    Ok(starts)
}

fn start_of(key: &[u8]) -> Cmd {
    let mut command = cmd("GETRANGE");
    command.arg(key).arg(0).arg(START - 1);
    command
}

fn shared(foreign: u64, looked_at: u64) -> Finding {
    let what = format!(
        "others keep keys under the namespace's prefix: {foreign} of {looked_at} that were looked at"
    );
    let to_do = "choose another namespace (CACHE_NAMESPACE), or another database for them";
    let finding = Finding::new(Code::ForeignKeys, Severity::Warning, what, to_do);
    finding.with("keys", foreign).with("looked_at", looked_at)
}

fn unreadable_entries(entries: u64, looked_at: u64) -> Finding {
    let what = format!(
        "{entries} of {looked_at} entries that were looked at are of another version's format, or \
         damaged, and are misses"
    );
    let to_do = "nothing, if versions were changed: they are replaced as they are met";
    let finding = Finding::new(Code::UnreadableEntries, Severity::Warning, what, to_do);
    finding.with("entries", entries).with("looked_at", looked_at)
}
