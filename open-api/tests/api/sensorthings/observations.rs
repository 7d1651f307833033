//! Observations as they come: late ones, corrections, those of bad quality, and
//! what is told of them at once.

use serde_json::{Value, json};

use super::city::{SPEEDS, at, city, datastream};
use super::client::{Client, each};

#[test]
fn what_was_acknowledged_is_read_at_once() {
    let platform = city();
    let client = Client::public(&platform);
    let path = datastream(&platform, "flow-2", "speed");
    for minute in 10..30 {
        let sent = at(minute, "00", "speed", &minute);
        platform.publish("flow-2", &sent).expect(200);
        let latest = client.page(&format!(
            "{path}/Observations?$orderby=phenomenonTime desc&$top=1"
        ));
        assert_eq!(latest[0]["result"], minute as f64);
        let time = client.get(&path)["phenomenonTime"].clone();
        assert_eq!(
            time,
            format!("2026-05-01T00:00:30Z/2026-05-01T00:{minute}:00Z")
        );
        assert_eq!(
            client.count(&format!("{path}/Observations")),
            minute as u64 - 7
        );
    }
}

#[test]
fn one_that_comes_late_has_its_place_by_its_own_time() {
    let platform = city();
    let client = Client::public(&platform);
    let path = datastream(&platform, "flow-1", "speed");
    let late = json!({"t": "2026-04-30T23:59:00Z", "v": {"speed": 12.5}});
    platform.publish("flow-1", &late).expect(200);
    let found = client.all(&format!("{path}/Observations"));
    let mut expected = vec![12.5];
    expected.extend(SPEEDS);
    assert_eq!(each(&found, "result"), expected.iter().collect::<Vec<_>>());
    let time = client.get(&path)["phenomenonTime"].clone();
    assert_eq!(time, "2026-04-30T23:59:00Z/2026-05-01T00:09:00Z");
    let newest = client.page(&format!(
        "{path}/Observations?$orderby=resultTime desc&$top=1"
    ));
    assert_eq!(newest[0]["result"], 12.5);
}

/// A correction takes the place of what it corrects, in every answer.
#[test]
fn the_newest_revision_alone_is_there() {
    let platform = city();
    let client = Client::public(&platform);
    let path = datastream(&platform, "flow-1", "speed");
    let set = format!("{path}/Observations");
    let former = client.page(&format!("{set}?$filter=result eq 43"))[0]["@iot.id"].clone();
    platform
        .publish("flow-1", &at(3, "00", "speed", &143.5))
        .expect(200);
    let mut expected = SPEEDS;
    expected[3] = 143.5;
    assert_eq!(each(&client.all(&set), "result"), expected.each_ref());
    assert_eq!(client.count(&set), 10);
    assert_eq!(client.count("/Observations"), 20);
    assert_eq!(client.passing(&set, "result eq 43"), 0);
    assert_eq!(client.passing("/Observations", "result gt 100"), 1);
    assert_eq!(
        client.passing("/Observations", &format!("id eq {former}")),
        0
    );
    let found = client.all(&format!("{set}?$orderby=result desc&$top=1"));
    assert_eq!(found[0]["result"], 143.5);
    assert_eq!(found.len(), 10);
    // What it took the place of is gone; it is there under an id of its own.
    client.refused(&format!("/Observations({former})"), 404, "not-found");
    client.refused(&format!("{set}({former})"), 404, "not-found");
    let own = &found[0]["@iot.id"];
    assert_eq!(client.get(&format!("{set}({own})"))["result"], 143.5);
    let place = found[0]["FeatureOfInterest@iot.navigationLink"]
        .as_str()
        .unwrap();
    let about = format!(
        "{}/Observations",
        client.get(place)["@iot.selfLink"].as_str().unwrap()
    );
    let about = client.ids(&about);
    assert!(about.contains(own) && !about.contains(&former));
}

