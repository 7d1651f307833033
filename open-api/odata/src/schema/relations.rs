//! Which relations lead from an entity type to others, in each version.

use super::EntityType::{
    Datastream, Feature, FeatureType, HistoricalLocation, Location, Observation, ObservedProperty,
    Sensor, Thing,
};
use super::{EntityType, Relation, Version};

/// A relation to one entity at most.
const fn one(name: &'static str, target: EntityType) -> Relation {
    Relation {
        name,
        target,
        many: false,
    }
}

/// A relation to a set.
const fn many(name: &'static str, target: EntityType) -> Relation {
    Relation {
        name,
        target,
        many: true,
    }
}

pub(super) fn of(of: EntityType, version: Version) -> &'static [Relation] {
    match version {
        Version::V1_1 => of_1_1(of),
        Version::V2_0 => of_2_0(of),
    }
}

fn of_1_1(of: EntityType) -> &'static [Relation] {
    match of {
        Thing => {
            const {
                &[
                    many("Locations", Location),
                    many("HistoricalLocations", HistoricalLocation),
                    many("Datastreams", Datastream),
                ]
            }
        }
        Location => {
            const {
                &[
                    many("Things", Thing),
                    many("HistoricalLocations", HistoricalLocation),
                ]
            }
        }
        HistoricalLocation => const { &[one("Thing", Thing), many("Locations", Location)] },
        Datastream => {
            const {
                &[
                    one("Thing", Thing),
                    one("Sensor", Sensor),
                    one("ObservedProperty", ObservedProperty),
                    many("Observations", Observation),
                ]
            }
        }
        Sensor | ObservedProperty => const { &[many("Datastreams", Datastream)] },
        Observation => {
            const {
                &[
                    one("Datastream", Datastream),
                    one("FeatureOfInterest", Feature),
                ]
            }
        }
        Feature => const { &[many("Observations", Observation)] },
        FeatureType => &[],
    }
}

fn of_2_0(of: EntityType) -> &'static [Relation] {
    match of {
        Thing => {
            const {
                &[
                    many("Locations", Location),
                    many("HistoricalLocations", HistoricalLocation),
                    many("Datastreams", Datastream),
                ]
            }
        }
        Location => {
            const {
                &[
                    many("Things", Thing),
                    many("HistoricalLocations", HistoricalLocation),
                ]
            }
        }
        HistoricalLocation => const { &[one("Thing", Thing), many("Locations", Location)] },
        Datastream => {
            const {
                &[
                    one("Thing", Thing),
                    one("Sensor", Sensor),
                    many("ObservedProperties", ObservedProperty),
                    many("Observations", Observation),
                    one("ProximateFeatureOfInterest", Feature),
                    many("UltimateFeaturesOfInterest", Feature),
                ]
            }
        }
        Sensor | ObservedProperty => const { &[many("Datastreams", Datastream)] },
        Observation => {
            const {
                &[
                    one("Datastream", Datastream),
                    one("ProximateFeatureOfInterest", Feature),
                ]
            }
        }
        Feature => {
            const {
                &[
                    many("Observations", Observation),
                    many("DatastreamsProximate", Datastream),
                    many("DatastreamsUltimate", Datastream),
                    many("FeatureTypes", FeatureType),
                ]
            }
        }
        FeatureType => const { &[many("Features", Feature)] },
    }
}

/// The name of the relation that the text of 2.0 also writes otherwise, mostly in
/// the singular.
pub(super) fn plural(of: EntityType, version: Version, name: &str) -> Option<&'static str> {
    if version != Version::V2_0 {
        return None;
    }
    match (of, name) {
        (Thing, "Location") => Some("Locations"),
        (Datastream, "ObservedProperty") => Some("ObservedProperties"),
        (Datastream, "UltimateFeatureOfInterest") => Some("UltimateFeaturesOfInterest"),
        (Feature, "FeatureType") => Some("FeatureTypes"),
        // Its examples know one relation to datastreams only, as QGIS does.
        (Feature, "Datastreams") => Some("DatastreamsProximate"),
        _ => None,
    }
}
