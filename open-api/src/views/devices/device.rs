//! A Device and its credentials on their way out, for operators.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use device_registry::{
    Credential, CredentialProof, Description, Device, DeviceStatus, OwnerSince, Thing,
};
use domain::{Location, Timestamp};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::params::Viewer;
use crate::views::{ConnectionView, PlaceView, Rfc3339};

/// Hardware with an identity that connects.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Device)]
pub(crate) struct DeviceView {
    #[schema(example = "dev-1")]
    id: String,
    /// A MAC or EUI with colons.
    alias: Option<String>,
    thing: String,
    #[schema(example = "seoul")]
    agency: String,
    /// The device that may publish for it.
    gateway: Option<String>,
    #[schema(example = "traffic.flow")]
    model: String,
    name: String,
    location: Option<PlaceView>,
    /// `active`, `revoked` or `expired`.
    pub(crate) status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Rfc3339>,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    /// When it was taken out of service; it is revoked too.
    #[schema(value_type = Option<String>, format = DateTime)]
    decommissioned: Option<Rfc3339>,
    /// Whose its thing was since when, oldest first.
    owners: Vec<OwnerView>,
    /// `public` or `restricted`.
    visibility: Option<&'static str>,
    licence: Option<String>,
    attribution: Option<String>,
    /// Where its thing stands, in words.
    address: Option<String>,
    note: Option<String>,
    tags: Vec<String>,
    credentials: Vec<CredentialView>,
    datastreams: Vec<DeviceDatastreamView>,
    /// When the platform received its newest observation.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen: Option<Rfc3339>,
    /// Null where it is not connected.
    connection: Option<ConnectionView>,
}

/// An agency that owns or owned a thing.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Owner)]
pub(crate) struct OwnerView {
    #[schema(example = "seoul")]
    agency: String,
    /// Null: from the beginning.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Rfc3339>,
}

/// One of a device's datastreams.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = DeviceDatastream)]
pub(crate) struct DeviceDatastreamView {
    id: u32,
    field: String,
}

/// What a device proves itself with; never the secret.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Credential)]
pub(crate) struct CredentialView {
    id: u64,
    /// `key`, `certificate` or `password`.
    kind: &'static str,
    /// `EdDSA` or `ES256`; null for what is no key.
    alg: Option<&'static str>,
    /// base64url of the raw 32 bytes, or of the uncompressed point.
    public_key: Option<String>,
    /// Of a certificate's public key (SubjectPublicKeyInfo, DER) the SHA-256, in
    /// hexadecimal digits.
    key_sha256: Option<String>,
    /// Networks from which a password may come on plaintext listeners.
    networks: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Rfc3339>,
}

/// A password of a device, shown this once.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = MadePassword, example = json!({"credential": 9, "password": "k3Jt..."}))]
pub(crate) struct MadePasswordView {
    pub(crate) credential: u64,
    pub(crate) password: String,
}

/// A public key in JSON.
#[derive(Serialize, ToSchema, Debug, Clone)]
#[schema(as = PublicKey, example = json!({"alg": "EdDSA", "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}))]
pub(crate) struct PublicKeyView {
    /// `EdDSA` or `ES256`.
    pub(crate) alg: String,
    /// base64url of the raw 32 bytes or of the uncompressed point.
    pub(crate) public_key: String,
}

