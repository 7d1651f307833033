//! A day of one domain and agency leaves as a file, whole or in parts, for whom
//! it is meant, and never stale.

mod asked;
mod download;

use std::collections::BTreeMap;

use domain::payload::ContentFormat;
use sdk::api::Bearer;
use sha2::{Digest, Sha256};
use tests::{TestDevice, TestPlatform};

/// Long over, whatever day it is.
pub(crate) const DAY: &str = "2024-05-01";
pub(crate) const CSV: &str = "/v1/export/2024-05-01/safety/seoul.csv";
pub(crate) const PARQUET: &str = "/v1/export/2024-05-01/safety/seoul.parquet";

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        let said = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{said}");
        self
    }
}

/// A request that hides no status.
pub(crate) fn ask(url: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(tests::PATIENCE))
        .build()
        .new_agent();
    let mut request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{url}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(()).unwrap()).unwrap();
    let headers = response.headers().iter();
    Reply {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: response.body_mut().read_to_vec().unwrap(),
    }
}

pub(crate) fn get(platform: &TestPlatform, path: &str) -> Reply {
    ask(&platform.url(), "GET", path, &[])
}

pub(crate) fn get_as_operator(platform: &TestPlatform, path: &str) -> Reply {
    let bearer = format!("Bearer {}", platform.token());
    ask(&platform.url(), "GET", path, &[("authorization", &bearer)])
}

pub(crate) fn publish(platform: &TestPlatform, device: &TestDevice, payload: &str) {
    let token = device.token();
    let sent = platform.anonymous().send_telemetry(
        &device.id,
        Bearer::Jwt(&token),
        ContentFormat::CompactJson,
        payload.as_bytes(),
    );
    assert_eq!(sent.unwrap().rejected, 0, "{payload}");
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn lines(csv: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv);
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

/// A device with numbers, a text, a boolean, what is missing, corrections, and
/// neighbours of the day's ends.
pub(crate) fn observe(platform: &TestPlatform) -> [TestDevice; 2] {
    let devices = ["air-1", "air-2"].map(|id| TestDevice::register(platform, id, "safety.air"));
    for (at, device) in (0..).zip(&devices) {
        let minutes: Vec<String> = (0..500)
            .map(|minute| {
                let time = 1_714_521_600 + minute * 60;
                let value = f64::from(at * 1000 + minute) / 8.0;
                format!(r#"{{"t":{time},"v":{{"pm25":{value}}}}}"#)
            })
            .collect();
        publish(platform, device, &format!("[{}]", minutes.join(",")));
        for payload in [
            r#"{"t":"2024-04-30T23:59:59.999999Z","v":{"pm25":1}}"#,
            r#"{"t":"2024-05-01T23:59:59.999999Z","v":{"pm25":2}}"#,
            r#"{"t":"2024-05-02T00:00:00Z","v":{"pm25":3}}"#,
            r#"{"t":"2024-05-01T12:00:00.5+00:00","v":{"note":"=1+1, \"x\"","door":true,"pm10":null}}"#,
            r#"{"t":"2024-05-01T00:01:00Z","v":{"pm25":-4.5},"loc":[37.1234567,127.7654321]}"#,
        ] {
            publish(platform, device, payload);
        }
    }
    devices
}
