//! Search over the whole registry: how well a text is answered, and that nobody
//! learns of what they may not read.

use serde_json::{Value, json};

use crate::harness::Platform;

const PLACE: (f64, f64) = (37.566_412, 126.977_968);

/// Of two agencies: an open thing by the Han river, and one that is not open.
fn platform() -> Platform {
    let platform = Platform::start();
    for (id, name) in [("seoul", "서울특별시"), ("busan", "부산광역시")] {
        let body = json!({"id": id, "name": name});
        platform
            .operator("POST", "/v1/agencies", Some(body))
            .expect(201);
    }
    let location = json!({"lat": PLACE.0, "lon": PLACE.1});
    platform.device(
        "bridge-1",
        "seoul",
        "disaster.water-level",
        &json!({"name": "한강대교 수위", "visibility": "public", "location": location,
            "alias": "00:1b:44:11:3a:b7", "address": "서울특별시 용산구 양녕로 495",
            "note": "교각 옆 사다리", "tags": ["하천", "홍수"]}),
    );
    platform.device(
        "rain-1",
        "busan",
        "safety.air",
        &json!({"name": "강우량계", "address": "부산광역시 한강로 1", "tags": ["하천"]}),
    );
    platform
}

/// The path of a search for the text.
fn path(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
    format!("/v1/search?q={}", bytes.collect::<String>())
}

fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap()).collect()
}

#[test]
fn operators_find_by_every_field_and_the_public_by_what_it_may_read() {
    let platform = platform();
    for (q, own, public) in [
        ("한강", vec!["bridge-1", "rain-1"], vec!["bridge-1"]),
        ("강우", vec!["rain-1"], vec![]),
        ("한강대교", vec!["bridge-1"], vec!["bridge-1"]),
        ("BRIDGE", vec!["bridge-1"], vec!["bridge-1"]),
        ("00:1B:44", vec!["bridge-1"], vec![]),
        ("양녕로", vec!["bridge-1"], vec![]),
        ("사다리", vec!["bridge-1"], vec![]),
        ("하천", vec!["bridge-1", "rain-1"], vec![]),
        ("seoul", vec!["seoul"], vec!["seoul"]),
        ("부산광역시", vec!["busan", "rain-1"], vec![]),
    ] {
        let found = platform.operator("GET", &path(q), None).expect(200);
        assert_eq!(ids(&found), own, "{q}");
        let found = platform.get(&path(q)).expect(200);
        assert_eq!(ids(&found), public, "{q}, for the public");
        assert_eq!(found["next"], Value::Null);
    }
    let exact = platform.operator("GET", &path("한강대교"), None);
    assert_eq!(
        exact.expect(200)["items"][0],
        json!({"kind": "thing", "id": "bridge-1", "name": "한강대교 수위", "agency": "seoul",
            "match": "prefix", "location": {"lat": PLACE.0, "lon": PLACE.1},
            "devices": ["bridge-1"], "address": "서울특별시 용산구 양녕로 495",
            "tags": ["하천", "홍수"]})
    );
    let coarse = platform.get(&path("한강대교")).expect(200);
    assert_eq!(
        coarse["items"][0],
        json!({"kind": "thing", "id": "bridge-1", "name": "한강대교 수위", "agency": "seoul",
            "match": "prefix", "location": {"lat": 37.5665, "lon": 126.9775},
            "devices": ["bridge-1"], "address": null, "tags": []})
    );
}

#[test]
fn what_is_said_of_a_thing_is_changed_and_found_anew() {
    let platform = platform();
    let patch = json!({"address": "", "tags": ["옥상"], "name": "노들섬 수위"});
    let device = platform.operator("PATCH", "/v1/devices/bridge-1", Some(patch));
    let device = device.expect(200);
    assert_eq!(device["address"], Value::Null);
    assert_eq!(device["note"], "교각 옆 사다리");
    assert_eq!(device["tags"], json!(["옥상"]));
    for (q, found) in [
        ("한강대교", vec![]),
        ("양녕로", vec![]),
        ("옥상", vec!["bridge-1"]),
        ("노들섬", vec!["bridge-1"]),
    ] {
        let list = platform.operator("GET", &path(q), None);
        assert_eq!(ids(&list.expect(200)), found, "{q}");
    }
    // Who replaces the device finds the thing, its tags and its note.
    let next = json!({"id": "bridge-2", "agency": "seoul", "model": "disaster.water-level",
        "thing": "bridge-1", "name": "수위계 2"});
    let next = platform
        .operator("POST", "/v1/devices", Some(next))
        .expect(201);
    assert_eq!(next["tags"], json!(["옥상"]));
    let list = platform
        .operator("GET", "/v1/search?q=bridge-2", None)
        .expect(200);
    assert_eq!(list["items"][0]["devices"], json!(["bridge-1", "bridge-2"]));
    assert_eq!(list["items"][0]["match"], "exact");
    let wrong = platform.operator(
        "PATCH",
        "/v1/devices/bridge-1",
        Some(json!({"tags": ["two words"]})),
    );
    let problem = wrong.problem(400, "invalid-body");
    assert_eq!(problem["code"], "invalid-description");
}

#[test]
fn a_table_brings_address_note_and_tags() {
    let platform = platform();
    let table = "id,agency,model,address,note,tags\r\n\
                 air-1,seoul,safety.air,\"중구 세종대로 110\",북쪽 벽,\"옥상, 시청\"\r\n";
    let authorization = format!("Bearer {}", platform.token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "text/csv"),
    ];
    let body = Some(table.as_bytes().to_vec());
    platform
        .send("POST", "/v1/devices/import", &headers, body)
        .expect(200);
    let device = platform
        .operator("GET", "/v1/devices/air-1", None)
        .expect(200);
    assert_eq!(device["address"], "중구 세종대로 110");
    assert_eq!(device["note"], "북쪽 벽");
    assert_eq!(device["tags"], json!(["시청", "옥상"]));
}

#[test]
fn kinds_are_chosen_and_pages_go_on() {
    let platform = platform();
    let whole = platform.all("/v1/search?q=1");
    assert_eq!(whole.len(), 2);
    assert_eq!(platform.all("/v1/search?q=1&limit=1"), whole);
    let agencies = format!("{}&kind=agency,boundary", path("부산"));
    let agencies = platform.operator("GET", &agencies, None);
    assert_eq!(ids(&agencies.expect(200)), ["busan"]);
    let long = path(&"강".repeat(65));
    let wrong = ["/v1/search?q=a&kind=device", "/v1/search?kind=thing"];
    for path in [&path(" "), &long]
        .into_iter()
        .map(String::as_str)
        .chain(wrong)
    {
        platform.get(path).problem(400, "invalid-parameter");
    }
    let csv = platform.send(
        "GET",
        "/v1/search?q=bridge",
        &[("accept", "text/csv")],
        None,
    );
    assert_eq!(
        csv.text.lines().nth(1),
        Some("thing,bridge-1,한강대교 수위,seoul,prefix,37.5665,126.9775,bridge-1,,")
    );
}
