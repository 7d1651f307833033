//! OGC SensorThings 2.0, by the abstract tests of its draft: `datamodel/core` and
//! `api/read`.

mod options;

use serde_json::{Value, json};

use super::city::{BEACH_CELL, CITY_HALL_CELL, HIDDEN, at, city, datastream};
use super::client::{Client, entities};
use crate::harness::Platform;

fn client(platform: &Platform) -> Client<'_> {
    Client::public(platform).v2_0()
}

/// `conf/datamodel/core/*`: in each list each entity has every mandatory attribute
/// and every navigation link.
#[test]
fn every_entity_has_what_is_mandatory_and_its_links() {
    let platform = city();
    let client = client(&platform);
    let expected: [(&str, &[&str], &[&str]); 8] = [
        (
            "Things",
            &["name"],
            &["Locations", "HistoricalLocations", "Datastreams"],
        ),
        (
            "Locations",
            &["name", "encodingType", "location"],
            &["Things", "HistoricalLocations"],
        ),
        ("HistoricalLocations", &["time"], &["Thing", "Locations"]),
        (
            "Datastreams",
            &["name", "resultType"],
            &[
                "Thing",
                "Sensor",
                "ObservedProperties",
                "Observations",
                "ProximateFeatureOfInterest",
                "UltimateFeaturesOfInterest",
            ],
        ),
        ("Sensors", &["name"], &["Datastreams"]),
        (
            "ObservedProperties",
            &["name", "definition"],
            &["Datastreams"],
        ),
        (
            "Observations",
            &["phenomenonTime", "result"],
            &["Datastream", "ProximateFeatureOfInterest"],
        ),
        (
            "Features",
            &["name", "encodingType", "feature"],
            &[
                "Observations",
                "DatastreamsProximate",
                "DatastreamsUltimate",
                "FeatureTypes",
            ],
        ),
    ];
    for (set, attributes, relations) in expected {
        let found = client.all(&format!("/{set}"));
        assert!(!found.is_empty(), "{set}");
        for entity in &found {
            let own = entity["@id"].as_str().unwrap();
            let id = match &entity["id"] {
                Value::String(id) => format!("'{id}'"),
                id => id.to_string(),
            };
            assert_eq!(own, format!("{}/{set}({id})", client.service()));
            for attribute in attributes {
                assert!(entity.get(attribute).is_some(), "{attribute}: {entity}");
            }
            for relation in relations {
                let link = &entity[format!("{relation}@navigationLink")];
                assert_eq!(*link, format!("{own}/{relation}"), "{entity}");
            }
            let links = entity
                .as_object()
                .unwrap()
                .keys()
                .filter(|name| name.ends_with("@navigationLink"));
            assert_eq!(links.count(), relations.len(), "{entity}");
            assert!(!entity.to_string().contains("@iot"), "{entity}");
        }
    }
}

/// What a value of SWE Common JSON says of a result.
fn fits(result_type: &Value, result: &Value) -> bool {
    if result.is_null() {
        return true;
    }
    match result_type["type"].as_str().unwrap() {
        "Quantity" => result.is_number() && result_type["uom"]["code"].is_string(),
        "Count" => result.is_i64() || result.is_u64(),
        "Boolean" => result.is_boolean(),
        "Text" => result.is_string(),
        "Category" => {
            let words = result_type["constraint"]["values"].as_array().unwrap();
            result.is_string() && words.contains(result)
        }
        other => panic!("{other} is no simple component"),
    }
}

