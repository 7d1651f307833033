//! Datastreams: what one field of a thing is, whose it is and who may read it.

use std::sync::Arc;

use domain::{AgencyId, DatastreamId, DeviceId, FieldName, ModelId, ThingId};

use crate::model::Field;

/// Thing x sensor x field with one unit: a look at what its thing, its device and
/// its model say. Nothing keeps it as such; see [`super::ThingDatastreams`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Datastream<'a> {
    pub id: DatastreamId,
    pub thing: &'a ThingId,
    pub device: &'a DeviceId,
    pub agency: &'a AgencyId,
    pub model: &'a ModelId,
    pub field: &'a FieldName,
    /// The model's field; `None` where the model does not know it (extra).
    pub definition: Option<&'a Arc<Field>>,
    /// UCUM code.
    pub unit: Option<&'a str>,
    pub licence: &'a Licence,
    pub attribution: &'a str,
    pub visibility: Visibility,
}

/// KOGL-1 to KOGL-4 (the Korea Open Government Licence's types), or an SPDX
/// identifier.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Licence(pub Arc<str>);

/// The longest SPDX identifier that is taken, in bytes.
pub(super) const MAX_LICENCE_BYTES: usize = 64;

/// Why a text is not a licence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no licence: KOGL-1 to KOGL-4, or an SPDX identifier, as CC-BY-4.0")]
pub struct LicenceError(pub String);

impl Licence {
    /// Checks the form only: SPDX's list grows without us.
    pub fn parse(text: &str) -> Result<Self, LicenceError> {
        let known_kogl = matches!(text, "KOGL-1" | "KOGL-2" | "KOGL-3" | "KOGL-4");
        let spdx_form = !text.starts_with("KOGL")
            && (1..=MAX_LICENCE_BYTES).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'));
        if known_kogl || spdx_form {
            Ok(Self(text.into()))
        } else {
            let start: String = text.chars().take(MAX_LICENCE_BYTES).collect();
            Err(LicenceError(start))
        }
    }
}

impl Default for Licence {
    /// KOGL type 1: use freely, name the source.
    fn default() -> Self {
        Self("KOGL-1".into())
    }
}

/// Who may read a datastream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Visibility {
    Public,
    Restricted,
}

impl Visibility {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Restricted => "restricted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Public, Self::Restricted]
            .into_iter()
            .find(|visibility| visibility.as_str() == text)
    }
}
