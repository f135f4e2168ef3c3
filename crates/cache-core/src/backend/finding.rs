//! What is wrong with a store, or soon will be.

use std::fmt;

use crate::Namespace;

/// Something that a person who runs a store should know.
///
/// `Display` says what it is and what to do, in English. Programs go by the [code](Self::code), and
/// those that speak other languages by code and [values](Self::value): what is written is made of
/// nothing else. No finding carries a key, a value, a user's text or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Which one it is.
    pub code: FindingCode,
    /// How bad it is.
    pub severity: Severity,
    /// What is found: a sentence without a full stop.
    pub what: String,
    /// What to do about it, likewise; empty where there is nothing to do.
    pub what_to_do: String,
    values: Vec<(&'static str, FindingValue)>,
}

/// How bad a finding is. The worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Good to know.
    Info,
    /// It works, and may cease to, or is not safe.
    Warning,
    /// It does not work as it should.
    Problem,
}

impl Severity {
    /// `info`, `warning` or `problem`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// A value that a finding's sentence has in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingValue {
    /// A number, of the unit that its name says.
    Number(u64),
    /// A word of the store's: a policy, a command's name, a version.
    Text(String),
}

impl fmt::Display for FindingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<u64> for FindingValue {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for FindingValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Which finding it is. The [text](Self::as_str) of a code never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FindingCode {
            $($(#[$doc])* $name,)*
            /// One of somebody else's backend, by the name that it gives it.
            Other(&'static str),
        }

        impl FindingCode {
            /// All that this version knows, somebody else's not included.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(name) => name,
                }
            }
        }
    };
}

codes! {
    /// The server's memory has no bound.
    UnboundedMemory = "unbounded_memory",
    /// The server refuses writes when it is full. Values: `policy`.
    NoEviction = "no_eviction",
    /// A part could not be looked at, for want of rights. Values: `command`.
    NotAllowed = "not_allowed",
    /// The server is on another machine, and the connection is not encrypted.
    NoTls = "no_tls",
    /// The default user needs no password.
    NoPassword = "no_password",
    /// A replica has not answered for long. Values: `seconds`, of the slowest; `replicas`, that many.
    ReplicaLags = "replica_lags",
    /// This replica has lost its primary. Values: `seconds`.
    PrimaryLost = "primary_lost",
    /// Writes go to a replica.
    IsReplica = "is_replica",
    /// One of several servers does not answer. Values: `reason`, the kind of the error.
    SilentServer = "silent_server",
    /// The cluster does not serve all slots. Values: `slots`, those that are served.
    SlotsMissing = "slots_missing",
    /// The server cannot tell of changes. Values: `reason`.
    NoTracking = "no_tracking",
    /// Writing the snapshot or the log to disk failed. Values: `what`, `rdb`, `aof` or `aof_rewrite`.
    PersistenceFails = "persistence_fails",
    /// The last fork stopped the server. Values: `millis`.
    SlowFork = "slow_fork",
    /// Syncing the log to disk held up writes. Values: `times`, since the server's start.
    SlowDisk = "slow_disk",
    /// Commands took long. Values: `commands`, in the last hour; `millis`, the slowest; `command`, its
    /// name.
    SlowCommands = "slow_commands",
    /// The server was held up in the last hour, as its latency monitor has noted. Values: `event`, the
    /// monitor's name for the cause; `millis`, the last time; `most_millis`, at worst.
    Stalls = "stalls",
    /// The server takes much more memory than it uses. Values: `percent`, of what it uses; `bytes`.
    Fragmentation = "fragmentation",
    /// Entries were dropped before their time. Values: `evicted`, `expired`, `hours`, all since the
    /// server's start.
    Evictions = "evictions",
    /// Its clock and this machine's differ. Values: `millis`.
    ClockSkew = "clock_skew",
    /// Others keep keys under the namespace's prefix. Values: `keys`, of `looked_at` that were looked
    /// at.
    ForeignKeys = "foreign_keys",
    /// Entries are of another format than this version's, or damaged. Values: `entries`, of
    /// `looked_at`.
    UnreadableEntries = "unreadable_entries",
    /// Entries of vector indexes are damaged. Values: `entries`, of `looked_at`.
    DamagedVectors = "damaged_vectors",
    /// The server is older than what is tested. Values: `version`, `needed`.
    OldServer = "old_server",
    /// Few connections are left. Values: `clients`, `most`.
    FewConnections = "few_connections",
    /// The file is as large as it may be, and evicts. Values: `bytes`, `most`.
    FileFull = "file_full",
    /// The write-ahead log has grown: a reader holds it. Values: `bytes`.
    LargeLog = "large_log",
    /// Others on the machine can read or write the file. Values: `mode`, in octal.
    OpenFile = "open_file",
    /// The disk is nearly full. Values: `bytes`, that are free.
    DiskFull = "disk_full",
}

