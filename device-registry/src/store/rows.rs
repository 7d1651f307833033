//! One function for each row that an operation writes.

use domain::{
    AgencyId, ApiKeyId, BoundaryName, CredentialId, DatastreamId, DeviceId, FieldName, ModelId,
    ThingId, Timestamp,
};
use rusqlite::{Connection, Params, params};

use super::StoreError;
use crate::agency::Agency;
use crate::application::{ApiKey, Application};
use crate::boundary::{Boundary, GeoJson};
use crate::device::{Credential, CredentialProof, Device};
use crate::model::ModelVersion;
use crate::thing::{LocationSince, Thing};

fn write(
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

pub(crate) fn insert_agency(connection: &Connection, agency: &Agency) -> Result<(), StoreError> {
    write(
        connection,
        "add an agency",
        "INSERT INTO agency (id, name, created) VALUES (?1, ?2, ?3)",
        params![agency.id.as_str(), agency.name, agency.created.as_micros()],
    )
}

/// How long an agency keeps a model's data; `None`: as the model says.
pub(crate) fn set_retention(
    connection: &Connection,
    agency: &AgencyId,
    model: &ModelId,
    days: Option<u32>,
) -> Result<(), StoreError> {
    let action = "change an agency's retention";
    match days {
        Some(days) => write(
            connection,
            action,
            "INSERT OR REPLACE INTO agency_retention (agency, model, days) VALUES (?1, ?2, ?3)",
            params![agency.as_str(), model.as_str(), days],
        ),
        None => write(
            connection,
            action,
            "DELETE FROM agency_retention WHERE agency = ?1 AND model = ?2",
            params![agency.as_str(), model.as_str()],
        ),
    }
}

pub(crate) fn insert_model(
    connection: &Connection,
    id: &ModelId,
    version: ModelVersion,
    content: &str,
    origin: &'static str,
    created: Timestamp,
) -> Result<(), StoreError> {
    write(
        connection,
        "add a model",
        "INSERT INTO model (id, version, content, origin, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id.as_str(), version.0, content, origin, created.as_micros()],
    )
}

pub(crate) fn put_boundary(connection: &Connection, boundary: &Boundary) -> Result<(), StoreError> {
    let geometry = serde_json::to_string(&GeoJson::from(&boundary.shape));
    write(
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

pub(crate) fn delete_boundary(
    connection: &Connection,
    name: &BoundaryName,
) -> Result<(), StoreError> {
    write(
        connection,
        "take a boundary away",
        "DELETE FROM boundary WHERE name = ?1",
        params![name.as_str()],
    )
}

pub(crate) fn insert_thing(connection: &Connection, thing: &Thing) -> Result<(), StoreError> {
    write(
        connection,
        "add a thing",
        "INSERT INTO thing (id, agency, licence, attribution, visibility)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            thing.id.as_str(),
            thing.agency.as_str(),
            thing.licence.0,
            thing.attribution,
            thing.visibility.as_str()
        ],
    )
}

pub(crate) fn update_thing(connection: &Connection, thing: &Thing) -> Result<(), StoreError> {
    write(
        connection,
        "change a thing",
        "UPDATE thing SET licence = ?2, attribution = ?3, visibility = ?4 WHERE id = ?1",
        params![
            thing.id.as_str(),
            thing.licence.0,
            thing.attribution,
            thing.visibility.as_str()
        ],
    )
}

/// Two changes within one microsecond are one.
pub(crate) fn insert_location(
    connection: &Connection,
    thing: &ThingId,
    entry: &LocationSince,
) -> Result<(), StoreError> {
    write(
        connection,
        "add a location",
        "INSERT OR REPLACE INTO location (thing, since, lat_e7, lon_e7) VALUES (?1, ?2, ?3, ?4)",
        params![
            thing.as_str(),
            entry.since.as_micros(),
            entry.location.map(domain::Location::lat_e7),
            entry.location.map(domain::Location::lon_e7)
        ],
    )
}

/// The columns of a device that its registration writes.
pub(crate) struct NewDeviceRow<'a> {
    pub(crate) id: &'a DeviceId,
    pub(crate) alias: Option<&'a str>,
    pub(crate) thing: &'a ThingId,
    pub(crate) agency: &'a AgencyId,
    pub(crate) gateway: Option<&'a DeviceId>,
    pub(crate) model: &'a ModelId,
    pub(crate) name: &'a str,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) created: Timestamp,
}

pub(crate) fn insert_device(
    connection: &Connection,
    device: &NewDeviceRow<'_>,
) -> Result<(), StoreError> {
    write(
        connection,
        "add a device",
        "INSERT INTO device
             (id, alias, thing, agency, model, name, status, expires, created, gateway)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'active', ?7, ?8, ?9)",
        params![
            device.id.as_str(),
            device.alias,
            device.thing.as_str(),
            device.agency.as_str(),
            device.model.as_str(),
            device.name,
            micros(device.expires),
            device.created.as_micros(),
            device.gateway.map(DeviceId::as_str)
        ],
    )
}

