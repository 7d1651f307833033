//! `$resultFormat=GeoJSON`: a feature an entity (RFC 7946), with the first
//! geometry in it or in what is expanded.

use odata::{EntityType, Options};
use serde_json::{Map, Value as Json, json};

use super::flat::Table;
use crate::error::Error;
use crate::page::Page;
use crate::world::World;

pub(crate) fn write<'a>(
    world: &World<'a>,
    entity_type: EntityType,
    found: &Page<'a>,
    options: &Options,
    next: Option<&str>,
) -> Result<Json, Error> {
    let table = Table::new(world, entity_type, options);
    let mut names = Vec::new();
    table.names(world, "", &mut names);
    let mut features = Vec::with_capacity(found.entities.len());
    for entity in &found.entities {
        let (mut row, mut geometry) = (Vec::with_capacity(names.len()), None);
        table.row(world, Some(entity), &mut row, &mut geometry)?;
        let known = names.iter().cloned().zip(row);
        let properties: Map<String, Json> = known.filter(|(_, value)| !value.is_null()).collect();
        features.push(json!({
            "type": "Feature",
            "geometry": geometry,
            "properties": properties,
        }));
    }
    let mut collection = json!({"type": "FeatureCollection", "features": features});
    if let Some(next) = next {
        collection["@iot.nextLink"] = next.into();
    }
    Ok(collection)
}
