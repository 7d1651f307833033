//! What is answered to a GET below `/sta/v1.1` and `/sta/v2.0`.

use odata::{
    EntityType, Format, Id, Options, PathEnd, ResourcePath, Step, Version, parse_options,
    parse_path,
};
use serde_json::Value as Json;

use crate::entity::{self, Entity};
use crate::error::Error;
use crate::landing;
use crate::links;
use crate::metadata;
use crate::page::{Page, page};
use crate::render::json::{Writer, member};
use crate::render::{csv, data_array, geojson, json_value};
use crate::set::{Related, Set, related};
use crate::world::World;

/// What is sent back.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// HTTP's.
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// The URL of the next page, where the body has no place for it.
    pub next: Option<String>,
}

/// Where 2.0 describes its data model.
const METADATA: &str = "$metadata";

const JSON: &str = "application/json";
const CSV: &str = "text/csv; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const GEOJSON: &str = "application/geo+json";

impl Answer {
    fn json(json: &Json) -> Result<Self, Error> {
        Self::of(JSON, json)
    }

    fn of(content_type: &'static str, json: &Json) -> Result<Self, Error> {
        Ok(Self {
            status: 200,
            content_type,
            body: serde_json::to_vec(json).map_err(Error::Write)?,
            next: None,
        })
    }

    fn new(content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type,
            body,
            next: None,
        }
    }

    const fn nothing() -> Self {
        Self {
            status: 204,
            content_type: JSON,
            body: Vec::new(),
            next: None,
        }
    }

    fn followed_by(self, next: Option<String>) -> Self {
        Self { next, ..self }
    }
}

/// Reads what `path`, below the service's root and not decoded, leads to.
pub fn read(world: &World<'_>, path: &str, query: &str) -> Result<Answer, Error> {
    if world.version == Version::V2_0 && path.trim_matches('/') == METADATA {
        return Answer::json(&metadata::write());
    }
    let resource = parse_path(world.version, path)?;
    let Some(last) = resource.steps.last() else {
        return Answer::json(&landing::write(world));
    };
    let options = parse_options(world.version, last.entity_type, query)?;
    world.weigh(&options);
    let link = format!("{}/{}", world.service(), path.trim_matches('/'));
    match resolve(world, &resource)? {
        Found::One(entity) => of_entity(world, &entity, &resource, &options),
        Found::Many(set) => of_set(world, &set, &resource, &options, &link, query),
    }
}

/// What a path leads to.
enum Found<'a> {
    One(Entity<'a>),
    Many(Set<'a>),
}

fn resolve<'a>(world: &World<'a>, resource: &ResourcePath) -> Result<Found<'a>, Error> {
    let mut found: Option<Found<'a>> = None;
    for step in &resource.steps {
        let next = match (&found, step.relation) {
            (Some(Found::One(entity)), Some(relation)) => match related(world, entity, relation) {
                Related::One(Some(entity)) => Found::One(entity),
                Related::One(None) => return Err(Error::NoEntity(relation.name.to_owned())),
                Related::Many(set) => Found::Many(set),
            },
            _ => Found::Many(Set::all(step.entity_type)),
        };
        found = Some(match (next, &step.key) {
            (Found::Many(set), Some(id)) => Found::One(
                find_in(world, &set, step, id)?.ok_or_else(|| no_entity(world, step, id))?,
            ),
            (next, _) => next,
        });
    }
    found.ok_or_else(|| Error::NoEntity("set".to_owned()))
}

fn no_entity(world: &World<'_>, step: &Step, id: &Id) -> Error {
    Error::NoEntity(format!("{}({id})", step.entity_type.name(world.version)))
}

/// The entity of an id, where it is in the set.
fn find_in<'a>(
    world: &World<'a>,
    set: &Set<'a>,
    step: &Step,
    id: &Id,
) -> Result<Option<Entity<'a>>, Error> {
    if let Set::Few(_, entities) = set {
        return Ok(entities.iter().find(|entity| entity.id() == *id).cloned());
    }
    let found = entity::find(world, step.entity_type, id)?;
    Ok(found.filter(|entity| set.contains(world, entity)))
}

