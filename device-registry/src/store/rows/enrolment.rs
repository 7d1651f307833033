//! Claims and batches.

use domain::{BatchId, ClaimId, DeviceId};
use rusqlite::{Connection, params};

use super::{execute, micros};
use crate::enrolment::{Batch, Claim};
use crate::store::StoreError;

pub(super) fn insert_claim(connection: &Connection, claim: &Claim) -> Result<(), StoreError> {
    execute(
        connection,
        "add a claim",
        "INSERT INTO claim (id, hmac, agency, model, device, note, created, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            claim.id.as_str(),
            claim.hmac.as_slice(),
            claim.agency.as_str(),
            claim.model.as_str(),
            claim.device.as_ref().map(DeviceId::as_str),
            claim.note,
            claim.created.as_micros(),
            claim.expires.as_micros()
        ],
    )
}

pub(super) fn update_claim(connection: &Connection, claim: &Claim) -> Result<(), StoreError> {
    let used = claim.used.as_ref();
    execute(
        connection,
        "change a claim",
        "UPDATE claim SET revoked = ?2, used = ?3, used_by = ?4 WHERE id = ?1",
        params![
            claim.id.as_str(),
            micros(claim.revoked),
            micros(used.map(|used| used.at)),
            used.map(|used| used.device.as_str())
        ],
    )
}

pub(super) fn delete_claim(connection: &Connection, id: &ClaimId) -> Result<(), StoreError> {
    execute(
        connection,
        "forget a claim",
        "DELETE FROM claim WHERE id = ?1",
        params![id.as_str()],
    )
}

pub(super) fn insert_batch(connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
    execute(
        connection,
        "add a batch",
        "INSERT INTO batch (id, hmac, agency, model, name, most, enrolled, created, expires,
                            id_prefix)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            batch.id.as_str(),
            batch.hmac.as_slice(),
            batch.agency.as_str(),
            batch.model.as_str(),
            batch.name,
            batch.most,
            batch.enrolled,
            batch.created.as_micros(),
            batch.expires.as_micros(),
            batch.id_prefix.as_ref().map(DeviceId::as_str)
        ],
    )
}

pub(super) fn update_batch(connection: &Connection, batch: &Batch) -> Result<(), StoreError> {
    execute(
        connection,
        "change a batch",
        "UPDATE batch SET enrolled = ?2, revoked = ?3 WHERE id = ?1",
        params![batch.id.as_str(), batch.enrolled, micros(batch.revoked)],
    )
}

pub(super) fn delete_batch(connection: &Connection, id: &BatchId) -> Result<(), StoreError> {
    execute(
        connection,
        "forget a batch",
        "DELETE FROM batch WHERE id = ?1",
        params![id.as_str()],
    )
}
