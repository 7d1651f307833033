//! `req/resource-path/resource-path-to-entities`: sets, entities, attributes,
//! values, relations and references.

use serde_json::{Value, json};

use super::city::{AWKWARD, BEACH_CELL, CITY_HALL_CELL, SPEEDS, THINGS, city, datastream};
use super::client::{Client, each};

fn value(client: &Client<'_>, path: &str) -> (String, String) {
    let reply = client.reply(path);
    let text = reply.expect_text(200).to_owned();
    let content_type = reply.header("content-type").unwrap();
    (content_type.to_owned(), text)
}

#[test]
fn an_attribute_stands_alone_under_its_name_and_its_value_is_bare_text() {
    let platform = city();
    let client = Client::public(&platform);
    let speed = datastream(&platform, "flow-1", "speed");
    let phase = datastream(&platform, "signal-1", "phase");
    let text = |text: &str| ("text/plain; charset=utf-8".to_owned(), text.to_owned());
    for (path, name, expected) in [
        ("/Things('flow-2')/name".to_owned(), "name", json!(AWKWARD)),
        (
            "/Things('flow-1')/name".to_owned(),
            "name",
            json!("세종대로 1"),
        ),
        (
            format!("{speed}/observationType"),
            "observationType",
            json!("http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"),
        ),
        (
            format!("{speed}/phenomenonTime"),
            "phenomenonTime",
            json!("2026-05-01T00:00:00Z/2026-05-01T00:09:00Z"),
        ),
        (format!("{phase}/Thing/name"), "name", json!("signal")),
    ] {
        assert_eq!(client.get(&path), json!({name: expected}), "{path}");
        let raw = value(&client, &format!("{path}/$value"));
        assert_eq!(raw, text(expected.as_str().unwrap()), "{path}");
    }
    let observations = client.page(&format!("{speed}/Observations?$top=2"));
    let second = observations[1]["@iot.id"].as_u64().unwrap();
    let result = client.get(&format!("/Observations({second})/result"));
    assert_eq!(result, json!({"result": 47.0}));
    let (_, raw) = value(&client, &format!("/Observations({second})/result/$value"));
    assert_eq!(raw.parse::<f64>().unwrap(), 47.0);
}

#[test]
fn a_path_leads_into_a_complex_attribute() {
    let platform = city();
    let client = Client::public(&platform);
    let speed = datastream(&platform, "flow-1", "speed");
    for (path, expected) in [
        (
            "/Things('flow-1')/properties/model".to_owned(),
            json!({"model": "traffic.flow"}),
        ),
        (
            format!("{speed}/unitOfMeasurement/symbol"),
            json!({"symbol": "km/h"}),
        ),
        (
            "/Things('flow-1')/properties/devices".to_owned(),
            json!({"devices": ["flow-1"]}),
        ),
    ] {
        assert_eq!(client.get(&path), expected, "{path}");
    }
    let (_, model) = value(&client, "/Things('flow-1')/properties/model/$value");
    assert_eq!(model, "traffic.flow");
    // A complex value is JSON.
    let (_, unit) = value(&client, &format!("{speed}/unitOfMeasurement/$value"));
    let unit: Value = serde_json::from_str(&unit).unwrap();
    assert_eq!(unit["symbol"], "km/h");
    client.refused("/Things('flow-1')/properties/storey", 404, "not-found");
}

#[test]
fn a_null_attribute_is_no_content_and_an_unknown_one_is_not_found() {
    let platform = city();
    let client = Client::public(&platform);
    let lane = datastream(&platform, "flow-1", "lane");
    let level = datastream(&platform, "river-1", "level");
    let missing = client.page(&format!("{level}/Observations?$filter=result eq null"));
    let missing = &missing[0]["@iot.id"];
    for path in [
        format!("{lane}/phenomenonTime"),
        format!("{lane}/phenomenonTime/$value"),
        format!("/Observations({missing})/result"),
        format!("/Observations({missing})/validTime"),
    ] {
        assert_eq!(client.reply(&path).expect_text(204), "", "{path}");
    }
    for path in [
        "/Things('flow-1')/colour",
        "/Things('flow-1')/name/first",
        "/Things('flow-1')/name/$value/more",
        "/Things/name",
    ] {
        client.refused(path, 404, "not-found");
    }
}

