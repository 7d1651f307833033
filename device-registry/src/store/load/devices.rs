//! Devices with their datastreams and credentials.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{
    AgencyId, CredentialId, DatastreamId, DeviceId, FieldName, ModelId, ThingId, Timestamp,
};
use rusqlite::{Connection, Row};
use rustc_hash::FxHashMap;

use super::{RowError, Things, optional_time, rows, text, time, words};
use crate::boxed;
use crate::device::{Credential, CredentialProof, Device, DeviceStatus};
use crate::snapshot::Snapshot;
use crate::store::StoreError;
use crate::thing::{NewDatastream, Thing, ThingDatastreams};

pub(super) struct DeviceRow {
    pub(super) id: DeviceId,
    pub(super) alias: Option<Box<str>>,
    pub(super) thing: ThingId,
    pub(super) agency: AgencyId,
    pub(super) gateway: Option<DeviceId>,
    pub(super) model: ModelId,
    pub(super) name: String,
    pub(super) status: DeviceStatus,
    pub(super) expires: Option<Timestamp>,
    pub(super) created: Timestamp,
    pub(super) decommissioned: Option<Timestamp>,
}

pub(super) type DeviceRows = BTreeMap<DeviceId, DeviceRow>;

/// In the order of their registration, so that a thing's devices stand oldest
/// first.
pub(super) fn load_device_rows(
    connection: &Connection,
    things: &mut Things,
) -> Result<DeviceRows, StoreError> {
    let mut devices = DeviceRows::new();
    let sql =
        "SELECT number, id, alias, thing, agency, gateway, model, name, status, expires, created,
                decommissioned
               FROM device ORDER BY number";
    rows(connection, sql, |row| {
        let id = DeviceId::new(text(row, "id")?)?;
        let thing = things
            .get_mut(text(row, "thing")?)
            .ok_or(RowError::Value("thing"))?;
        if thing.devices.is_empty() {
            let number: i64 = row.get("number")?;
            thing.number = number.cast_unsigned();
            share_text(thing, &id);
        }
        boxed::push(&mut thing.devices, id.clone());
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
            decommissioned: optional_time(row, "decommissioned")?,
        };
        devices.insert(id, device);
        Ok(())
    })?;
    Ok(devices)
}

/// A thing has the id of its first device: the text is kept once.
fn share_text(thing: &mut Thing, first: &DeviceId) {
    if thing.id.as_str() == first.as_str() {
        thing.id = ThingId::from(first.clone());
        thing.datastreams = ThingDatastreams::none(thing.id.clone(), thing.agency.clone());
    }
}

impl DeviceRow {
    pub(super) fn into_device(
        self,
        credentials: Vec<Credential>,
        snapshot: &Snapshot,
    ) -> Result<Device, StoreError> {
        let missing = |what: &str| StoreError::Row(format!("device {} has no {what}", self.id));
        let model = snapshot
            .model_for(&self.agency, &self.model)
            .cloned()
            .ok_or_else(|| missing("model"))?;
        let thing = snapshot.thing(self.thing.as_str());
        let thing = thing.ok_or_else(|| missing("thing"))?;
        // A text that many share is kept once.
        let agency = Some(&thing.agency).filter(|shared| **shared == self.agency);
        let agency = agency.cloned().unwrap_or(self.agency);
        Ok(Device {
            datastreams: Snapshot::datastreams_for(&self.id, &model, thing),
            location: thing.location(),
            id: self.id,
            alias: self.alias,
            thing: self.thing,
            agency,
            gateway: self.gateway,
            model,
            name: self.name,
            status: self.status,
            expires: self.expires,
            created: self.created,
            decommissioned: self.decommissioned,
            credentials: credentials.into(),
        })
    }
}

pub(super) fn load_datastreams(
    connection: &Connection,
    things: &mut Things,
    devices: &DeviceRows,
    snapshot: &Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT id, thing, field, device, model FROM datastream ORDER BY id";
    rows(connection, sql, |row| {
        let id = DatastreamId::new(row.get("id")?);
        let thing = things
            .get_mut(text(row, "thing")?)
            .ok_or(RowError::Value("thing"))?;
        let (device, _) = devices
            .get_key_value(text(row, "device")?)
            .ok_or(RowError::Value("device"))?;
        let model = ModelId::new(text(row, "model")?)?;
        let model = snapshot.model_for(&thing.agency, &model);
        thing.datastreams.put(NewDatastream {
            id,
            field: FieldName::new(text(row, "field")?)?,
            device: device.clone(),
            model: Arc::clone(model.ok_or(RowError::Value("model"))?),
        });
        Ok(())
    })
}

/// Which datastreams have a sensor.
pub(super) fn load_measured(
    connection: &Connection,
    snapshot: &mut Snapshot,
) -> Result<(), StoreError> {
    let sql = "SELECT DISTINCT datastream FROM sensor_datastream";
    rows(connection, sql, |row| {
        snapshot.note_measured(&[DatastreamId::new(row.get("datastream")?)]);
        Ok(())
    })
}

pub(super) fn load_credentials(
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
    let bytes: Vec<u8> = row.get("proof")?;
    let networks = words(row, "networks")?.into();
    CredentialProof::from_parts(text(row, "kind")?, &bytes, networks)
        .ok_or(RowError::Value("proof"))
}
