//! Entities as rows: what CSV has as columns, and GeoJSON as properties.
//!
//! A column's name is the path to it, as `Datastream/name`. Expanded relations are
//! columns; of a relation to many its first entity is, in the order that was asked
//! for.

use odata::{Attribute, EntityType, Expand, Kind, Options, SelectItem, Value};
use serde_json::Value as Json;

use super::json::member;
use super::json_value;
use crate::entity::Entity;
use crate::error::Error;
use crate::page::page;
use crate::set::{Related, Set, related};
use crate::world::World;

/// One column.
pub(super) enum Column<'o> {
    Id,
    Attribute(&'static Attribute, &'o [String]),
}

/// The columns of one entity type under some options, and below them those of its
/// relations.
pub(super) struct Table<'o> {
    columns: Vec<Column<'o>>,
    relations: Vec<(&'o Expand, Table<'o>)>,
}

impl<'o> Table<'o> {
    pub(super) fn new(world: &World<'_>, entity_type: EntityType, options: &'o Options) -> Self {
        let columns = match &options.select {
            None => {
                let attributes = entity_type.attributes(world.version).iter();
                let column = |attribute: &'static Attribute| match attribute.kind {
                    Kind::Id => Column::Id,
                    _ => Column::Attribute(attribute, &[]),
                };
                attributes.map(column).collect()
            }
            Some(items) => {
                let column = |item: &'o SelectItem| match item {
                    SelectItem::Id => Some(Column::Id),
                    SelectItem::Attribute(attribute, path) => {
                        Some(Column::Attribute(attribute, path))
                    }
                    SelectItem::Relation(_) => None,
                };
                items.iter().filter_map(column).collect()
            }
        };
        let relations = options.expand.iter().map(|expand| {
            let table = Self::new(world, expand.relation.target, &expand.options);
            (expand, table)
        });
        Self {
            columns,
            relations: relations.collect(),
        }
    }

    /// Names of the columns, in order.
    pub(super) fn names(&self, world: &World<'_>, prefix: &str, names: &mut Vec<String>) {
        let id = match world.version {
            odata::Version::V1_1 => "@iot.id",
            odata::Version::V2_0 => "id",
        };
        for column in &self.columns {
            names.push(match column {
                Column::Id => format!("{prefix}{id}"),
                Column::Attribute(attribute, path) => {
                    let mut name = format!("{prefix}{}", attribute.name);
                    for segment in *path {
                        name.push('/');
                        name.push_str(segment);
                    }
                    name
                }
            });
        }
        for (expand, table) in &self.relations {
            table.names(world, &format!("{prefix}{}/", expand.name), names);
        }
    }

    /// The row of an entity, and the first geometry in it.
    pub(super) fn row<'a>(
        &self,
        world: &World<'a>,
        entity: Option<&Entity<'a>>,
        row: &mut Vec<Json>,
        geometry: &mut Option<Json>,
    ) -> Result<(), Error> {
        world.look_at(1)?;
        for column in &self.columns {
            row.push(match (column, entity) {
                (_, None) => Json::Null,
                (Column::Id, Some(entity)) => match entity.id() {
                    odata::Id::Number(number) => number.into(),
                    odata::Id::Text(text) => Json::String(text.into()),
                },
                (Column::Attribute(attribute, path), Some(entity)) => {
                    let value = entity.value(world, attribute);
                    let is_geometry = matches!(value, Value::Geometry(_));
                    let value = json_value(world.version, attribute, value);
                    if is_geometry && geometry.is_none() {
                        *geometry = Some(value.clone());
                    }
                    member(&value, path).cloned().unwrap_or_default()
                }
            });
        }
        for (expand, table) in &self.relations {
            let found = match entity.map(|entity| related(world, entity, expand.relation)) {
                None => None,
                Some(Related::One(one)) => one,
                Some(Related::Many(set)) => first(world, &set, &expand.options)?,
            };
            table.row(world, found.as_ref(), row, geometry)?;
        }
        Ok(())
    }
}

fn first<'a>(
    world: &World<'a>,
    set: &Set<'a>,
    options: &Options,
) -> Result<Option<Entity<'a>>, Error> {
    let only_one = Options {
        top: Some(1),
        ..options.clone()
    };
    Ok(page(world, set, &only_one)?.entities.pop())
}
