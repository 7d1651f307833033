//! `$resultFormat=dataArray`: observations as rows, grouped by datastream.

use odata::{Attribute, EntityType, Kind, Options, SelectItem, Version};
use serde_json::{Map, Value as Json, json};

use super::json_value;
use crate::entity::Entity;
use crate::error::Error;
use crate::page::Page;
use crate::world::World;

pub(crate) fn write<'a>(
    world: &World<'a>,
    found: &Page<'a>,
    options: &Options,
    next: Option<String>,
) -> Result<Json, Error> {
    if !options.expand.is_empty() {
        return Err(Error::Option {
            option: "$expand",
            why: "and dataArray exclude each other",
        });
    }
    let components = components(options);
    let mut groups: Vec<(u32, String, Vec<Json>)> = Vec::new();
    for entity in &found.entities {
        let Entity::Observation(observed) = entity else {
            continue;
        };
        let datastream = observed.datastream.id.get();
        let group = match groups.iter().position(|(id, ..)| *id == datastream) {
            Some(at) => at,
            None => {
                let link = world.self_link(&Entity::Datastream(observed.datastream));
                groups.push((datastream, link, Vec::new()));
                groups.len() - 1
            }
        };
        let row = components.iter().map(|attribute| match attribute.kind {
            Kind::Id => observed.id().into(),
            _ => json_value(Version::V1_1, attribute, entity.value(world, attribute)),
        });
        groups[group].2.push(row.collect());
    }
    let names: Vec<&str> = components.iter().map(|attribute| attribute.name).collect();
    let groups = groups.into_iter().map(|(_, link, rows)| {
        json!({
            "Datastream@iot.navigationLink": link,
            "components": names,
            "dataArray@iot.count": rows.len(),
            "dataArray": rows,
        })
    });
    let mut object = Map::new();
    if let Some(count) = found.count {
        object.insert("@iot.count".to_owned(), count.into());
    }
    if let Some(next) = next {
        object.insert("@iot.nextLink".to_owned(), next.into());
    }
    object.insert("value".to_owned(), groups.collect());
    Ok(Json::Object(object))
}

/// What is selected, or what an observation always has.
fn components(options: &Options) -> Vec<&'static Attribute> {
    let all = EntityType::Observation.attributes(Version::V1_1).iter();
    match &options.select {
        None => all
            .filter(|one| matches!(one.name, "id" | "phenomenonTime" | "result" | "resultTime"))
            .collect(),
        Some(items) => all
            .filter(|one| {
                items.iter().any(|item| match item {
                    SelectItem::Id => one.kind == Kind::Id,
                    SelectItem::Attribute(attribute, _) => attribute.name == one.name,
                    SelectItem::Relation(_) => false,
                })
            })
            .collect(),
    }
}
