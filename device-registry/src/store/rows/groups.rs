//! How groups are written.

use domain::{DeviceId, GroupId};
use rusqlite::{Connection, params};

use super::execute;
use crate::group::{Group, GroupQuery, Members};
use crate::store::StoreError;
use crate::thing::Tag;

/// Takes the place of the one of its id.
pub(super) fn put(connection: &Connection, group: &Group) -> Result<(), StoreError> {
    delete(connection, &group.id)?;
    let none = GroupQuery::default();
    let (kind, query) = match &group.members {
        Members::Listed(_) => ("listed", &none),
        Members::Query(query) => ("query", query),
    };
    execute(
        connection,
        "put a group",
        "INSERT INTO device_group
             (id, agency, name, created, members, model, tag, bbox, boundary, search)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            group.id.as_str(),
            group.agency.as_str(),
            group.name,
            group.created.as_micros(),
            kind,
            query.model.as_ref().map(|model| model.as_str()),
            query.tag.as_ref().map(Tag::as_str),
            query.bbox.map(|bbox| bbox.to_string()),
            query.boundary.as_ref().map(|name| name.as_str()),
            query.text
        ],
    )?;
    if let Members::Listed(devices) = &group.members {
        for device in devices {
            insert_member(connection, &group.id, device)?;
        }
    }
    Ok(())
}

fn insert_member(
    connection: &Connection,
    group: &GroupId,
    device: &DeviceId,
) -> Result<(), StoreError> {
    execute(
        connection,
        "put a device into a group",
        "INSERT INTO group_member (group_id, device) VALUES (?1, ?2)",
        params![group.as_str(), device.as_str()],
    )
}

pub(super) fn delete(connection: &Connection, group: &GroupId) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM group_member WHERE group_id = ?1",
        "DELETE FROM device_group WHERE id = ?1",
    ] {
        execute(
            connection,
            "take a group away",
            sql,
            params![group.as_str()],
        )?;
    }
    Ok(())
}
