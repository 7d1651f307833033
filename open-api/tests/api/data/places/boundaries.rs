//! Boundaries by name: drawn by operators, asked for by everybody.

use serde_json::{Value, json};

use crate::harness::Platform;

/// A rectangle as GeoJSON draws it, with further rings as holes.
fn area(rings: &[[f64; 4]]) -> Value {
    let ring = |[west, south, east, north]: &[f64; 4]| {
        json!([
            [west, south],
            [east, south],
            [east, north],
            [west, north],
            [west, south]
        ])
    };
    let rings: Vec<Value> = rings.iter().map(ring).collect();
    json!({"type": "Polygon", "coordinates": rings})
}

fn body(geometry: &Value) -> Value {
    json!({"title": {"en": "The old town", "ko": "구도심"}, "geometry": geometry})
}

fn draw(platform: &Platform, name: &str, geometry: &Value) {
    let path = format!("/v1/boundaries/{name}");
    let reply = platform.operator("PUT", &path, Some(body(geometry)));
    assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
}

/// A public device at a place, whose newest speed is `speed`.
fn device_at(platform: &Platform, id: &str, (lat, lon): (f64, f64), speed: f64) {
    let agency = platform.agency();
    let more = json!({"visibility": "public", "location": {"lat": lat, "lon": lon}});
    platform.device(id, &agency, "traffic.flow", &more);
    let payload = json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": speed}});
    platform.publish(id, &payload).expect(200);
}

/// The things that a list names, in its order.
fn things(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["thing"].as_str().or(item["id"].as_str()).unwrap())
        .collect()
}

#[test]
fn a_boundary_is_drawn_shown_drawn_anew_and_taken_away() {
    let platform = Platform::start();
    let path = "/v1/boundaries/old-town";
    let first = area(&[[126.95, 37.55, 127.0, 37.6]]);
    let made = platform
        .operator("PUT", path, Some(body(&first)))
        .expect(201);
    assert_eq!(made["bbox"], json!([126.95, 37.55, 127.0, 37.6]));
    assert_eq!(
        (&made["name"], &made["vertices"]),
        (&json!("old-town"), &json!(4))
    );
    let shown = platform.get(path).expect(200);
    assert_eq!(shown["geometry"], first);
    assert_eq!(
        shown["title"],
        json!({"en": "The old town", "ko": "구도심"})
    );
    let list = platform.get("/v1/boundaries").expect(200);
    assert_eq!(list["items"][0]["name"], "old-town");
    assert!(list["items"][0]["geometry"].is_null(), "{list}");

    let second = area(&[[126.0, 37.0, 127.0, 38.0]]);
    platform
        .operator("PUT", path, Some(body(&second)))
        .expect(200);
    assert_eq!(platform.get(path).expect(200)["geometry"], second);

    platform
        .send(
            "PUT",
            path,
            &[("content-type", "application/json")],
            Some(body(&first).to_string().into_bytes()),
        )
        .problem(401, "unauthenticated");
    platform
        .send("DELETE", path, &[], None)
        .problem(401, "unauthenticated");
    assert_eq!(platform.operator("DELETE", path, None).status, 204);
    platform
        .operator("DELETE", path, None)
        .problem(404, "not-found");
    platform.get(path).problem(404, "not-found");
    let gone = platform.get("/v1/latest?boundary=old-town");
    let problem = gone.problem(400, "invalid-parameter");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("/v1/boundaries")
    );
}