impl Finding {
    /// A finding; `what` and `what_to_do` are sentences without a full stop.
    #[must_use]
    pub fn new(
        code: FindingCode,
        severity: Severity,
        what: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        let (what, what_to_do) = (what.into(), what_to_do.into());
        Self { code, severity, what, what_to_do, values: Vec::new() }
    }

    /// Adds a value of the sentence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<FindingValue>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// All values, in the order they were added.
    #[must_use]
    pub fn values(&self) -> &[(&'static str, FindingValue)] {
        &self.values
    }

    /// The value of this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&FindingValue> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The number of this name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.value(name)? {
            FindingValue::Number(number) => Some(*number),
            FindingValue::Text(_) => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.what_to_do.is_empty() { Ok(()) } else { write!(f, ": {}", self.what_to_do) }
    }
}

/// How thoroughly to look.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DiagnoseOptions {
    /// Whose entries to look at.
    pub namespace: Namespace,
    /// About how many keys to look at; none at zero.
    pub sample: usize,
    /// Fewer free bytes on a store's disk than this are a finding.
    pub least_free_bytes: u64,
    /// A write-ahead log of more bytes is a finding.
    pub most_log_bytes: u64,
}

impl DiagnoseOptions {
    /// Looks at a thousand keys of the namespace, wants 256 MiB of free disk, and a log of at most
    /// 128 MiB.
    #[must_use]
    pub fn new(namespace: Namespace) -> Self {
        Self { namespace, sample: 1_000, least_free_bytes: 256 << 20, most_log_bytes: 128 << 20 }
    }

    /// Sets about how many keys to look at.
    #[must_use]
    pub fn with_sample(mut self, keys: usize) -> Self {
        self.sample = keys;
        self
    }

    /// Sets how much disk has to be free.
    #[must_use]
    pub fn with_least_free_bytes(mut self, bytes: u64) -> Self {
        self.least_free_bytes = bytes;
        self
    }

    /// Sets how large a write-ahead log may be.
    #[must_use]
    pub fn with_most_log_bytes(mut self, bytes: u64) -> Self {
        self.most_log_bytes = bytes;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_it_is_and_what_to_do() {
        let code = FindingCode::FewConnections;
        let finding = Finding::new(code, Severity::Warning, "few are left", "raise maxclients")
            .with("clients", 9u64)
            .with("policy", "none");
        assert_eq!(finding.to_string(), "few are left: raise maxclients");
        assert_eq!(
            (finding.code.as_str(), finding.number("clients")),
            ("few_connections", Some(9))
        );
        assert_eq!((finding.number("policy"), finding.number("most")), (None, None));
        assert!(Severity::Problem > Severity::Warning && Severity::Warning > Severity::Info);
        assert_eq!(FindingCode::Other("theirs").as_str(), "theirs");
        let mut names: Vec<_> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FindingCode::ALL.len(), "no two codes share a name");
    }
}
