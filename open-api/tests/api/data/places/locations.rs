//! Where a thing stood, for who may know it exactly and for everybody else; and
//! that whatever tells a place of an observation tells the one of its time.

use serde_json::{Value, json};

use crate::harness::Platform;

/// Two places in one cell, and one in another.
const FIRST: (f64, f64) = (37.566_412, 126.977_968);
const NEARBY: (f64, f64) = (37.566_9, 126.977_1);
const FAR: (f64, f64) = (35.179_6, 129.075_6);
const FIRST_CELL: (f64, f64) = (37.5665, 126.9775);
const FAR_CELL: (f64, f64) = (35.1795, 129.0755);

const NEARBY_SINCE: &str = "2026-05-01T00:00:00Z";
const FAR_SINCE: &str = "2026-05-02T00:00:00Z";
const LOST_SINCE: &str = "2026-05-03T00:00:00Z";

const PATH: &str = "/v1/things/dev-1/locations";

fn relocate(platform: &Platform, to: Option<(f64, f64)>, since: &str) {
    let to = to.map(|(lat, lon)| json!({"lat": lat, "lon": lon}));
    let patch = json!({"location": to, "since": since});
    platform
        .operator("PATCH", "/v1/devices/dev-1", Some(patch))
        .expect(200);
}

/// Registered at `FIRST`; the later moves are told in disorder.
fn platform() -> Platform {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    relocate(&platform, None, LOST_SINCE);
    relocate(&platform, Some(NEARBY), NEARBY_SINCE);
    relocate(&platform, Some(FAR), FAR_SINCE);
    platform
}

fn stay(since: Option<&str>, until: Option<&str>, place: Option<(f64, f64)>) -> Value {
    let location = place.map(|(lat, lon)| json!({"lat": lat, "lon": lon}));
    json!({"since": since, "until": until, "location": location})
}

#[test]
fn who_may_sees_every_move_and_the_public_those_between_cells() {
    let platform = platform();
    let exact = platform.operator("GET", PATH, None).expect(200);
    assert_eq!(
        exact,
        json!({"next": null, "items": [
            stay(None, Some(NEARBY_SINCE), Some(FIRST)),
            stay(Some(NEARBY_SINCE), Some(FAR_SINCE), Some(NEARBY)),
            stay(Some(FAR_SINCE), Some(LOST_SINCE), Some(FAR)),
            stay(Some(LOST_SINCE), None, None),
        ]})
    );
    let public = platform.get(PATH).expect(200);
    assert_eq!(
        public,
        json!({"next": null, "items": [
            stay(None, Some(FAR_SINCE), Some(FIRST_CELL)),
            stay(Some(FAR_SINCE), Some(LOST_SINCE), Some(FAR_CELL)),
            stay(Some(LOST_SINCE), None, None),
        ]})
    );
    // Nor is the time of a move within the cell found by asking around it.
    let beside = format!("{PATH}?from={NEARBY_SINCE}&to=2026-05-01T00:00:01Z");
    let public = platform.get(&beside).expect(200);
    assert_eq!(public["items"].as_array().unwrap().len(), 1);
    assert_eq!(public["items"][0]["since"], Value::Null);
    let csv = platform.send("GET", PATH, &[("accept", "text/csv")], None);
    assert_eq!(
        csv.text,
        format!(
            "since,until,location.lat,location.lon\r\n,{FAR_SINCE},37.5665,126.9775\r\n\
             {FAR_SINCE},{LOST_SINCE},35.1795,129.0755\r\n{LOST_SINCE},,,\r\n"
        )
    );
}

#[test]
fn stays_are_asked_for_by_time_and_come_in_pages() {
    let platform = platform();
    let whole = platform.all(PATH);
    assert_eq!(platform.all(&format!("{PATH}?limit=1")), whole);
    for (query, expected) in [
        (format!("to={NEARBY_SINCE}"), 0..1),
        (format!("from={NEARBY_SINCE}&to={FAR_SINCE}"), 1..2),
        (format!("from={FAR_SINCE}"), 2..4),
    ] {
        let found = platform.all(&format!("{PATH}?{query}"));
        assert_eq!(found, whole[expected], "{query}");
    }
    let wrong = platform.get(&format!("{PATH}?cursor=x"));
    wrong.problem(400, "invalid-parameter");
}

