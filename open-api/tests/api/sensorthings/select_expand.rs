//! `req/request-data/select`, `expand`: what of an entity comes, and what comes
//! with it.

use serde_json::{Value, json};

use super::city::{NAMSAN_CELL, SPEEDS, THINGS, at, city, datastream};
use super::client::{Client, each};

#[test]
fn select_leaves_what_is_named_and_nothing_else() {
    let platform = city();
    let client = Client::public(&platform);
    let service = client.service();
    for (select, expected) in [
        ("name", json!({"name": "lot"})),
        ("id", json!({"@iot.id": "lot-1"})),
        ("@iot.id,name", json!({"@iot.id": "lot-1", "name": "lot"})),
        (
            "properties/model",
            json!({"properties": {"model": "traffic.parking"}}),
        ),
        (
            "properties/model, properties/agency",
            json!({"properties": {"model": "traffic.parking", "agency": "seoul"}}),
        ),
        (
            "Datastreams",
            json!({"Datastreams@iot.navigationLink": format!("{service}/Things('lot-1')/Datastreams")}),
        ),
        ("name,name", json!({"name": "lot"})),
    ] {
        let set = client.page(&format!("/Things?$filter=id eq 'lot-1'&$select={select}"));
        assert_eq!(json!(set), json!([expected]), "{select}");
        let one = client.get(&format!("/Things('lot-1')?$select={select}"));
        assert_eq!(one, expected, "{select}");
    }
    let error = client.refused("/Things?$select=name,colour", 400, "invalid-parameter");
    assert_eq!(error["target"], "$select");
}

#[test]
fn expand_brings_one_and_many_nested_as_deep_as_asked() {
    let platform = city();
    let client = Client::public(&platform);
    let number = platform.datastream("flow-2", "speed");
    let path = format!(
        "/Things('flow-2')?$select=id&$expand=Locations($select=location),\
         Datastreams($select=id;$filter=id eq {number};$expand=ObservedProperty($select=name),\
         Observations($select=result;$orderby=phenomenonTime desc;$expand=FeatureOfInterest($select=feature)))"
    );
    let place = json!({"type": "Point", "coordinates": NAMSAN_CELL});
    let observation =
        |result: f64| json!({"result": result, "FeatureOfInterest": {"feature": place}});
    assert_eq!(
        client.get(&path),
        json!({
            "@iot.id": "flow-2",
            "Locations": [{"location": place}],
            "Datastreams": [{
                "@iot.id": number,
                "ObservedProperty": {"name": "Mean speed"},
                "Observations": [observation(31.0), observation(30.0)],
            }],
        })
    );
}

/// 1.1 has paths too, which share what they have in common.
#[test]
fn an_expand_by_path_is_a_nested_one() {
    let platform = city();
    let client = Client::public(&platform);
    let by_path = "/Things?$expand=Datastreams/Sensor,Datastreams/ObservedProperty";
    let nested = "/Things?$expand=Datastreams($expand=Sensor,ObservedProperty)";
    let found = client.page(by_path);
    assert_eq!(found, client.page(nested));
    let first = &found[0]["Datastreams"][0];
    assert_eq!(first["Sensor"]["@iot.id"], "flow-1");
    assert!(first["ObservedProperty"]["name"].is_string());
    assert!(first.get("Sensor@iot.navigationLink").is_none());
    assert!(first["Thing@iot.navigationLink"].is_string());
}

#[test]
fn an_expanded_set_is_filtered_ordered_counted_and_cut_by_its_own_options() {
    let platform = city();
    let client = Client::public(&platform);
    let path = datastream(&platform, "flow-1", "speed");
    let expanded = |options: &str| client.get(&format!("{path}?$expand=Observations({options})"));
    let results = |found: &Value| -> Vec<f64> {
        let observations = found["Observations"].as_array().unwrap().iter();
        observations
            .map(|one| one["result"].as_f64().unwrap())
            .collect()
    };
    let found = expanded("$filter=result gt 45;$orderby=result desc;$skip=1;$top=2;$count=true");
    assert_eq!(results(&found), [53.0, 50.0]);
    assert_eq!(found["Observations@iot.count"], 6);
    // Its next link goes on with the same options, after what was skipped.
    let next = found["Observations@iot.nextLink"].as_str().unwrap();
    let page = client.get(next);
    assert_eq!(
        each(page["value"].as_array().unwrap(), "result"),
        [49.0, 47.0]
    );
    assert_eq!(page["@iot.count"], 6);
    assert_eq!(each(&client.all(next), "result"), [49.0, 47.0, 46.0]);
    // With `$top=0` there is only the count, and no page that would follow.
    let none = expanded("$top=0;$count=true");
    assert_eq!(
        (&none["Observations"], &none["Observations@iot.count"]),
        (&json!([]), &json!(10))
    );
    assert!(none.get("Observations@iot.nextLink").is_none(), "{none}");
    let whole = expanded("$top=10");
    assert!(whole.get("Observations@iot.nextLink").is_none(), "{whole}");
    assert_eq!(results(&whole), SPEEDS);
}

