//! The data model of both versions: entity sets, attributes and relations, as
//! their query languages name them. No entity is stored or made here.
//!
//! 1.1's MultiDatastream is not among them: a class of conformance by itself, which
//! is not offered, and of which nothing that is there may speak.

mod attributes;
mod relations;

use std::fmt;

/// The two versions of the standard that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// OGC 18-088.
    V1_1,
    /// OGC 23-019.
    V2_0,
}

/// A class of entities. [`EntityType::Feature`] is 1.1's FeatureOfInterest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntityType {
    Thing,
    Location,
    HistoricalLocation,
    Datastream,
    Sensor,
    ObservedProperty,
    Observation,
    Feature,
    /// In 2.0 only.
    FeatureType,
}

/// What is known of an attribute's values before any row is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// [`crate::Id`]: a number or a text.
    Id,
    Text,
    /// An instant.
    Time,
    /// An interval, or an instant in its place.
    Interval,
    /// An object whose members are reached by a path, `properties/floor`.
    Json,
    /// Shown as GeoJSON, whose members are reached by a path, `location/type`.
    Geometry,
    /// Of no type until it is read: `result`.
    Any,
}

/// An attribute of an entity type.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Attribute {
    pub name: &'static str,
    pub kind: Kind,
}

/// A relation of an entity type to another.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Relation {
    pub name: &'static str,
    pub target: EntityType,
    /// Whether it leads to a set rather than to one entity at most.
    pub many: bool,
}

/// The id, which every entity type has.
pub static ID: Attribute = Attribute {
    name: "id",
    kind: Kind::Id,
};

/// The names under which the id may be asked for, in either version.
const ID_NAMES: [&str; 2] = ["id", "@iot.id"];

impl EntityType {
    /// All, in the order in which a landing page lists their sets.
    pub const ALL: [Self; 9] = [
        Self::Thing,
        Self::Location,
        Self::HistoricalLocation,
        Self::Datastream,
        Self::Sensor,
        Self::ObservedProperty,
        Self::Observation,
        Self::Feature,
        Self::FeatureType,
    ];

    /// The name of its set in a URL; `None` where the version has no such type.
    pub fn set_name(self, version: Version) -> Option<&'static str> {
        Some(match self {
            Self::Thing => "Things",
            Self::Location => "Locations",
            Self::HistoricalLocation => "HistoricalLocations",
            Self::Datastream => "Datastreams",
            Self::Sensor => "Sensors",
            Self::ObservedProperty => "ObservedProperties",
            Self::Observation => "Observations",
            Self::Feature => match version {
                Version::V1_1 => "FeaturesOfInterest",
                Version::V2_0 => "Features",
            },
            Self::FeatureType => match version {
                Version::V1_1 => return None,
                Version::V2_0 => "FeatureTypes",
            },
        })
    }

    /// The type of a set; names are case-sensitive.
    pub fn by_set_name(version: Version, name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|of| of.set_name(version) == Some(name))
    }

    /// Its name in the singular.
    pub fn name(self, version: Version) -> &'static str {
        match self {
            Self::Thing => "Thing",
            Self::Location => "Location",
            Self::HistoricalLocation => "HistoricalLocation",
            Self::Datastream => "Datastream",
            Self::Sensor => "Sensor",
            Self::ObservedProperty => "ObservedProperty",
            Self::Observation => "Observation",
            Self::Feature => match version {
                Version::V1_1 => "FeatureOfInterest",
                Version::V2_0 => "Feature",
            },
            Self::FeatureType => "FeatureType",
        }
    }

    /// Its attributes, the id first.
    pub fn attributes(self, version: Version) -> &'static [Attribute] {
        attributes::of(self, version)
    }

    /// Its relations to other types.
    pub fn relations(self, version: Version) -> &'static [Relation] {
        relations::of(self, version)
    }

    /// The attribute of this name; `@iot.id` is the id.
    pub fn attribute(self, version: Version, name: &str) -> Option<&'static Attribute> {
        let name = if ID_NAMES.contains(&name) {
            ID.name
        } else {
            name
        };
        self.attributes(version).iter().find(|one| one.name == name)
    }

    /// The relation of this name. Of 2.0's relations to many whose name its text
    /// also writes in the singular, the singular is understood too.
    pub fn relation(self, version: Version, name: &str) -> Option<&'static Relation> {
        let name = relations::plural(self, version, name).unwrap_or(name);
        self.relations(version).iter().find(|one| one.name == name)
    }
}

/// `1.1` or `2.0`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_1 => "1.1",
            Self::V2_0 => "2.0",
        })
    }
}