fn of_entity<'a>(
    world: &World<'a>,
    entity: &Entity<'a>,
    resource: &ResourcePath,
    options: &Options,
) -> Result<Answer, Error> {
    for (option, is_given) in [
        ("$filter", options.filter.is_some()),
        ("$orderby", !options.order.is_empty()),
        ("$top", options.top.is_some()),
        ("$skip", options.skip.is_some()),
        ("$count", options.count.is_some()),
        ("$skiptoken", options.skip_token.is_some()),
    ] {
        if is_given {
            let why = "is for sets, and this is one entity";
            return Err(Error::Option { option, why });
        }
    }
    match &resource.end {
        PathEnd::Entities => match options.format {
            None | Some(Format::Json(_)) => {
                Answer::json(&Writer::new(world, options).single(entity, options)?)
            }
            Some(Format::DataArray) => Err(Error::Option {
                option: "$resultFormat",
                why: "is dataArray for sets of Observations only",
            }),
            Some(Format::Csv) => {
                let alone = alone(entity.clone());
                let text = csv::write(world, entity.entity_type(), &alone, options)?;
                Ok(Answer::new(CSV, text))
            }
            Some(Format::GeoJson) => {
                let alone = alone(entity.clone());
                let json = geojson::write(world, entity.entity_type(), &alone, options, None)?;
                Answer::of(GEOJSON, &json)
            }
        },
        PathEnd::References => {
            let alone = alone(entity.clone());
            Answer::json(&Writer::new(world, options).references(&alone, None, true))
        }
        PathEnd::Attribute {
            attribute,
            path,
            raw,
        } => {
            let value = match entity.id() {
                id if attribute.kind == odata::Kind::Id => id.as_value().into_owned(),
                _ => entity.value(world, attribute),
            };
            let value = json_value(world.version, attribute, value);
            if value.is_null() {
                return Ok(Answer::nothing());
            }
            let whole = match (attribute.kind, world.version) {
                (odata::Kind::Id, Version::V1_1) => "@iot.id",
                _ => attribute.name,
            };
            let name = path.last().map_or(whole, String::as_str);
            let value = member(&value, path).cloned().ok_or_else(|| {
                Error::NoEntity(format!("{}/{} here", attribute.name, path.join("/")))
            })?;
            if !raw {
                let writer = Writer::new(world, options);
                return Answer::json(&writer.attribute(entity.entity_type(), name, &value));
            }
            let text = match value {
                Json::String(text) => text,
                other => other.to_string(),
            };
            Ok(Answer::new(TEXT, text.into_bytes()))
        }
    }
}

fn of_set<'a>(
    world: &World<'a>,
    set: &Set<'a>,
    resource: &ResourcePath,
    options: &Options,
    link: &str,
    query: &str,
) -> Result<Answer, Error> {
    let found = page(world, set, options)?;
    let next = found.next.as_ref();
    let next = next
        .map(|next| links::next(link, query, next))
        .transpose()?;
    let entity_type = set.entity_type();
    if resource.end == PathEnd::References {
        return Answer::json(&Writer::new(world, options).references(&found, next, false));
    }
    match options.format {
        None | Some(Format::Json(_)) => {
            let writer = Writer::new(world, options);
            let body = writer.set(entity_type, &found, options, next)?;
            Ok(Answer::new(JSON, body))
        }
        Some(Format::DataArray) if world.version == Version::V2_0 => {
            Err(Error::NotSupported("$format=dataArray"))
        }
        Some(Format::DataArray) if entity_type == EntityType::Observation => {
            Answer::json(&data_array::write(world, &found, options, next)?)
        }
        Some(Format::DataArray) => Err(Error::Option {
            option: "$resultFormat",
            why: "is dataArray for Observations only",
        }),
        Some(Format::Csv) => {
            let text = csv::write(world, entity_type, &found, options)?;
            Ok(Answer::new(CSV, text).followed_by(next))
        }
        Some(Format::GeoJson) => {
            let json = geojson::write(world, entity_type, &found, options, next.as_deref())?;
            Ok(Answer::of(GEOJSON, &json)?.followed_by(next))
        }
    }
}

fn alone(entity: Entity<'_>) -> Page<'_> {
    Page {
        entities: vec![entity],
        count: None,
        next: None,
    }
}
