//! Groups and the devices that they list.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{AgencyId, Bbox, BoundaryName, DeviceId, GroupId, ModelId};
use rusqlite::{Connection, Row};

use super::{RowError, rows, text, time};
use crate::group::{Group, GroupQuery, Members};
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::Tag;

/// After the devices.
pub(super) fn load_groups(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let mut listed = load_members(connection, snapshot)?;
    let sql = "SELECT id, agency, name, created, members, model, tag, bbox, boundary, search
               FROM device_group";
    rows(connection, sql, |row| {
        let id = GroupId::new(text(row, "id")?)?;
        let members = match text(row, "members")? {
            "listed" => Members::Listed(listed.remove(&id).unwrap_or_default()),
            "query" => Members::Query(query(row)?),
            _ => return Err(RowError::Value("members")),
        };
        snapshot.put_group(Arc::new(Group {
            id,
            agency: AgencyId::new(text(row, "agency")?)?,
            name: row.get("name")?,
            members,
            created: time(row, "created")?,
        }));
        Ok(())
    })
}

fn load_members(
    connection: &Connection,
    snapshot: &Snapshot,
) -> Result<BTreeMap<GroupId, Vec<DeviceId>>, StoreError> {
    let mut listed: BTreeMap<GroupId, Vec<DeviceId>> = BTreeMap::new();
    let sql = "SELECT group_id, device FROM group_member ORDER BY group_id, device";
    rows(connection, sql, |row| {
        let device = snapshot.device(text(row, "device")?);
        // A text that many share is kept once.
        let device = device.ok_or(RowError::Value("device"))?.id.clone();
        let group = GroupId::new(text(row, "group_id")?)?;
        listed.entry(group).or_default().push(device);
        Ok(())
    })?;
    Ok(listed)
}

fn query(row: &Row<'_>) -> Result<GroupQuery, RowError> {
    let column = |name: &'static str| -> Result<Option<String>, RowError> { Ok(row.get(name)?) };
    let bbox = column("bbox")?.map(|text| text.parse::<Bbox>());
    let tag = column("tag")?.map(|text| Tag::parse(&text));
    Ok(GroupQuery {
        model: column("model")?.map(ModelId::new).transpose()?,
        tag: tag.transpose().map_err(|_| RowError::Value("tag"))?,
        bbox: bbox.transpose().map_err(|_| RowError::Value("bbox"))?,
        boundary: column("boundary")?.map(BoundaryName::new).transpose()?,
        text: column("search")?,
    })
}
