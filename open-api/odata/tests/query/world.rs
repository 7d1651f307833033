//! A few entities in memory, as rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::Timestamp;
use geo_types::{Coord, Geometry, LineString, Point, Polygon};
use odata::{
    Attribute, EntityType, Expr, Hidden, Kind, Options, OptionsError, Relation, Row, RowError,
    Value, Version, parse_options,
};
use serde_json::{Value as Json, json};

/// 2026-11-30T12:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_796_040_000_000_000);

#[derive(Default)]
pub(crate) struct World {
    entities: Vec<Entity>,
}

#[derive(Default)]
struct Entity {
    values: BTreeMap<String, Value<'static>>,
    hidden: Vec<String>,
    relations: BTreeMap<String, Vec<usize>>,
}

#[derive(Clone, Copy)]
pub(crate) struct WorldRow<'w> {
    world: &'w World,
    index: usize,
}

impl World {
    /// Adds an entity of attributes as JSON writes them: an interval with a slash,
    /// a geometry as its coordinates.
    pub(crate) fn add(&mut self, of: EntityType, version: Version, attributes: &Json) -> usize {
        let attributes = attributes.as_object().unwrap().iter();
        let values = attributes.map(|(name, json)| {
            let attribute = of.attribute(version, name).unwrap();
            (name.clone(), value_of(attribute.kind, json))
        });
        self.entities.push(Entity {
            values: values.collect(),
            ..Entity::default()
        });
        self.entities.len() - 1
    }

    pub(crate) fn hide(&mut self, index: usize, name: &str) {
        self.entities[index].hidden.push(name.to_owned());
    }

    pub(crate) fn relate(&mut self, source: usize, relation: &str, target: usize) {
        let relations = &mut self.entities[source].relations;
        relations
            .entry(relation.to_owned())
            .or_default()
            .push(target);
    }

    pub(crate) fn row(&self, index: usize) -> WorldRow<'_> {
        WorldRow { world: self, index }
    }
}

fn value_of(kind: Kind, json: &Json) -> Value<'static> {
    match (kind, json) {
        (Kind::Time, Json::String(text)) => Value::Time(time(text)),
        (Kind::Interval, Json::String(text)) => match text.split_once('/') {
            Some((start, end)) => Value::Interval(time(start), time(end)),
            None => Value::Time(time(text)),
        },
        (Kind::Geometry, json) => Value::Geometry(Cow::Owned(geometry_of(json))),
        (_, json) => Value::of_json(json).into_owned(),
    }
}

