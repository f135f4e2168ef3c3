//! The layout of the file, and how it is opened.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cache_core::{CacheError, ErrorKind};
use rusqlite::{Connection, OpenFlags, Transaction, ffi};

use crate::config::EmbeddedConfig;
use crate::error::explain;
use crate::{busy, file};

/// Marks a file as ours: "EmbC".
const APPLICATION_ID: i32 = 0x456d_6243;
/// The layout that this program writes: all of [`LAYOUTS`].
const LAYOUT: i32 = 3;
/// What each layout has added to the one before, the first to an empty file.
const LAYOUTS: [&str; 3] = [ENTRIES, LOGS, VECTORS];
const STATEMENTS_KEPT: usize = 128;
/// Five vectors of 1536 dimensions fill a page of this size; a page of 4 or 8 KiB would leave a quarter
/// of the file unused.
const PAGE_BYTES: u32 = 16_384;

/// Rows that are looked at often are small and apart from the values: recording a use, expiring
/// and counting never read or rewrite a value.
const ENTRIES: &str = "
    CREATE TABLE bodies(
        id INTEGER PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT;
    CREATE TABLE entries(
        key BLOB PRIMARY KEY,
        body INTEGER NOT NULL,
        size INTEGER NOT NULL,
        expires_at INTEGER,
        used_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entries_by_use ON entries(used_at);
    CREATE INDEX entries_by_expiry ON entries(expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE space(
        id INTEGER PRIMARY KEY CHECK (id = 1),
        bytes INTEGER NOT NULL
    ) STRICT;
    INSERT INTO space VALUES (1, 0);
    CREATE TABLE leases(
        key BLOB PRIMARY KEY,
        token BLOB NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX leases_by_expiry ON leases(expires_at);
    CREATE TABLE counters(
        namespace TEXT NOT NULL,
        name TEXT NOT NULL,
        value INTEGER NOT NULL,
        PRIMARY KEY (namespace, name)
    ) STRICT, WITHOUT ROWID;
";

/// A log whose name is null has expired and is no more than space to be freed.
/// What a window passes over is read without its payload: the columns before it fit the page.
const LOGS: &str = "
    CREATE TABLE logs(
        id INTEGER PRIMARY KEY,
        name TEXT UNIQUE,
        owner TEXT NOT NULL,
        len INTEGER NOT NULL,
        weight INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        appended_at INTEGER NOT NULL,
        expires_at INTEGER,
        attributes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX logs_by_recency ON logs(owner, appended_at);
    CREATE INDEX logs_by_expiry ON logs(expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE records(
        log INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        weight INTEGER NOT NULL,
        pinned INTEGER NOT NULL,
        id TEXT NOT NULL,
        payload BLOB NOT NULL,
        PRIMARY KEY (log, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX records_by_id ON records(log, id);
    CREATE INDEX records_pinned ON records(log, seq) WHERE pinned = 1;
    CREATE TABLE lost_records(
        log INTEGER NOT NULL,
        id TEXT NOT NULL,
        lost_at INTEGER NOT NULL,
        PRIMARY KEY (log, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lost_records_by_time ON lost_records(log, lost_at);
";

/// Changes are numbered in their order, over all indexes: a process that knows an index up to a
/// number reads what has come since. Numbers of removals go on in the same order. An index whose name
/// is null was dropped and is no more than space to be freed; ids of indexes never come again, so
/// that nobody takes an index for one that had its name before. What is asked of an index without
/// reading vectors is in an index of the table's own.
const VECTORS: &str = "
    CREATE TABLE vector_indexes(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT UNIQUE,
        schema TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        changes INTEGER NOT NULL,
        removals INTEGER NOT NULL,
        forgotten INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE vectors(
        change INTEGER PRIMARY KEY,
        index_id INTEGER NOT NULL,
        id TEXT NOT NULL,
        size INTEGER NOT NULL,
        expires_at INTEGER,
        checksum INTEGER NOT NULL,
        attributes BLOB NOT NULL,
        vector BLOB NOT NULL,
        UNIQUE (index_id, id)
    ) STRICT;
    CREATE INDEX vectors_by_change ON vectors(index_id, change, expires_at, size);
    CREATE INDEX vectors_by_expiry ON vectors(expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE removed_vectors(
        index_id INTEGER NOT NULL,
        change INTEGER NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (index_id, change)
    ) STRICT, WITHOUT ROWID;
";

/// The connections of one process to the file.
pub(crate) struct Connections {
    pub(crate) writer: Connection,
    pub(crate) readers: Vec<Connection>,
}

/// Opens the file of an absolute path that `config` holds, and creates what is missing.
pub(crate) fn open(config: &mut EmbeddedConfig) -> Result<Connections, CacheError> {
    // See `file::provide`: in this process nobody may lock a file that is just being created.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);

    busy::set_patience(config.busy_timeout);
    config.path = file::provide(&config.path)?;
    let path = &config.path;
    let failed = |error| explain(path, "opening", error);

    let writer = connect(config).map_err(failed)?;
    let owner = busy::retry(|| owner(&*writer.unchecked_transaction()?)).map_err(failed)?;
    match owner {
        Owner::Nobody => create(&writer, path)?,
        owner if owner.is_older() => upgrade(&writer, path)?,
        owner => owner.accept(path)?,
    }
    let readers = (0..config.readers)
        .map(|_| {
            let reader = connect(config)?;
            reader.pragma_update(None, "query_only", true)?;
            Ok(reader)
        })
        .collect::<rusqlite::Result<_>>()
        .map_err(failed)?;
    Ok(Connections { writer, readers })
}

fn connect(config: &EmbeddedConfig) -> rusqlite::Result<Connection> {
    // Neither URIs nor `:memory:`: the path is a path. Each connection is used by one thread.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&config.path, flags)?;
    // SQLite falls back to reading when it may not write. A cache that cannot store is of no use.
    if connection.is_readonly("main")? {
        return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None));
    }
    busy::install(&mut connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    let connections = u64::try_from(config.readers).unwrap_or(u64::MAX).saturating_add(1);
    let kibibytes = i64::try_from(config.memory_bytes / 1024 / connections).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -kibibytes.max(64))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    // The file may have been damaged or prepared by somebody else.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Whose file it is. Found out before anything is written.
enum Owner {
    Nobody,
    Us { version: i32 },
    Another,
}

impl Owner {
    /// Whether the file is ours and has a layout that can be brought to this one.
    fn is_older(&self) -> bool {
        matches!(self, Self::Us { version: 1..LAYOUT })
    }

    fn accept(self, path: &Path) -> Result<(), CacheError> {
        match self {
            Self::Us { version: LAYOUT } => Ok(()),
            Self::Us { version } => Err(CacheError::new(
                ErrorKind::Unsupported,
                format!(
                    "the cache file {} has layout {version}, this program knows {LAYOUT}; \
                     use another path, or delete the file if no other program needs it",
                    path.display()
                ),
            )),
            Self::Nobody | Self::Another => Err(CacheError::new(
                ErrorKind::WrongType,
                format!(
                    "{} is another program's SQLite file and is left alone; name another path",
                    path.display()
                ),
            )),
        }
    }
}

/// Asks within a transaction, so that a file that is just being laid out is seen before or after.
fn owner(transaction: &Connection) -> rusqlite::Result<Owner> {
    let pragma = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let objects: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    Ok(match (application, version, objects) {
        (APPLICATION_ID, version, _) => Owner::Us { version },
        (0, 0, 0) => Owner::Nobody,
        _ => Owner::Another,
    })
}

/// Lays out a new file. Of several processes that try, one does it and the others find it done.
fn create(connection: &Connection, path: &Path) -> Result<(), CacheError> {
    let failed = |error| explain(path, "creating", error);
    let mode = busy::retry(|| {
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        // Lets `clear` give space back to the disk, see `namespace`.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
    })
    .map_err(failed)?;
    if mode != "wal" {
        let message = format!(
            "the file system of {} cannot share memory between processes; use a local disk",
            path.display()
        );
        return Err(CacheError::new(ErrorKind::Unsupported, message));
    }
    let transaction = busy::immediate(connection).map_err(failed)?;
    match owner(&transaction).map_err(failed)? {
        Owner::Nobody => {
            lay_out(&transaction).map_err(failed)?;
            transaction.commit().map_err(failed)
        }
        owner => owner.accept(path),
    }
}

/// Brings a file of an older layout to this one. Of several processes that try, one does it.
fn upgrade(connection: &Connection, path: &Path) -> Result<(), CacheError> {
    let failed = |error| explain(path, "updating", error);
    let transaction = busy::immediate(connection).map_err(failed)?;
    match owner(&transaction).map_err(failed)? {
        Owner::Us { version: older @ 1..LAYOUT } => {
            add_layouts(&transaction, older.unsigned_abs() as usize).map_err(failed)?;
            transaction.commit().map_err(failed)
        }
        owner => owner.accept(path),
    }
}

fn lay_out(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    add_layouts(transaction, 0)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)
}

/// Adds what has come after a layout.
fn add_layouts(transaction: &Transaction<'_>, after: usize) -> rusqlite::Result<()> {
    LAYOUTS.iter().skip(after).try_for_each(|added| transaction.execute_batch(added))?;
    transaction.pragma_update(None, "user_version", LAYOUT)
}
