//! The rows of the audit: added and read, never altered or removed.

use std::ops::RangeInclusive;

use domain::{AgencyId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::StoreError;
use crate::audit::{
    AuditEntry, AuditFault, AuditHash, AuditHead, AuditOrder, AuditQuery, verify_audit,
};

const COLUMNS: &str = "number, agency_number, time, actor, address, means, action, kind, object, agency, \
                       before, after, previous, hash";

/// The last entry.
pub(super) fn head(connection: &Connection) -> Result<AuditHead, StoreError> {
    let last = connection
        .query_row(
            "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
            [],
            |row| {
                Ok(AuditHead {
                    number: row.get::<_, i64>(0)?.cast_unsigned(),
                    hash: AuditHash(row.get(1)?),
                })
            },
        )
        .optional()
        .map_err(StoreError::on("tell the end of its audit"))?;
    Ok(last.unwrap_or_default())
}

/// How many entries there are of the agency.
pub(super) fn count(connection: &Connection, agency: &AgencyId) -> Result<u64, StoreError> {
    let sql = "SELECT COALESCE(MAX(agency_number), 0) FROM audit WHERE agency = ?1";
    let count = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_one([agency.as_str()], |row| row.get(0)));
    count
        .map(i64::cast_unsigned)
        .map_err(StoreError::on("count an agency's audit"))
}

/// Adds the entry to the chain, within its change; its agency counts it.
pub(super) fn insert(connection: &Connection, entry: &AuditEntry) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO audit (number, time, actor, address, means, action, kind, object, agency,
                 before, after, previous, hash, agency_number)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
                 CASE WHEN ?9 IS NOT NULL THEN
                     (SELECT COALESCE(MAX(agency_number), 0) + 1 FROM audit WHERE agency = ?9)
                 END)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                entry.number.cast_signed(),
                entry.time.as_micros(),
                entry.actor,
                entry.address,
                entry.means,
                entry.action,
                entry.kind,
                entry.object,
                entry.agency,
                entry.before,
                entry.after,
                entry.previous.0.as_slice(),
                entry.hash.0.as_slice(),
            ])
        })
        .map(drop)
        .map_err(StoreError::on("write the audit"))
}

/// Entries that pass `query`, of those that its count numbers within `numbers`, in
/// its order and up to its limit.
pub(super) fn select(
    connection: &Connection,
    query: &AuditQuery,
    numbers: RangeInclusive<u64>,
) -> Result<Vec<AuditEntry>, StoreError> {
    let of_object = match query.object {
        Some(_) => "object = :object",
        None => ":object IS NULL",
    };
    let (number_of, counted) = match query.counted_by {
        Some(_) => ("agency_number", "agency = :counted_by"),
        None => ("number", ":counted_by IS NULL"),
    };
    let order = match query.order {
        AuditOrder::OldestFirst => "ASC",
        AuditOrder::NewestFirst => "DESC",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM audit
         WHERE {number_of} BETWEEN :first AND :last AND {counted} AND {of_object}
           AND (:from IS NULL OR time >= :from) AND (:to IS NULL OR time < :to)
           AND (:actor IS NULL OR actor = :actor) AND (:kind IS NULL OR kind = :kind)
           AND (:agency IS NULL OR agency = :agency)
         ORDER BY {number_of} {order} LIMIT :limit"
    );
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let read = || {
        let mut statement = connection.prepare_cached(&sql)?;
        let entries = statement.query_map(
            named_params! {
                ":first": number(*numbers.start()),
                ":last": number(*numbers.end()),
                ":object": query.object,
                ":from": query.from.map(Timestamp::as_micros),
                ":to": query.to.map(Timestamp::as_micros),
                ":actor": query.actor,
                ":kind": query.kind,
                ":agency": query.agency,
                ":counted_by": query.counted_by.as_ref().map(AgencyId::as_str),
                ":limit": number(query.limit as u64),
            },
            entry,
        )?;
        entries.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().map_err(StoreError::on("read the audit"))
}

/// Walks the whole chain, and answers with its end.
pub(super) fn verify(
    connection: &Connection,
    kept: Option<AuditHead>,
) -> Result<Result<AuditHead, AuditFault>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM audit ORDER BY number");
    let verified = || {
        let mut statement = connection.prepare(&sql)?;
        let entries = statement.query_map([], entry)?;
        Ok(verify_audit(entries, AuditHead::default(), kept))
    };
    verified().map_err(StoreError::on("read the audit"))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        number: row.get::<_, i64>("number")?.cast_unsigned(),
        agency_number: row
            .get::<_, Option<i64>>("agency_number")?
            .map(i64::cast_unsigned),
        time: Timestamp::from_micros(row.get("time")?),
        actor: row.get("actor")?,
        address: row.get("address")?,
        means: row.get("means")?,
        action: row.get("action")?,
        kind: row.get("kind")?,
        object: row.get("object")?,
        agency: row.get("agency")?,
        before: row.get("before")?,
        after: row.get("after")?,
        previous: AuditHash(row.get("previous")?),
        hash: AuditHash(row.get("hash")?),
    })
}
