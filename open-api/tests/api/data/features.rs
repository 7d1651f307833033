//! Features of interest: what datastreams are about, exactly for their agency and
//! coarsely for everybody else.

use serde_json::{Value, json};

use crate::harness::{Platform, Reply};

const RIVER: &str = "/v1/features/han-river";

/// A public and a restricted device of seoul.
fn platform() -> Platform {
    let platform = Platform::start();
    let body = json!({"id": "seoul", "name": "서울특별시"});
    platform
        .operator("POST", "/v1/agencies", Some(body))
        .expect(201);
    for visibility in ["public", "restricted"] {
        let more = json!({"visibility": visibility});
        platform.device(visibility, "seoul", "traffic.parking", &more);
    }
    platform
}

fn river(more: &Value) -> Value {
    let mut body = json!({"agency": "seoul", "title": {"en": "Han river", "ko": "한강"},
        "kind": "river-section",
        "geometry": {"type": "LineString",
            "coordinates": [[126.977_968, 37.566_412], [126.977_1, 37.566_4], [126.981_2, 37.563_9]]}});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn put(platform: &Platform, path: &str, more: &Value) -> Reply {
    platform.operator("PUT", path, Some(river(more)))
}

fn numbers(platform: &Platform, device: &str) -> Vec<u64> {
    let path = format!("/v1/devices/{device}");
    let device = platform.operator("GET", &path, None).expect(200);
    let datastreams = device["datastreams"].as_array().unwrap().iter();
    datastreams.map(|one| one["id"].as_u64().unwrap()).collect()
}

#[test]
fn its_agency_sees_it_exactly_and_the_public_as_it_sees_places() {
    let platform = platform();
    let (public, hidden) = (
        numbers(&platform, "public"),
        numbers(&platform, "restricted"),
    );
    let both = json!({"things": ["restricted", "public"]});
    let made = put(&platform, RIVER, &both).expect(201);
    let all: Vec<u64> = public.iter().chain(&hidden).copied().collect();
    assert_eq!(made["datastreams"], json!(all));
    assert_eq!(made["things"], json!(["public", "restricted"]));
    assert_eq!(made["geometry"], river(&json!({}))["geometry"]);

    let seen = platform.get(RIVER).expect(200);
    assert_eq!(seen["datastreams"], json!(public));
    assert_eq!(seen["things"], json!(["public"]));
    // The first two lie in one cell.
    let cells = json!([[126.9775, 37.5665], [126.9815, 37.5635]]);
    assert_eq!(seen["geometry"]["coordinates"], cells);
    assert_eq!(seen["bbox"], json!([126.9775, 37.5635, 126.9815, 37.5665]));
    let listed = platform.get("/v1/features").expect(200);
    assert_eq!(listed["items"][0]["bbox"], seen["bbox"]);
    assert!(listed["items"][0].get("geometry").is_none());

    // Its datastreams name it.
    let path = format!("/v1/datastreams/{}", public[0]);
    assert_eq!(
        platform.get(&path).expect(200)["features"],
        json!(["han-river"])
    );

    // What only restricted ones observe is not there for everybody.
    let changed = put(&platform, RIVER, &json!({"datastreams": [hidden[0]]}));
    assert_eq!(changed.expect(200)["datastreams"], json!([hidden[0]]));
    platform.get(RIVER).problem(404, "not-found");
    assert_eq!(platform.get("/v1/features").expect(200)["items"], json!([]));
    assert_eq!(platform.get(&path).expect(200)["features"], json!([]));
    assert_eq!(platform.all("/v1/features").len(), 1);

    platform.operator("DELETE", RIVER, None).expect(204);
    platform
        .operator("DELETE", RIVER, None)
        .problem(404, "not-found");
    assert_eq!(platform.all("/v1/features").len(), 0);
}

/// Kind and id of what a search finds.
fn hits(reply: &Reply) -> Vec<(String, String)> {
    let found = reply.expect(200);
    let items = found["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .map(|item| (text(&item["kind"]), text(&item["id"])))
        .collect()
}

#[test]
fn it_is_found_by_its_words_as_far_as_it_is_seen() {
    let platform = platform();
    let more = json!({"things": ["public"], "description": "잠수교 아래 둔치"});
    put(&platform, RIVER, &more).expect(201);
    let han_river = vec![("feature".to_owned(), "han-river".to_owned())];
    // 한강 and 둔치, in its Korean title and its description.
    for q in [
        "%ED%95%9C%EA%B0%95",
        "%EB%91%94%EC%B9%98",
        "HAN",
        "river-section",
    ] {
        let path = format!("/v1/search?q={q}");
        assert_eq!(hits(&platform.get(&path)), han_river, "{q}");
        let own = platform.operator("GET", &format!("{path}&kind=feature"), None);
        assert_eq!(hits(&own), han_river, "{q}");
        let others = platform.get(&format!("{path}&kind=group,thing"));
        assert!(hits(&others).is_empty(), "{q}");
    }

    // What only restricted ones observe is found by its agency alone.
    let hidden = json!({"things": ["restricted"], "title": {"en": "Lake", "ko": "석촌 호수"}});
    put(&platform, RIVER, &hidden).expect(200);
    let path = "/v1/search?q=lake";
    assert!(hits(&platform.get(path)).is_empty());
    let own = platform.operator("GET", path, None);
    assert_eq!(hits(&own), han_river);
    let former = hits(&platform.get("/v1/search?q=HAN"));
    assert!(former.is_empty(), "{former:?}");

    platform.operator("DELETE", RIVER, None).expect(204);
    assert!(hits(&platform.operator("GET", path, None)).is_empty());
}

#[test]
fn what_is_smaller_than_a_cell_is_a_point_for_the_public() {
    let platform = platform();
    let observed = json!({"things": ["public"]});
    let shapes = [
        (
            "pole",
            json!({"type": "Point", "coordinates": [126.977_968, 37.566_412]}),
        ),
        (
            "wire",
            json!({"type": "LineString",
            "coordinates": [[126.977_1, 37.566_1], [126.977_9, 37.566_9]]}),
        ),
        (
            "lot",
            json!({"type": "Polygon", "coordinates": [[[126.977_1, 37.566_1],
            [126.977_9, 37.566_1], [126.977_9, 37.566_9], [126.977_1, 37.566_1]]]}),
        ),
    ];
    for (id, shape) in &shapes {
        let mut more = observed.clone();
        more["geometry"] = shape.clone();
        let path = format!("/v1/features/{id}");
        assert_eq!(put(&platform, &path, &more).expect(201)["geometry"], *shape);
        let seen = platform.get(&path).expect(200)["geometry"].clone();
        let cell = json!({"type": "Point", "coordinates": [126.9775, 37.5665]});
        assert_eq!(seen, cell, "{id}");
    }
    // An area of several cells is one of their centres.
    let mut more = observed;
    more["geometry"] = json!({"type": "Polygon", "coordinates": [[[126.900_1, 37.500_1],
        [126.910_1, 37.500_1], [126.910_1, 37.510_1], [126.900_1, 37.500_1]]]});
    put(&platform, "/v1/features/zone", &more).expect(201);
    let seen = platform.get("/v1/features/zone").expect(200);
    let ring = json!([[
        [126.9005, 37.5005],
        [126.9105, 37.5005],
        [126.9105, 37.5105],
        [126.9005, 37.5005]
    ]]);
    assert_eq!(seen["geometry"]["coordinates"], ring);
    assert_eq!(platform.all("/v1/features?limit=1").len(), 4);
}

#[test]
fn what_is_no_feature_is_refused_and_another_agencys_stays() {
    let platform = platform();
    let busan = json!({"id": "busan", "name": "부산광역시"});
    platform
        .operator("POST", "/v1/agencies", Some(busan))
        .expect(201);
    let refused = |more: Value, status: u16, code: &str| {
        let reply = put(&platform, RIVER, &more);
        let told = reply.expect(status);
        assert_eq!(told["code"], code, "{told}");
    };
    let line =
        |positions: Value| json!({"geometry": {"type": "LineString", "coordinates": positions}});
    refused(line(json!([[127.0, 37.5]])), 400, "invalid-geometry");
    refused(
        line(json!([[37.5, 127.0], [37.6, 127.0]])),
        400,
        "invalid-geometry",
    );
    let long: Vec<[f64; 2]> = (0..=5_000).map(|at| [127.0, f64::from(at) / 1e3]).collect();
    refused(line(json!(long)), 400, "invalid-geometry");
    let open = json!({"geometry": {"type": "Polygon",
        "coordinates": [[[127.0, 37.5], [127.1, 37.5], [127.1, 37.6], [127.0, 37.6]]]}});
    refused(open, 400, "invalid-geometry");
    refused(json!({"things": ["nobody"]}), 400, "unknown-thing");
    refused(json!({"datastreams": [987_654]}), 400, "unknown-datastream");
    refused(json!({"agency": "nowhere"}), 400, "unknown-agency");
    refused(
        json!({"agency": "busan", "things": ["public"]}),
        400,
        "unknown-thing",
    );
    put(&platform, RIVER, &json!({})).expect(201);
    refused(json!({"agency": "busan"}), 409, "feature-exists");
}