/// `[lon, lat]`, a list of them (a line), or a list of lists (an area).
fn geometry_of(json: &Json) -> Geometry<f64> {
    let coordinate = |json: &Json| Coord {
        x: json[0].as_f64().unwrap(),
        y: json[1].as_f64().unwrap(),
    };
    let line = |json: &Json| -> LineString<f64> {
        json.as_array().unwrap().iter().map(coordinate).collect()
    };
    match (&json[0], &json[0][0]) {
        (Json::Number(_), _) => Geometry::Point(Point(coordinate(json))),
        (_, Json::Number(_)) => Geometry::LineString(line(json)),
        _ => Geometry::Polygon(Polygon::new(line(&json[0]), Vec::new())),
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

impl Row for WorldRow<'_> {
    fn value(&self, attribute: &'static Attribute) -> Result<Value<'_>, RowError> {
        let entity = &self.world.entities[self.index];
        if entity.hidden.iter().any(|hidden| hidden == attribute.name) {
            return Err(Hidden.into());
        }
        let value = entity.values.get(attribute.name);
        Ok(match value {
            Some(Value::Text(text)) => Value::Text(Cow::Borrowed(text.as_ref())),
            Some(Value::Json(json)) => Value::Json(Cow::Borrowed(json.as_ref())),
            Some(value) => value.clone(),
            None => Value::Null,
        })
    }

    fn one(&self, relation: &'static Relation) -> Result<Option<Box<dyn Row + '_>>, RowError> {
        assert!(!relation.many, "{} leads to many", relation.name);
        let targets = self.world.entities[self.index].relations.get(relation.name);
        let target = targets.and_then(|targets| targets.first());
        Ok(target.map(|index| Box::new(self.world.row(*index)) as Box<dyn Row>))
    }

    fn each(
        &self,
        relation: &'static Relation,
        visit: &mut dyn FnMut(&dyn Row) -> Result<ControlFlow<()>, RowError>,
    ) -> Result<(), RowError> {
        assert!(relation.many, "{} leads to one", relation.name);
        let targets = self.world.entities[self.index].relations.get(relation.name);
        for index in targets.into_iter().flatten() {
            if visit(&self.world.row(*index))?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The options of a query whose values are written without percent-encoding.
pub(crate) fn options(
    version: Version,
    of: EntityType,
    query: &str,
) -> Result<Options, OptionsError> {
    parse_options(version, of, &query.replace('%', "%25"))
}

pub(crate) fn filter(version: Version, of: EntityType, text: &str) -> Expr {
    let parsed = parse_options(version, of, &format!("$filter={}", encoded(text)));
    match parsed {
        Ok(options) => options.filter.unwrap(),
        Err(error) => panic!("{text}: {error}"),
    }
}

/// Why a filter over Observations is refused.
pub(crate) fn refusal(text: &str) -> OptionsError {
    let query = format!("$filter={}", encoded(text));
    let parsed = parse_options(Version::V2_0, EntityType::Observation, &query);
    parsed.expect_err(text)
}

/// A value as it stands in a URL.
pub(crate) fn encoded(text: &str) -> String {
    text.replace('%', "%25")
        .replace('&', "%26")
        .replace('+', "%2B")
        .replace(' ', "%20")
}

/// An Observation of 2.0 with something of each type.
pub(crate) fn observation() -> World {
    let mut world = World::default();
    let observation = world.add(
        EntityType::Observation,
        Version::V2_0,
        &json!({
            "id": 7,
            "phenomenonTime": "2026-11-29T09:30:15.250Z",
            "resultTime": "2026-11-29T23:45:00Z",
            "validTime": "2026-11-29T09:00:00Z/2026-11-29T10:00:00Z",
            "result": 21.5,
            "properties": {
                "floor": 3, "ratio": 2.5, "name": "roof", "tags": ["a", "b"], "on": true,
                "off": false, "nothing": null, "zone": "Asia/Seoul", "number": "42",
                "since": "2026-01-01T00:00:00Z", "deep": {"er": {"most": "x"}},
                "my-key": 1, "2024": "year", "list": [10, 20],
            },
        }),
    );
    let datastream = world.add(
        EntityType::Datastream,
        Version::V2_0,
        &json!({"id": 5, "name": "Air's temperature", "description": "  padded  "}),
    );
    let feature = world.add(
        EntityType::Feature,
        Version::V2_0,
        &json!({"id": 9, "feature": [127.0, 37.5]}),
    );
    world.relate(observation, "Datastream", datastream);
    world.relate(observation, "ProximateFeatureOfInterest", feature);
    world
}

/// Whether the Observation of [`observation`] stays.
pub(crate) fn holds(text: &str) -> bool {
    let world = observation();
    let expr = filter(Version::V2_0, EntityType::Observation, text);
    expr.holds(&world.row(0), NOW).unwrap()
}

/// What an expression over it comes to, through an order.
pub(crate) fn value(text: &str) -> Value<'static> {
    let world = observation();
    let query = format!("$orderby={}", encoded(text));
    let parsed = parse_options(Version::V2_0, EntityType::Observation, &query);
    let options = parsed.unwrap_or_else(|error| panic!("{text}: {error}"));
    let row = world.row(0);
    options.order[0]
        .by
        .evaluate(&row, NOW)
        .unwrap()
        .into_owned()
}
