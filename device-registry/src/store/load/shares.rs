//! Shares between agencies.

use std::sync::Arc;

use domain::{AgencyId, GroupId, ModelId, ShareId};
use rusqlite::{Connection, Row};

use super::{RowError, optional_time, rows, text, time};
use crate::share::{Position, Share, SharedWhat};
use crate::snapshot::Snapshot;
use crate::store::StoreError;

pub(super) fn load_shares(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, giver, receiver, model, group_id, position, until, created FROM share";
    rows(connection, sql, |row| {
        let position = Position::parse(text(row, "position")?);
        let share = Share {
            id: ShareId::new(text(row, "id")?)?,
            giver: AgencyId::new(text(row, "giver")?)?,
            receiver: AgencyId::new(text(row, "receiver")?)?,
            what: what(row)?,
            position: position.ok_or(RowError::Value("position"))?,
            until: optional_time(row, "until")?,
            created: time(row, "created")?,
        };
        snapshot.put_share(Arc::new(share));
        Ok(())
    })
}

fn what(row: &Row<'_>) -> Result<SharedWhat, RowError> {
    let column = |name: &'static str| -> Result<Option<String>, RowError> { Ok(row.get(name)?) };
    match (column("model")?, column("group_id")?) {
        (Some(model), None) => Ok(SharedWhat::Model(ModelId::new(model)?)),
        (None, Some(group)) => Ok(SharedWhat::Group(GroupId::new(group)?)),
        _ => Err(RowError::Value("model")),
    }
}
