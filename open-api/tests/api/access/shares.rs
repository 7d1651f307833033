//! What one agency shares with another: who reads it where, how exactly, and until
//! when. Nothing else of the giver shows.

mod edges;

use domain::Timestamp;
use ingest::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::access::rights::{Caller, holder};
use crate::harness::{Events, Platform, Reply};

const EXACT: &str = "37.566412";
/// In the names of all that only the giver has.
const KEPT: &str = "quagga";

/// Agency `seoul` with two restricted devices, which have sent one observation
/// each, in a group of one of them; `busan` and `daegu` with nothing.
fn furnish(platform: &Platform) {
    for agency in ["seoul", "busan", "daegu"] {
        let body = json!({"id": agency, "name": agency});
        let made = platform.operator("POST", "/v1/agencies", Some(body));
        made.expect(201);
    }
    for (id, model) in [("zebra-1", "traffic.flow"), ("quagga-1", "traffic.parking")] {
        let more = json!({"location": {"lat": 37.566_412, "lon": 126.977_968}, "tags": [KEPT]});
        platform.device(id, "seoul", model, &more);
    }
    let reading = json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": 43.5}});
    platform.publish("zebra-1", &reading).expect(200);
    let reading = json!({"t": "2026-05-01T00:00:00Z", "v": {"free": 7}});
    platform.publish("quagga-1", &reading).expect(200);
    let body = json!({"id": "zebras", "agency": "seoul", "name": KEPT, "devices": ["zebra-1"]});
    let made = platform.operator("POST", "/v1/groups", Some(body));
    made.expect(201);
}

/// Shares of `seoul` with `busan`: its id.
fn share(platform: &Platform, what: (&str, &str), position: &str, until: Option<&str>) -> String {
    let mut body = json!({"agency": "seoul", "to": "busan", "position": position, "until": until});
    body[what.0] = what.1.into();
    let made = platform.operator("POST", "/v1/shares", Some(body));
    made.expect(201)["id"].as_str().unwrap().to_owned()
}

fn remove(platform: &Platform, share: &str) {
    let gone = platform.operator("DELETE", &format!("/v1/shares/{share}"), None);
    gone.expect(204);
}

fn get(platform: &Platform, reader: &Caller, path: &str) -> Reply {
    reader.send(platform, "GET", path, None)
}

fn stream(platform: &Platform, reader: &Caller, query: &str) -> Events {
    let token = format!("Bearer {}", reader.token.as_ref().unwrap());
    let headers = [("authorization", token.as_str())];
    platform.stream(&format!("/v1/stream{query}"), &headers)
}

/// Every way to read `zebra-1`, and whether the answer has its place.
fn ways(platform: &Platform) -> Vec<(String, bool)> {
    let number = platform.datastream("zebra-1", "speed");
    let ways = [
        ("/v1/latest".to_owned(), true),
        ("/v1/latest?agency=seoul&model=flow".to_owned(), true),
        (format!("/v1/datastreams/{number}/observations"), true),
        (format!("/v1/datastreams/{number}"), true),
        ("/v1/datastreams".to_owned(), true),
        ("/v1/datastreams/summary".to_owned(), false),
        ("/v1/things".to_owned(), true),
        ("/v1/things/zebra-1".to_owned(), true),
        ("/v1/things/zebra-1/locations".to_owned(), true),
        ("/v1/search?q=zebra".to_owned(), true),
        ("/v1/search?q=seoul&kind=agency".to_owned(), false),
        ("/v1/devices/zebra-1/health".to_owned(), false),
        (format!("/v1/datastreams/{number}/health"), false),
        (
            format!(
                "/v1/aggregate?datastream={number}&bucket=1d&fn=count&from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z"
            ),
            false,
        ),
        ("/v1/export/2026-05-01".to_owned(), false),
        ("/v1/export/2026-05-01/traffic/seoul.csv".to_owned(), true),
    ];
    ways.into_iter().collect()
}

/// Whether `reader` finds anything of `zebra-1` at `path`, and its exact place.
fn found(platform: &Platform, reader: &Caller, path: &str) -> (bool, bool) {
    let reply = get(platform, reader, path);
    assert!(!reply.text.contains(KEPT), "{path}: {}", reply.text);
    if reply.status >= 400 {
        return (false, false);
    }
    let is_empty = reply.text.contains("\"items\":[]")
        || !reply.text.contains('{') && !reply.text.contains("zebra-1");
    (!is_empty, reply.text.contains(EXACT))
}

