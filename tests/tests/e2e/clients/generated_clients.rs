//! Clients that generators make of `/openapi.json` compile, and read and send
//! what is true.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::TestPlatform;
use tests::peers::look_for;

const DEVICE: &str = "gen-1";

#[test]
#[ignore = "minutes: seven generators and their compilers, run by .ci/run"]
fn generated_clients_compile_and_read_live_answers() {
    for tool in ["python3", "javac", "mvn", "go", "npm"] {
        if look_for(tool).is_none() {
            return;
        }
    }
    let platform = TestPlatform::start();
    let (key, password) = furnish(&platform);
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated-clients/run");
    let output = Command::new(runner)
        .args([&platform.url(), &platform.token(), &key, DEVICE, &password])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("{said}");
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
}

/// A public device with a value of each kind, on a day that is over; the API key
/// and the device's password.
fn furnish(platform: &TestPlatform) -> (String, String) {
    let bearer = format!("Bearer {}", platform.token());
    let made = |path: &str, body: Value| post(platform, path, &bearer, &body);
    made("/v1/agencies", json!({"id": "seoul", "name": "서울특별시"}));
    made(
        "/v1/devices",
        json!({
            "id": DEVICE, "agency": "seoul", "model": "traffic.flow", "visibility": "public",
            "location": {"lat": 37.566_412, "lon": 126.977_968}
        }),
    );
    let password = made(&format!("/v1/devices/{DEVICE}/password"), json!({}));
    let password = password["password"].as_str().unwrap().to_owned();
    let application = made(
        "/v1/applications",
        json!({"name": "generated", "contact": "dev@example.com"}),
    );
    let key = application["key"]["key"].as_str().unwrap().to_owned();
    let readings = json!([
        {"t": "2026-05-01T00:00:00Z", "v": {"speed": 41.0}},
        {"t": "2026-05-01T00:05:00Z",
            "v": {"speed": 43.5, "note": "dry", "open": true, "occupancy": null}}
    ]);
    let basic = format!("Basic {}", STANDARD.encode(format!("{DEVICE}:{password}")));
    let path = format!("/v1/devices/{DEVICE}/telemetry");
    post(platform, &path, &basic, &readings);
    (key, password)
}

fn post(platform: &TestPlatform, path: &str, authorization: &str, body: &Value) -> Value {
    let mut response = ureq::post(format!("{}{path}", platform.url()))
        .header("authorization", authorization)
        .header("content-type", "application/json")
        .send(body.to_string())
        .unwrap_or_else(|error| panic!("POST {path}: {error}"));
    let text = response.body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap()
}
