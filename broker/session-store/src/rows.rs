//! What each change does to the rows, and the rows as sessions.
//!
//! A change to a session that is not kept changes nothing: a connection's last
//! words may come after the end of its session.

use std::collections::HashMap;

use domain::Timestamp;
use rusqlite::{Connection, Params, params};
use transport::{LogPosition, SessionChange, SessionKey, StoredSession, StoredSubscription};

pub(crate) fn apply(
    connection: &Connection,
    change: &SessionChange,
    now: Timestamp,
) -> rusqlite::Result<()> {
    match change {
        SessionChange::Attached {
            key,
            expiry,
            position,
        } => write(
            connection,
            "INSERT INTO session (owner, client_id, expiry, detached, position)
             VALUES (?1, ?2, ?3, NULL, ?4)
             ON CONFLICT (owner, client_id)
             DO UPDATE SET expiry = excluded.expiry, detached = NULL",
            params![key.owner, key.client_id, expiry, raw(*position)],
        ),
        SessionChange::Detached {
            key,
            expiry,
            position,
        } => write(
            connection,
            "UPDATE session SET expiry = ?3, detached = ?4, position = ?5
             WHERE owner = ?1 AND client_id = ?2",
            params![
                key.owner,
                key.client_id,
                expiry,
                now.as_micros(),
                raw(*position)
            ],
        ),
        SessionChange::Position { key, position } => set_position(connection, key, *position),
        SessionChange::Subscribed { key, subscription } => write(
            connection,
            "INSERT OR REPLACE INTO subscription (session, filter, options, identifier, since)
             SELECT id, ?3, ?4, ?5, ?6 FROM session WHERE owner = ?1 AND client_id = ?2",
            params![
                key.owner,
                key.client_id,
                subscription.filter,
                subscription.options,
                subscription.id,
                raw(subscription.since)
            ],
        ),
        SessionChange::Unsubscribed { key, filter } => write(
            connection,
            "DELETE FROM subscription WHERE filter = ?3 AND session =
             (SELECT id FROM session WHERE owner = ?1 AND client_id = ?2)",
            params![key.owner, key.client_id, filter],
        ),
        SessionChange::Received { key, packet_id } => write(
            connection,
            "INSERT OR IGNORE INTO received (session, packet_id)
             SELECT id, ?3 FROM session WHERE owner = ?1 AND client_id = ?2",
            params![key.owner, key.client_id, packet_id],
        ),
        SessionChange::Released { key, packet_id } => write(
            connection,
            "DELETE FROM received WHERE packet_id = ?3 AND session =
             (SELECT id FROM session WHERE owner = ?1 AND client_id = ?2)",
            params![key.owner, key.client_id, packet_id],
        ),
        SessionChange::Ended { key } => write(
            connection,
            "DELETE FROM session WHERE owner = ?1 AND client_id = ?2",
            params![key.owner, key.client_id],
        ),
    }
}

pub(crate) fn set_position(
    connection: &Connection,
    key: &SessionKey,
    position: LogPosition,
) -> rusqlite::Result<()> {
    write(
        connection,
        "UPDATE session SET position = ?3 WHERE owner = ?1 AND client_id = ?2",
        params![key.owner, key.client_id, raw(position)],
    )
}

fn write(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(params).map(|_| ())
}

/// SQLite's integers have a sign.
fn raw(position: LogPosition) -> i64 {
    position.get().cast_signed()
}

fn position(raw: i64) -> LogPosition {
    LogPosition::from_raw(raw.cast_unsigned())
}

/// All sessions, in the order in which they were made.
pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Vec<StoredSession>> {
    let mut places = HashMap::new();
    let mut sessions = Vec::new();
    let mut statement = connection.prepare(
        "SELECT id, owner, client_id, expiry, detached, position FROM session ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        places.insert(row.get::<_, i64>(0)?, sessions.len());
        sessions.push(StoredSession {
            key: SessionKey {
                owner: row.get(1)?,
                client_id: row.get(2)?,
            },
            expiry: row.get(3)?,
            detached: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros),
            position: position(row.get(5)?),
            subscriptions: Vec::new(),
            received: Vec::new(),
        });
    }
    let mut statement = connection
        .prepare("SELECT session, filter, options, identifier, since FROM subscription")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(place) = places.get(&row.get(0)?) {
            sessions[*place].subscriptions.push(StoredSubscription {
                filter: row.get(1)?,
                options: row.get(2)?,
                id: row.get(3)?,
                since: position(row.get(4)?),
            });
        }
    }
    let mut statement = connection.prepare("SELECT session, packet_id FROM received")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(place) = places.get(&row.get(0)?) {
            sessions[*place].received.push(row.get(1)?);
        }
    }
    Ok(sessions)
}
