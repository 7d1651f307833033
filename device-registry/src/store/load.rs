//! Reads all rows into a snapshot, at the start of the program.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{
    AgencyId, ApiKeyId, ApplicationId, BoundaryName, CredentialId, DatastreamId, DeviceId,
    FieldName, IdError, Location, ModelId, ThingId, Timestamp,
};
use rusqlite::{Connection, Row};
use rustc_hash::FxHashMap;

use super::StoreError;
use crate::agency::Agency;
use crate::application::{ApiKey, ApiKeyKind, Application, LastUse};
use crate::boundary::{Boundary, GeoJson, Shape};
use crate::device::{Credential, CredentialProof, Device, DeviceStatus};
use crate::model::{Model, ModelOrigin, ModelVersion};
use crate::registry::ModelRow;
use crate::snapshot::Snapshot;
use crate::thing::{Licence, LocationSince, Thing, Visibility};

/// What the rows make.
pub(crate) struct Loaded {
    pub(crate) snapshot: Snapshot,
    /// All versions of all models, the oldest of each first.
    pub(crate) models: Vec<ModelRow>,
}

pub(super) fn load(connection: &Connection) -> Result<Loaded, StoreError> {
    let mut snapshot = Snapshot::default();
    load_agencies(connection, &mut snapshot)?;
    let models = load_models(connection, &mut snapshot)?;
    load_boundaries(connection, &mut snapshot)?;
    let mut things = load_things(connection)?;
    load_locations(connection, &mut things)?;
    let devices = load_device_rows(connection, &mut things)?;
    load_datastreams(connection, &mut things, &devices, &mut snapshot)?;
    let mut credentials = load_credentials(connection)?;
    for row in devices.into_values() {
        let credentials = credentials.remove(row.id.as_str()).unwrap_or_default();
        let device = row.into_device(credentials, &things, &snapshot)?;
        snapshot.put_device(device);
    }
    snapshot.things = things
        .into_iter()
        .map(|(id, thing)| (id, Arc::new(thing)))
        .collect();
    load_applications(connection, &mut snapshot)?;
    load_api_keys(connection, &mut snapshot)?;
    Ok(Loaded { snapshot, models })
}

/// Calls `each` for every row; its message tells which table is at fault.
fn rows(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(&Row<'_>) -> Result<(), RowError>,
) -> Result<(), StoreError> {
    let failed = StoreError::on("be read");
    let mut statement = match connection.prepare(sql) {
        Ok(statement) => statement,
        Err(error) => return Err(failed(error)),
    };
    let mut rows = match statement.query([]) {
        Ok(rows) => rows,
        Err(error) => return Err(failed(error)),
    };
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                each(row).map_err(|error| StoreError::Row(format!("{error} ({sql})")))?;
            }
            Ok(None) => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Id(#[from] IdError),
    #[error("{0} is none of its values")]
    Value(&'static str),
}

fn text<'a>(row: &'a Row<'_>, column: &'static str) -> Result<&'a str, RowError> {
    row.get_ref(column)?
        .as_str()
        .map_err(|_| RowError::Value(column))
}

fn time(row: &Row<'_>, column: &'static str) -> Result<Timestamp, RowError> {
    Ok(Timestamp::from_micros(row.get(column)?))
}

fn optional_time(row: &Row<'_>, column: &'static str) -> Result<Option<Timestamp>, RowError> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// Texts without a space, joined by spaces.
fn words(row: &Row<'_>, column: &'static str) -> Result<Vec<Box<str>>, RowError> {
    let joined = text(row, column)?;
    Ok(joined.split_ascii_whitespace().map(Into::into).collect())
}

fn load_agencies(connection: &Connection, snapshot: &mut Snapshot) -> Result<(), StoreError> {
    let mut retentions = load_retentions(connection)?;
    rows(connection, "SELECT id, name, created FROM agency", |row| {
        let id = AgencyId::new(text(row, "id")?)?;
        snapshot.put_agency(Arc::new(Agency {
            retention_days: retentions.remove(id.as_str()).unwrap_or_default(),
            id,
            name: row.get("name")?,
            created: time(row, "created")?,
        }));
        Ok(())
    })
}

/// What each agency says of the models that it does not keep as they say.
fn load_retentions(
    connection: &Connection,
) -> Result<BTreeMap<AgencyId, BTreeMap<ModelId, u32>>, StoreError> {
    let mut retentions: BTreeMap<AgencyId, BTreeMap<ModelId, u32>> = BTreeMap::new();
    let sql = "SELECT agency, model, days FROM agency_retention";
    rows(connection, sql, |row| {
        let agency = AgencyId::new(text(row, "agency")?)?;
        let model = ModelId::new(text(row, "model")?)?;
        let days = row.get("days")?;
        retentions.entry(agency).or_default().insert(model, days);
        Ok(())
    })?;
    Ok(retentions)
}

