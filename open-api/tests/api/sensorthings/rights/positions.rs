//! Where exactly a thing is: for its owners, and for those with whom they share it.

use serde_json::{Value, json};

use super::{UNIT, set_name, strangers};
use crate::access::rights::holder;
use crate::harness::Platform;
use crate::sensorthings::city::{CITY_HALL, CITY_HALL_CELL, at, city};
use crate::sensorthings::client::{Client, entities};

/// Every place in an answer, longitude first.
fn places(json: &Value, found: &mut Vec<Value>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value.is_array()) {
                    ("coordinates", true) => found.push(value.clone()),
                    _ => places(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| places(item, found)),
        _ => {}
    }
}

/// Where `client` sees `flow-1`, by each way.
fn seen(client: &Client<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    let feature = set_name(client, "FeaturesOfInterest");
    let speed = client.page("/Things('flow-1')/Datastreams?$filter=properties/field eq 'speed'");
    let number = &speed[0][client.name("@iot.id")];
    let about = match client.version {
        "1.1" => "FeatureOfInterest",
        _ => "ProximateFeatureOfInterest",
    };
    for path in [
        "/Things('flow-1')/Locations".to_owned(),
        "/Locations?$filter=Things/id eq 'flow-1'".to_owned(),
        "/HistoricalLocations?$filter=Thing/id eq 'flow-1'&$expand=Locations".to_owned(),
        "/Things('flow-1')/Datastreams".to_owned(),
        format!("/Datastreams({number})/Observations?$expand={about}&$top=2"),
        format!("/{feature}?$filter=name eq '세종대로 1'"),
        "/Things?$filter=id eq 'flow-1'&$expand=Locations,Datastreams($select=observedArea)"
            .to_owned(),
    ] {
        let before = found.len();
        places(&client.get(&path), &mut found);
        assert!(found.len() > before, "{path}");
    }
    found.sort_by_key(Value::to_string);
    found.dedup();
    found
}

#[test]
fn the_public_sees_the_cell_everywhere_and_the_owner_the_place() {
    let platform = city();
    let own =
        json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": 40}, "loc": [CITY_HALL.0, CITY_HALL.1]});
    platform.publish("flow-1", &own).expect(200);
    let exact = json!([CITY_HALL.1, CITY_HALL.0]);
    let cell = json!(CITY_HALL_CELL);
    for client in strangers(&platform) {
        assert_eq!(json!(seen(&client)), json!([cell]), "{}", client.version);
        // Neither in text: ids, links, CSV.
        for path in [
            "/Locations",
            "/Observations?$top=100",
            "/Locations?$resultFormat=CSV",
            "/Locations?$resultFormat=GeoJSON",
        ] {
            let text = client.reply(path).text;
            assert!(
                !text.contains("37.56641") && !text.contains("126.97796"),
                "{path}: {text}"
            );
        }
    }
    let viewer = || Client::of(&platform, holder(&platform, "viewer", Some("seoul")));
    for client in [Client::operator(&platform), viewer(), viewer().v2_0()] {
        assert_eq!(json!(seen(&client)), json!([exact]));
    }
}

/// Two things in one cell cannot be told apart, however a shape is moved.
#[test]
fn stepping_a_shape_over_the_map_finds_the_cell_and_nothing_within() {
    let platform = city();
    let other = (CITY_HALL.0 + 0.000_4, CITY_HALL.1 - 0.000_9);
    let place = json!({"visibility": "public", "location": {"lat": other.0, "lon": other.1}});
    platform.device("twin", "seoul", "traffic.flow", &place);
    let client = Client::public(&platform);
    let owner = Client::operator(&platform);
    let both = |client: &Client<'_>, filter: &str| -> [bool; 2] {
        let found = client.ids(&format!("/Things?$filter={filter}"));
        ["flow-1", "twin"].map(|id| found.contains(&json!(id)))
    };
    let mut found = [[0; 2]; 2];
    for step in 0..12 {
        let lon = 126.976_8 + f64::from(step) * 0.000_12;
        for filter in [
            format!("geo.distance(Locations/location, geography'POINT ({lon} 37.5666)') lt 0.0003"),
            format!(
                "st_within(Locations/location, geography'POLYGON (({lon} 37.5, {end} 37.5, {end} \
                    37.6, {lon} 37.6, {lon} 37.5))')",
                end = lon + 0.000_12
            ),
            format!(
                "geo.distance(Locations/location, geography'LINESTRING ({lon} 37, {lon} 38)') lt \
                    0.0001"
            ),
        ] {
            let public = both(&client, &filter);
            assert_eq!(public[0], public[1], "{filter}");
            for (counts, seen) in found.iter_mut().zip([public, both(&owner, &filter)]) {
                for (count, is_found) in counts.iter_mut().zip(seen) {
                    *count += usize::from(is_found);
                }
            }
        }
    }
    let [public, own] = found;
    assert!(public[0] > 0 && public[0] == public[1], "{found:?}");
    assert!(own[0] > 0 && own[1] > 0, "{found:?}");
    // Nor by an order.
    let order = "$orderby=geo.distance(observedArea, geography'POINT (126.9 37.5)'),id&\
        $filter=properties/field eq 'speed' and (Thing/id eq 'twin' or Thing/id eq \
        'flow-1')&$expand=Thing";
    for direction in ["), id", ") desc, id"] {
        let path = format!("/Datastreams?{}", order.replace("),id", direction));
        let things: Vec<Value> = client
            .all(&path)
            .iter()
            .map(|one| one["Thing"]["@iot.id"].clone())
            .collect();
        assert_eq!(things, ["flow-1", "twin"], "{path}");
    }
}