#[test]
fn the_receiver_reads_what_is_shared_everywhere_and_nobody_else_does() {
    let platform = Platform::start();
    furnish(&platform);
    let receiver = holder(&platform, "viewer", Some("busan"));
    let others = [
        holder(&platform, "viewer", Some("daegu")),
        // Reads no data, in whatever agency.
        holder(&platform, "auditor", Some("busan")),
    ];
    let ways = ways(&platform);
    for what in [("model", "traffic.flow"), ("group", "zebras")] {
        for position in ["coarse", "exact"] {
            let id = share(&platform, what, position, None);
            for (path, has_place) in &ways {
                let expected = (true, *has_place && position == "exact");
                let seen = found(&platform, &receiver, path);
                assert_eq!(seen, expected, "{what:?} {position} {path}");
                for other in &others {
                    let seen = found(&platform, other, path);
                    assert_eq!(seen, (false, false), "{} {path}", other.name);
                }
            }
            let mut events = stream(&platform, &receiver, "?from_offset=1");
            let frame = events.next().data;
            assert_eq!(frame["device"], "zebra-1");
            let exact = frame["location"].to_string().contains(EXACT);
            assert_eq!(exact, position == "exact", "{frame}");
            remove(&platform, &id);
            for (path, _) in &ways {
                let seen = found(&platform, &receiver, path);
                assert_eq!(seen, (false, false), "{path} after the end");
            }
        }
    }
}

#[test]
fn a_share_of_data_shows_nothing_else_of_the_giver() {
    let platform = Platform::start();
    furnish(&platform);
    share(&platform, ("model", "traffic.flow"), "exact", None);
    for role in ["viewer", "operator", "agency-administrator"] {
        let receiver = holder(&platform, role, Some("busan"));
        for path in [
            "/v1/devices",
            "/v1/groups",
            "/v1/claims",
            "/v1/agencies",
            "/v1/audit",
        ] {
            let reply = get(&platform, &receiver, path);
            assert!(
                !reply.text.contains("seoul"),
                "{role} {path}: {}",
                reply.text
            );
        }
        for path in [
            "/v1/devices/zebra-1",
            "/v1/devices/zebra-1/quarantine",
            "/v1/devices/zebra-1/connection",
            "/v1/groups/zebras",
            "/v1/things/quagga-1",
        ] {
            let reply = get(&platform, &receiver, path);
            reply.problem(404, "not-found");
        }
        let by_group = get(&platform, &receiver, "/v1/latest?group=zebras");
        by_group.expect(400);
        let change = json!({"name": "x"});
        let change = receiver.send(&platform, "PATCH", "/v1/devices/zebra-1", Some(&change));
        assert!(matches!(change.status, 403 | 404), "{}", change.text);
    }
}

#[test]
fn removing_a_share_ends_its_streams_and_no_others() {
    let platform = Platform::start();
    furnish(&platform);
    let receiver = holder(&platform, "viewer", Some("busan"));
    let giver = holder(&platform, "viewer", Some("seoul"));
    let id = share(&platform, ("model", "traffic.flow"), "exact", None);
    let mut shared = stream(&platform, &receiver, "");
    let mut own = stream(&platform, &giver, "");
    let reading = |speed: f64| json!({"t": "2026-05-01T00:01:00Z", "v": {"speed": speed}});
    platform.publish("zebra-1", &reading(1.0)).expect(200);
    assert_eq!(shared.next().data["device"], "zebra-1");
    assert_eq!(own.next().data["device"], "zebra-1");
    remove(&platform, &id);
    assert!(shared.ended());
    platform.publish("zebra-1", &reading(2.0)).expect(200);
    assert_eq!(own.next().data["device"], "zebra-1");
}

#[test]
fn a_share_ends_at_its_time_without_anybody() {
    let platform = Platform::start();
    furnish(&platform);
    let receiver = holder(&platform, "viewer", Some("busan"));
    let soon = SystemClock.now().as_micros() + 1_500_000;
    let until = Timestamp::from_micros(soon).to_rfc3339();
    let id = share(&platform, ("group", "zebras"), "exact", Some(&until));
    let mut events = stream(&platform, &receiver, "");
    assert!(events.ended(), "at its time");
    // It had not ended before: the platform and the test read the same clock.
    assert!(SystemClock.now().as_micros() >= soon);
    assert_eq!(found(&platform, &receiver, "/v1/latest"), (false, false));
    let path = format!("/v1/shares/{id}");
    let told = platform.operator("GET", &path, None).expect(200);
    assert_eq!(
        (&told["state"], &told["to"]),
        (&json!("ended"), &json!("busan"))
    );
    // It is given another end, and goes on.
    let longer = json!({"until": null});
    platform.operator("PATCH", &path, Some(longer)).expect(200);
    assert_eq!(found(&platform, &receiver, "/v1/latest"), (true, true));
    let past = json!({"until": until});
    platform.operator("PATCH", &path, Some(past)).expect(400);
}

