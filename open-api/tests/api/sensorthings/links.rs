//! Every link of every entity leads somewhere, and every relation leads back.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::city::{CITY_HALL, NAMSAN, city, relocate};
use super::client::Client;
use crate::harness::Platform;

/// Relations, by set, that lead to each other.
const INVERSE_1_1: [(&str, &str, &str, &str); 8] = [
    ("Things", "Locations", "Locations", "Things"),
    (
        "Things",
        "HistoricalLocations",
        "HistoricalLocations",
        "Thing",
    ),
    ("Things", "Datastreams", "Datastreams", "Thing"),
    (
        "Locations",
        "HistoricalLocations",
        "HistoricalLocations",
        "Locations",
    ),
    ("Datastreams", "Sensor", "Sensors", "Datastreams"),
    (
        "Datastreams",
        "ObservedProperty",
        "ObservedProperties",
        "Datastreams",
    ),
    ("Datastreams", "Observations", "Observations", "Datastream"),
    (
        "Observations",
        "FeatureOfInterest",
        "FeaturesOfInterest",
        "Observations",
    ),
];
const INVERSE_2_0: [(&str, &str, &str, &str); 10] = [
    ("Things", "Locations", "Locations", "Things"),
    (
        "Things",
        "HistoricalLocations",
        "HistoricalLocations",
        "Thing",
    ),
    ("Things", "Datastreams", "Datastreams", "Thing"),
    (
        "Locations",
        "HistoricalLocations",
        "HistoricalLocations",
        "Locations",
    ),
    ("Datastreams", "Sensor", "Sensors", "Datastreams"),
    (
        "Datastreams",
        "ObservedProperties",
        "ObservedProperties",
        "Datastreams",
    ),
    ("Datastreams", "Observations", "Observations", "Datastream"),
    (
        "Datastreams",
        "ProximateFeatureOfInterest",
        "Features",
        "DatastreamsProximate",
    ),
    (
        "Datastreams",
        "UltimateFeaturesOfInterest",
        "Features",
        "DatastreamsUltimate",
    ),
    (
        "Observations",
        "ProximateFeatureOfInterest",
        "Features",
        "Observations",
    ),
];

/// The city, where a thing has moved and an observation brought its own place.
fn moving_city() -> Platform {
    let platform = city();
    relocate(&platform, "flow-2", Some(CITY_HALL), "2026-05-01T00:01:00Z");
    let own = serde_json::json!({"t": "2026-05-01T00:02:30Z", "v": {"speed": 32}, "loc": [NAMSAN.0, NAMSAN.1]});
    platform.publish("flow-2", &own).expect(200);
    platform
}

fn services(platform: &Platform) -> [Client<'_>; 4] {
    [
        Client::public(platform),
        Client::public(platform).v2_0(),
        Client::operator(platform),
        Client::operator(platform).v2_0(),
    ]
}

/// Relations of an entity: names and where their links lead.
fn links<'e>(client: &Client<'_>, entity: &'e Map<String, Value>) -> Vec<(&'e str, &'e str)> {
    let ending = client.name("@iot.navigationLink");
    let found = entity.iter().filter_map(|(name, value)| {
        let relation = name.strip_suffix(&ending)?;
        Some((relation, value.as_str().unwrap()))
    });
    found.collect()
}

fn sets(client: &Client<'_>) -> Vec<String> {
    let page = client.get("");
    let sets = page["value"].as_array().unwrap().iter();
    sets.map(|set| set["name"].as_str().unwrap().to_owned())
        .collect()
}

