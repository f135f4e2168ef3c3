//! The rows of indexes: finding, making, listing, dropping.

use cache_core::Namespace;
use cache_core::vector::{IndexName, IndexSchema, VectorRefusal};
use rusqlite::{Connection, OptionalExtension};

use super::Decided;
use crate::clock;

const FIND: &str =
    "SELECT id, schema, bytes, changes, forgotten FROM vector_indexes WHERE name = ?1";
const MAKE: &str = "INSERT INTO vector_indexes(name, schema, bytes, changes, removals, forgotten)
    VALUES (?1, ?2, 0, 0, 0, 0)";
const LIST: &str = "SELECT name FROM vector_indexes WHERE name >= ?1 AND name < ?2 ORDER BY name";
const TOTAL: &str = "SELECT ifnull(sum(bytes), 0) FROM vector_indexes";
const DROP: &str = "UPDATE vector_indexes SET name = NULL WHERE name = ?1";
const COUNT: &str =
    "SELECT count(*), ifnull(sum(size), 0) FROM vectors INDEXED BY vectors_by_change
    WHERE index_id = ?1 AND ifnull(expires_at > ?2, 1)";

/// An index as its user expects it.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) name: IndexName,
    pub(super) schema: IndexSchema,
    stored_name: String,
    stored_schema: String,
}

impl Expected {
    pub(super) fn new(name: &IndexName, schema: &IndexSchema) -> Self {
        let (stored_name, stored_schema) = (name.to_string(), schema.to_text());
        Self { name: name.clone(), schema: schema.clone(), stored_name, stored_schema }
    }
}

/// An index as its row says.
#[derive(Debug)]
pub(super) struct Index {
    /// No other index of the file has or had it.
    pub(super) id: i64,
    /// As a text.
    pub(super) schema: String,
    /// What its entries count, those that have expired and were not yet removed included.
    pub(super) bytes: i64,
    /// The number of its last change.
    pub(super) changes: i64,
    /// The number of the last removal of which nothing else is known any more.
    pub(super) forgotten: i64,
}

impl Index {
    /// The index of this name, whatever its schema.
    pub(super) fn find(sql: &Connection, expected: &Expected) -> rusqlite::Result<Option<Self>> {
        let index = |row: &rusqlite::Row<'_>| {
            Ok(Self {
                id: row.get(0)?,
                schema: row.get(1)?,
                bytes: row.get(2)?,
                changes: row.get(3)?,
                forgotten: row.get(4)?,
            })
        };
        sql.prepare_cached(FIND)?.query_row((&expected.stored_name,), index).optional()
    }

    /// The index, if it is there. It must have the expected schema.
    pub(super) fn find_expected(sql: &Connection, expected: &Expected) -> Decided<Option<Self>> {
        Ok(match Self::find(sql, expected)? {
            Some(index) if index.schema != expected.stored_schema => {
                Err(VectorRefusal::OtherSchema(expected.name.clone()))
            }
            index => Ok(index),
        })
    }

    /// The id of the index, which is made if it was missing, and whether it was.
    pub(super) fn provide(sql: &Connection, expected: &Expected) -> Decided<(i64, bool)> {
        Ok(match Self::find_expected(sql, expected)? {
            Ok(Some(index)) => Ok((index.id, false)),
            Ok(None) => {
                let row = (&expected.stored_name, &expected.stored_schema);
                Ok((sql.prepare_cached(MAKE)?.insert(row)?, true))
            }
            Err(refusal) => Err(refusal),
        })
    }

    /// How many entries are alive, and what they count.
    pub(super) fn count(&self, sql: &Connection) -> rusqlite::Result<(u64, u64)> {
        let (entries, bytes): (i64, i64) = sql
            .prepare_cached(COUNT)?
            .query_row((self.id, clock::millis()), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((entries.unsigned_abs(), bytes.unsigned_abs()))
    }
}

/// The indexes of a namespace, by name.
pub(super) fn list(sql: &Connection, namespace: &Namespace) -> rusqlite::Result<Vec<IndexName>> {
    let (start, end) = names_of(namespace);
    let mut statement = sql.prepare_cached(LIST)?;
    let names = statement.query_map((start, end), |row| row.get::<_, String>(0))?;
    let names = names.map(|name| Ok(IndexName::parse(namespace, &name?)));
    names.filter_map(Result::transpose).collect()
}

/// What the names of a namespace's indexes, as they are stored, lie between.
pub(super) fn names_of(namespace: &Namespace) -> (String, String) {
    (format!("{namespace}:vec:"), format!("{namespace}:vec;"))
}

/// What the entries of all indexes count, in all namespaces.
pub(crate) fn total_bytes(sql: &Connection) -> rusqlite::Result<i64> {
    sql.prepare_cached(TOTAL)?.query_row((), |row| row.get(0))
}

/// Takes an index its name, so that it is gone; says whether it was there. Its entries are to be freed.
pub(super) fn drop_index(sql: &Connection, expected: &Expected) -> rusqlite::Result<bool> {
    Ok(sql.prepare_cached(DROP)?.execute((&expected.stored_name,))? > 0)
}