/// Whatever its quality, it was observed; the quality stands beside it.
#[test]
fn doubtful_ones_say_so() {
    let platform = city();
    let client = Client::public(&platform);
    let set = format!("{}/Observations", datastream(&platform, "flow-2", "speed"));
    let bad = json!({"t": "2026-05-01T00:02:30Z", "v": {"speed": 32}, "q": "bad"});
    let beyond = json!({"t": "2026-05-01T00:03:30Z", "v": {"speed": 900}});
    for payload in [bad, beyond] {
        platform.publish("flow-2", &payload).expect(200);
    }
    let found = client.page(&set);
    assert_eq!(each(&found, "result"), [30.0, 31.0, 32.0, 900.0]);
    assert_eq!(
        each(&found, "resultQuality"),
        ["good", "good", "bad", "uncertain"]
    );
    assert_eq!(client.passing(&set, "parameters/quality eq 'good'"), 2);
    assert_eq!(client.passing(&set, "resultQuality eq 'bad'"), 1);
    let v2_0 = client.v2_0();
    assert_eq!(v2_0.passing(&set, "properties/quality eq 'bad'"), 1);
    let found = v2_0.page(&set);
    assert_eq!(found[2]["properties"]["quality"], "bad");
    assert!(found[2].get("resultQuality").is_none());
}

/// A message of several fields makes as many observations, each with an id that
/// finds it.
#[test]
fn each_observation_of_a_message_has_an_id_of_its_own() {
    let platform = city();
    let client = Client::public(&platform);
    let fields = ["speed", "volume", "occupancy", "lane"];
    let payload = json!([
        {"t": "2026-05-02T00:00:00Z", "v": {"speed": 1, "volume": 2, "occupancy": 3, "lane": 4}},
        {"t": "2026-05-02T00:01:00Z", "v": {"speed": 5, "volume": 6, "occupancy": 7, "lane": 8}},
    ]);
    platform.publish("flow-2", &payload).expect(200);
    let found =
        client.all("/Observations?$filter=phenomenonTime ge 2026-05-02&$expand=Datastream&$top=3");
    assert_eq!(found.len(), 8);
    for one in &found {
        let alone = client.get(&format!(
            "/Observations({})?$expand=Datastream",
            one["@iot.id"]
        ));
        assert_eq!(alone, *one);
    }
    for (place, field) in fields.iter().enumerate() {
        let number = platform.datastream("flow-2", field);
        let of_field = found
            .iter()
            .filter(|one| one["Datastream"]["@iot.id"] == number);
        let results: Vec<&Value> = of_field.map(|one| &one["result"]).collect();
        assert_eq!(results, [place as f64 + 1.0, place as f64 + 5.0].each_ref());
    }
    let most = client
        .ids("/Observations")
        .into_iter()
        .map(|id| id.as_u64().unwrap())
        .max()
        .unwrap();
    for none in [most + 1, most + 1_024, u64::MAX] {
        client.refused(&format!("/Observations({none})"), 404, "not-found");
    }
}

/// By the same filters whether an index narrows them or each one is looked at.
#[test]
fn all_of_many_datastreams_by_time_and_datastream() {
    let platform = city();
    let client = Client::public(&platform);
    let (one, other) = (
        platform.datastream("flow-1", "speed"),
        platform.datastream("flow-2", "speed"),
    );
    for (filter, expected) in [
        (format!("Datastream/id eq {one}"), 10),
        (
            format!("Datastream/id eq {one} or Datastream/id eq {other}"),
            12,
        ),
        (format!("Datastream/id in ({one},{other})"), 12),
        (
            format!("Datastream/id eq {one} and Datastream/id eq {other}"),
            0,
        ),
        (format!("Datastream/id eq '{one}'"), 0),
        (
            format!("Datastream/id in ({one},{other}) and phenomenonTime lt 2026-05-01T00:01:00Z"),
            2,
        ),
        (
            format!(
                "Datastream/id eq {one} and result gt 50 and phenomenonTime gt 2026-05-01T00:02:00Z"
            ),
            1,
        ),
        (format!("Datastream/@iot.id eq {other}"), 2),
        ("Datastream/id eq 4294967296".to_owned(), 0),
        ("Datastream/id eq -1".to_owned(), 0),
        ("phenomenonTime eq 2026-05-01T00:01:00Z".to_owned(), 3),
    ] {
        for order in [
            "",
            "&$orderby=phenomenonTime",
            "&$orderby=phenomenonTime desc",
            "&$orderby=result",
        ] {
            let path = format!("/Observations?$filter={filter}{order}&$top=2");
            assert_eq!(client.all(&path).len(), expected, "{path}");
        }
        assert_eq!(
            client.passing("/Observations", &filter),
            expected,
            "{filter}"
        );
    }
}
