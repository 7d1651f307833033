//! What somebody of an agency reads: all that is its own, exactly, and of others
//! what is public, coarsely.

use serde_json::{Value, json};

use super::callers::{Caller, holder, service_token};
use crate::harness::Platform;

const EXACT: f64 = 37.566_412;

/// A public and a restricted device in each of two agencies, which have sent one
/// observation each.
fn furnish(platform: &Platform) {
    for agency in ["seoul", "busan"] {
        let body = json!({"id": agency, "name": agency});
        platform
            .operator("POST", "/v1/agencies", Some(body))
            .expect(201);
        for visibility in ["public", "restricted"] {
            let id = format!("{agency}-{visibility}");
            let more = json!({"visibility": visibility,
                "location": {"lat": EXACT, "lon": 126.977_968}});
            platform.device(&id, agency, "traffic.flow", &more);
            let reading = json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": 1}});
            platform.publish(&id, &reading).expect(200);
        }
    }
}

/// Each thing of a list, and whether its place is exact.
fn things(reply: &Value) -> Vec<(String, bool)> {
    let mut things: Vec<(String, bool)> = reply["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let name = item["thing"].as_str().or(item["id"].as_str()).unwrap();
            (name.to_owned(), item["location"]["lat"] == EXACT)
        })
        .collect();
    things.sort();
    things.dedup();
    things
}

fn expected(things: &[(&str, bool)]) -> Vec<(String, bool)> {
    let owned = |(name, exact): &(&str, bool)| ((*name).to_owned(), *exact);
    things.iter().map(owned).collect()
}

#[test]
fn an_agencys_reader_sees_its_own_exactly_and_of_others_what_is_public() {
    let platform = Platform::start();
    furnish(&platform);
    let seoul = holder(&platform, "viewer", Some("seoul"));
    let own = expected(&[
        ("busan-public", false),
        ("seoul-public", true),
        ("seoul-restricted", true),
    ]);
    for path in ["/v1/latest?field=speed", "/v1/things"] {
        let reply = seoul.send(&platform, "GET", path, None).expect(200);
        assert_eq!(things(&reply), own, "{path}");
    }
    let auditor = holder(&platform, "auditor", None);
    let public = expected(&[("busan-public", false), ("seoul-public", false)]);
    let reply = auditor.send(&platform, "GET", "/v1/latest?field=speed", None);
    assert_eq!(things(&reply.expect(200)), public, "devices, and no data");
    let devices = auditor.send(&platform, "GET", "/v1/devices", None);
    let devices = devices.expect(200);
    assert_eq!(devices["items"].as_array().unwrap().len(), 4);
    assert!(devices["items"][0]["location"]["lat"] != EXACT);
    let device = auditor.send(&platform, "GET", "/v1/devices/seoul-public", None);
    assert!(device.expect(200)["location"]["lat"] != EXACT);
    let device = seoul.send(&platform, "GET", "/v1/devices/seoul-public", None);
    assert_eq!(device.expect(200)["location"]["lat"], EXACT);

    let devices = seoul.send(&platform, "GET", "/v1/devices?limit=1", None);
    let next = devices.expect(200)["next"].as_str().unwrap().to_owned();
    let last = seoul.send(&platform, "GET", &next, None).expect(200);
    assert_eq!(last["items"][0]["id"], "seoul-restricted");
    assert_eq!(last["next"], Value::Null, "no page of what is not seen");
    let agencies = seoul
        .send(&platform, "GET", "/v1/agencies", None)
        .expect(200);
    assert_eq!(agencies["items"].as_array().unwrap().len(), 1);
    // A word that exists for others alone is no word.
    let told = |agency: &str| {
        let path = format!("/v1/devices?agency={agency}");
        let reply = seoul.send(&platform, "GET", &path, None);
        reply.expect(400)["detail"]
            .as_str()
            .unwrap()
            .replace(agency, "x")
    };
    assert_eq!(told("busan"), told("nowhere"));
}