/// Of the places that observations brought, only these are features.
#[test]
fn a_feature_cannot_be_guessed() {
    let platform = city();
    let own =
        json!({"t": "2026-05-01T00:02:30Z", "v": {"speed": 32}, "loc": [CITY_HALL.0, CITY_HALL.1]});
    platform.publish("flow-2", &own).expect(200);
    let client = Client::public(&platform);
    let number = |filter: &str| {
        let path = format!("/Observations?$filter=Datastream/Thing/id eq 'flow-2' and {filter}");
        client.page(&path)[0]["@iot.id"].clone()
    };
    let (own, other) = (number("result eq 32"), number("result eq 31"));
    let there = client.get(&format!("/FeaturesOfInterest('flow-2@{own}')"));
    assert_eq!(there["feature"]["coordinates"], json!(CITY_HALL_CELL));
    for made_up in [
        format!("flow-2@{other}"),
        format!("flow-1@{own}"),
        format!("flow-2@0{own}"),
        "flow-2@37.566412,126.977968".to_owned(),
        "flow-2@".to_owned(),
        "nobody@".to_owned(),
    ] {
        let path = format!("/FeaturesOfInterest('{made_up}')");
        client.refused(&path, 404, "not-found");
    }
}

fn share(platform: &Platform, position: &str) -> String {
    let body =
        json!({"agency": "seoul", "to": "busan", "position": position, "model": "traffic.flow"});
    let made = platform.operator("POST", "/v1/shares", Some(body));
    made.expect(201)["id"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_shared_is_seen_as_exactly_as_it_is_shared_and_as_long() {
    let platform = city();
    let friend = || Client::of(&platform, holder(&platform, "viewer", Some("busan")));
    let clients = [friend(), friend().v2_0()];
    let hidden = format!("id eq '{UNIT}'");
    for (position, expected) in [
        ("coarse", json!(CITY_HALL_CELL)),
        ("exact", json!([CITY_HALL.1, CITY_HALL.0])),
    ] {
        let id = share(&platform, position);
        for client in &clients {
            assert_eq!(client.passing("/Things", &hidden), 1, "{position}");
            assert_eq!(client.passing("/Observations", "result eq 99"), 1);
            assert_eq!(json!(seen(client)), json!([expected]), "{position}");
            let [lon, lat] = [&expected[0], &expected[1]];
            let near = format!(
                "{hidden} and geo.distance(Locations/location, geography'POINT ({lon} {lat})') \
                    lt 0.00001"
            );
            assert_eq!(client.passing("/Things", &near), 1, "{position}");
            let elsewhere = format!(
                "{hidden} and geo.distance(Locations/location, geography'POINT (126.977968 \
                    37.566412)') lt 0.00001"
            );
            let is_exact = usize::from(position == "exact");
            assert_eq!(
                client.passing("/Things", &elsewhere),
                is_exact,
                "{position}"
            );
            // What else its agency has is not shared.
            assert_eq!(
                client.passing("/Datastreams", &format!("Thing/id eq '{UNIT}'")),
                9
            );
        }
        assert_eq!(Client::public(&platform).passing("/Things", &hidden), 0);
        let page = clients[0].get("/Things?$orderby=id&$top=2");
        let gone = platform.operator("DELETE", &format!("/v1/shares/{id}"), None);
        gone.expect(204);
        for client in &clients {
            assert_eq!(client.passing("/Things", &hidden), 0);
            assert_eq!(client.passing("/Observations", "result eq 99"), 0);
            assert_eq!(seen(client), [json!(CITY_HALL_CELL)]);
        }
        let rest = clients[0].page(&clients[0].next_link(&page).unwrap());
        assert!(rest.iter().all(|one| one["@iot.id"] != UNIT));
    }
}

/// One thing, of which one device's data is shared and the other's is not.
#[test]
fn of_a_thing_that_is_shared_in_part_the_rest_stays_hidden() {
    let platform = city();
    let air = json!({"thing": UNIT, "name": "nose"});
    platform.device("air-9", "seoul", "safety.air", &air);
    platform
        .publish("air-9", &at(4, "00", "pm25", &777))
        .expect(200);
    share(&platform, "coarse");
    let client = Client::of(&platform, holder(&platform, "viewer", Some("busan")));
    assert_eq!(client.passing("/Things", &format!("id eq '{UNIT}'")), 1);
    for filter in [
        "Sensor/id eq 'air-9'",
        "properties/model eq 'safety.air'",
        "Observations/result eq 777",
    ] {
        assert_eq!(client.passing("/Datastreams", filter), 0, "{filter}");
        assert!(
            Client::operator(&platform).passing("/Datastreams", filter) > 0,
            "{filter}"
        );
    }
    client.refused("/Sensors('air-9')", 404, "not-found");
    assert_eq!(client.passing("/Observations", "result eq 777"), 0);
    let path = format!("/Things('{UNIT}')/Datastreams?$expand=Observations,Sensor&$count=true");
    let page = client.get(&path);
    assert_eq!((entities(&page).len(), &page["@iot.count"]), (9, &json!(9)));
    assert!(!page.to_string().contains("777"));
}