pub(crate) fn update_device(connection: &Connection, device: &Device) -> Result<(), StoreError> {
    write(
        connection,
        "change a device",
        "UPDATE device SET name = ?2, status = ?3, expires = ?4, gateway = ?5 WHERE id = ?1",
        params![
            device.id.as_str(),
            device.name,
            device.status.as_str(),
            micros(device.expires),
            device.gateway.as_ref().map(DeviceId::as_str)
        ],
    )
}

/// Writes a credential, and gives it its number.
pub(crate) fn insert_credential(
    connection: &Connection,
    device: &DeviceId,
    proof: CredentialProof,
    created: Timestamp,
    expires: Option<Timestamp>,
) -> Result<Credential, StoreError> {
    let (kind, bytes, networks) = match &proof {
        CredentialProof::Ed25519 { public_key } => {
            ("ed25519", public_key.as_slice(), String::new())
        }
        CredentialProof::Es256 { public_key } => ("es256", public_key.as_slice(), String::new()),
        CredentialProof::Password { hmac, networks } => {
            ("password", hmac.as_slice(), networks.join(" "))
        }
    };
    write(
        connection,
        "add a credential",
        "INSERT INTO credential (device, kind, proof, networks, created, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            device.as_str(),
            kind,
            bytes,
            networks,
            created.as_micros(),
            micros(expires)
        ],
    )?;
    let number = u64::try_from(connection.last_insert_rowid())
        .map_err(|_| StoreError::Row("a credential's number is negative".to_owned()))?;
    Ok(Credential {
        id: CredentialId::new(number),
        proof,
        created,
        expires,
    })
}

pub(crate) fn delete_credential(
    connection: &Connection,
    credential: CredentialId,
) -> Result<(), StoreError> {
    write(
        connection,
        "remove a credential",
        "DELETE FROM credential WHERE id = ?1",
        params![credential.get() as i64],
    )
}

/// The columns of a datastream.
pub(crate) struct NewDatastream<'a> {
    pub(crate) thing: &'a ThingId,
    pub(crate) field: &'a FieldName,
    pub(crate) device: &'a DeviceId,
    pub(crate) model: &'a ModelId,
}

/// Writes a datastream, and gives it its number.
pub(crate) fn insert_datastream(
    connection: &Connection,
    datastream: &NewDatastream<'_>,
) -> Result<DatastreamId, StoreError> {
    write(
        connection,
        "add a datastream",
        "INSERT INTO datastream (thing, field, device, model) VALUES (?1, ?2, ?3, ?4)",
        params![
            datastream.thing.as_str(),
            datastream.field.as_str(),
            datastream.device.as_str(),
            datastream.model.as_str()
        ],
    )?;
    u32::try_from(connection.last_insert_rowid())
        .map(DatastreamId::new)
        .map_err(|_| StoreError::Row("the numbers of datastreams are used up".to_owned()))
}

/// Hands a datastream to the next device, or to another model.
pub(crate) fn update_datastream(
    connection: &Connection,
    id: DatastreamId,
    device: &DeviceId,
    model: &ModelId,
) -> Result<(), StoreError> {
    write(
        connection,
        "hand over a datastream",
        "UPDATE datastream SET device = ?2, model = ?3 WHERE id = ?1",
        params![id.get(), device.as_str(), model.as_str()],
    )
}

pub(crate) fn insert_application(
    connection: &Connection,
    application: &Application,
) -> Result<(), StoreError> {
    write(
        connection,
        "add an application",
        "INSERT INTO application (id, name, contact, created) VALUES (?1, ?2, ?3, ?4)",
        params![
            application.id.as_str(),
            application.name,
            application.contact,
            application.created.as_micros()
        ],
    )
}

pub(crate) fn insert_api_key(connection: &Connection, key: &ApiKey) -> Result<(), StoreError> {
    write(
        connection,
        "add an API key",
        "INSERT INTO api_key (id, application, kind, origins, hmac, created, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            key.id.as_str(),
            key.application.as_str(),
            key.kind.as_str(),
            key.origins.join(" "),
            key.hmac.as_slice(),
            key.created.as_micros(),
            micros(key.expires)
        ],
    )
}

pub(crate) fn revoke_api_key(
    connection: &Connection,
    key: &ApiKeyId,
    at: Timestamp,
) -> Result<(), StoreError> {
    write(
        connection,
        "revoke an API key",
        "UPDATE api_key SET revoked = ?2 WHERE id = ?1",
        params![key.as_str(), at.as_micros()],
    )
}

pub(crate) fn update_last_use(
    connection: &Connection,
    key: &ApiKeyId,
    at: Timestamp,
) -> Result<(), StoreError> {
    write(
        connection,
        "note an API key's use",
        "UPDATE api_key SET last_used = ?2 WHERE id = ?1",
        params![key.as_str(), at.as_micros()],
    )
}
