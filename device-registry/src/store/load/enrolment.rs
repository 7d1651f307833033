//! Claims and batches.

use std::sync::Arc;

use domain::{AgencyId, BatchId, ClaimId, DeviceId, ModelId};
use rusqlite::{Connection, Row};

use super::{RowError, optional_time, rows, text, time};
use crate::enrolment::{Batch, Claim, ClaimUse};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

pub(super) fn load_claims(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql =
        "SELECT id, hmac, agency, model, device, note, created, expires, revoked, used, used_by
               FROM claim";
    rows(connection, sql, |row| {
        let used = optional_time(row, "used")?.zip(optional_device(row, "used_by")?);
        snapshot.put_claim(Arc::new(Claim {
            id: ClaimId::new(text(row, "id")?)?,
            agency: AgencyId::new(text(row, "agency")?)?,
            model: ModelId::new(text(row, "model")?)?,
            device: optional_device(row, "device")?,
            note: row.get("note")?,
            created: time(row, "created")?,
            expires: time(row, "expires")?,
            revoked: optional_time(row, "revoked")?,
            used: used.map(|(at, device)| ClaimUse { at, device }),
            hmac: hmac(row)?,
        }));
        Ok(())
    })
}

pub(super) fn load_batches(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, hmac, agency, model, name, most, enrolled, created, expires, revoked,
                      id_prefix
               FROM batch";
    rows(connection, sql, |row| {
        snapshot.put_batch(Arc::new(Batch {
            id: BatchId::new(text(row, "id")?)?,
            agency: AgencyId::new(text(row, "agency")?)?,
            model: ModelId::new(text(row, "model")?)?,
            id_prefix: optional_device(row, "id_prefix")?,
            name: row.get("name")?,
            most: row.get("most")?,
            enrolled: row.get("enrolled")?,
            created: time(row, "created")?,
            expires: time(row, "expires")?,
            revoked: optional_time(row, "revoked")?,
            hmac: hmac(row)?,
        }));
        Ok(())
    })
}

fn optional_device(row: &Row<'_>, column: &'static str) -> Result<Option<DeviceId>, RowError> {
    let id: Option<String> = row.get(column)?;
    Ok(id.map(DeviceId::new).transpose()?)
}

fn hmac(row: &Row<'_>) -> Result<[u8; 32], RowError> {
    let bytes: Vec<u8> = row.get("hmac")?;
    bytes.try_into().map_err(|_| RowError::Value("hmac"))
}