#[test]
fn who_is_in_a_shared_group_is_followed() {
    let platform = Platform::start();
    furnish(&platform);
    let receiver = holder(&platform, "viewer", Some("busan"));
    let query = json!({"query": {"tag": "striped"}});
    let patched = platform.operator("PATCH", "/v1/groups/zebras", Some(query));
    patched.expect(200);
    share(&platform, ("group", "zebras"), "exact", None);
    let mut events = stream(&platform, &receiver, "");
    let tag = |tags: Value| {
        let body = json!({"tags": tags});
        let patched = platform.operator("PATCH", "/v1/devices/zebra-1", Some(body));
        patched.expect(200);
    };
    let send = |speed: f64| {
        let reading = json!({"t": "2026-05-01T00:02:00Z", "v": {"speed": speed}});
        platform.publish("zebra-1", &reading).expect(200);
    };
    let speed = |events: &mut Events| events.next().data["observations"][0]["value"].as_f64();
    assert_eq!(found(&platform, &receiver, "/v1/latest"), (false, false));
    send(1.0);
    tag(json!(["striped"]));
    assert_eq!(found(&platform, &receiver, "/v1/latest"), (true, true));
    send(2.0);
    tag(json!([]));
    assert_eq!(found(&platform, &receiver, "/v1/latest"), (false, false));
    send(3.0);
    tag(json!(["striped"]));
    send(4.0);
    // The stream may come later than a change of the group, and never shows what
    // was not in it: the last is in it whenever it is looked at.
    while speed(&mut events) != Some(4.0) {}
}

#[test]
fn a_share_is_the_givers_to_make_and_to_end() {
    let platform = Platform::start();
    furnish(&platform);
    let giver = holder(&platform, "agency-administrator", Some("seoul"));
    let receiver = holder(&platform, "agency-administrator", Some("busan"));
    let third = holder(&platform, "agency-administrator", Some("daegu"));
    let operator = holder(&platform, "operator", Some("seoul"));
    let body =
        json!({"agency": "seoul", "to": "busan", "model": "traffic.flow", "position": "coarse"});
    let post =
        |caller: &Caller, body: &Value| caller.send(&platform, "POST", "/v1/shares", Some(body));
    post(&operator, &body).problem(403, "forbidden");
    // Another agency's data is nobody's to share: the agency is not there at all.
    assert_eq!(post(&receiver, &body).expect(400)["code"], "unknown-agency");
    let made = post(&giver, &body).expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        (
            &made["model"],
            &made["group"],
            &made["position"],
            &made["until"],
            &made["state"]
        ),
        (
            &json!("traffic.flow"),
            &Value::Null,
            &json!("coarse"),
            &Value::Null,
            &json!("active")
        )
    );
    assert_eq!(post(&giver, &body).expect(409)["code"], "share-exists");
    for (name, value, code) in [
        ("to", json!("nowhere"), "unknown-agency"),
        ("to", json!("seoul"), "share-with-itself"),
        ("model", json!("traffic.nothing"), "unknown-model"),
        ("until", json!("2020-01-01T00:00:00Z"), "ended"),
    ] {
        let mut wrong = body.clone();
        wrong[name] = value;
        assert_eq!(post(&giver, &wrong).expect(400)["code"], code);
    }
    let wrong =
        json!({"agency": "seoul", "to": "busan", "group": "elsewhere", "position": "exact"});
    assert_eq!(post(&giver, &wrong).expect(400)["code"], "unknown-group");
    for wrong in [
        json!({"agency": "seoul", "to": "busan", "position": "exact"}),
        json!({"agency": "seoul", "to": "busan", "model": "traffic.flow", "group": "zebras", "position": "exact"}),
        json!({"agency": "seoul", "to": "busan", "model": "traffic.flow", "position": "near"}),
    ] {
        post(&giver, &wrong).expect(400);
    }

    let path = format!("/v1/shares/{id}");
    for caller in [&giver, &receiver] {
        let list = caller
            .send(&platform, "GET", "/v1/shares", None)
            .expect(200);
        assert_eq!(list["items"], json!([made]));
        assert_eq!(caller.send(&platform, "GET", &path, None).expect(200), made);
    }
    let list = third.send(&platform, "GET", "/v1/shares", None).expect(200);
    assert_eq!(list["items"], json!([]));
    for method in ["GET", "DELETE"] {
        third
            .send(&platform, method, &path, None)
            .problem(404, "not-found");
    }
    receiver
        .send(&platform, "DELETE", &path, None)
        .problem(403, "forbidden");
    giver.send(&platform, "DELETE", &path, None).expect(204);
    giver
        .send(&platform, "GET", &path, None)
        .problem(404, "not-found");
}
