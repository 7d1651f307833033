//! Who sees what, and how exactly.

use serde_json::{Value, json};

use crate::harness::Platform;

const EXACT: (f64, f64) = (37.566_412_3, 126.977_968_9);
const DAY: &str = "/v1/observations?from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z";
const COARSE: (f64, f64) = (37.5665, 126.9775);

fn place(item: &Value) -> (f64, f64) {
    (
        item["location"]["lat"].as_f64().unwrap(),
        item["location"]["lon"].as_f64().unwrap(),
    )
}

fn platform() -> Platform {
    let platform = Platform::start();
    let agency = platform.agency();
    let location = json!({"lat": EXACT.0, "lon": EXACT.1});
    for (id, visibility) in [("open", "public"), ("closed", "restricted")] {
        platform.device(
            id,
            &agency,
            "traffic.flow",
            &json!({"visibility": visibility, "location": location}),
        );
        let payload =
            json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": 40}, "loc": [EXACT.0, EXACT.1]});
        platform.publish(id, &payload).expect(200);
    }
    // Nothing said: restricted.
    platform.device(
        "silent",
        &agency,
        "traffic.flow",
        &json!({"location": location}),
    );
    platform
        .publish(
            "silent",
            &json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": 40}}),
        )
        .expect(200);
    platform
}

#[test]
fn the_public_sees_the_cell_everywhere_and_the_operator_the_place() {
    let platform = platform();
    let id = platform.datastream("open", "speed");
    for path in [
        "/v1/latest?device=open".to_owned(),
        "/v1/datastreams?device=open".to_owned(),
        "/v1/things".to_owned(),
        format!("/v1/datastreams/{id}/observations"),
        DAY.to_owned(),
    ] {
        let public = platform.get(&path).expect(200);
        assert_eq!(place(&public["items"][0]), COARSE, "{path}");
        let list = platform.operator("GET", &path, None).expect(200);
        let items = list["items"].as_array().unwrap();
        assert!(
            items.iter().any(|item| place(item) == EXACT),
            "{path}: {list}"
        );
    }
    let public = platform.get(&format!("/v1/datastreams/{id}")).expect(200);
    assert_eq!(place(&public), COARSE);
    let mut stream = platform.stream("/v1/stream?from_offset=1", &[]);
    assert_eq!(place(&stream.next().data), COARSE);
    let csv = platform.send("GET", "/v1/latest", &[("accept", "text/csv")], None);
    assert!(
        csv.text.contains("37.5665,126.9775") && !csv.text.contains("37.56641"),
        "{}",
        csv.text
    );
}

#[test]
fn filters_see_no_more_than_the_view_shows() {
    let platform = platform();
    // Boxes and circles around the cell's centre, and around the place itself.
    let cases = [
        ("bbox=126.9774,37.5664,126.9776,37.5666", true),
        ("bbox=126.9779,37.5664,126.9781,37.5665", false),
        ("near=37.5665,126.9775,5", true),
        ("near=37.5664123,126.9779689,5", false),
    ];
    let paths = [
        "/v1/latest?",
        "/v1/datastreams?",
        "/v1/things?",
        &format!("{DAY}&"),
    ];
    for path in paths {
        for (filter, public_finds) in cases {
            let url = format!("{path}{filter}");
            let items = platform.get(&url).expect(200)["items"]
                .as_array()
                .unwrap()
                .len();
            assert_eq!(items > 0, public_finds, "public {url}");
        }
        let exact = format!("{path}near=37.5664123,126.9779689,5");
        assert!(
            !platform.operator("GET", &exact, None).expect(200)["items"]
                .as_array()
                .unwrap()
                .is_empty()
        );
    }
    let together = |filter: &str| {
        let url = format!("/v1/aggregate?field=speed&bucket=1d&fn=count&{filter}");
        platform.get(&url).expect(200)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(together(cases[0].0), 1);
    assert_eq!(together(cases[1].0), 0);
}

#[test]
fn what_is_restricted_does_not_exist_for_the_public() {
    let platform = platform();
    for device in ["closed", "silent"] {
        let id = platform.datastream(device, "speed");
        for path in [
            format!("/v1/datastreams/{id}"),
            format!("/v1/datastreams/{id}/observations"),
            format!("/v1/aggregate?datastream={id}&bucket=1h&fn=avg"),
        ] {
            platform.get(&path).problem(404, "not-found");
            platform.operator("GET", &path, None).expect(200);
        }
        for path in ["/v1/latest", "/v1/datastreams", "/v1/things", DAY] {
            let reply = platform.get(path);
            reply.expect(200);
            assert!(!reply.text.contains(device), "{path}: {}", reply.text);
        }
    }
    let count = platform
        .get("/v1/aggregate?field=speed&bucket=1d&fn=count")
        .expect(200);
    assert_eq!(count["items"][0]["count"], 1);
    let count = platform
        .operator("GET", "/v1/aggregate?field=speed&bucket=1d&fn=count", None)
        .expect(200);
    assert_eq!(count["items"][0]["count"], 3);
    // On the stream, only the open one comes; the operator's has all three.
    platform.publish("open", &json!({"speed": 41})).expect(200);
    let mut public = platform.stream("/v1/stream?from_offset=1", &[]);
    assert_eq!(
        (
            public.next().data["device"].clone(),
            public.next().data["device"].clone()
        ),
        (json!("open"), json!("open"))
    );
    let token = format!("Bearer {}", platform.token);
    let mut operator = platform.stream("/v1/stream?from_offset=1", &[("authorization", &token)]);
    let devices: Vec<Value> = (0..4)
        .map(|_| operator.next().data["device"].clone())
        .collect();
    assert_eq!(
        devices,
        [
            json!("open"),
            json!("closed"),
            json!("silent"),
            json!("open")
        ]
    );
}

#[test]
fn a_key_is_the_public_too() {
    let platform = platform();
    let made = platform
        .post(
            "/v1/applications",
            &json!({"name": "app", "contact": "dev@example.com"}),
        )
        .expect(201);
    let key = made["key"]["key"].as_str().unwrap();
    let list = platform
        .send("GET", "/v1/latest", &[("x-api-key", key)], None)
        .expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(place(&list["items"][0]), COARSE);
}

#[test]
fn an_observation_lies_where_its_thing_was_then() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    platform.publish("dev-1", &json!({"speed": 1})).expect(200);
    let patch = json!({"location": {"lat": 35.1796, "lon": 129.0756}});
    platform
        .operator("PATCH", "/v1/devices/dev-1", Some(patch))
        .expect(200);
    platform.publish("dev-1", &json!({"volume": 2})).expect(200);
    let list = platform.operator("GET", "/v1/latest", None).expect(200);
    let lat = |field: &str| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["field"] == field).unwrap()["location"]["lat"]
            .as_f64()
            .unwrap()
    };
    assert_eq!((lat("speed"), lat("volume")), (37.566_412, 35.1796));
}
