//! `$format` and `$resultFormat`.

use super::{Format, Metadata};
use crate::cursor::{Cursor, Fault};
use crate::schema::Version;

/// The formats by their names and media types; case does not matter.
const FORMATS: [(&str, Format); 7] = [
    ("json", Format::Json(None)),
    ("application/json", Format::Json(None)),
    ("dataArray", Format::DataArray),
    ("GeoJSON", Format::GeoJson),
    ("application/geo+json", Format::GeoJson),
    ("CSV", Format::Csv),
    ("text/csv", Format::Csv),
];

const LEVELS: [(&str, Metadata); 3] = [
    ("full", Metadata::Full),
    ("minimal", Metadata::Minimal),
    ("none", Metadata::None),
];

/// Reads all that is left.
pub(super) fn parse(version: Version, cursor: &mut Cursor<'_>) -> Result<Format, Fault> {
    cursor.skip_spaces();
    let start = cursor.clone();
    let name = cursor.take_while(|c| c != ';').trim_end();
    // A space stands for a plus that was written into a URL as it is.
    let name = name.replace(' ', "+");
    let found = FORMATS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(&name));
    let Some((_, format)) = found else {
        let names: Vec<_> = FORMATS.iter().map(|(name, _)| *name).collect();
        return Err(start.fault(format!("one of {}", names.join(", "))));
    };
    if *format != Format::Json(None) || version == Version::V1_1 {
        return Ok(*format);
    }
    let mut level = None;
    while cursor.eat(';') {
        cursor.skip_spaces();
        let start = cursor.clone();
        let parameter = cursor.take_while(|c| c != ';').trim_end();
        match metadata(parameter) {
            Some(given) if level.is_none() => level = Some(given),
            _ => return Err(start.fault("metadata=full, metadata=minimal or metadata=none, once")),
        }
    }
    Ok(Format::Json(level))
}

/// A parameter of the media type; OData's name of it is understood too.
fn metadata(parameter: &str) -> Option<Metadata> {
    let (name, level) = parameter.split_once('=')?;
    let is_it = ["metadata", "odata.metadata"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    let found = LEVELS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(level));
    found.filter(|_| is_it).map(|(_, level)| *level)
}
