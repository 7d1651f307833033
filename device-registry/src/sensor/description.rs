//! What a sensor is: what its maker prints on it and says of it.

use crate::label::{self, LabelError};

/// The longest address of a datasheet, in bytes.
pub const MAX_URL_BYTES: usize = 1_024;
/// The longest media type, in bytes.
const MAX_MEDIA_TYPE_BYTES: usize = 127;
/// What a datasheet is where nobody says it.
const USUAL_MEDIA_TYPE: &str = "application/pdf";

/// What a sensor is. A text that nobody knows is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SensorDescription {
    pub name: String,
    pub maker: String,
    /// The maker's designation.
    pub model: String,
    pub serial: String,
    /// What its owners say of it.
    pub note: String,
    pub datasheet: Option<Datasheet>,
}

/// Where it is described, and in which encoding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datasheet {
    pub url: String,
    pub media_type: String,
}

/// Why a sensor cannot be described so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SensorTextError {
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error(
        "a datasheet's address is an absolute one of http or https, of {MAX_URL_BYTES} bytes at most and without spaces"
    )]
    Url,
    #[error("a datasheet's type is a media type, as application/pdf")]
    MediaType,
    #[error("`datasheet_type` says what a datasheet is, and there is none")]
    TypeAlone,
}

impl Datasheet {
    /// With the usual type where none is said.
    pub fn new(url: String, media_type: Option<String>) -> Result<Self, SensorTextError> {
        let rest = url.strip_prefix("https://");
        let rest = rest.or_else(|| url.strip_prefix("http://"));
        let is_sound = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
            && url.len() <= MAX_URL_BYTES
            && !url.chars().any(|c| c.is_whitespace() || c.is_control());
        if !is_sound {
            return Err(SensorTextError::Url);
        }
        let media_type = media_type.unwrap_or_else(|| USUAL_MEDIA_TYPE.to_owned());
        if !is_media_type(&media_type) {
            return Err(SensorTextError::MediaType);
        }
        Ok(Self { url, media_type })
    }
}

/// Type and subtype as RFC 6838 has them, without parameters.
fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.len() <= MAX_MEDIA_TYPE_BYTES
        && text
            .split_once('/')
            .is_some_and(|(kind, name)| is_name(kind) && is_name(name))
}

impl SensorDescription {
    pub(super) fn check(&self) -> Result<(), SensorTextError> {
        label::required("name", &self.name)?;
        for (what, text) in [
            ("maker", &self.maker),
            ("model", &self.model),
            ("serial", &self.serial),
            ("note", &self.note),
        ] {
            label::optional(what, text)?;
        }
        Ok(())
    }
}
