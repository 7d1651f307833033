//! Names and values of what is told in fields.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Location, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::audit::AuditHash;
use crate::audit::fields::Fields;
use crate::boundary::{Boundary, GeoJson};
use crate::device::{Credential, CredentialProof};
use crate::thing::{Tag, Thing};

/// By the time from which the thing stands there; without one: from the
/// beginning.
pub(super) fn location_name(since: Timestamp) -> Cow<'static, str> {
    if since == Timestamp::MIN {
        "location".into()
    } else {
        format!("location.{since}").into()
    }
}

/// By its number, which is given once.
pub(super) fn credential_name(number: u64) -> String {
    format!("credential.{number}")
}

/// A public key is public; of a password nothing is told.
pub(super) fn credential_fields(credential: &Credential) -> Fields {
    let mut fields = Fields::default();
    let mut key = |kind, bytes: &[u8]| {
        fields.set("kind", kind);
        fields.set("public_key", URL_SAFE_NO_PAD.encode(bytes));
    };
    match &credential.proof {
        CredentialProof::Certificate { spki_sha256 } => {
            fields.set("kind", "certificate");
            fields.set("key_sha256", AuditHash(*spki_sha256).to_string());
        }
        CredentialProof::Ed25519 { public_key } => key("ed25519", public_key),
        CredentialProof::Es256 { public_key } => key("es256", public_key.as_slice()),
        CredentialProof::Password { networks, .. } => {
            fields.set("kind", "password");
            fields.set("networks", &networks[..]);
        }
    }
    fields.set_some("expires", credential.expires);
    fields
}

/// Its corners may be thousands: their digest tells whether they are the same.
pub(super) fn boundary_fields(boundary: &Boundary) -> Fields {
    let geometry = serde_json::to_string(&GeoJson::from(&boundary.shape));
    let geometry = geometry.expect("finite numbers serialise");
    let mut fields = Fields::default();
    fields.set("title_en", boundary.title_en.as_str());
    fields.set("title_ko", boundary.title_ko.as_str());
    fields.set("sha256", sha256(&geometry));
    fields
}

pub(super) fn sha256(text: &str) -> String {
    AuditHash(Sha256::digest(text).into()).to_string()
}

/// The centre of its cell of 0.001 degrees, as the public is told a place: who
/// reads the audit may not be one who reads exact places. As text, since a
/// number with a fraction has many forms.
pub(super) fn place(location: Location) -> String {
    let coarse = location.coarse();
    format!("{},{}", coarse.lat(), coarse.lon())
}

/// What people say of a thing; its tags with spaces between. Address and note
/// may tell its exact place, so that only their hashes are told.
pub(super) fn said(thing: &Thing) -> [(&'static str, String); 3] {
    let said = thing.description();
    let hashed = |text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            sha256(text)
        }
    };
    let tags: Vec<&str> = said.tags.iter().map(Tag::as_str).collect();
    [
        ("address_sha256", hashed(&said.address)),
        ("note_sha256", hashed(&said.note)),
        ("tags", tags.join(" ")),
    ]
}
