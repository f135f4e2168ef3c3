//! The logs of an owner.

use super::{append, fresh_group, head, ids, is_there, page, record, records, whole};
use crate::{
    AppendOptions, KeySecret, LogBackend, LogGroup, LogKey, LogRead, LogUsage, Namespace, Scope,
    Ttl,
};

async fn make(backend: &dyn LogBackend, log: &LogKey, name: &str) {
    let options = AppendOptions::new(Ttl::FOREVER).with_attributes(name.to_owned().into());
    backend.append(log, &[record("a")], &options).await.expect("an append succeeds");
}

/// The most recently appended first, in pages; only appending counts.
pub async fn listing(backend: &dyn LogBackend) {
    let group = fresh_group("listing");
    assert_eq!(backend.count(&group).await.expect("succeeds"), 0);
    assert!(backend.list(&group, 0, 10).await.expect("succeeds").is_empty());
    let names: Vec<_> = (0..12).map(|i| i.to_string()).collect();
    for name in &names {
        make(backend, &group.log(name), name).await;
    }
    let list = async |skip, most| -> Vec<String> {
        let heads = backend.list(&group, skip, most).await.expect("succeeds");
        heads.iter().map(|head| String::from_utf8_lossy(&head.attributes).into_owned()).collect()
    };
    assert_eq!(backend.count(&group).await.expect("succeeds"), 12);
    assert_eq!(list(0, 3).await, ["11", "10", "9"], "the most recent first");
    assert_eq!(list(3, 3).await, ["8", "7", "6"], "the next page");
    assert_eq!(list(10, 100).await, ["1", "0"]);
    assert!(list(12, 10).await.is_empty() && list(0, 0).await.is_empty());
    append(backend, &group.log("4"), &[record("b")]).await;
    assert_eq!(list(0, 2).await, ["4", "11"], "appending makes a log the most recent");
    let log = group.log("0");
    backend.replace(&log, &record("a")).await.expect("succeeds");
    backend.touch(&log, Ttl::FOREVER).await.expect("succeeds");
    let version = head(backend, &log).await.version;
    backend.set_attributes(&log, "renamed".into(), version).await.expect("succeeds");
    assert_eq!(list(11, 1).await, ["renamed"], "nothing but appending counts");
    let fork = backend.fork(&log, &group.log("f"), None, "fork".into(), Ttl::FOREVER).await;
    assert!(fork.expect("succeeds").is_some());
    assert_eq!(list(0, 2).await, ["fork", "4"], "a fork is as one that was just appended to");
    let listed = backend.list(&group, 1, 1).await.expect("succeeds").remove(0);
    assert!(listed == head(backend, &group.log("4")).await, "heads as they are");
    assert!(backend.remove_log(&group.log("4")).await.expect("succeeds"));
    assert_eq!(list(0, 2).await, ["fork", "11"]);
    assert_eq!(backend.count(&group).await.expect("succeeds"), 12);
}

/// All logs of a namespace are counted, whosever they are, and none of another or that is gone.
pub async fn usage(backend: &dyn LogBackend) {
    let (namespace, other) = (super::fresh_namespace("usage"), super::fresh_namespace("usage"));
    let of = async |namespace| backend.log_usage(namespace).await.expect("succeeds");
    assert_eq!(of(&namespace).await, LogUsage::default(), "nothing yet");
    for (tenant, owner) in [("a", "x"), ("a", "y"), ("b", "x")] {
        let scope = Scope::tenant(tenant);
        let group = LogGroup::new(namespace.clone(), &scope, owner, None);
        for id in ["1", "2"] {
            append(backend, &group.log(id), &records(["a", "b", "c"])).await;
        }
    }
    let elsewhere = LogGroup::new(other, &Scope::shared(), "x", None).log("1");
    append(backend, &elsewhere, &[record("a")]).await;
    let empty = LogGroup::new(namespace.clone(), &Scope::shared(), "empty", None).log("1");
    append(backend, &empty, &[]).await;
    let mut expected = LogUsage::default();
    (0..4).for_each(|_| expected.add_group());
    let bytes: usize = records(["a", "b", "c"]).iter().map(|record| record.payload.len()).sum();
    expected.add_logs(7, 18, 18, 6 * bytes as u64);
    assert_eq!(of(&namespace).await, expected);
    let group = LogGroup::new(namespace.clone(), &Scope::tenant("a"), "x", None);
    assert_eq!(backend.remove_group(&group).await.expect("succeeds"), 2);
    let left = of(&namespace).await;
    assert_eq!((left.groups, left.logs, left.records), (3, 5, 12), "what is gone is not counted");
}