/// `conf/datamodel/core/datastream` and `observation`: the observed properties
/// match `resultType`, and each result fits it.
#[test]
fn results_fit_the_type_of_their_datastream() {
    let platform = city();
    // Beyond what the model names, too.
    let beyond = json!({"t": "2026-05-01T00:00:00Z", "v": {"queue": 12.5, "note": "roadworks", "open": true}});
    platform.publish("flow-2", &beyond).expect(200);
    let client = client(&platform);
    let found = client.all("/Datastreams?$expand=ObservedProperties,Observations");
    for datastream in &found {
        let result_type = &datastream["resultType"];
        let properties = datastream["ObservedProperties"].as_array().unwrap();
        assert_eq!(properties.len(), 1, "{datastream}");
        assert_eq!(result_type["definition"], properties[0]["definition"]);
        assert!(result_type["label"].is_string(), "{result_type}");
        for one in datastream["Observations"].as_array().unwrap() {
            assert!(fits(result_type, &one["result"]), "{result_type}: {one}");
        }
    }
    let result_type = |device: &str, field: &str| {
        client.get(&datastream(&platform, device, field))["resultType"].clone()
    };
    let speed = result_type("flow-1", "speed");
    assert_eq!(
        (&speed["type"], &speed["uom"]["code"]),
        (&json!("Quantity"), &json!("km/h"))
    );
    let phase = result_type("signal-1", "phase");
    assert_eq!(phase["type"], "Category");
    assert!(
        phase["constraint"]["values"]
            .as_array()
            .unwrap()
            .contains(&json!("green-left"))
    );
    assert_eq!(result_type("signal-1", "firmware")["type"], "Text");
}

#[test]
fn names_and_forms_are_those_of_2_0() {
    let platform = city();
    let client = client(&platform);
    let page = client.get("/Things?$count=true&$top=1");
    let metadata = format!("{}/$metadata", client.service());
    assert_eq!(page["@context"], format!("{metadata}#Things"));
    assert_eq!(page["@count"], 5);
    assert!(page["@nextLink"].is_string());
    let thing = client.get("/Things('flow-1')");
    assert_eq!(thing["@context"], format!("{metadata}#Things/$entity"));
    assert_eq!(thing["id"], "flow-1");
    let path = datastream(&platform, "flow-1", "speed");
    let found = client.get(&path);
    let (from, to) = ("2026-05-01T00:00:00Z", "2026-05-01T00:09:00Z");
    assert_eq!(found["phenomenonTime"], json!({"start": from, "end": to}));
    for gone in ["unitOfMeasurement", "observationType"] {
        assert!(found.get(gone).is_none(), "{gone}");
    }
    let one = &client.page(&format!("{path}/Observations"))[0];
    assert_eq!(one["phenomenonTime"]["start"], from);
    assert!(
        one["phenomenonTime"]
            .get("end")
            .is_none_or(|end| end == from),
        "{one}"
    );
    assert!(one["resultTime"].is_string() && one.get("parameters").is_none());
    // An attribute alone, a reference, references.
    let name = client.get("/Things('lot-1')/name");
    assert_eq!(name["value"], "lot");
    assert!(name["@context"].as_str().unwrap().starts_with(&metadata));
    let link = format!("{}/Things('flow-1')", client.service());
    assert_eq!(
        client.get(&format!("{path}/Thing/$ref")),
        json!({"@context": format!("{metadata}#$ref"), "@id": link})
    );
    let links = client.get("/Things/$ref?$top=1");
    assert_eq!(links["@context"], format!("{metadata}#Collection($ref)"));
    assert_eq!(links["value"], json!([{"@id": link}]));
    // The singular that the text also writes.
    let plural = client.get(&format!("{path}/ObservedProperties"));
    assert_eq!(client.get(&format!("{path}/ObservedProperty")), plural);
    assert_eq!(entities(&plural)[0]["name"], "Mean speed");
}

