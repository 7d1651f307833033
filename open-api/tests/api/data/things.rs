//! One thing, which several devices may serve.

use serde_json::{Value, json};

use crate::harness::Platform;

/// `pole`, which a device of another model serves too.
fn platform(visibility: &str) -> Platform {
    let platform = Platform::start();
    let agency = platform.agency();
    let said =
        json!({"visibility": visibility, "location": {"lat": 37.566_412, "lon": 126.977_968}});
    platform.device("pole", &agency, "traffic.flow", &said);
    platform.device("nose", &agency, "safety.air", &json!({"thing": "pole"}));
    platform
}

fn sender(thing: &Value, field: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let datastreams = thing["datastreams"].as_array().unwrap();
    let of_field = datastreams.iter().filter(|one| one["field"] == field);
    of_field
        .map(|one| (text(&one["device"]), text(&one["model"])))
        .collect()
}

#[test]
fn a_thing_tells_which_device_sends_what() {
    let platform = platform("public");
    let thing = platform.get("/v1/things/pole").expect(200);
    assert_eq!(thing["devices"], json!(["pole", "nose"]));
    let pair = |device: &str, model: &str| vec![(device.to_owned(), model.to_owned())];
    assert_eq!(sender(&thing, "speed"), pair("pole", "traffic.flow"));
    assert_eq!(sender(&thing, "pm25"), pair("nose", "safety.air"));
    // All models have it.
    let both = [pair("pole", "traffic.flow"), pair("nose", "safety.air")];
    assert_eq!(sender(&thing, "battery"), both.concat());
    for (device, values) in [("pole", json!({"speed": 40})), ("nose", json!({"pm25": 7}))] {
        let payload = json!({"t": "2026-05-01T00:00:00Z", "v": values});
        platform.publish(device, &payload).expect(200);
    }
    let latest = platform.get("/v1/latest?thing=pole").expect(200);
    let values: Vec<(&Value, &Value)> = latest["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["field"], &item["value"]))
        .collect();
    let expected = [(json!("speed"), json!(40.0)), (json!("pm25"), json!(7.0))];
    assert_eq!(
        values,
        expected.each_ref().map(|(field, value)| (field, value))
    );

    // As it stands in the list; the place by who asks.
    let list = platform.get("/v1/things?thing=pole").expect(200);
    assert_eq!(list["items"], json!([thing]));
    assert_eq!(thing["location"], json!({"lat": 37.5665, "lon": 126.9775}));
    let exact = platform.operator("GET", "/v1/things/pole", None);
    let exact = exact.expect(200);
    assert_eq!(exact["location"]["lat"], 37.566_412);
    assert_eq!(exact["datastreams"], thing["datastreams"]);
}

#[test]
fn a_restricted_thing_is_as_one_that_is_not_there() {
    let platform = platform("restricted");
    let said = |path: &str| {
        let problem = platform.get(path).problem(404, "not-found");
        problem["detail"].as_str().unwrap().replace("none", "pole")
    };
    assert_eq!(said("/v1/things/pole"), said("/v1/things/none"));
    platform
        .operator("GET", "/v1/things/pole", None)
        .expect(200);
}