#[test]
fn what_is_no_boundary_is_refused_and_told() {
    let platform = Platform::start();
    let path = "/v1/boundaries/town";
    let swapped = area(&[[37.55, 126.95, 37.6, 127.0]]);
    for (geometry, words) in [
        (swapped, "longitude comes first"),
        (json!({"type": "Point", "coordinates": [127, 37]}), "Point"),
        (json!({"type": "Polygon", "coordinates": []}), "no polygon"),
        (
            json!({"type": "Polygon", "coordinates": [[[127, 37], [128, 37], [127, 38], [127, 39]]]}),
            "open",
        ),
        (
            json!({"type": "Polygon", "coordinates": [[[127, 37], [128, 37], [129, 37], [127, 37]]]}),
            "no area",
        ),
    ] {
        let reply = platform.operator("PUT", path, Some(body(&geometry)));
        let problem = reply.problem(400, "invalid-body");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{words}: {detail}");
    }
    let ring: Vec<Value> = (0..50_001)
        .chain([0])
        .map(|step| json!([f64::from(step) / 1_000.0, f64::from(step % 2)]))
        .collect();
    let long = json!({"type": "Polygon", "coordinates": [ring]});
    let problem = platform
        .operator("PUT", path, Some(body(&long)))
        .problem(400, "invalid-body");
    assert!(
        problem["detail"].as_str().unwrap().contains("50000"),
        "{problem}"
    );
    let huge = json!({"title": {"en": "x".repeat(2 << 20), "ko": "x"}, "geometry": {}});
    platform
        .operator("PUT", path, Some(huge))
        .problem(413, "too-large");
    let geometry = area(&[[126.0, 37.0, 127.0, 38.0]]);
    platform
        .operator("PUT", "/v1/boundaries/a%20b", Some(body(&geometry)))
        .problem(400, "invalid-parameter");
    assert_eq!(
        platform.get("/v1/boundaries").expect(200)["items"],
        json!([])
    );
}

#[test]
fn every_query_takes_a_boundary() {
    let platform = Platform::start();
    device_at(&platform, "inside", (37.5705, 126.9805), 40.0);
    device_at(&platform, "in-hole", (37.5805, 126.9905), 60.0);
    device_at(&platform, "outside", (37.7005, 126.9805), 80.0);
    draw(
        &platform,
        "town",
        &area(&[
            [126.95, 37.55, 127.05, 37.65],
            [126.985, 37.575, 126.995, 37.585],
        ]),
    );
    for path in [
        "/v1/latest?boundary=town",
        "/v1/datastreams?field=speed&boundary=town",
        "/v1/things?boundary=town",
        "/v1/latest?boundary=town&bbox=126,37,127,38&near=37.57,126.98,1000&domain=traffic",
    ] {
        let list = platform.get(path).expect(200);
        assert_eq!(things(&list), ["inside"], "{path}");
    }
    let mean = |boundary: &str| {
        let path = format!("/v1/aggregate?field=speed&bucket=1h&fn=avg,count&boundary={boundary}");
        platform.get(&path).expect(200)["items"][0].clone()
    };
    assert_eq!(
        (&mean("town")["avg"], &mean("town")["count"]),
        (&json!(40.0), &json!(1))
    );
    let mut stream = platform.stream("/v1/stream?from_offset=1&boundary=town", &[]);
    assert_eq!(stream.next().data["thing"], "inside");

    // Drawn anew without the hole, and a device that comes to stand in it: the
    // next answer knows.
    draw(&platform, "town", &area(&[[126.95, 37.55, 127.05, 37.65]]));
    assert_eq!(mean("town")["avg"], 50.0);
    device_at(&platform, "new", (37.5605, 126.9605), 20.0);
    assert_eq!(
        (&mean("town")["avg"], &mean("town")["count"]),
        (&json!(40.0), &json!(3))
    );
    let moved = json!({"location": {"lat": 35.0, "lon": 129.0}});
    platform
        .operator("PATCH", "/v1/devices/inside", Some(moved))
        .expect(200);
    let list = platform
        .get("/v1/datastreams?field=speed&boundary=town")
        .expect(200);
    assert_eq!(things(&list), ["in-hole", "new"]);

    // Page by page it is the same.
    let all: Vec<Value> = platform.all("/v1/datastreams?field=speed&boundary=town&limit=1");
    assert_eq!(all.len(), 2);
}

