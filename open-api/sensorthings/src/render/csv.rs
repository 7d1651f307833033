//! `$resultFormat=CSV`: a row an entity (RFC 4180).

use odata::{EntityType, Options};
use serde_json::Value as Json;

use super::flat::Table;
use crate::error::Error;
use crate::page::Page;
use crate::world::World;

pub(crate) fn write<'a>(
    world: &World<'a>,
    entity_type: EntityType,
    found: &Page<'a>,
    options: &Options,
) -> Result<Vec<u8>, Error> {
    let table = Table::new(world, entity_type, options);
    let mut names = Vec::new();
    table.names(world, "", &mut names);
    let mut text = String::new();
    line(&mut text, names.iter().map(String::as_str));
    for entity in &found.entities {
        let mut row = Vec::with_capacity(names.len());
        table.row(world, Some(entity), &mut row, &mut None)?;
        let cells: Vec<String> = row.into_iter().map(cell).collect();
        line(&mut text, cells.iter().map(String::as_str));
    }
    Ok(text.into_bytes())
}

/// What is no text, number or boolean stands as JSON.
fn cell(value: Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text,
        other => other.to_string(),
    }
}

fn line<'c>(text: &mut String, cells: impl Iterator<Item = &'c str>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push_str("\r\n");
}
