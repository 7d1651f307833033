//! A photo of a thing on its way out; the picture has an address of its own.

use device_registry::Photo;
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// A photo of a thing: `GET /v1/things/{id}/photos/{photo}` answers with the
/// picture.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Photo, example = json!({
    "id": "64d9f1a2b3c4dQm2xTz8k", "added": "2026-05-01T09:00:00Z", "bytes": 203_114,
    "width": 1280, "height": 960, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}))]
pub(crate) struct PhotoView {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    added: Rfc3339,
    bytes: u32,
    /// In pixels.
    width: u16,
    height: u16,
    /// Of the picture as it is answered.
    sha256: String,
}

impl From<&Photo> for PhotoView {
    fn from(photo: &Photo) -> Self {
        Self {
            id: photo.id.to_string(),
            added: Rfc3339(photo.added),
            bytes: photo.bytes,
            width: photo.width,
            height: photo.height,
            sha256: photo.sha256_hex(),
        }
    }
}

impl Row for PhotoView {
    const COLUMNS: &'static [&'static str] = &["id", "added", "bytes", "width", "height", "sha256"];
}