#[test]
fn the_public_finds_the_cell_and_the_owner_the_place() {
    let platform = Platform::start();
    // The cell's centre lies 37.5705, 126.9805: west of the line, the device east.
    device_at(&platform, "dev-1", (37.5702, 126.9809), 40.0);
    draw(&platform, "west", &area(&[[126.97, 37.5, 126.9807, 37.6]]));
    draw(&platform, "east", &area(&[[126.9807, 37.5, 126.99, 37.6]]));
    for path in [
        "/v1/latest?boundary=",
        "/v1/datastreams?field=speed&boundary=",
        "/v1/things?boundary=",
    ] {
        let found = |name: &str| {
            let path = format!("{path}{name}");
            let public = platform.get(&path).expect(200);
            let owner = platform.operator("GET", &path, None).expect(200);
            (things(&public).len(), things(&owner).len())
        };
        assert_eq!(found("west"), (1, 0), "{path}");
        assert_eq!(found("east"), (0, 1), "{path}");
    }
    let count = |name: &str| {
        let path = format!("/v1/aggregate?field=speed&bucket=1h&fn=count&boundary={name}");
        let len = |list: Value| list["items"].as_array().unwrap().len();
        let owner = platform.operator("GET", &path, None).expect(200);
        (len(platform.get(&path).expect(200)), len(owner))
    };
    assert_eq!((count("west"), count("east")), ((1, 0), (0, 1)));
}

#[test]
fn a_moving_device_is_where_it_says() {
    let platform = Platform::start();
    device_at(&platform, "bus", (37.5705, 126.9805), 40.0);
    draw(&platform, "south", &area(&[[128.9, 35.0, 129.2, 35.3]]));
    let there =
        json!({"t": "2026-05-01T01:00:00Z", "v": {"speed": 30}, "loc": [35.1005, 129.0005]});
    platform.publish("bus", &there).expect(200);
    let list = platform.get("/v1/latest?boundary=south").expect(200);
    assert_eq!(things(&list), ["bus"]);
    let mut stream = platform.stream("/v1/stream?from_offset=1&boundary=south", &[]);
    assert_eq!(stream.next().data["observations"][0]["value"], 30.0);
}

#[test]
fn a_boundary_is_taken_as_map_programs_write_it() {
    let platform = Platform::start();
    let area = area(&[[126.95, 37.55, 127.0, 37.6]]);
    let feature = json!({"type": "Feature", "properties": {"name": "종로구", "code": 11110}, "geometry": area});
    let point = json!({"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [127, 37]}});
    let collection =
        json!({"type": "FeatureCollection", "name": "layer", "features": [point, feature]});
    let token = format!("Bearer {}", platform.token);
    for (name, kind, body, title) in [
        ("feature", "Application/Geo+Json", &feature, "종로구"),
        ("collection", "application/geo+json", &collection, "종로구"),
        ("bare", "application/geo+json", &area, "bare"),
        ("as-json", "application/json", &feature, "종로구"),
        ("within", "application/json", &body(&feature), "구도심"),
    ] {
        let headers = [("authorization", token.as_str()), ("content-type", kind)];
        let path = format!("/v1/boundaries/{name}");
        let body = body.to_string().into_bytes();
        platform
            .send("PUT", &path, &headers, Some(body))
            .expect(201);
        let shown = platform.get(&path).expect(200);
        assert_eq!(shown["geometry"], area, "{name}");
        assert_eq!(shown["title"]["ko"], title, "{name}");
    }
    let two = json!({"type": "FeatureCollection", "features": [feature, feature]});
    for (body, words) in [
        (two, "2 areas"),
        (point, "not Point"),
        (
            json!({"type": "FeatureCollection", "features": []}),
            "0 areas",
        ),
    ] {
        let reply = platform.operator("PUT", "/v1/boundaries/x", Some(body));
        let problem = reply.problem(400, "invalid-body");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}");
    }
}