#[test]
fn the_health_of_devices_is_told_to_their_own_agency_alone() {
    let platform = Platform::start();
    furnish(&platform);
    platform.look_at_all_devices();
    let seoul = holder(&platform, "viewer", Some("seoul"));
    let get = |path: &str| seoul.send(&platform, "GET", path, None);
    let list = get("/v1/health/devices?limit=1").expect(200);
    assert_eq!(list["items"][0]["device"], "seoul-public");
    let next = get(list["next"].as_str().unwrap()).expect(200);
    assert_eq!(next["items"][0]["device"], "seoul-restricted");
    assert_eq!(next["next"], Value::Null, "no page of what is not seen");
    let summary = get("/v1/health/summary").expect(200);
    let items = summary["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(
        (&items[0]["agency"], &items[0]["devices"]),
        (&json!("seoul"), &json!(2))
    );
    let told = |agency: &str| {
        let reply = get(&format!("/v1/health/devices?agency={agency}"));
        let problem = reply.expect(400);
        problem["detail"].as_str().unwrap().replace(agency, "x")
    };
    assert_eq!(told("busan"), told("nowhere"));
    // Its devices, and none of their data.
    let auditor = holder(&platform, "auditor", None);
    for path in ["/v1/health/devices", "/v1/health/summary"] {
        auditor.send(&platform, "GET", path, None).expect(403);
        platform.get(path).expect(401);
    }
}

fn stream_of(platform: &Platform, caller: &Caller) -> Vec<(String, bool)> {
    let token = format!("Bearer {}", caller.token.as_ref().unwrap());
    let headers = [("authorization", token.as_str())];
    let mut events = platform.stream("/v1/stream?from_offset=1", &headers);
    let mut seen = Vec::new();
    loop {
        let frame = events.next().data;
        let device = frame["device"].as_str().unwrap().to_owned();
        seen.push((device, frame["location"]["lat"] == EXACT));
        if seen.last().unwrap().0 == "busan-public" {
            return seen;
        }
    }
}

#[test]
fn a_stream_and_an_export_show_the_same() {
    let platform = Platform::start();
    furnish(&platform);
    let seoul = holder(&platform, "viewer", Some("seoul"));
    let busan = holder(&platform, "viewer", Some("busan"));
    let own = [
        ("seoul-public", true),
        ("seoul-restricted", true),
        ("busan-public", false),
    ];
    assert_eq!(stream_of(&platform, &seoul), expected(&own));
    let others = [("seoul-public", false), ("busan-public", true)];
    assert_eq!(stream_of(&platform, &busan), expected(&others));

    let path = "/v1/export/2026-05-01/traffic/seoul.csv";
    let file = |caller: &Caller| {
        let reply = caller.send(&platform, "GET", path, None);
        (
            reply.header("cache-control").unwrap().to_owned(),
            reply.text,
        )
    };
    let (caching, text) = file(&seoul);
    assert!(caching.contains("private"), "{caching}");
    assert!(text.contains("seoul-restricted") && text.contains("37.566412"));
    let (_, text) = file(&busan);
    assert!(text.contains("seoul-public"), "{text}");
    assert!(!text.contains("seoul-restricted") && !text.contains("37.566412"));
}

#[test]
fn a_stream_ends_with_its_service_token() {
    let platform = Platform::start();
    furnish(&platform);
    let roles = json!([{"role": "viewer", "agency": "seoul"}]);
    let body = service_token("Wall", Some("seoul"), &roles);
    let made = platform
        .operator("POST", "/v1/service-tokens", Some(body))
        .expect(201);
    let token = format!("Bearer {}", made["token"].as_str().unwrap());
    let headers = [("authorization", token.as_str())];
    let mut events = platform.stream("/v1/stream", &headers);
    let path = format!("/v1/service-tokens/{}", made["id"].as_str().unwrap());
    platform.operator("DELETE", &path, None).expect(204);
    assert!(events.ended());
}
