//! JSON of both versions: entities, sets and references.

use odata::{
    Attribute, EntityType, Expand, Format, Kind, Metadata, Options, Relation, SelectItem, Version,
};
use serde_json::{Map, Value as Json, json};

use super::json_value;
use crate::entity::Entity;
use crate::error::{Error, TooCostly};
use crate::links;
use crate::page::{Page, page};
use crate::seen::Seen;
use crate::set::{Related, related};
use crate::world::World;

/// Entities of one answer, expanded ones among them: some 20 MB of text.
const MAX_ENTITIES: u64 = 20_000;

/// An answer on its way.
pub(crate) struct Writer<'w, 'a> {
    world: &'w World<'a>,
    names: &'static Names,
    metadata: Metadata,
    written: u64,
}

/// What the versions call what stands beside the attributes.
struct Names {
    id: &'static str,
    self_link: &'static str,
    navigation_link: &'static str,
    count: &'static str,
    next_link: &'static str,
}

const V1_1: Names = Names {
    id: "@iot.id",
    self_link: "@iot.selfLink",
    navigation_link: "@iot.navigationLink",
    count: "@iot.count",
    next_link: "@iot.nextLink",
};

const V2_0: Names = Names {
    id: "id",
    self_link: "@id",
    navigation_link: "@navigationLink",
    count: "@count",
    next_link: "@nextLink",
};

impl<'w, 'a> Writer<'w, 'a> {
    pub(crate) fn new(world: &'w World<'a>, options: &Options) -> Self {
        Self {
            world,
            names: match world.version {
                Version::V1_1 => &V1_1,
                Version::V2_0 => &V2_0,
            },
            metadata: match options.format {
                Some(Format::Json(Some(metadata))) => metadata,
                _ => Metadata::Full,
            },
            written: 0,
        }
    }

    /// A whole answer of one entity.
    pub(crate) fn single(mut self, entity: &Entity<'a>, options: &Options) -> Result<Json, Error> {
        let mut object = Map::new();
        self.context(&mut object, entity.entity_type(), "/$entity");
        self.entity(entity, options, &mut object)?;
        Ok(Json::Object(object))
    }

