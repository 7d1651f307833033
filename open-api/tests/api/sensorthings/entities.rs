//! `req/datamodel` of 1.1: what each entity has, with its values.

use serde_json::{Value, json};

use super::city::{AWKWARD, BEACH_CELL, CITY_HALL_CELL, NAMSAN, SPEEDS, THINGS, city, datastream};
use super::client::{Client, each};

/// Names of the members, in order of the alphabet.
fn members(entity: &Value) -> Vec<&str> {
    entity
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// `req/datamodel/thing`.
#[test]
fn a_thing() {
    let platform = city();
    let client = Client::public(&platform);
    assert_eq!(client.ids("/Things"), THINGS);
    let thing = client.get("/Things('flow-1')");
    let link = format!("{}/Things('flow-1')", client.service());
    assert_eq!(
        thing,
        json!({
            "@iot.id": "flow-1",
            "@iot.selfLink": link,
            "name": "세종대로 1",
            "description": thing["description"],
            "properties": {
                "agency": "seoul", "domain": "traffic", "model": "traffic.flow",
                "devices": ["flow-1"], "licence": "KOGL-1",
                "attribution": thing["properties"]["attribution"],
            },
            "Locations@iot.navigationLink": format!("{link}/Locations"),
            "HistoricalLocations@iot.navigationLink": format!("{link}/HistoricalLocations"),
            "Datastreams@iot.navigationLink": format!("{link}/Datastreams"),
        })
    );
    // Mandatory, and a text.
    assert!(
        thing["description"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    assert_eq!(client.get("/Things('flow-2')")["name"], AWKWARD);
}

/// `req/datamodel/location`.
#[test]
fn a_location() {
    let platform = city();
    let client = Client::public(&platform);
    let found = client.all("/Locations?$expand=Things");
    // One of each thing whose place is known.
    let things: Vec<&Value> = found
        .iter()
        .map(|one| &one["Things"][0]["@iot.id"])
        .collect();
    assert_eq!(things, ["flow-1", "flow-2", "river-1", "signal-1"]);
    let location = &client.page("/Things('river-1')/Locations")[0];
    assert_eq!(
        members(location),
        [
            "@iot.id",
            "@iot.selfLink",
            "HistoricalLocations@iot.navigationLink",
            "Things@iot.navigationLink",
            "description",
            "encodingType",
            "location",
            "name",
            "properties",
        ]
    );
    assert_eq!(location["encodingType"], "application/geo+json");
    assert_eq!(
        location["location"],
        json!({"type": "Point", "coordinates": BEACH_CELL})
    );
    let exact = &Client::operator(&platform).page("/Things('flow-2')/Locations")[0];
    assert_eq!(
        exact["location"]["coordinates"],
        json!([NAMSAN.1, NAMSAN.0])
    );
    // Of a thing whose place nobody told there is none.
    assert_eq!(client.page("/Things('lot-1')/Locations"), [] as [Value; 0]);
}

/// `req/datamodel/historical-location`; what moves make of it stands beside them.
#[test]
fn a_historical_location() {
    let platform = city();
    let client = Client::public(&platform);
    let found = client.page("/Things('flow-1')/HistoricalLocations");
    let [one] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        members(one),
        [
            "@iot.id",
            "@iot.selfLink",
            "Locations@iot.navigationLink",
            "Thing@iot.navigationLink",
            "time",
        ]
    );
    let time: jiff::Timestamp = one["time"].as_str().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().as_second() - time.as_second();
    // Since it was registered.
    assert!((0..3_600).contains(&age), "{one}");
    let expanded = "/HistoricalLocations?$expand=Thing,Locations&$filter=Thing/id eq 'flow-1'";
    let expanded = &client.page(expanded)[0];
    assert_eq!(expanded["Thing"]["@iot.id"], "flow-1");
    let place = &expanded["Locations"][0]["location"];
    assert_eq!(place["coordinates"], json!(CITY_HALL_CELL));
}

/// `req/datamodel/datastream`.
#[test]
fn a_datastream() {
    let platform = city();
    let client = Client::public(&platform);
    let path = datastream(&platform, "flow-1", "speed");
    let found = client.get(&path);
    let link = format!("{}{path}", client.service());
    assert_eq!(
        found,
        json!({
            "@iot.id": platform.datastream("flow-1", "speed"),
            "@iot.selfLink": link,
            "name": "세종대로 1: Mean speed",
            "description": "평균속도",
            "observationType":
                "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "unitOfMeasurement": {
                "name": found["unitOfMeasurement"]["name"],
                "symbol": "km/h",
                "definition": "http://unitsofmeasure.org/ucum.html#km/h",
            },
            "observedArea": {"type": "Point", "coordinates": CITY_HALL_CELL},
            "phenomenonTime": "2026-05-01T00:00:00Z/2026-05-01T00:09:00Z",
            "properties": found["properties"],
            "Thing@iot.navigationLink": format!("{link}/Thing"),
            "Sensor@iot.navigationLink": format!("{link}/Sensor"),
            "ObservedProperty@iot.navigationLink": format!("{link}/ObservedProperty"),
            "Observations@iot.navigationLink": format!("{link}/Observations"),
        })
    );
    let properties = [
        ("agency", "seoul"),
        ("model", "traffic.flow"),
        ("field", "speed"),
        ("device", "flow-1"),
    ];
    for (name, value) in properties {
        assert_eq!(found["properties"][name], value, "{name}");
    }
    // One instant is an interval too.
    let one = client.get(&datastream(&platform, "lot-1", "available"));
    assert_eq!(
        one["phenomenonTime"],
        "2026-05-01T00:07:00Z/2026-05-01T00:07:00Z"
    );
    assert!(one.get("observedArea").is_none(), "{one}");
    // Nothing was observed, so there is no time of it.
    let none = client.get(&datastream(&platform, "flow-1", "lane"));
    assert!(none.get("phenomenonTime").is_none(), "{none}");
    // A word from a list has no unit.
    let phase = client.get(&datastream(&platform, "signal-1", "phase"));
    assert_eq!(
        phase["observationType"],
        "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation"
    );
    assert_eq!(
        phase["unitOfMeasurement"],
        json!({"name": null, "symbol": null, "definition": null})
    );
}

/// `req/datamodel/sensor`.
#[test]
fn a_sensor() {
    let platform = city();
    let client = Client::public(&platform);
    assert_eq!(client.ids("/Sensors"), THINGS);
    let path = datastream(&platform, "river-1", "level");
    let sensor = client.get(&format!("{path}/Sensor"));
    assert_eq!(
        members(&sensor),
        [
            "@iot.id",
            "@iot.selfLink",
            "Datastreams@iot.navigationLink",
            "description",
            "encodingType",
            "metadata",
            "name",
            "properties",
        ]
    );
    assert_eq!(
        (&sensor["@iot.id"], &sensor["name"]),
        (&json!("river-1"), &json!("Suyeong"))
    );
    // What its metadata leads to is of the type that it tells.
    let metadata = platform.get(sensor["metadata"].as_str().unwrap());
    assert_eq!(
        metadata.header("content-type"),
        sensor["encodingType"].as_str()
    );
    assert_eq!(metadata.expect(200)["id"], "disaster.water-level");
}

/// `req/datamodel/observed-property`.
#[test]
fn an_observed_property() {
    let platform = city();
    let client = Client::public(&platform);
    let path = datastream(&platform, "river-1", "level");
    let property = client.get(&format!("{path}/ObservedProperty"));
    let id = property["@iot.id"].as_str().unwrap().to_owned();
    assert_eq!(
        members(&property),
        [
            "@iot.id",
            "@iot.selfLink",
            "Datastreams@iot.navigationLink",
            "definition",
            "description",
            "name",
            "properties",
        ]
    );
    assert_eq!(property["name"], "Water level above the gauge datum");
    let definition = property["definition"].as_str().unwrap();
    let (document, field) = definition.split_once('#').unwrap();
    assert_eq!(field, "level");
    assert_eq!(
        platform.get(document).expect(200)["id"],
        "disaster.water-level"
    );
    // Two things observe the same property.
    let speed = client.get(&datastream(&platform, "flow-1", "speed"));
    let property = client.get(
        speed["ObservedProperty@iot.navigationLink"]
            .as_str()
            .unwrap(),
    );
    assert_ne!(property["@iot.id"], id);
    let own = property["@iot.selfLink"].as_str().unwrap();
    assert_eq!(
        client.ids(&format!("{own}/Datastreams")),
        ["flow-1", "flow-2"].map(|device| platform.datastream(device, "speed"))
    );
}

/// `req/datamodel/observation`.
#[test]
fn an_observation() {
    let platform = city();
    let client = Client::public(&platform);
    let path = datastream(&platform, "flow-1", "speed");
    let found = client.all(&format!("{path}/Observations"));
    assert_eq!(each(&found, "result"), SPEEDS.each_ref());
    let first = &found[0];
    let id = first["@iot.id"].as_u64().unwrap();
    let link = format!("{}/Observations({id})", client.service());
    let mut expected = json!({
        "@iot.id": id,
        "@iot.selfLink": link,
        "phenomenonTime": "2026-05-01T00:00:00Z",
        "result": 40.0,
        "resultTime": first["resultTime"],
        "Datastream@iot.navigationLink": format!("{link}/Datastream"),
        "FeatureOfInterest@iot.navigationLink": format!("{link}/FeatureOfInterest"),
    });
    for optional in ["resultQuality", "parameters"] {
        expected[optional] = first[optional].clone();
    }
    assert_eq!(*first, expected);
    let received: jiff::Timestamp = first["resultTime"].as_str().unwrap().parse().unwrap();
    assert!(received.as_second() > 1_780_000_000, "{first}");
    assert_eq!(client.get(&format!("/Observations({id})")), *first);
    // A result is of the type that was sent; one that is missing is null.
    let phases = client.page(&format!(
        "{}/Observations",
        datastream(&platform, "signal-1", "phase")
    ));
    assert_eq!(each(&phases, "result"), ["red", "green"]);
    let levels = client.page(&format!(
        "{}/Observations",
        datastream(&platform, "river-1", "level")
    ));
    assert_eq!(
        each(&levels, "result"),
        [&json!(1.25), &json!(-0.5), &Value::Null]
    );
}

/// `req/datamodel/feature-of-interest`: it is never missing.
#[test]
fn a_feature_of_interest() {
    let platform = city();
    let client = Client::public(&platform);
    let feature = |device: &str, field: &str| {
        let path = datastream(&platform, device, field);
        let found = client.page(&format!("{path}/Observations?$expand=FeatureOfInterest"));
        found[0]["FeatureOfInterest"].clone()
    };
    let of_place = feature("flow-1", "speed");
    assert_eq!(
        members(&of_place),
        [
            "@iot.id",
            "@iot.selfLink",
            "Observations@iot.navigationLink",
            "description",
            "encodingType",
            "feature",
            "name",
            "properties",
        ]
    );
    assert_eq!(of_place["encodingType"], "application/geo+json");
    assert_eq!(
        of_place["feature"],
        json!({"type": "Point", "coordinates": CITY_HALL_CELL})
    );
    let river = feature("river-1", "level");
    assert_eq!(
        (&river["name"], &river["description"]),
        (&json!("Suyeong river"), &json!("from the dam to the sea"))
    );
    assert_eq!(
        river["feature"],
        json!({"type": "LineString", "coordinates": [BEACH_CELL, [129.1615, 35.1625]]})
    );
    let nowhere = feature("lot-1", "available");
    assert_eq!(
        client.get(nowhere["@iot.selfLink"].as_str().unwrap()),
        nowhere
    );
    // 1.1 wants its three texts all the same.
    for name in ["name", "description", "encodingType"] {
        assert!(nowhere[name].is_string(), "{name}: {nowhere}");
    }
}