/// `req/resource-path/resource-path-to-entities`: an entity, its relations, and
/// the same by `$expand`.
#[test]
fn each_own_link_shows_the_entity_and_each_navigation_link_what_an_expand_does() {
    let platform = moving_city();
    for client in services(&platform) {
        let own = client.name("@iot.selfLink");
        for set in sets(&client) {
            // One of many would do, and of each relation's every kind two.
            for entity in client.page(&format!("/{set}?$top=12")) {
                let mut alone = client.get(entity[&own].as_str().unwrap());
                alone.as_object_mut().unwrap().remove("@context");
                assert_eq!(alone, entity);
                for (relation, link) in links(&client, entity.as_object().unwrap()) {
                    let expanded = client.get(&format!(
                        "{}?$expand={relation}",
                        entity[&own].as_str().unwrap()
                    ));
                    let by_expand = &expanded[relation];
                    if by_expand.is_null() {
                        assert!(matches!(client.reply(link).status, 204 | 404), "{link}");
                        continue;
                    }
                    let mut by_link = client.get(link);
                    by_link.as_object_mut().unwrap().remove("@context");
                    let by_link = if by_expand.is_array() {
                        &by_link["value"]
                    } else {
                        &by_link
                    };
                    assert_eq!(by_link, by_expand, "{link}");
                }
            }
        }
    }
}

/// All pairs of ids that a relation joins.
fn pairs(client: &Client<'_>, set: &str, relation: &str) -> BTreeSet<(String, String)> {
    let id = client.name("@iot.id");
    let mut pairs = BTreeSet::new();
    for entity in client.all(&format!("/{set}?$expand={relation}($top=10000)")) {
        let others = match &entity[relation] {
            Value::Array(others) => others.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        for other in others {
            pairs.insert((entity[&id].to_string(), other[&id].to_string()));
        }
    }
    pairs
}

/// Whether it is of a feature that an observation brought: the set, which would be
/// as long as that of the observations, does not list these.
fn is_brought(id: &str) -> bool {
    let observation = id.trim_matches('"').split_once('@');
    observation.is_some_and(|(_, number)| number.parse::<u64>().is_ok())
}

#[test]
fn what_a_relation_leads_to_leads_back() {
    let platform = moving_city();
    for client in services(&platform) {
        let inverse: &[_] = match client.version {
            "1.1" => &INVERSE_1_1,
            _ => &INVERSE_2_0,
        };
        for (set, relation, other_set, back) in inverse {
            let mut there = pairs(&client, set, relation);
            assert!(!there.is_empty(), "{set}/{relation}");
            for (one, other) in there.extract_if(.., |(_, other)| is_brought(other)) {
                let path = format!("/{other_set}('{}')/{back}", other.trim_matches('"'));
                let ids = client.ids(&path);
                assert!(
                    ids.iter().map(Value::to_string).eq([one]),
                    "{path}: {ids:?}"
                );
            }
            let back: BTreeSet<_> = pairs(&client, other_set, back)
                .into_iter()
                .map(|(one, other)| (other, one))
                .collect();
            assert_eq!(there, back, "{} {set}/{relation}", client.version);
        }
    }
}

/// The same relations as paths: what is in the set of a parent is found there by
/// its key, and what is not is not.
#[test]
fn a_key_finds_what_is_in_the_set_of_its_parent_and_nothing_else() {
    let platform = moving_city();
    for client in services(&platform) {
        let own = client.name("@iot.selfLink");
        let service = client.service();
        let inverse: &[_] = match client.version {
            "1.1" => &INVERSE_1_1,
            _ => &INVERSE_2_0,
        };
        for (set, relation, other_set, _) in inverse {
            let parents = client.page(&format!("/{set}?$top=4"));
            let others = client.page(&format!("/{other_set}?$top=6"));
            for parent in &parents {
                let link = format!("{}/{relation}", parent[&own].as_str().unwrap());
                let reply = client.reply(&link);
                if !reply.text.contains("\"value\"") {
                    continue;
                }
                let within = client.ids(&link);
                for other in &others {
                    let key = other[&own].as_str().unwrap();
                    let key = &key[service.len() + 1 + other_set.len()..];
                    let found = client.reply(&format!("{link}{key}"));
                    let is_within = within.contains(&other[client.name("@iot.id")]);
                    let expected = if is_within { 200 } else { 404 };
                    assert_eq!(found.status, expected, "{link}{key}");
                }
            }
        }
    }
}