impl DeviceView {
    pub(crate) fn new(
        device: &Device,
        thing: Option<&Thing>,
        now: Timestamp,
        last_seen: Option<Timestamp>,
        connection: Option<ConnectionView>,
    ) -> Self {
        Self {
            id: device.id.to_string(),
            alias: device.alias.as_deref().map(str::to_owned),
            thing: device.thing.to_string(),
            agency: device.agency.to_string(),
            gateway: device.gateway.as_ref().map(ToString::to_string),
            model: device.model.id.to_string(),
            name: device.name.clone(),
            location: device.location.map(PlaceView::from),
            status: status(device, now),
            expires: device.expires.map(Rfc3339),
            created: Rfc3339(device.created),
            decommissioned: device.decommissioned.map(Rfc3339),
            owners: owners(device, thing),
            visibility: thing.map(|thing| thing.visibility.as_str()),
            licence: thing.map(|thing| thing.licence.0.to_string()),
            attribution: thing.map(|thing| thing.attribution.to_string()),
            address: said(thing, |said| &said.address),
            note: said(thing, |said| &said.note),
            tags: thing.map_or_else(Vec::new, |thing| {
                let tags = thing.description().tags.iter();
                tags.map(|tag| tag.as_str().to_owned()).collect()
            }),
            credentials: device
                .credentials
                .iter()
                .map(CredentialView::from)
                .collect(),
            datastreams: device
                .datastreams
                .iter()
                .map(|datastream| DeviceDatastreamView {
                    id: datastream.id.get(),
                    field: datastream.field.to_string(),
                })
                .collect(),
            last_seen: last_seen.map(Rfc3339),
            connection,
        }
    }
}

impl DeviceView {
    /// As `reader` may: who does not read the agency's data sees the device's
    /// place as the public does, and neither address nor note.
    pub(crate) fn seen_by(self, reader: &Viewer, device: &Device) -> Self {
        let reads_all = reader.owns(&device.agency);
        let coarse = || device.location.map(Location::coarse);
        let place = if reads_all { device.location } else { coarse() };
        Self {
            location: place.map(PlaceView::from),
            address: self.address.filter(|_| reads_all),
            note: self.note.filter(|_| reads_all),
            ..self
        }
    }
}

/// What is said of the thing, if anything is.
fn said(thing: Option<&Thing>, what: fn(&Description) -> &String) -> Option<String> {
    let text = what(thing?.description());
    (!text.is_empty()).then(|| text.clone())
}

fn owners(device: &Device, thing: Option<&Thing>) -> Vec<OwnerView> {
    match thing.map(|thing| &*thing.owners) {
        // Never transferred.
        None | Some([]) => vec![OwnerView {
            agency: device.agency.to_string(),
            since: None,
        }],
        Some(owners) => owners.iter().map(OwnerView::from).collect(),
    }
}

impl From<&OwnerSince> for OwnerView {
    fn from(owner: &OwnerSince) -> Self {
        Self {
            agency: owner.agency.to_string(),
            since: (owner.since != Timestamp::MIN).then_some(Rfc3339(owner.since)),
        }
    }
}

/// `active`, `revoked` or `expired`.
pub(crate) fn status(device: &Device, now: Timestamp) -> &'static str {
    match device.status {
        DeviceStatus::Active if device.admitted(now) => "active",
        DeviceStatus::Active => "expired",
        DeviceStatus::Revoked => "revoked",
    }
}

impl From<&Credential> for CredentialView {
    fn from(credential: &Credential) -> Self {
        let view = |kind| Self {
            id: credential.id.get(),
            kind,
            alg: None,
            public_key: None,
            key_sha256: None,
            networks: Vec::new(),
            created: Rfc3339(credential.created),
            expires: credential.expires.map(Rfc3339),
        };
        let key = |alg, public_key: &[u8]| Self {
            alg: Some(alg),
            public_key: Some(URL_SAFE_NO_PAD.encode(public_key)),
            ..view("key")
        };
        match &credential.proof {
            CredentialProof::Ed25519 { public_key } => key("EdDSA", public_key),
            CredentialProof::Es256 { public_key } => key("ES256", public_key.as_slice()),
            CredentialProof::Certificate { spki_sha256 } => Self {
                key_sha256: Some(hex(spki_sha256)),
                ..view("certificate")
            },
            CredentialProof::Password { networks, .. } => Self {
                networks: networks.iter().map(|text| text.to_string()).collect(),
                ..view("password")
            },
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Row for DeviceView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "alias",
        "thing",
        "agency",
        "model",
        "name",
        "location.lat",
        "location.lon",
        "status",
        "expires",
        "created",
        "visibility",
        "licence",
        "attribution",
        "last_seen",
        "gateway",
        "address",
        "note",
        "tags",
    ];
}