#[test]
fn relations_lead_on_from_entity_to_entity() {
    let platform = city();
    let client = Client::public(&platform);
    let speed = datastream(&platform, "flow-1", "speed");
    let number = platform.datastream("flow-1", "speed");
    let within = format!("/Things('flow-1')/Datastreams({number})");
    assert_eq!(client.get(&within), client.get(&speed));
    let observations = format!("{within}/Observations");
    assert_eq!(
        each(&client.all(&observations), "result"),
        SPEEDS.each_ref()
    );
    let first = client.page(&observations)[0]["@iot.id"].clone();
    let there_and_back =
        format!("{observations}({first})/FeatureOfInterest/Observations({first})/Datastream/Thing");
    assert_eq!(client.get(&there_and_back)["@iot.id"], "flow-1");
    let place = format!("{within}/Thing/Locations");
    let place = &client.page(&place)[0];
    assert_eq!(place["location"]["coordinates"], json!(CITY_HALL_CELL));
    let places = client.page("/Things('river-1')/HistoricalLocations");
    let id = places[0]["@iot.id"].as_str().unwrap();
    let place = &client.page(&format!("/HistoricalLocations('{id}')/Locations"))[0];
    assert_eq!(place["location"]["coordinates"], json!(BEACH_CELL));
    // Another's is not this one's.
    let path = format!("/Things('flow-2')/Datastreams({number})");
    client.refused(&path, 404, "not-found");
    let path = format!(
        "{}/Observations({first})",
        datastream(&platform, "flow-2", "speed")
    );
    client.refused(&path, 404, "not-found");
}

#[test]
fn references_are_the_links_alone() {
    let platform = city();
    let client = Client::public(&platform);
    let link = |id: &str| json!({"@iot.selfLink": format!("{}/Things('{id}')", client.service())});
    assert_eq!(
        client.get("/Things/$ref"),
        json!({"value": THINGS.map(link)})
    );
    let of_one = client.get(&format!(
        "{}/Thing/$ref",
        datastream(&platform, "flow-2", "speed")
    ));
    assert_eq!(of_one, json!({"value": [link("flow-2")]}));
    // With options of the set, and its next page.
    let page = client.get("/Things/$ref?$orderby=id desc&$top=2&$count=true");
    assert_eq!(page["@iot.count"], 5);
    assert_eq!(page["value"], json!([link("signal-1"), link("river-1")]));
    let all = client.all("/Things/$ref?$orderby=id desc&$top=2");
    let mut backwards = THINGS.map(link);
    backwards.reverse();
    assert_eq!(all, backwards);
}

/// A number is not a text, and clients encode what they like.
#[test]
fn a_key_is_of_its_type_however_it_is_encoded() {
    let platform = city();
    let client = Client::public(&platform);
    let number = platform.datastream("flow-1", "speed");
    for path in [
        "/Things('flow-1')",
        "/Things(%27flow-1%27)",
        "/Things%28%27flow-1%27%29",
        "/Things('flow%2D1')",
    ] {
        assert_eq!(client.get(path)["@iot.id"], "flow-1", "{path}");
    }
    for path in [
        format!("/Datastreams('{number}')"),
        "/Things(1)".to_owned(),
        "/Things(flow-1)".to_owned(),
        "/Things(\"flow-1\")".to_owned(),
        "/Things('FLOW-1')".to_owned(),
        "/Things('flow-1' )".to_owned(),
        "/Datastreams(-1)".to_owned(),
        "/Datastreams(99999999999999999999)".to_owned(),
        format!("/Datastreams({number})(1)"),
        "/Things('it''s')".to_owned(),
        "/Things('a/b')".to_owned(),
        "/Things('a')b".to_owned(),
        "/Things('flow-1')/Datastreams/Observations".to_owned(),
        "/things".to_owned(),
        "/Thing('flow-1')".to_owned(),
        "/Things('flow-1')/Datastream".to_owned(),
    ] {
        client.refused(&path, 404, "not-found");
    }
}

#[test]
fn one_entity_takes_select_and_expand_and_no_option_of_sets() {
    let platform = city();
    let client = Client::public(&platform);
    let path = "/Things('flow-1')?$select=name&$expand=Locations($select=location)";
    let place = json!({"type": "Point", "coordinates": CITY_HALL_CELL});
    assert_eq!(
        client.get(path),
        json!({"name": "세종대로 1", "Locations": [{"location": place}]})
    );
    for option in [
        "$filter=name eq 'x'",
        "$top=1",
        "$skip=1",
        "$count=true",
        "$orderby=name",
    ] {
        let error = client.refused(
            &format!("/Things('flow-1')?{option}"),
            400,
            "invalid-parameter",
        );
        assert_eq!(error["target"], option.split('=').next().unwrap());
    }
}