/// The newest version of each is in force.
fn load_models(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<Vec<ModelRow>, StoreError> {
    let mut models = Vec::new();
    let sql = "SELECT version, content, origin, created FROM model ORDER BY id, version";
    rows(connection, sql, |row| {
        let version = ModelVersion(row.get("version")?);
        let content = text(row, "content")?;
        let model =
            Model::parse(content.as_bytes(), version).map_err(|_| RowError::Value("content"))?;
        models.push(ModelRow {
            id: model.id.clone(),
            version,
            content: content.into(),
            origin: ModelOrigin::parse(text(row, "origin")?).ok_or(RowError::Value("origin"))?,
            created: time(row, "created")?,
        });
        snapshot.put_model(Arc::new(model));
        Ok(())
    })?;
    Ok(models)
}

fn load_boundaries(connection: &Connection, snapshot: &mut Snapshot) -> Result<(), StoreError> {
    let sql = "SELECT name, title_en, title_ko, geometry, changed FROM boundary";
    rows(connection, sql, |row| {
        let wrong = || RowError::Value("geometry");
        let geometry: GeoJson =
            serde_json::from_str(text(row, "geometry")?).map_err(|_| wrong())?;
        snapshot.put_boundary(Arc::new(Boundary {
            name: BoundaryName::new(text(row, "name")?)?,
            title_en: row.get("title_en")?,
            title_ko: row.get("title_ko")?,
            shape: Shape::try_from(geometry).map_err(|_| wrong())?,
            changed: time(row, "changed")?,
        }));
        Ok(())
    })
}

type Things = BTreeMap<ThingId, Thing>;

fn load_things(connection: &Connection) -> Result<Things, StoreError> {
    let mut things = Things::new();
    let sql = "SELECT id, agency, licence, attribution, visibility FROM thing";
    rows(connection, sql, |row| {
        let id = ThingId::new(text(row, "id")?)?;
        let thing = Thing {
            id: id.clone(),
            agency: AgencyId::new(text(row, "agency")?)?,
            devices: Vec::new(),
            datastreams: Vec::new(),
            locations: Vec::new(),
            licence: Licence(text(row, "licence")?.into()),
            attribution: row.get("attribution")?,
            visibility: Visibility::parse(text(row, "visibility")?)
                .ok_or(RowError::Value("visibility"))?,
        };
        things.insert(id, thing);
        Ok(())
    })?;
    Ok(things)
}

fn load_locations(connection: &Connection, things: &mut Things) -> Result<(), StoreError> {
    let sql = "SELECT thing, since, lat_e7, lon_e7 FROM location ORDER BY thing, since";
    rows(connection, sql, |row| {
        let thing = things
            .get_mut(text(row, "thing")?)
            .ok_or(RowError::Value("thing"))?;
        let (lat, lon): (Option<i32>, Option<i32>) = (row.get("lat_e7")?, row.get("lon_e7")?);
        thing.locations.push(LocationSince {
            since: time(row, "since")?,
            location: lat.zip(lon).map(|(lat, lon)| Location::from_e7(lat, lon)),
        });
        Ok(())
    })
}

struct DeviceRow {
    id: DeviceId,
    alias: Option<Box<str>>,
    thing: ThingId,
    agency: AgencyId,
    gateway: Option<DeviceId>,
    model: ModelId,
    name: String,
    status: DeviceStatus,
    expires: Option<Timestamp>,
    created: Timestamp,
}

type DeviceRows = BTreeMap<DeviceId, DeviceRow>;

/// In the order of their registration, so that a thing's devices stand oldest
/// first.
fn load_device_rows(
    connection: &Connection,
    things: &mut Things,
) -> Result<DeviceRows, StoreError> {
    let mut devices = DeviceRows::new();
    let sql = "SELECT id, alias, thing, agency, gateway, model, name, status, expires, created
               FROM device ORDER BY number";
    rows(connection, sql, |row| {
        let id = DeviceId::new(text(row, "id")?)?;
        let thing = things
            .get_mut(text(row, "thing")?)
            .ok_or(RowError::Value("thing"))?;
        thing.devices.push(id.clone());
        let alias: Option<String> = row.get("alias")?;
        let gateway: Option<String> = row.get("gateway")?;
        let device = DeviceRow {
            id: id.clone(),
            alias: alias.map(Into::into),
            thing: thing.id.clone(),
            agency: AgencyId::new(text(row, "agency")?)?,
            gateway: gateway.map(DeviceId::new).transpose()?,
            model: ModelId::new(text(row, "model")?)?,
            name: row.get("name")?,
            status: DeviceStatus::parse(text(row, "status")?).ok_or(RowError::Value("status"))?,
            expires: optional_time(row, "expires")?,
            created: time(row, "created")?,
        };
        devices.insert(id, device);
        Ok(())
    })?;
    Ok(devices)
}

impl DeviceRow {
    fn into_device(
        self,
        credentials: Vec<Credential>,
        things: &Things,
        snapshot: &Snapshot,
    ) -> Result<Device, StoreError> {
        let missing = |what: &str| StoreError::Row(format!("device {} has no {what}", self.id));
        let model = snapshot
            .model(&self.model)
            .cloned()
            .ok_or_else(|| missing("model"))?;
        let thing = things.get(&self.thing).ok_or_else(|| missing("thing"))?;
        Ok(Device {
            datastreams: snapshot.datastreams_for(&model, thing),
            location: thing.location(),
            id: self.id,
            alias: self.alias,
            thing: self.thing,
            agency: self.agency,
            gateway: self.gateway,
            model,
            name: self.name,
            status: self.status,
            expires: self.expires,
            created: self.created,
            credentials,
        })
    }
}

fn load_datastreams(
    connection: &Connection,
    things: &mut Things,
    devices: &DeviceRows,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, thing, field, device, model FROM datastream ORDER BY id";
    rows(connection, sql, |row| {
        let id = DatastreamId::new(row.get("id")?);
        let thing = things
            .get_mut(text(row, "thing")?)
            .ok_or(RowError::Value("thing"))?;
        thing.datastreams.push(id);
        let (device, _) = devices
            .get_key_value(text(row, "device")?)
            .ok_or(RowError::Value("device"))?;
        let model = ModelId::new(text(row, "model")?)?;
        // A text that many share is kept once.
        let model = snapshot
            .model(&model)
            .map_or(model, |known| known.id.clone());
        let field = FieldName::new(text(row, "field")?)?;
        let datastream = snapshot.compose_datastream(id, field, thing, device.clone(), model);
        snapshot.put_datastream(datastream);
        Ok(())
    })
}

fn load_credentials(
    connection: &Connection,
) -> Result<FxHashMap<DeviceId, Vec<Credential>>, StoreError> {
    let mut credentials: FxHashMap<DeviceId, Vec<Credential>> = FxHashMap::default();
    let sql = "SELECT id, device, kind, proof, networks, created, expires
               FROM credential ORDER BY id";
    rows(connection, sql, |row| {
        let number: i64 = row.get("id")?;
        let device = DeviceId::new(text(row, "device")?)?;
        credentials.entry(device).or_default().push(Credential {
            id: CredentialId::new(number as u64),
            proof: proof(row)?,
            created: time(row, "created")?,
            expires: optional_time(row, "expires")?,
        });
        Ok(())
    })?;
    Ok(credentials)
}

fn proof(row: &Row<'_>) -> Result<CredentialProof, RowError> {
    let wrong = || RowError::Value("proof");
    let bytes: Vec<u8> = row.get("proof")?;
    match text(row, "kind")? {
        "ed25519" => Ok(CredentialProof::Ed25519 {
            public_key: bytes.try_into().map_err(|_| wrong())?,
        }),
        "es256" => {
            let public_key: [u8; 65] = bytes.try_into().map_err(|_| wrong())?;
            Ok(CredentialProof::Es256 {
                public_key: Box::new(public_key),
            })
        }
        "password" => Ok(CredentialProof::Password {
            hmac: bytes.try_into().map_err(|_| wrong())?,
            networks: words(row, "networks")?,
        }),
        _ => Err(RowError::Value("kind")),
    }
}

fn load_applications(connection: &Connection, snapshot: &mut Snapshot) -> Result<(), StoreError> {
    let sql = "SELECT id, name, contact, created FROM application";
    rows(connection, sql, |row| {
        snapshot.put_application(Arc::new(Application {
            id: ApplicationId::new(text(row, "id")?)?,
            name: row.get("name")?,
            contact: row.get("contact")?,
            created: time(row, "created")?,
        }));
        Ok(())
    })
}

fn load_api_keys(connection: &Connection, snapshot: &mut Snapshot) -> Result<(), StoreError> {
    let sql = "SELECT id, application, kind, origins, hmac, created, expires, revoked, last_used
               FROM api_key ORDER BY number";
    rows(connection, sql, |row| {
        let hmac: Vec<u8> = row.get("hmac")?;
        snapshot.put_api_key(Arc::new(ApiKey {
            id: ApiKeyId::new(text(row, "id")?)?,
            application: ApplicationId::new(text(row, "application")?)?,
            kind: ApiKeyKind::parse(text(row, "kind")?).ok_or(RowError::Value("kind"))?,
            origins: words(row, "origins")?,
            created: time(row, "created")?,
            expires: optional_time(row, "expires")?,
            revoked: optional_time(row, "revoked")?,
            hmac: hmac.try_into().map_err(|_| RowError::Value("hmac"))?,
            last_use: LastUse::new(optional_time(row, "last_used")?),
        }));
        Ok(())
    })
}