/// Ultimate is what one wants to know about, proximate where it is measured.
#[test]
fn a_datastream_tells_its_features_by_their_roles() {
    let platform = city();
    let client = client(&platform);
    let roles = |device: &str, field: &str| {
        let path = datastream(&platform, device, field);
        let found = client.get(&format!(
            "{path}?$expand=ProximateFeatureOfInterest,UltimateFeaturesOfInterest"
        ));
        (
            found["ProximateFeatureOfInterest"].clone(),
            found["UltimateFeaturesOfInterest"].clone(),
        )
    };
    let (proximate, ultimate) = roles("river-1", "level");
    assert_eq!(ultimate[0]["name"], "Suyeong river");
    assert_eq!(
        ultimate[0]["feature"]["coordinates"],
        json!([BEACH_CELL, [129.1615, 35.1625]])
    );
    assert!(proximate["id"].is_string(), "{proximate}");
    let (proximate, ultimate) = roles("flow-1", "speed");
    assert_eq!(proximate["feature"]["coordinates"], json!(CITY_HALL_CELL));
    assert_eq!(ultimate, json!([]));
    let (proximate, _) = roles("lot-1", "available");
    assert_eq!(proximate, Value::Null);
}

/// `conf/api/read/paths`.
#[test]
fn every_pattern_of_a_path_is_answered() {
    let platform = city();
    let client = client(&platform);
    let number = platform.datastream("flow-1", "speed");
    for path in [
        "/Things".to_owned(),
        "/Things('flow-1')".to_owned(),
        "/Things('flow-1')/name".to_owned(),
        "/Things('flow-1')/properties/model".to_owned(),
        "/Things('flow-1')/Datastreams".to_owned(),
        format!("/Things('flow-1')/Datastreams({number})"),
        format!("/Things('flow-1')/Datastreams({number})/Sensor"),
        format!("/Things('flow-1')/Datastreams({number})/resultType/uom/code"),
        format!("/Datastreams({number})/phenomenonTime/start"),
        "/Things/$ref".to_owned(),
        "/Things('flow-1')/Datastreams/$ref".to_owned(),
    ] {
        let found = client.get(&path);
        assert!(found["@context"].is_string(), "{path}: {found}");
    }
    let code = format!("/Datastreams({number})/resultType/uom/code/$value");
    assert_eq!(client.reply(&code).expect_text(200), "km/h");
    let start = format!("/Datastreams({number})/phenomenonTime/start");
    assert_eq!(client.get(&start)["value"], "2026-05-01T00:00:00Z");
    // A child that is another's.
    let other = platform.datastream("flow-2", "speed");
    client.refused(
        &format!("/Things('flow-1')/Datastreams({other})"),
        404,
        "not-found",
    );
    for gone in [
        "/MultiDatastreams",
        "/FeaturesOfInterest",
        "/Observations(1)/FeatureOfInterest",
    ] {
        client.refused(gone, 404, "not-found");
    }
}

/// `$metadata`: CSDL in JSON, which names what the lists have.
#[test]
fn the_metadata_describes_what_is_served() {
    let platform = city();
    platform
        .publish("flow-1", &at(4, "00", HIDDEN, &1))
        .expect(200);
    let client = client(&platform);
    let document = client.get("/$metadata");
    assert!(document["$Version"].as_str().unwrap().starts_with("4."));
    let container = document["$EntityContainer"].as_str().unwrap();
    let (namespace, name) = container.rsplit_once('.').unwrap();
    let types = &document[namespace];
    assert_eq!(types[name]["$Kind"], "EntityContainer");
    let landing = client.get("");
    for set in landing["value"].as_array().unwrap() {
        let set = set["name"].as_str().unwrap();
        let described = &types[name][set];
        assert_eq!(described["$Collection"], true, "{set}");
        let of = described["$Type"].as_str().unwrap();
        let of = &types[of.strip_prefix(&format!("{namespace}.")).unwrap()];
        assert_eq!(of["$Key"], json!(["id"]), "{set}");
        for entity in client.page(&format!("/{set}?$top=3")) {
            for (member, _) in entity
                .as_object()
                .unwrap()
                .iter()
                .filter(|(member, _)| *member != "@id")
            {
                let member = member.strip_suffix("@navigationLink").unwrap_or(member);
                assert!(of[member].is_object(), "{set} has {member}: {of}");
            }
        }
    }
}
