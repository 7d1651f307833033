//! One device a line, in JSON.

use bytes::Bytes;
use device_registry::{ImportRow, UnreadableRow};

use super::encoding::without_mark;
use crate::endpoints::devices::bodies::NewDeviceBody;

/// The devices of a text, each with its line: empty lines are skipped but
/// counted.
pub(super) fn rows(bytes: &Bytes) -> impl Iterator<Item = ImportRow> + use<> {
    let mut rest = without_mark(bytes);
    let mut line = 0;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let json = rest.split_to(end.unwrap_or(rest.len()));
            if end.is_some() {
                let _line_end = rest.split_to(1);
            }
            line += 1;
            let json = json.trim_ascii();
            if !json.is_empty() {
                return Some(ImportRow {
                    line,
                    device: read(json),
                });
            }
        }
        None
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
