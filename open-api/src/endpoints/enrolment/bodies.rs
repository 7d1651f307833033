//! What claims and batches have in common: what a device, or who installs it,
//! says of it, and how they are listed.

use std::str::FromStr;

use device_registry::{Device, Enrolment};
use domain::{AgencyId, DeviceId, Location};
use http_edge::Problem;
use http_edge::reply::read_cursor;
use http_edge::request::{Limit, Text};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::views::{NewKeyView, NewPublicKey, PlaceView};

/// A device that comes into service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Enrolment, example = json!({
    "id": "dev-1", "location": {"lat": 37.566_412, "lon": 126.977_968},
    "keys": [{"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]
}))]
pub(super) struct EnrolmentBody {
    /// May be left out where the claim names the device.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._~-]{1,64}$")]
    pub(super) id: Option<Text<DeviceId>>,
    #[serde(default)]
    pub(super) name: String,
    /// A MAC or EUI with colons, under which it may log in too.
    pub(super) alias: Option<String>,
    pub(super) location: Option<PlaceView>,
    /// What is to be known of the place; only the device's owners see it.
    pub(super) note: Option<String>,
    /// The device proves itself with them from then on: one at least, or a
    /// password.
    #[serde(default)]
    #[schema(value_type = Vec<NewPublicKey>)]
    pub(super) keys: Vec<NewKeyView>,
    /// For a device that has no key: 256 bits at random in base64url, made by
    /// whoever asks, so that the same can be sent again.
    #[schema(min_length = 43, max_length = 43)]
    pub(super) password: Option<String>,
}

impl EnrolmentBody {
    pub(super) fn read(self) -> Result<Enrolment, Problem> {
        let location: Option<Location> = self
            .location
            .map(TryInto::try_into)
            .transpose()
            .map_err(|error: domain::LocationError| Problem::body(error.to_string()))?;
        Ok(Enrolment {
            id: self.id.map(|id| id.0),
            name: self.name,
            alias: self.alias,
            location,
            note: self.note,
            password: self.password,
            keys: self.keys.into_iter().map(Into::into).collect(),
        })
    }
}

/// Which claims or batches are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TicketsQuery {
    #[param(value_type = Option<String>)]
    agency: Option<Text<AgencyId>>,
    /// 1 to 10,000; 100 by default.
    #[param(value_type = Option<u32>)]
    limit: Option<Text<Limit>>,
    cursor: Option<String>,
}

impl TicketsQuery {
    pub(super) fn limit(&self) -> usize {
        let limit = self.limit.as_ref();
        limit.map_or(Limit::default(), |limit| limit.0).0
    }

    /// The last id of the page before this one.
    pub(super) fn after<I: FromStr>(&self) -> Result<Option<I>, Problem> {
        read_cursor(self.cursor.as_deref())
    }

    pub(super) fn passes(&self, agency: &AgencyId) -> bool {
        self.agency
            .as_ref()
            .is_none_or(|wanted| wanted.0 == *agency)
    }
}

/// A device that is in service now.
#[derive(Serialize, ToSchema)]
#[schema(as = EnrolledDevice, example = json!({
    "device": "dev-1", "agency": "seoul", "model": "traffic.flow", "name": "dev-1",
    "telemetry": "devices/dev-1/telemetry"
}))]
pub(super) struct EnrolledView {
    device: String,
    agency: String,
    model: String,
    name: String,
    /// The topic that it publishes on; over HTTP, the path after `/v1/`.
    telemetry: String,
}

impl From<&Device> for EnrolledView {
    fn from(device: &Device) -> Self {
        Self {
            device: device.id.to_string(),
            agency: device.agency.to_string(),
            model: device.model.id.to_string(),
            name: device.name.clone(),
            telemetry: domain::DeviceTopic::telemetry(&device.id).to_string(),
        }
    }
}
