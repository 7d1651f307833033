//! Which attributes an entity type has, in each version.

use super::Kind::{Any, Geometry, Id, Interval, Json, Text, Time};
use super::{Attribute, EntityType, Version};

/// A list of attributes, the id first.
macro_rules! attributes {
    ($($name:ident: $kind:ident),* $(,)?) => {
        &[
            Attribute { name: "id", kind: Id },
            $(Attribute { name: stringify!($name), kind: $kind }),*
        ]
    };
}

pub(super) fn of(of: EntityType, version: Version) -> &'static [Attribute] {
    match version {
        Version::V1_1 => of_1_1(of),
        Version::V2_0 => of_2_0(of),
    }
}

fn of_1_1(of: EntityType) -> &'static [Attribute] {
    match of {
        EntityType::Thing => attributes! { name: Text, description: Text, properties: Json },
        EntityType::Location => attributes! {
            name: Text, description: Text, encodingType: Text, location: Geometry, properties: Json,
        },
        EntityType::HistoricalLocation => attributes! { time: Time },
        EntityType::Datastream => attributes! {
            name: Text, description: Text, observationType: Text, unitOfMeasurement: Json,
            observedArea: Geometry, phenomenonTime: Interval, resultTime: Interval, properties: Json,
        },
        EntityType::Sensor => attributes! {
            name: Text, description: Text, encodingType: Text, metadata: Any, properties: Json,
        },
        EntityType::ObservedProperty => attributes! {
            name: Text, definition: Text, description: Text, properties: Json,
        },
        EntityType::Observation => attributes! {
            phenomenonTime: Interval, result: Any, resultTime: Time, resultQuality: Any,
            validTime: Interval, parameters: Json,
        },
        EntityType::Feature => attributes! {
            name: Text, description: Text, encodingType: Text, feature: Geometry, properties: Json,
        },
        EntityType::FeatureType => &[],
    }
}

fn of_2_0(of: EntityType) -> &'static [Attribute] {
    match of {
        EntityType::Thing => attributes! {
            name: Text, description: Text, definition: Text, properties: Json,
        },
        EntityType::Location => attributes! {
            name: Text, description: Text, definition: Text, encodingType: Text,
            location: Geometry, properties: Json,
        },
        EntityType::HistoricalLocation => attributes! { time: Time },
        EntityType::Datastream => attributes! {
            name: Text, description: Text, definition: Text, resultType: Json,
            resultEncoding: Json, observedArea: Geometry, phenomenonTime: Interval,
            resultTime: Interval, properties: Json,
        },
        EntityType::Sensor => attributes! {
            name: Text, description: Text, definition: Text, encodingType: Text, metadata: Any,
            properties: Json,
        },
        EntityType::ObservedProperty => attributes! {
            name: Text, definition: Text, description: Text, properties: Json,
        },
        EntityType::Observation => attributes! {
            phenomenonTime: Interval, result: Any, resultTime: Time, validTime: Interval,
            properties: Json,
        },
        EntityType::Feature => attributes! {
            name: Text, description: Text, definition: Text, encodingType: Text,
            feature: Geometry, properties: Json,
        },
        EntityType::FeatureType => attributes! {
            name: Text, description: Text, definition: Text, properties: Json,
        },
    }
}
