//! How each row is written.

mod applications;
mod enrolment;
mod features;
mod groups;
mod imports;
mod models;
mod people;
mod photos;
mod sensors;
mod shares;

use domain::{AgencyId, BoundaryName, CredentialId, DeviceId, ModelId, ThingId, Timestamp};
use rusqlite::{Connection, Params, params};

use super::StoreError;
use crate::agency::Agency;
use crate::boundary::{Boundary, GeoJson};
use crate::device::{Credential, Device};
use crate::registry::{DatastreamRow, RowChange};
use crate::thing::{LocationSince, OwnerSince, Tag, Thing};
use people::{
    delete_person, delete_service_token, insert_person, insert_service_token, put_login,
    update_person,
};

/// Writes one row, within its change.
pub(super) fn write(connection: &Connection, row: &RowChange) -> Result<(), StoreError> {
    match row {
        RowChange::AddAgency(agency) => insert_agency(connection, agency),
        RowChange::SetRetention {
            agency,
            model,
            days,
        } => set_retention(connection, agency, model, *days),
        RowChange::AddModel(model) => models::insert(connection, model),
        RowChange::AddRefinement(row) => models::insert_refinement(connection, row),
        RowChange::PutBoundary(boundary) => put_boundary(connection, boundary),
        RowChange::RemoveBoundary(name) => delete_boundary(connection, name),
        RowChange::PutGroup(group) => groups::put(connection, group),
        RowChange::RemoveGroup(group) => groups::delete(connection, group),
        RowChange::PutFeature(feature) => features::put(connection, feature),
        RowChange::RemoveFeature(id) => features::delete(connection, id),
        RowChange::PutShare(share) => shares::put(connection, share),
        RowChange::RemoveShare(share) => shares::delete(connection, share),
        RowChange::AddThing(thing) => insert_thing(connection, thing),
        RowChange::ChangeThing(thing) => update_thing(connection, thing),
        RowChange::AddLocation { thing, entry } => insert_location(connection, thing, entry),
        RowChange::RemoveLocation { thing, since } => delete_location(connection, thing, *since),
        RowChange::AddOwner { thing, entry } => insert_owner(connection, thing, entry),
        RowChange::AddPhoto { thing, photo } => photos::insert(connection, thing, photo),
        RowChange::RemovePhoto { photo, .. } => photos::delete(connection, photo),
        RowChange::AddDevice { number, device } => insert_device(connection, *number, device),
        RowChange::ChangeDevice(device) => update_device(connection, device),
        RowChange::AddCredential { device, credential } => {
            insert_credential(connection, device, credential)
        }
        RowChange::EndCredential {
            credential,
            expires,
            ..
        } => update_credential(connection, *credential, *expires),
        RowChange::RemoveCredential { credential, .. } => {
            delete_credential(connection, *credential)
        }
        RowChange::AddDatastream(datastream) => insert_datastream(connection, datastream),
        RowChange::HandOverDatastream(datastream) => update_datastream(connection, datastream),
        RowChange::AddSensor(sensor) | RowChange::ChangeSensor { after: sensor, .. } => {
            sensors::put(connection, sensor)
        }
        RowChange::PutCalibration {
            device,
            sensor,
            calibration,
            ..
        } => sensors::put_calibration(connection, device, *sensor, calibration),
        RowChange::AddClaim(claim) => enrolment::insert_claim(connection, claim),
        RowChange::ChangeClaim(claim) => enrolment::update_claim(connection, claim),
        RowChange::RemoveClaim(id) => enrolment::delete_claim(connection, id),
        RowChange::AddBatch(batch) => enrolment::insert_batch(connection, batch),
        RowChange::ChangeBatch(batch) => enrolment::update_batch(connection, batch),
        RowChange::RemoveBatch(id) => enrolment::delete_batch(connection, id),
        RowChange::AddApplication(application) => applications::insert(connection, application),
        RowChange::AddApiKey { number, key } => applications::insert_key(connection, *number, key),
        RowChange::RevokeApiKey(key) => applications::revoke_key(connection, key),
        RowChange::NoteApiKeyUse { key, at } => applications::update_last_use(connection, key, *at),
        RowChange::AddPerson(person) => insert_person(connection, person),
        RowChange::ChangePerson(person) => update_person(connection, person),
        RowChange::RemovePerson(person) => delete_person(connection, person),
        RowChange::PutLogin { person, login } => put_login(connection, person, login),
        RowChange::AddServiceToken(token) => insert_service_token(connection, token),
        RowChange::RemoveServiceToken(token) => delete_service_token(connection, token),
        RowChange::NoteRestore(_) => Ok(()),
        RowChange::Import(change) => imports::write(connection, change),
    }
}

