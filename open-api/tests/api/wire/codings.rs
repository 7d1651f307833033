//! Bodies that are compressed, either way, and words whose case does not
//! matter.

use std::io::{Read, Write};

use serde_json::json;

use crate::harness::Platform;
use crate::peer::Peer;

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut out)
        .unwrap();
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn long_replies_leave_compressed_for_who_reads_it() {
    let platform = Platform::start();
    for path in [
        "/v1/models?limit=1000",
        "/docs",
        "/assets/style.css",
        "/openapi.json",
        "/metrics",
    ] {
        let mut peer = Peer::of(platform.address);
        let plain = peer.get(path, &[]);
        assert_eq!(
            (plain.status, plain.header("content-encoding")),
            (200, None),
            "{path}"
        );
        assert!(
            plain.header("vary").unwrap().contains("accept-encoding"),
            "{path}"
        );
        let zipped = peer.get(path, &[("accept-encoding", "gzip, deflate, br")]);
        assert_eq!(zipped.header("content-encoding"), Some("gzip"), "{path}");
        assert!(zipped.body.len() < plain.body.len() / 2, "{path}");
        let zstd = peer.get(path, &[("accept-encoding", "gzip, deflate, br, zstd")]);
        assert_eq!(zstd.header("content-encoding"), Some("zstd"), "{path}");
        if path != "/metrics" {
            assert_eq!(gunzip(&zipped.body), plain.body, "{path}");
            assert_eq!(
                zstd::stream::decode_all(&zstd.body[..]).unwrap(),
                plain.body,
                "{path}"
            );
        }
        // What was kept is asked for by its validator, in whichever coding.
        if let Some(etag) = zipped.header("etag") {
            assert!(etag.starts_with("W/"), "{etag}");
            let again = [("if-none-match", etag), ("accept-encoding", "gzip")];
            assert_eq!(peer.get(path, &again).status, 304, "{path}");
        }
    }
    let mut peer = Peer::of(platform.address);
    let short = peer.get("/healthz", &[("accept-encoding", "gzip")]);
    assert_eq!(short.header("content-encoding"), None);
}

#[test]
fn a_stream_leaves_as_it_is() {
    let platform = Platform::start();
    let mut stream = platform.stream("/v1/stream", &[("accept-encoding", "gzip, zstd")]);
    platform.public_device("dev-1", "traffic.flow");
    platform.publish("dev-1", &json!({"speed": 40})).expect(200);
    assert_eq!(stream.next().data["device"], "dev-1");
}

#[test]
fn a_body_that_comes_compressed_is_read_or_refused_before_it_is_stored() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    let basic = platform.basic("dev-1");
    let send = |coding: &str, body: Vec<u8>| {
        let headers = [
            ("authorization", basic.as_str()),
            ("content-type", "Application/JSON"),
            ("content-encoding", coding),
        ];
        platform.send("POST", "/v1/devices/dev-1/telemetry", &headers, Some(body))
    };
    let body = json!({"speed": 40}).to_string().into_bytes();
    let stored = send("GZIP", gzip(&body)).expect(200);
    assert_eq!(stored["stored"], 1);
    let zstd = zstd::stream::encode_all(&br#"{"speed": 41}"#[..], 1).unwrap();
    send("zstd", zstd).expect(200);
    send("identity", json!({"speed": 42}).to_string().into_bytes()).expect(200);
    let refused = send("br", body.clone());
    refused.problem(415, "unsupported-media-type");
    assert_eq!(refused.header("accept-encoding"), Some("gzip, zstd"));
    send("gzip", body).problem(400, "invalid-body");
    // 64 MiB of nothing in 64 KiB: not kept, and not made.
    send("gzip", gzip(&vec![b' '; 64 << 20])).problem(413, "too-large");
    let latest = platform.get("/v1/latest?device=dev-1").expect(200);
    assert_eq!(latest["items"][0]["value"], 42.0);
    let kept = platform.all("/v1/devices/dev-1/quarantine");
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn the_case_of_a_media_type_does_not_matter() {
    let platform = Platform::start();
    let authorization = format!("Bearer {}", platform.token);
    let body = json!({"id": "seoul", "name": "Seoul"}).to_string();
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "Application/Json; Charset=UTF-8"),
    ];
    platform
        .send("POST", "/v1/agencies", &headers, Some(body.into_bytes()))
        .expect(201);
    let table = platform.send("GET", "/v1/models", &[("accept", "Text/CSV")], None);
    assert!(
        table
            .header("content-type")
            .unwrap()
            .starts_with("text/csv")
    );
}