#[test]
fn what_is_restricted_has_no_history_for_the_public() {
    let platform = platform();
    let restrict = json!({"visibility": "restricted"});
    platform
        .operator("PATCH", "/v1/devices/dev-1", Some(restrict))
        .expect(200);
    let hidden = platform.get(PATH).problem(404, "not-found");
    let absent = platform.get("/v1/things/dev-2/locations");
    let absent = absent.problem(404, "not-found");
    let said = |problem: &Value| {
        problem["detail"]
            .as_str()
            .unwrap()
            .replace("dev-2", "dev-1")
    };
    assert_eq!(said(&hidden), said(&absent));
    platform.operator("GET", PATH, None).expect(200);
}

#[test]
fn a_move_has_a_place_and_lies_in_the_past() {
    let platform = platform();
    for patch in [
        json!({"since": NEARBY_SINCE}),
        json!({"since": "2999-01-01T00:00:00Z", "location": null}),
    ] {
        let refused = platform.operator("PATCH", "/v1/devices/dev-1", Some(patch));
        let problem = refused.problem(400, "invalid-body");
        assert_eq!(problem["code"], "invalid-since");
    }
}

#[test]
fn an_observation_lies_where_its_thing_stood_at_its_time_however_late_that_is_told() {
    let platform = Platform::start();
    let agency = platform.public_device("dev-1", "traffic.flow")["agency"].clone();
    let observed = ["2026-05-01T23:59:59Z", FAR_SINCE, "2026-05-02T10:00:00Z"];
    for (speed, time) in observed.iter().enumerate() {
        let payload = json!({"t": time, "v": {"speed": speed}});
        platform.publish("dev-1", &payload).expect(200);
    }
    let before = platform.get("/v1/latest?device=dev-1").expect(200);
    assert_eq!(before["items"][0]["location"]["lat"], FIRST_CELL.0);
    // Its export is made, and has to be made anew.
    let day = |date: &str| {
        let agency = agency.as_str().unwrap();
        format!("/v1/export/{date}/traffic/{agency}.csv")
    };
    let first_cell = format!("{},{}", FIRST_CELL.0, FIRST_CELL.1);
    let far_cell = format!("{},{}", FAR_CELL.0, FAR_CELL.1);
    let text = |date| platform.get(&day(date)).expect_text(200).to_owned();
    assert_eq!(text("2026-05-02").matches(&first_cell).count(), 2);

    relocate(&platform, Some(FAR), FAR_SINCE);
    let latest = platform.get("/v1/latest?device=dev-1").expect(200);
    assert_eq!(latest["items"][0]["location"]["lat"], FAR_CELL.0);
    let exact = platform.operator("GET", "/v1/latest?device=dev-1", None);
    assert_eq!(exact.expect(200)["items"][0]["location"]["lat"], FAR.0);
    // What comes late, of a time before the move, lies where the thing stood then.
    let late = json!({"t": "2026-05-01T12:00:00Z", "v": {"speed": 3}});
    platform.publish("dev-1", &late).expect(200);
    let speed = platform.datastream("dev-1", "speed");
    let path = format!("/v1/datastreams/{speed}/observations");
    let lats = |list: Value| -> Vec<Value> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["location"]["lat"].clone()).collect()
    };
    let [first, far] = [FIRST_CELL.0, FAR_CELL.0];
    assert_eq!(
        lats(platform.get(&path).expect(200)),
        [first, first, far, far]
    );
    let exact = platform.operator("GET", &path, None).expect(200);
    assert_eq!(lats(exact), [FIRST.0, FIRST.0, FAR.0, FAR.0]);
    let mut stream = platform.stream("/v1/stream?from_offset=1", &[]);
    let streamed = [0; 4].map(|_| stream.next().data["location"]["lat"].clone());
    assert_eq!(streamed, [first, far, far, first].map(Value::from));
    assert_eq!(text("2026-05-01").matches(&first_cell).count(), 2);
    assert_eq!(text("2026-05-02").matches(&far_cell).count(), 2);
}
