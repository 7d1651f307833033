//! Devices as they are written in bodies.

use device_registry::{
    DevicePatch, Licence, NewDescription, NewDevice, Patch, UnreadableRow, Visibility,
};
use domain::{AgencyId, DeviceId, Location, ModelId, ThingId};
use http_edge::request::Text;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::params::Time;
use crate::views::{NewKeyView, NewPublicKey, PlaceView};

/// A new device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDevice, example = json!({
    "id": "dev-1", "agency": "seoul", "model": "traffic.flow", "name": "세종대로 1",
    "location": {"lat": 37.566_412, "lon": 126.977_968}, "visibility": "public",
    "keys": [{"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]
}))]
pub(crate) struct NewDeviceBody {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    pub(super) id: Text<DeviceId>,
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    pub(super) agency: Text<AgencyId>,
    #[schema(value_type = String, pattern = "^[a-z0-9-]{1,64}[.][a-z0-9-]{1,64}(~[A-Za-z0-9._~-]{1,64})?$")]
    pub(super) model: Text<ModelId>,
    /// A MAC or EUI with colons, under which it may log in too.
    pub(super) alias: Option<String>,
    #[serde(default)]
    pub(super) name: String,
    pub(super) location: Option<PlaceView>,
    #[serde(default)]
    #[schema(value_type = Vec<NewPublicKey>)]
    pub(super) keys: Vec<NewKeyView>,
    /// `public` or `restricted`, the default.
    pub(super) visibility: Option<String>,
    /// KOGL-1 to KOGL-4, or an SPDX identifier.
    pub(super) licence: Option<String>,
    pub(super) attribution: Option<String>,
    /// Where it stands, in words; for its owners only.
    pub(super) address: Option<String>,
    /// For its owners only.
    pub(super) note: Option<String>,
    /// Words to group it by, without spaces; for its owners only.
    pub(super) tags: Option<Vec<String>>,
    /// A sensor with this serial number is in it, and measures all that the model
    /// names; it has the model's name. Not together with `thing`.
    pub(super) sensor_serial: Option<String>,
    /// The device is refused from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires: Option<Time>,
    /// The device that may publish for it: one of the same agency, that has no
    /// gateway itself.
    #[schema(value_type = Option<String>)]
    pub(super) gateway: Option<Text<DeviceId>>,
    /// The thing, of the same agency, that it serves beside its other devices, or
    /// in the place of those that are out of service. Absent: a new one of its id.
    #[schema(value_type = Option<String>)]
    pub(super) thing: Option<Text<ThingId>>,
}

impl NewDeviceBody {
    pub(super) fn read(self) -> Result<NewDevice, MemberFault> {
        let mut device = NewDevice::new(self.id.0, self.agency.0, self.model.0);
        device.alias = self.alias;
        device.name = self.name;
        device.location = self.location.map(place).transpose()?;
        device.keys = self.keys.into_iter().map(Into::into).collect();
        device.visibility = self.visibility.as_deref().map(visibility).transpose()?;
        device.licence = self.licence.as_deref().map(licence).transpose()?;
        if let Some(attribution) = self.attribution {
            device.attribution = Some(attribution);
        }
        device.description = NewDescription {
            address: self.address,
            note: self.note,
            tags: self.tags,
        };
        device.sensor_serial = self.sensor_serial;
        device.expires = self.expires.map(|time| time.0);
        device.gateway = self.gateway.map(|gateway| gateway.0);
        device.thing = self.thing.map(|thing| thing.0);
        Ok(device)
    }
}

/// A member of a body that is not what it has to be.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct MemberFault {
    member: &'static str,
    message: String,
    cure: &'static str,
}

impl From<MemberFault> for UnreadableRow {
    fn from(fault: MemberFault) -> Self {
        Self {
            column: Some(fault.member.into()),
            message: fault.message,
            cure: fault.cure,
        }
    }
}

fn place(place: PlaceView) -> Result<Location, MemberFault> {
    place
        .try_into()
        .map_err(|error: domain::LocationError| MemberFault {
            member: "location",
            message: error.to_string(),
            cure: "write degrees: lat from -90 to 90, lon from -180 to 180",
        })
}

fn visibility(text: &str) -> Result<Visibility, MemberFault> {
    Visibility::parse(text).ok_or_else(|| MemberFault {
        member: "visibility",
        message: "visibility is public or restricted".to_owned(),
        cure: "write public or restricted, or leave it out",
    })
}

fn licence(text: &str) -> Result<Licence, MemberFault> {
    Licence::parse(text).map_err(|error| MemberFault {
        member: "licence",
        message: error.to_string(),
        cure: "write KOGL-1 to KOGL-4 or an SPDX identifier, or leave it out",
    })
}

/// What to change; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DevicePatch, example = json!({"name": "세종대로 1", "location": {"lat": 37.57, "lon": 126.98}, "visibility": "public"}))]
pub(crate) struct PatchBody {
    name: Option<String>,
    /// null: it has none any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PlaceView>)]
    location: Option<Option<PlaceView>>,
    /// Since when it has been at that location, until the next move that is
    /// known; absent: from now on. Observations lie where the thing was at
    /// their time.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Time>,
    /// null: never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Option<Time>>,
    /// null: nobody publishes for it any more.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    gateway: Option<Option<Text<DeviceId>>>,
    visibility: Option<String>,
    licence: Option<String>,
    attribution: Option<String>,
    address: Option<String>,
    note: Option<String>,
    /// All that it has from now on.
    tags: Option<Vec<String>>,
}

/// Tells `null` from a member that is not there.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub(super) fn change<T, U>(member: Option<Option<T>>, read: impl FnOnce(T) -> U) -> Patch<U> {
    match member {
        Some(Some(value)) => Patch::Set(read(value)),
        Some(None) => Patch::Clear,
        None => Patch::Keep,
    }
}

impl PatchBody {
    pub(super) fn read(self) -> Result<DevicePatch, MemberFault> {
        Ok(DevicePatch {
            name: self.name,
            location: match self.location {
                Some(Some(there)) => Patch::Set(place(there)?),
                Some(None) => Patch::Clear,
                None => Patch::Keep,
            },
            since: self.since.map(|time| time.0),
            expires: change(self.expires, |time| time.0),
            gateway: change(self.gateway, |gateway| gateway.0),
            visibility: self.visibility.as_deref().map(visibility).transpose()?,
            licence: self.licence.as_deref().map(licence).transpose()?,
            attribution: self.attribution,
            description: NewDescription {
                address: self.address,
                note: self.note,
                tags: self.tags,
            },
        })
    }
}
