//! One device a line, in JSON.

use bytes::Bytes;
use device_registry::{ImportRow, UnreadableRow};
use text_formats::table::lines;

use crate::endpoints::devices::bodies::NewDeviceBody;

/// The devices of a text, each with its line: empty lines are skipped but
/// counted.
pub(super) fn rows(text: &Bytes) -> impl Iterator<Item = ImportRow> + use<> {
    lines(text).map(|(line, json)| ImportRow {
        line,
        device: read(&json),
    })
}

fn read(json: &[u8]) -> Result<device_registry::NewDevice, UnreadableRow> {
    let body: NewDeviceBody = serde_json::from_slice(json).map_err(|error| {
        // The line is the import's to count: every text has one here.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = error.to_string();
        UnreadableRow {
            column: None,
            message: match message.strip_suffix(&place) {
                Some(message) => format!("{message} (at letter {})", error.column()),
                None => message,
            },
            cure: "write one JSON object a line, as POST /v1/devices takes it",
        }
    })?;
    body.read().map_err(Into::into)
}
