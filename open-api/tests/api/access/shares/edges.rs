//! What lies beside shared data stays the giver's: its other sensors, numbers and
//! values; and what is on its way ends with the share.

use super::*;
use crate::access::rates::talkative;
use crate::access::rights_meanwhile::rest;
use crate::data::health::{part, publish_a_day};
use crate::peer::Peer;

#[test]
fn health_of_what_is_shared_tells_nothing_of_its_neighbours() {
    let platform = Platform::start();
    furnish(&platform);
    share(&platform, ("group", "zebras"), "exact", None);
    publish_a_day(&platform, "zebra-1", |step| 80.0 + (step % 7) as f64);
    for number in 2..5 {
        let id = format!("quagga-{number}");
        let place = json!({"location": {"lat": 37.566_412, "lon": 126.977_968}});
        platform.device(&id, "seoul", "traffic.flow", &place);
        publish_a_day(&platform, &id, |step| (step % 7) as f64);
    }
    let giver = holder(&platform, "viewer", Some("seoul"));
    let receiver = holder(&platform, "viewer", Some("busan"));
    let number = platform.datastream("zebra-1", "speed");
    for path in [
        "/v1/devices/zebra-1/health".to_owned(),
        format!("/v1/datastreams/{number}/health"),
    ] {
        let own = get(&platform, &giver, &path).expect(200);
        assert_eq!(part(&own, "drift")["score"], 0.0, "{own}");
        let shared = get(&platform, &receiver, &path).expect(200);
        assert_eq!(part(&shared, "drift"), &Value::Null, "{shared}");
        let left_out = shared["left_out"].as_array().unwrap();
        let drift = left_out.iter().find(|gap| gap["part"] == "drift").unwrap();
        assert_eq!(drift["code"], "no-neighbours");
    }
}

/// Two models of one field that fits both, so that a sensor measures something of
/// each after a replacement.
fn lanes(platform: &Platform) -> (u64, u64) {
    let field = |name: &str, unit: &str| json!({"name": name, "unit": unit, "title": {"en": name, "ko": name}});
    let speed = field("speed", "km/h");
    for (id, fields) in [
        ("traffic.lane", json!([speed, field("queue", "m")])),
        ("traffic.radar", json!([speed])),
    ] {
        let model = json!({"id": id, "title": {"en": id, "ko": id}, "fields": fields});
        platform
            .operator("POST", "/v1/models", Some(model))
            .expect(201);
    }
    platform.device("lane-1", "seoul", "traffic.lane", &json!({}));
    let numbers = ["speed", "queue"].map(|field| platform.datastream("lane-1", field));
    let sensor =
        json!({"name": "loop", "datastreams": numbers, "installed_at": "2026-05-01T00:00:00Z"});
    let added = platform.operator("POST", "/v1/devices/lane-1/sensors", Some(sensor));
    added.expect(201);
    let next = json!({"id": "lane-2", "model": "traffic.radar"});
    let replaced = platform.operator("POST", "/v1/devices/lane-1/replace", Some(next));
    replaced.expect(201);
    (numbers[0], numbers[1])
}

#[test]
fn a_sensor_of_what_is_shared_names_no_other_datastream() {
    let platform = Platform::start();
    furnish(&platform);
    let (speed, queue) = lanes(&platform);
    share(&platform, ("model", "traffic.radar"), "coarse", None);
    let path = format!("/v1/datastreams/{speed}/sensors");
    let measured = |caller: &str| {
        let reader = holder(&platform, "viewer", Some(caller));
        let list = get(&platform, &reader, &path).expect(200);
        list["items"][0]["datastreams"].clone()
    };
    assert_eq!(measured("seoul"), json!([speed, queue]));
    assert_eq!(measured("busan"), json!([speed]));
}

#[test]
fn a_download_breaks_off_with_its_share_and_is_refused_from_then_on() {
    let platform = Platform::start();
    talkative(&platform, 3);
    let restricted = json!({"visibility": "restricted"});
    let device = platform.operator("PATCH", "/v1/devices/dev-1", Some(restricted));
    let giver = device.expect(200)["agency"].as_str().unwrap().to_owned();
    let busan = json!({"id": "busan", "name": "busan"});
    platform
        .operator("POST", "/v1/agencies", Some(busan))
        .expect(201);
    let receiver = holder(&platform, "viewer", Some("busan"));
    let body = json!({"agency": giver, "to": "busan", "model": "safety.air", "position": "exact"});
    let shared = platform
        .operator("POST", "/v1/shares", Some(body))
        .expect(201);

    let day = "/v1/export/2026-05-01";
    let path = format!("{day}/safety/{giver}.csv");
    // Made, so that what follows is but sent.
    let whole = get(&platform, &receiver, &path);
    assert_eq!(whole.status, 200);
    let mut peer = Peer::from("127.0.0.1:0", platform.address, Some(4_096));
    let token = receiver.token.as_ref().unwrap();
    peer.say(format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
    ));
    let head = peer.head();
    assert_eq!(head.status, 200);
    let length: usize = head.header("content-length").unwrap().parse().unwrap();
    assert!(length > 1 << 20, "{length} bytes");
    remove(&platform, shared["id"].as_str().unwrap());
    let came = rest(&mut peer);
    assert!(came < length, "all {length} bytes came after the end");

    let authorization = format!("Bearer {token}");
    let etag = whole.header("etag").unwrap();
    for condition in [
        ("range", "bytes=0-9"),
        ("if-none-match", etag),
        ("x-none", ""),
    ] {
        let headers = [("authorization", authorization.as_str()), condition];
        for method in ["GET", "HEAD"] {
            let refused = platform.send(method, &path, &headers, None);
            assert_eq!(
                refused.status, 404,
                "{method} {condition:?}: {}",
                refused.text
            );
        }
    }
    let parquet = format!("{day}/safety/{giver}.parquet");
    get(&platform, &receiver, &parquet).problem(404, "not-found");
    assert_eq!(
        get(&platform, &receiver, day).expect(200)["items"],
        json!([])
    );
    let sums = get(&platform, &receiver, &format!("{day}/SHA256SUMS"));
    assert_eq!(sums.expect_text(200), "");
}

#[test]
fn what_another_agency_begins_and_ends_to_share_ends_no_stream_of_ones_own() {
    let platform = Platform::start();
    furnish(&platform);
    let id = share(&platform, ("model", "traffic.flow"), "exact", None);
    let receiver = holder(&platform, "viewer", Some("busan"));
    platform.device("gull-1", "busan", "traffic.flow", &json!({}));
    let mut own = stream(&platform, &receiver, "?agency=busan");
    let mut shared = stream(&platform, &receiver, "?agency=seoul");
    remove(&platform, &id);
    assert!(shared.ended());
    let reading = json!({"t": "2026-05-01T00:01:00Z", "v": {"speed": 1.0}});
    platform.publish("gull-1", &reading).expect(200);
    assert_eq!(own.next().data["device"], "gull-1");
}
