//! The rows of an import on their way: in pieces, each a text of one JSON object
//! a line, which nobody but this file reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::{DeviceId, Location, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::StandingDevices;
use super::row::Row;
use crate::device::CredentialProof;
use crate::device::new_device::{Checked, NewDevice};
use crate::registry::Actor;
use crate::store::StoreError;
use crate::thing::{Licence, NewDescription, Visibility};

/// What a change does to an import on its way.
pub(crate) enum StagedImport {
    /// A piece is there, which nobody sees until all are accepted.
    Stage(ImportPiece),
    /// All that is staged comes in.
    Accept(AcceptedImport),
    /// The piece is in.
    EndPiece(u32),
    /// All of it is in; or none of it comes in.
    End,
}

/// Whose devices come in, and how.
pub(crate) struct AcceptedImport {
    pub(crate) actor: Actor,
    pub(crate) standing: StandingDevices,
}

/// Some rows one after another.
pub(crate) struct ImportPiece {
    pub(crate) number: u32,
    pub(crate) rows: String,
}

/// A row as it is staged: as text it takes a quarter of the memory.
pub(super) struct StagedText(Box<str>);

impl StagedText {
    pub(super) fn of(row: &Row) -> Self {
        let text = serde_json::to_string(&StagedRow::of(row)).expect("a String takes all text");
        Self(text.into())
    }

    pub(super) fn read(&self) -> Result<Row, StoreError> {
        read(&self.0).ok_or_else(|| StoreError::Row("a row of an import".to_owned()))
    }
}

fn read(line: &str) -> Option<Row> {
    serde_json::from_str::<StagedRow>(line).ok()?.read()
}

/// The devices of an import that was accepted: their ids and aliases are given to
/// nobody else.
#[derive(Default, PartialEq, Debug)]
pub(crate) struct ComingDevices {
    ids: FxHashSet<DeviceId>,
    aliases: FxHashMap<Box<str>, DeviceId>,
}

impl ComingDevices {
    pub(super) fn add(&mut self, row: &Row) {
        let id = &row.device.new.id;
        self.ids.insert(id.clone());
        if let Some(alias) = &row.device.alias {
            self.aliases.insert(alias.clone(), id.clone());
        }
    }

    pub(crate) fn has(&self, id: &DeviceId) -> bool {
        self.ids.contains(id)
    }

    pub(crate) fn device_of_alias(&self, alias: &str) -> Option<&DeviceId> {
        self.aliases.get(alias)
    }
}

impl ImportPiece {
    pub(super) fn of(number: u32, rows: &[StagedText]) -> Self {
        let mut text = String::new();
        for StagedText(row) in rows {
            text.push_str(row);
            text.push('\n');
        }
        Self { number, rows: text }
    }

    pub(super) fn read(&self) -> Result<Vec<Row>, StoreError> {
        let unreadable = || StoreError::Row(format!("a row of an import's piece {}", self.number));
        let rows: Option<Vec<Row>> = self.rows.lines().map(read).collect();
        rows.ok_or_else(unreadable)
    }
}

/// A row as it is written. It was checked.
#[derive(Serialize, Deserialize)]
struct StagedRow {
    line: u64,
    id: String,
    agency: String,
    model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    /// In 1e-7 degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<(i32, i32)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<StagedKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thing: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    visibility: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attribution: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sensor_serial: Option<String>,
}

/// Its kind, its bytes in base64, and when it ends.
#[derive(Serialize, Deserialize)]
struct StagedKey(String, String, Option<i64>);

impl StagedRow {
    fn of(row: &Row) -> Self {
        let (new, description) = (&row.device.new, &row.device.new.description);
        let key = |(proof, expires): &(CredentialProof, Option<Timestamp>)| {
            let (kind, bytes, _) = proof.parts();
            let expires = expires.map(Timestamp::as_micros);
            StagedKey(kind.to_owned(), STANDARD_NO_PAD.encode(bytes), expires)
        };
        Self {
            line: row.line,
            id: new.id.to_string(),
            agency: new.agency.to_string(),
            model: new.model.to_string(),
            alias: row.device.alias.clone(),
            name: new.name.clone(),
            location: new.location.map(|place| (place.lat_e7(), place.lon_e7())),
            keys: row.device.keys.iter().map(key).collect(),
            expires: new.expires.map(Timestamp::as_micros),
            gateway: new.gateway.as_ref().map(ToString::to_string),
            thing: new.thing.as_ref().map(ToString::to_string),
            visibility: new.visibility.map(|it| it.as_str().to_owned()),
            licence: new.licence.as_ref().map(|it| it.0.to_string()),
            attribution: new.attribution.clone(),
            address: description.address.clone(),
            note: description.note.clone(),
            tags: description.tags.clone(),
            sensor_serial: new.sensor_serial.clone(),
        }
    }

    /// `None`: nobody has written this.
    fn read(self) -> Option<Row> {
        let key = |StagedKey(kind, bytes, expires): StagedKey| {
            let bytes = STANDARD_NO_PAD.decode(bytes).ok()?;
            let proof = CredentialProof::from_parts(&kind, &bytes, Box::default())?;
            Some((proof, expires.map(Timestamp::from_micros)))
        };
        let new = NewDevice {
            id: self.id.parse().ok()?,
            agency: self.agency.parse().ok()?,
            model: self.model.parse().ok()?,
            alias: None,
            name: self.name,
            location: self.location.map(|(lat, lon)| Location::from_e7(lat, lon)),
            keys: Vec::new(),
            expires: self.expires.map(Timestamp::from_micros),
            gateway: optional(self.gateway.as_deref(), |it| it.parse().ok())?,
            thing: optional(self.thing.as_deref(), |it| it.parse().ok())?,
            visibility: optional(self.visibility.as_deref(), Visibility::parse)?,
            licence: optional(self.licence.as_deref(), |it| Licence::parse(it).ok())?,
            attribution: self.attribution,
            description: NewDescription {
                address: self.address,
                note: self.note,
                tags: self.tags,
            },
            sensor_serial: self.sensor_serial,
        };
        Some(Row {
            line: self.line,
            device: Checked {
                new,
                alias: self.alias,
                keys: self.keys.into_iter().map(key).collect::<Option<_>>()?,
            },
        })
    }
}

/// What is absent stays so; what is there has to be read.
fn optional<T>(text: Option<&str>, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        Some(text) => read(text).map(Some),
        None => Some(None),
    }
}
