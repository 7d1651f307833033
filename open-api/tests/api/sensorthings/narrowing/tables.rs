//! The sets, what filters and orders ask of them, and how it is found in JSON.

use std::fmt;

use serde_json::Value;

use super::evaluate::Cell;

pub(super) struct Table {
    pub(super) set: &'static str,
    /// With these the JSON has all that the paths lead to.
    pub(super) expand: &'static str,
    /// With these it has all that the orders lead to.
    pub(super) expand_for_order: &'static str,
    /// What indexes know stands twice.
    pub(super) paths: &'static [Path],
    pub(super) orders: &'static [Path],
}

/// What an attribute is to the evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Of any type.
    Any,
    /// A text, which is compared with texts only.
    Text,
    Time,
    Start,
    End,
    Place,
}

/// To an attribute; through a set it means some entity of it.
#[derive(Debug)]
pub(super) struct Path {
    /// Empty where it leads through none.
    pub(super) set: &'static str,
    pub(super) names: &'static str,
    pub(super) kind: Kind,
}

const fn path(names: &'static str, kind: Kind) -> Path {
    Path {
        set: "",
        names,
        kind,
    }
}

const fn some(set: &'static str, names: &'static str, kind: Kind) -> Path {
    Path { set, names, kind }
}

use Kind::{Any, End, Place, Start, Text, Time};

/// The place of observations among the tables.
pub(super) const OBSERVATIONS: usize = 6;

pub(super) static TABLES: [Table; 8] = [
    Table {
        set: "Things",
        expand: "Locations,HistoricalLocations,Datastreams($top=1000)",
        expand_for_order: "Locations",
        paths: &[
            path("id", Any),
            path("id", Any),
            path("name", Text),
            path("properties/agency", Any),
            some("Locations", "location", Place),
            some("Locations", "location", Place),
            some("Locations", "id", Any),
            some("Datastreams", "id", Any),
            some("Datastreams", "phenomenonTime", Time),
            some("HistoricalLocations", "time", Time),
        ],
        orders: &[
            path("id", Any),
            path("name", Text),
            path("properties/agency", Any),
        ],
    },
    Table {
        set: "Locations",
        expand: "Things,HistoricalLocations",
        expand_for_order: "Things",
        paths: &[
            path("id", Any),
            path("id", Any),
            path("name", Text),
            path("location", Place),
            path("location", Place),
            some("Things", "id", Any),
            some("HistoricalLocations", "time", Time),
        ],
        orders: &[path("id", Any), path("name", Text)],
    },
    Table {
        set: "HistoricalLocations",
        expand: "Thing,Locations",
        expand_for_order: "Thing",
        paths: &[
            path("id", Any),
            path("id", Any),
            path("time", Time),
            path("Thing/id", Any),
            path("Thing/name", Text),
            some("Locations", "location", Place),
            some("Locations", "location", Place),
        ],
        orders: &[
            path("id", Any),
            path("time", Time),
            path("Thing/name", Text),
        ],
    },
    Table {
        set: "Datastreams",
        expand: "Thing($expand=Locations),Sensor,ObservedProperty,Observations($top=1000)",
        expand_for_order: "Thing,Sensor",
        paths: &[
            path("id", Any),
            path("id", Any),
            path("name", Text),
            path("properties/field", Any),
            path("phenomenonTime", Time),
            path("phenomenonTime/start", Start),
            path("phenomenonTime/end", End),
            path("observedArea", Place),
            path("Thing/id", Any),
            path("ObservedProperty/name", Text),
            some("Thing/Locations", "location", Place),
            some("Observations", "result", Any),
            some("Observations", "phenomenonTime", Time),
        ],
        orders: &[
            path("id", Any),
            path("name", Text),
            path("phenomenonTime", Time),
            path("phenomenonTime/end", End),
            path("Thing/name", Text),
            path("Sensor/id", Any),
        ],
    },
    Table {
        set: "Sensors",
        expand: "Datastreams($top=1000)",
        expand_for_order: "Datastreams($top=0)",
        paths: &[
            path("id", Any),
            path("id", Any),
            path("name", Text),
            path("properties/model", Any),
            some("Datastreams", "id", Any),
        ],
        orders: &[
            path("id", Any),
            path("name", Text),
            path("properties/model", Any),
        ],
    },
    Table {
        set: "ObservedProperties",
        expand: "Datastreams($top=1000)",
        expand_for_order: "Datastreams($top=0)",
        paths: &[
            path("id", Any),
            path("id", Any),
            path("name", Text),
            path("properties/unit", Any),
            some("Datastreams", "id", Any),
            some("Datastreams", "phenomenonTime", Time),
        ],
        orders: &[
            path("id", Any),
            path("name", Text),
            path("properties/unit", Any),
        ],
    },
    Table {
        set: "Observations",
        expand: "Datastream($expand=Thing),FeatureOfInterest",
        expand_for_order: "Datastream($expand=Thing)",
        paths: &[
            path("id", Any),
            path("id", Any),
            path("phenomenonTime", Time),
            path("phenomenonTime/start", Start),
            path("phenomenonTime/end", End),
            path("result", Any),
            path("Datastream/id", Any),
            path("Datastream/properties/field", Any),
            path("Datastream/Thing/id", Any),
            path("Datastream/phenomenonTime", Time),
            path("FeatureOfInterest/id", Any),
            path("FeatureOfInterest/feature", Place),
            path("phenomenonTime", Time),
            path("result", Any),
            path("Datastream/id", Any),
        ],
        orders: &[
            path("phenomenonTime", Time),
            path("result", Any),
            path("id", Any),
            path("Datastream/id", Any),
            path("Datastream/Thing/name", Text),
            path("phenomenonTime", Time),
        ],
    },
    Table {
        set: "FeaturesOfInterest",
        expand: "Observations($top=1000)",
        expand_for_order: "Observations($top=0)",
        paths: &[
            path("id", Any),
            path("id", Any),
            path("name", Text),
            path("feature", Place),
            some("Observations", "result", Any),
            some("Observations", "phenomenonTime", Time),
        ],
        orders: &[path("id", Any), path("name", Text)],
    },
];

/// As a filter or an order names it.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.set {
            "" => f.write_str(self.names),
            set => write!(f, "{set}/{}", self.names),
        }
    }
}

impl Path {
    /// What an entity has there: of a path through a set, each of it has.
    pub(super) fn cells(&self, entity: &Value) -> Vec<Cell> {
        let own = |entity: &Value| Cell::of(member(entity, self.names), self.kind);
        match self.set {
            "" => vec![own(entity)],
            set => {
                let others = member(entity, set).as_array();
                others.map_or_else(Vec::new, |others| others.iter().map(own).collect())
            }
        }
    }

    /// Of a path through no set.
    pub(super) fn cell(&self, entity: &Value) -> Cell {
        assert_eq!(self.set, "");
        Cell::of(member(entity, self.names), self.kind)
    }
}

fn member<'e>(entity: &'e Value, names: &str) -> &'e Value {
    names.split('/').fold(entity, |within, name| match name {
        "id" => &within["@iot.id"],
        // Of an interval, which is one text.
        "start" | "end" => within,
        name => &within[name],
    })
}