/// What most clients begin with: the latest of each datastream of each thing.
#[test]
fn the_latest_observation_of_each_datastream_comes_in_one_answer() {
    let platform = city();
    let client = Client::public(&platform);
    let path = "/Datastreams?$expand=Observations($top=1;$orderby=phenomenonTime desc)&\
        $filter=phenomenonTime ne null";
    let latest = |field: &str, device: &str| -> Value {
        let number = platform.datastream(device, field);
        let found = client.all(path);
        let found = found.iter().find(|one| one["@iot.id"] == number).unwrap();
        let observations = found["Observations"].as_array().unwrap();
        assert_eq!(observations.len(), 1, "{found}");
        observations[0]["result"].clone()
    };
    assert_eq!(latest("speed", "flow-1"), 49.0);
    assert_eq!(latest("speed", "flow-2"), 31.0);
    assert_eq!(latest("phase", "signal-1"), "green");
    // The newest of the river has no value, and is the newest all the same.
    assert_eq!(latest("level", "river-1"), Value::Null);
    platform
        .publish("flow-1", &at(2, "00", "speed", &1.0))
        .expect(200);
    assert_eq!(
        latest("speed", "flow-1"),
        49.0,
        "a late correction is not the latest"
    );
    platform
        .publish("flow-1", &at(9, "00", "speed", &2.0))
        .expect(200);
    assert_eq!(
        latest("speed", "flow-1"),
        2.0,
        "a correction of the latest is"
    );
}

/// The next link of a nested set, two levels down, leads on within its parent.
#[test]
fn nested_sets_page_on_their_own() {
    let platform = city();
    let client = Client::public(&platform);
    let path = "/Things?$select=id&$orderby=id&$top=2&$expand=Datastreams($select=id;$top=2;\
        $expand=Observations($select=result;$top=3))";
    let mut results = 0;
    for thing in client.all(path) {
        let id = thing["@iot.id"].as_str().unwrap();
        let mut datastreams = thing["Datastreams"].as_array().unwrap().clone();
        if let Some(next) = thing["Datastreams@iot.nextLink"].as_str() {
            assert_eq!(datastreams.len(), 2);
            datastreams.extend(client.all(next));
        }
        let expected = client.ids(&format!("/Things('{id}')/Datastreams"));
        assert_eq!(client.ids_of(&datastreams), expected, "{id}");
        for datastream in &datastreams {
            assert_eq!(datastream["Datastreams@iot.nextLink"], Value::Null);
            let number = &datastream["@iot.id"];
            let mut observations = datastream["Observations"].as_array().unwrap().clone();
            if let Some(next) = datastream["Observations@iot.nextLink"].as_str() {
                observations.extend(client.all(next));
            }
            let whole = format!("/Datastreams({number})/Observations?$select=result");
            assert_eq!(observations, client.all(&whole), "{whole}");
            results += observations.len();
        }
    }
    assert_eq!(results as u64, client.count("/Observations"));
    assert_eq!(client.ids("/Things?$orderby=id&$top=2"), THINGS);
}

#[test]
fn an_expand_that_makes_no_sense_is_refused() {
    let platform = city();
    let client = Client::public(&platform);
    for (expand, target) in [
        ("Colours", "$expand"),
        ("name", "$expand"),
        ("Datastreams($top=x)", "$top"),
        ("Datastreams($filter=colour eq 1)", "$filter"),
        ("Datastreams($expand=Colours)", "$expand"),
        ("Datastreams($top=1", "$expand"),
        ("Datastreams,Datastreams($top=1)", "$expand"),
        ("Datastreams($top=1&$skip=1)", "$expand"),
    ] {
        let error = client.refused(
            &format!("/Things?$expand={expand}"),
            400,
            "invalid-parameter",
        );
        let said = error["target"].as_str().unwrap();
        assert!(said == target || said == "Datastreams", "{expand}: {error}");
    }
    // Too much at once names its limit.
    let deep = "Datastreams($expand=Thing($expand=".repeat(6);
    let error = client.refused(&format!("/Things?$expand={deep}"), 400, "invalid-parameter");
    assert!(error["message"].as_str().unwrap().contains('8'), "{error}");
}