/// All logs of a group go, and no other.
pub async fn removing_groups(backend: &dyn LogBackend) {
    let (group, other) = (fresh_group("group"), fresh_group("group"));
    assert_eq!(backend.remove_group(&group).await.expect("succeeds"), 0);
    for i in 0..30 {
        append(backend, &group.log(&i.to_string()), &records(["a", "b"])).await;
    }
    append(backend, &other.log("0"), &[record("a")]).await;
    assert_eq!(backend.remove_group(&group).await.expect("succeeds"), 30);
    assert_eq!(backend.count(&group).await.expect("succeeds"), 0);
    for i in 0..30 {
        assert!(!is_there(backend, &group.log(&i.to_string())).await);
    }
    assert!(is_there(backend, &other.log("0")).await, "another group's log is gone");
    let anew = append(backend, &group.log("0"), &[record("a")]).await;
    assert_eq!((anew.seqs, anew.known), (vec![1], vec![false]), "nothing is left of a removed log");
}

/// Logs of different owners, scopes, namespaces and secrets never meet, however alike they are.
pub async fn isolation(backend: &dyn LogBackend) {
    let namespace = fresh_group("isolation").namespace().clone();
    let alike = Namespace::new(&format!("{namespace}.x")).expect("invariant: allowed");
    let secret = KeySecret::new(b"secret");
    let (shared, acme) = (Scope::shared(), Scope::tenant("acme"));
    let groups = [
        LogGroup::new(namespace.clone(), &shared, "a", None),
        LogGroup::new(namespace.clone(), &shared, "a:log", None),
        LogGroup::new(namespace.clone(), &shared, "", None),
        LogGroup::new(namespace.clone(), &shared, "*", None),
        LogGroup::new(namespace.clone(), &acme, "a", None),
        LogGroup::new(namespace, &shared, "a", Some(&secret)),
        LogGroup::new(alike, &shared, "a", None),
    ];
    for (i, group) in groups.iter().enumerate() {
        append(backend, &group.log("log"), &[record(i)]).await;
    }
    for (i, group) in groups.iter().enumerate() {
        assert_eq!(ids(&whole(backend, &group.log("log")).await), [i.to_string()]);
        assert_eq!(backend.count(group).await.expect("succeeds"), 1);
    }
    for (i, group) in groups.iter().enumerate() {
        assert_eq!(backend.remove_group(group).await.expect("succeeds"), 1);
        for other in &groups[i + 1..] {
            assert!(is_there(backend, &other.log("log")).await, "another group's log is gone");
        }
    }
}

/// What is shown of a backend, a key, a record or a page for debugging tells nobody's words.
pub async fn discretion(backend: &dyn LogBackend) {
    let log = fresh_group("discretion").log("a secret of the log");
    let options = AppendOptions::new(Ttl::FOREVER).with_attributes("a secret of attributes".into());
    let new = [record("a")];
    let made = backend.append(&log, &new, &options).await.expect("an append succeeds");
    let read = page(backend, &log, LogRead::Last(1)).await;
    let shown = format!("{backend:?} {log:?} {new:?} {options:?} {made:?} {read:?}");
    assert!(!shown.contains("a secret of"), "a text is shown: {shown}");
    // As bytes, too: "a se".
    assert!(!shown.contains("97, 32, 115, 101"), "a text is shown: {shown}");
}
