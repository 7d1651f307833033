//! `/sta/v2.0/$metadata`: the data model as OData CSDL in JSON, made from the
//! names that the query language knows.

use odata::{Attribute, EntityType, Kind, Relation, Version};
use serde_json::{Map, Value as Json, json};

/// The namespace of the types.
const NAMESPACE: &str = "org.OGC.SensorThings";
const VERSION: Version = Version::V2_0;

pub(crate) fn write() -> Json {
    let (mut types, mut container) = (Map::new(), Map::new());
    container.insert("$Kind".to_owned(), "EntityContainer".into());
    for entity_type in EntityType::ALL {
        let Some(set) = entity_type.set_name(VERSION) else {
            continue;
        };
        types.insert(entity_type.name(VERSION).to_owned(), described(entity_type));
        container.insert(
            set.to_owned(),
            json!({"$Collection": true, "$Type": qualified(entity_type)}),
        );
    }
    types.insert("SensorThings".to_owned(), Json::Object(container));
    let mut document = Map::new();
    document.insert("$Version".to_owned(), "4.01".into());
    document.insert(
        "$EntityContainer".to_owned(),
        format!("{NAMESPACE}.SensorThings").into(),
    );
    document.insert(NAMESPACE.to_owned(), Json::Object(types));
    Json::Object(document)
}

fn qualified(entity_type: EntityType) -> String {
    format!("{NAMESPACE}.{}", entity_type.name(VERSION))
}

fn described(entity_type: EntityType) -> Json {
    let mut members = Map::new();
    members.insert("$Kind".to_owned(), "EntityType".into());
    members.insert("$Key".to_owned(), json!(["id"]));
    for attribute in entity_type.attributes(VERSION) {
        members.insert(
            attribute.name.to_owned(),
            attribute_type(entity_type, attribute),
        );
    }
    for relation in entity_type.relations(VERSION) {
        members.insert(relation.name.to_owned(), relation_type(relation));
    }
    Json::Object(members)
}

/// A property without a type is a text.
fn attribute_type(of: EntityType, attribute: &Attribute) -> Json {
    let is_number = matches!(of, EntityType::Datastream | EntityType::Observation);
    let name = match attribute.kind {
        Kind::Id if is_number => return json!({"$Type": "Edm.Int64"}),
        Kind::Id => return json!({}),
        Kind::Text => return json!({"$Nullable": true}),
        Kind::Time => "Edm.DateTimeOffset",
        Kind::Geometry => "Edm.Geometry",
        Kind::Interval | Kind::Json | Kind::Any => "Edm.Untyped",
    };
    json!({"$Type": name, "$Nullable": true})
}

fn relation_type(relation: &Relation) -> Json {
    let target = qualified(relation.target);
    if relation.many {
        json!({"$Kind": "NavigationProperty", "$Collection": true, "$Type": target})
    } else {
        json!({"$Kind": "NavigationProperty", "$Nullable": true, "$Type": target})
    }
}