fn execute(
    connection: &Connection,
    action: &'static str,
    sql: &str,
    params: impl Params,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .map(|_| ())
        .map_err(StoreError::on(action))
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_micros)
}

fn insert_agency(connection: &Connection, agency: &Agency) -> Result<(), StoreError> {
    execute(
        connection,
        "add an agency",
        "INSERT INTO agency (id, name, created) VALUES (?1, ?2, ?3)",
        params![agency.id.as_str(), agency.name, agency.created.as_micros()],
    )
}

fn set_retention(
    connection: &Connection,
    agency: &AgencyId,
    model: &ModelId,
    days: Option<u32>,
) -> Result<(), StoreError> {
    let action = "change an agency's retention";
    match days {
        Some(days) => execute(
            connection,
            action,
            "INSERT OR REPLACE INTO agency_retention (agency, model, days) VALUES (?1, ?2, ?3)",
            params![agency.as_str(), model.as_str(), days],
        ),
        None => execute(
            connection,
            action,
            "DELETE FROM agency_retention WHERE agency = ?1 AND model = ?2",
            params![agency.as_str(), model.as_str()],
        ),
    }
}

fn put_boundary(connection: &Connection, boundary: &Boundary) -> Result<(), StoreError> {
    let geometry = serde_json::to_string(&GeoJson::from(&boundary.shape));
    execute(
        connection,
        "draw a boundary",
        "INSERT OR REPLACE INTO boundary (name, title_en, title_ko, geometry, changed)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            boundary.name.as_str(),
            boundary.title_en,
            boundary.title_ko,
            geometry.expect("finite numbers serialise"),
            boundary.changed.as_micros()
        ],
    )
}

fn delete_boundary(connection: &Connection, name: &BoundaryName) -> Result<(), StoreError> {
    execute(
        connection,
        "take a boundary away",
        "DELETE FROM boundary WHERE name = ?1",
        params![name.as_str()],
    )
}

fn insert_thing(connection: &Connection, thing: &Thing) -> Result<(), StoreError> {
    execute(
        connection,
        "add a thing",
        "INSERT INTO thing (id, agency, licence, attribution, visibility, address, note, tags)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            thing.id.as_str(),
            thing.agency.as_str(),
            thing.licence.0,
            thing.attribution,
            thing.visibility.as_str(),
            thing.description().address,
            thing.description().note,
            joined_tags(thing)
        ],
    )
}

fn update_thing(connection: &Connection, thing: &Thing) -> Result<(), StoreError> {
    execute(
        connection,
        "change a thing",
        "UPDATE thing SET licence = ?2, attribution = ?3, visibility = ?4, address = ?5,
             note = ?6, tags = ?7, agency = ?8
         WHERE id = ?1",
        params![
            thing.id.as_str(),
            thing.licence.0,
            thing.attribution,
            thing.visibility.as_str(),
            thing.description().address,
            thing.description().note,
            joined_tags(thing),
            thing.agency.as_str()
        ],
    )
}

fn joined_tags(thing: &Thing) -> String {
    let tags = &thing.description().tags;
    let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
    tags.join(" ")
}

fn insert_location(
    connection: &Connection,
    thing: &ThingId,
    entry: &LocationSince,
) -> Result<(), StoreError> {
    execute(
        connection,
        "add a location",
        "INSERT INTO location (thing, since, lat_e7, lon_e7) VALUES (?1, ?2, ?3, ?4)",
        params![
            thing.as_str(),
            entry.since.as_micros(),
            entry.location.map(domain::Location::lat_e7),
            entry.location.map(domain::Location::lon_e7)
        ],
    )
}