    /// A whole answer of a set, with the URL of the next page.
    pub(crate) fn set(
        mut self,
        entity_type: EntityType,
        found: &Page<'a>,
        options: &Options,
        next: Option<String>,
    ) -> Result<Vec<u8>, Error> {
        let mut object = Map::new();
        self.context(&mut object, entity_type, "");
        if let Some(count) = found.count {
            object.insert(self.names.count.to_owned(), count.into());
        }
        if let Some(next) = next {
            object.insert(self.names.next_link.to_owned(), next.into());
        }
        let mut body = serde_json::to_vec(&object).map_err(Error::Write)?;
        // Each entity becomes text by itself: as a value it takes several times that.
        body.pop();
        body.extend_from_slice(if object.is_empty() {
            b"\"value\":["
        } else {
            b",\"value\":["
        });
        for (at, entity) in found.entities.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            let mut object = Map::new();
            self.entity(entity, options, &mut object)?;
            serde_json::to_writer(&mut body, &object).map_err(Error::Write)?;
        }
        body.extend_from_slice(b"]}");
        Ok(body)
    }

    /// A whole answer of links to entities.
    pub(crate) fn references(
        self,
        found: &Page<'a>,
        next: Option<String>,
        is_single: bool,
    ) -> Json {
        let link =
            |entity: &Entity<'a>| json!({self.names.self_link: self.world.self_link(entity)});
        let mut links: Vec<Json> = found.entities.iter().map(link).collect();
        let mut object = Map::new();
        if self.world.version == Version::V2_0 {
            let suffix = if is_single {
                "#$ref"
            } else {
                "#Collection($ref)"
            };
            object.insert("@context".to_owned(), self.metadata_link(suffix).into());
            if is_single && let Some(Json::Object(link)) = links.pop() {
                object.extend(link);
                return Json::Object(object);
            }
        }
        if let Some(count) = found.count {
            object.insert(self.names.count.to_owned(), count.into());
        }
        if let Some(next) = next {
            object.insert(self.names.next_link.to_owned(), next.into());
        }
        object.insert("value".to_owned(), links.into());
        Json::Object(object)
    }

    /// A whole answer of one attribute.
    pub(crate) fn attribute(self, entity_type: EntityType, name: &str, value: &Json) -> Json {
        match self.world.version {
            Version::V1_1 => json!({name: value}),
            Version::V2_0 => {
                let set = entity_type.set_name(self.world.version).unwrap_or_default();
                let context = self.metadata_link(&format!("#{set}/{name}"));
                json!({"@context": context, "value": value})
            }
        }
    }

    fn metadata_link(&self, suffix: &str) -> String {
        format!("{}/$metadata{suffix}", self.world.service())
    }

    fn context(&self, object: &mut Map<String, Json>, entity_type: EntityType, suffix: &str) {
        if self.world.version == Version::V2_0 && self.metadata != Metadata::None {
            let set = entity_type.set_name(self.world.version).unwrap_or_default();
            let context = self.metadata_link(&format!("#{set}{suffix}"));
            object.insert("@context".to_owned(), context.into());
        }
    }

    fn entities(&mut self, found: &Page<'a>, options: &Options) -> Result<Json, Error> {
        let mut values = Vec::with_capacity(found.entities.len());
        for entity in &found.entities {
            let mut object = Map::new();
            self.entity(entity, options, &mut object)?;
            values.push(Json::Object(object));
        }
        Ok(values.into())
    }

    fn entity(
        &mut self,
        entity: &Entity<'a>,
        options: &Options,
        object: &mut Map<String, Json>,
    ) -> Result<(), Error> {
        self.written += 1;
        if self.written > MAX_ENTITIES {
            return Err(TooCostly::Answer(MAX_ENTITIES).into());
        }
        let version = self.world.version;
        let entity_type = entity.entity_type();
        let link = self.world.self_link(entity);
        let is_full = self.metadata == Metadata::Full;
        match &options.select {
            None => {
                self.id(entity, object);
                if is_full {
                    object.insert(self.names.self_link.to_owned(), link.clone().into());
                }
                for attribute in entity_type.attributes(version) {
                    self.whole_attribute(entity, attribute, object);
                }
                for relation in entity_type.relations(version) {
                    if is_full && !is_expanded(relation, options) {
                        self.navigation_link(&link, relation, object);
                    }
                }
            }
            Some(items) => {
                for item in items {
                    match item {
                        SelectItem::Id => self.id(entity, object),
                        SelectItem::Attribute(attribute, path) => {
                            self.selected(entity, attribute, path, object);
                        }
                        SelectItem::Relation(relation) if !is_expanded(relation, options) => {
                            self.navigation_link(&link, relation, object);
                        }
                        SelectItem::Relation(_) => {}
                    }
                }
            }
        }
        for expand in &options.expand {
            self.expanded(entity, &link, expand, object)?;
        }
        Ok(())
    }

    fn id(&self, entity: &Entity<'a>, object: &mut Map<String, Json>) {
        let id = match entity.id() {
            odata::Id::Number(number) => number.into(),
            odata::Id::Text(text) => Json::String(text.into()),
        };
        object.insert(self.names.id.to_owned(), id);
    }

    fn whole_attribute(
        &self,
        entity: &Entity<'a>,
        attribute: &'static Attribute,
        object: &mut Map<String, Json>,
    ) {
        if attribute.kind == Kind::Id {
            return;
        }
        let value = entity.value(self.world, attribute);
        let value = json_value(self.world.version, attribute, value);
        // What is mandatory is always told: a result, 1.1's result time, a feature.
        if !value.is_null() || matches!(attribute.name, "result" | "resultTime" | "feature") {
            let is_interval_of_datastream =
                attribute.name == "resultTime" && attribute.kind == Kind::Interval;
            if !is_interval_of_datastream || !value.is_null() {
                object.insert(attribute.name.to_owned(), value);
            }
        }
    }

    /// What a path leads to within an attribute stands in an object of the
    /// attribute's name.
    fn selected(
        &self,
        entity: &Entity<'a>,
        attribute: &'static Attribute,
        path: &[String],
        object: &mut Map<String, Json>,
    ) {
        if path.is_empty() {
            self.whole_attribute(entity, attribute, object);
            return;
        }
        let value = entity.value(self.world, attribute);
        let value = json_value(self.world.version, attribute, value);
        let Some(part) = member(&value, path) else {
            return;
        };
        let mut place = object
            .entry(attribute.name)
            .or_insert_with(|| Json::Object(Map::new()));
        for name in &path[..path.len() - 1] {
            let Json::Object(members) = place else {
                return;
            };
            place = members
                .entry(name.as_str())
                .or_insert_with(|| Json::Object(Map::new()));
        }
        if let (Json::Object(members), Some(name)) = (place, path.last()) {
            members.insert(name.clone(), part.clone());
        }
    }

    fn navigation_link(&self, link: &str, relation: &Relation, object: &mut Map<String, Json>) {
        let name = format!("{}{}", relation.name, self.names.navigation_link);
        object.insert(name, format!("{link}/{}", relation.name).into());
    }

    fn expanded(
        &mut self,
        entity: &Entity<'a>,
        link: &str,
        expand: &Expand,
        object: &mut Map<String, Json>,
    ) -> Result<(), Error> {
        let Expand {
            relation,
            name,
            options,
        } = expand;
        match related(self.world, entity, relation) {
            Related::One(None) => {
                object.insert(name.clone(), Json::Null);
            }
            Related::One(Some(one)) => {
                let is_kept = match &options.filter {
                    None => true,
                    Some(filter) => {
                        let row = Seen {
                            world: self.world,
                            entity: one.clone(),
                        };
                        filter.holds(&row, self.world.now).map_err(Error::of_row)?
                    }
                };
                let mut nested = Map::new();
                if is_kept {
                    self.entity(&one, options, &mut nested)?;
                    object.insert(name.clone(), Json::Object(nested));
                }
            }
            Related::Many(set) => {
                let found = page(self.world, &set, options)?;
                if let Some(count) = found.count {
                    object.insert(format!("{name}{}", self.names.count), count.into());
                }
                let entities = self.entities(&found, options)?;
                object.insert(name.clone(), entities);
                if let Some(next) = &found.next {
                    let link = format!("{link}/{name}");
                    let next = links::nested_next(&link, options, next)?;
                    object.insert(format!("{name}{}", self.names.next_link), next.into());
                }
            }
        }
        Ok(())
    }
}

/// What a path leads to within a JSON value.
pub(crate) fn member<'j>(value: &'j Json, path: &[String]) -> Option<&'j Json> {
    path.iter().try_fold(value, |value, name| match value {
        Json::Object(members) => members.get(name),
        Json::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

fn is_expanded(relation: &Relation, options: &Options) -> bool {
    let mut expanded = options.expand.iter();
    expanded.any(|expand| expand.relation.name == relation.name)
}