fn delete_location(
    connection: &Connection,
    thing: &ThingId,
    since: Timestamp,
) -> Result<(), StoreError> {
    execute(
        connection,
        "take a location away",
        "DELETE FROM location WHERE thing = ?1 AND since = ?2",
        params![thing.as_str(), since.as_micros()],
    )
}

fn insert_owner(
    connection: &Connection,
    thing: &ThingId,
    entry: &OwnerSince,
) -> Result<(), StoreError> {
    execute(
        connection,
        "add an owner",
        "INSERT OR REPLACE INTO owner (thing, since, agency) VALUES (?1, ?2, ?3)",
        params![
            thing.as_str(),
            entry.since.as_micros(),
            entry.agency.as_str()
        ],
    )
}

fn insert_device(connection: &Connection, number: u64, device: &Device) -> Result<(), StoreError> {
    execute(
        connection,
        "add a device",
        "INSERT INTO device
             (number, id, alias, thing, agency, model, name, status, expires, created, gateway)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            number.cast_signed(),
            device.id.as_str(),
            device.alias,
            device.thing.as_str(),
            device.agency.as_str(),
            device.model.id.as_str(),
            device.name,
            device.status.as_str(),
            micros(device.expires),
            device.created.as_micros(),
            device.gateway.as_ref().map(DeviceId::as_str)
        ],
    )
}

fn update_device(connection: &Connection, device: &Device) -> Result<(), StoreError> {
    execute(
        connection,
        "change a device",
        "UPDATE device SET name = ?2, status = ?3, expires = ?4, gateway = ?5, agency = ?6,
             decommissioned = ?7
         WHERE id = ?1",
        params![
            device.id.as_str(),
            device.name,
            device.status.as_str(),
            micros(device.expires),
            device.gateway.as_ref().map(DeviceId::as_str),
            device.agency.as_str(),
            micros(device.decommissioned)
        ],
    )
}

fn insert_credential(
    connection: &Connection,
    device: &DeviceId,
    credential: &Credential,
) -> Result<(), StoreError> {
    let (kind, bytes, networks) = credential.proof.parts();
    execute(
        connection,
        "add a credential",
        "INSERT INTO credential (id, device, kind, proof, networks, created, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            credential.id.get().cast_signed(),
            device.as_str(),
            kind,
            bytes,
            networks.join(" "),
            credential.created.as_micros(),
            micros(credential.expires)
        ],
    )
}

fn update_credential(
    connection: &Connection,
    credential: CredentialId,
    expires: Option<Timestamp>,
) -> Result<(), StoreError> {
    execute(
        connection,
        "end a credential",
        "UPDATE credential SET expires = ?2 WHERE id = ?1",
        params![credential.get().cast_signed(), micros(expires)],
    )
}

fn delete_credential(connection: &Connection, credential: CredentialId) -> Result<(), StoreError> {
    execute(
        connection,
        "remove a credential",
        "DELETE FROM credential WHERE id = ?1",
        params![credential.get().cast_signed()],
    )
}

fn insert_datastream(
    connection: &Connection,
    datastream: &DatastreamRow,
) -> Result<(), StoreError> {
    execute(
        connection,
        "add a datastream",
        "INSERT INTO datastream (id, thing, field, device, model) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            datastream.id.get(),
            datastream.thing.as_str(),
            datastream.field.as_str(),
            datastream.device.as_str(),
            datastream.model.as_str()
        ],
    )
}

fn update_datastream(
    connection: &Connection,
    datastream: &DatastreamRow,
) -> Result<(), StoreError> {
    execute(
        connection,
        "hand over a datastream",
        "UPDATE datastream SET device = ?2, model = ?3 WHERE id = ?1",
        params![
            datastream.id.get(),
            datastream.device.as_str(),
            datastream.model.as_str()
        ],
    )
}
