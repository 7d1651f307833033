//! A day of one domain and agency leaves as a file, whole or in parts, for whom
//! it is meant, and never stale.

use std::collections::BTreeMap;

use domain::payload::ContentFormat;
use sdk::api::Bearer;
use sha2::{Digest, Sha256};
use tests::{TestDevice, TestPlatform, eventually};

use crate::export_content::parquet_lines;

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

#[test]
fn a_file_tells_its_checksum_and_a_spreadsheet_gets_its_mark() {
    let platform = TestPlatform::start();
    observe(&platform);
    let csv = get(&platform, CSV).expect(200);
    let parquet = get(&platform, PARQUET).expect(200);
    for (reply, end) in [(&csv, "csv"), (&parquet, "parquet")] {
        assert_eq!(reply.header("etag"), format!("\"{}\"", sha256(&reply.body)));
        assert_eq!(reply.header("content-length"), reply.body.len().to_string());
        let name = format!("attachment; filename=\"{DAY}-safety-seoul.{end}\"");
        assert_eq!(reply.header("content-disposition"), name);
        assert!(reply.header("last-modified").ends_with(" GMT"));
    }
    assert!(
        csv.header("content-type")
            .starts_with("text/csv; charset=utf-8")
    );
    let sums = get(&platform, &format!("/v1/export/{DAY}/SHA256SUMS")).expect(200);
    let expected = format!(
        "{}  safety/seoul.csv\n{}  safety/seoul.parquet\n",
        sha256(&csv.body),
        sha256(&parquet.body)
    );
    assert_eq!(sums.text(), expected);

    let marked = get(&platform, &format!("{CSV}?bom=1")).expect(200);
    assert_eq!(
        marked.body,
        [b"\xef\xbb\xbf".as_slice(), &csv.body].concat()
    );
    assert_eq!(
        marked.header("etag"),
        format!("\"{}\"", sha256(&marked.body))
    );
    let path = format!("{CSV}?bom=1");
    for (range, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=2-9", 2..10),
        ("bytes=3-3", 3..4),
    ] {
        let reply = ask(&platform.url(), "GET", &path, &[("range", range)]).expect(206);
        assert_eq!(reply.body, marked.body[part]);
    }
    get(&platform, &format!("{PARQUET}?bom=1")).expect(400);

    let head = ask(&platform.url(), "HEAD", CSV, &[]).expect(200);
    assert_eq!(head.header("etag"), csv.header("etag"));
    assert_eq!(head.header("content-length"), csv.header("content-length"));
    assert!(head.body.is_empty());
    let known = [("if-none-match", csv.header("etag"))];
    assert!(
        ask(&platform.url(), "GET", CSV, &known)
            .expect(304)
            .body
            .is_empty()
    );
}

#[test]
fn ranges_resume_and_a_correction_ends_them() {
    let platform = TestPlatform::start();
    let [device, _] = observe(&platform);
    let whole = get(&platform, CSV).expect(200);
    let (bytes, etag) = (whole.body.len(), whole.header("etag").to_owned());
    let with = |headers: &[(&str, &str)]| ask(&platform.url(), "GET", CSV, headers);

    let first = with(&[("range", "bytes=0-999")]).expect(206);
    assert_eq!(
        first.header("content-range"),
        format!("bytes 0-999/{bytes}")
    );
    let rest = [("range", "bytes=1000-"), ("if-range", etag.as_str())];
    let second = with(&rest).expect(206);
    assert_eq!(second.header("etag"), etag);
    assert_eq!([first.body, second.body].concat(), whole.body);
    let last = with(&[("range", "bytes=-7")]).expect(206);
    assert_eq!(last.body, whole.body[bytes - 7..]);
    let outside = with(&[("range", &format!("bytes={bytes}-"))]).expect(416);
    assert_eq!(outside.header("content-range"), format!("bytes */{bytes}"));
    assert_eq!(outside.json()["type"], "/problems/outside-of-file");
    // Several ranges, and what is none: the whole.
    for range in ["bytes=0-1,5-6", "bytes=5-1", "rows=0-1"] {
        assert_eq!(with(&[("range", range)]).expect(200).body, whole.body);
    }
    with(&[("if-match", "\"other\"")]).expect(412);

    publish(
        &platform,
        &device,
        r#"{"t":"2024-05-01T00:00:00Z","v":{"pm25":99}}"#,
    );
    let after = with(&rest).expect(200);
    assert_ne!(after.header("etag"), etag);
    assert_ne!(after.body, whole.body);
    with(&[("if-match", &etag)]).expect(412);
    let table = lines(&after.body);
    let corrected = table.iter().find(|line| line["value"] == "99.0").unwrap();
    assert_eq!(corrected["phenomenon_time"], "2024-05-01T00:00:00Z");
    assert_eq!(corrected["revision"], "1");
}

#[test]
fn the_public_gets_what_is_public_and_no_exact_place() {
    let platform = TestPlatform::start();
    let [device, _] = observe(&platform);
    let hidden = TestDevice::unregistered("hidden");
    let registration = sdk::api::NewDevice {
        visibility: None,
        ..hidden.registration("safety.air")
    };
    platform.operator().register_device(&registration).unwrap();
    publish(
        &platform,
        &hidden,
        r#"{"t":"2024-05-01T06:00:00Z","v":{"pm25":7}}"#,
    );

    let exact = get_as_operator(&platform, CSV).expect(200);
    let coarse = get(&platform, CSV).expect(200);
    assert_ne!(exact.header("etag"), coarse.header("etag"));
    assert!(exact.header("cache-control").contains("no-store"));
    assert!(exact.header("content-disposition").contains("-exact.csv"));
    let things = |reply: &Reply| -> Vec<String> {
        let mut things: Vec<String> = lines(&reply.body)
            .into_iter()
            .map(|mut line| line.remove("thing").unwrap())
            .collect();
        things.dedup();
        things
    };
    assert!(things(&exact).contains(&"hidden".to_owned()));
    assert!(!things(&coarse).contains(&"hidden".to_owned()));
    for line in lines(&coarse.body) {
        let place = [line["lat"].as_str(), line["lon"].as_str()];
        let centres = [["37.5665", "126.9775"], ["37.1235", "127.7655"]];
        assert!(centres.contains(&place), "{place:?}");
    }
    assert!(!coarse.text().contains("37.5664123"));
    assert!(exact.text().contains("37.5664123"));
    let parquet = get(&platform, PARQUET).expect(200);
    assert_eq!(parquet_lines(parquet.body), lines(&coarse.body));
    // Each stays what it is, whoever asked before.
    assert_eq!(get(&platform, CSV).expect(200).body, coarse.body);
    assert_eq!(get_as_operator(&platform, CSV).expect(200).body, exact.body);

    // What is made restricted is gone from the next public file.
    let bearer = format!("Bearer {}", platform.token());
    ureq::patch(format!("{}/v1/devices/{}", platform.url(), device.id))
        .header("authorization", &bearer)
        .header("content-type", "application/json")
        .send(r#"{"visibility":"restricted"}"#)
        .unwrap();
    let now = get(&platform, CSV).expect(200);
    assert_eq!(things(&now), ["air-2"]);
}

#[test]
fn what_comes_late_is_in_the_next_file_and_a_restart_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &tests::Start::default());
    let [device, _] = observe(&platform);
    let before = get(&platform, CSV).expect(200);
    assert_eq!(get(&platform, CSV).expect(200).body, before.body);
    publish(
        &platform,
        &device,
        r#"{"t":"2024-05-01T18:00:00Z","v":{"pm25":5}}"#,
    );
    let late = get(&platform, CSV).expect(200);
    assert_eq!(lines(&late.body).len(), lines(&before.body).len() + 1);
    // Another day's observation changes nothing.
    publish(
        &platform,
        &device,
        r#"{"t":"2024-05-03T18:00:00Z","v":{"pm25":5}}"#,
    );
    assert_eq!(
        get(&platform, CSV).expect(200).header("last-modified"),
        late.header("last-modified")
    );
    platform.stop();

    // The store now has it in files: the same observations, the same bytes.
    let platform = TestPlatform::on(&data, &tests::Start::default());
    assert_eq!(get(&platform, CSV).expect(200).body, late.body);
    platform.kill();
    let kept = files_below(&data.join("export"));
    let content = kept
        .iter()
        .find(|path| path.extension().is_some_and(|end| end == "csv"));
    let content = content.expect("the export is kept");
    let mut bytes = std::fs::read(content).unwrap();
    bytes[100] ^= 1;
    std::fs::write(content, bytes).unwrap();
    let leftover = content.with_extension("tmp");
    std::fs::write(&leftover, b"half").unwrap();

    let platform = TestPlatform::on(&data, &tests::Start::default());
    assert_eq!(
        get(&platform, CSV).expect(200).body,
        late.body,
        "a flipped bit is not shown"
    );
    assert!(!leftover.exists());
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn many_who_ask_at_once_get_the_same_file() {
    let platform = TestPlatform::start();
    observe(&platform);
    let url = platform.url();
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| ask(&url, "GET", CSV, &[])))
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for reply in replies {
        let reply = reply.expect(200);
        assert_eq!(reply.header("etag"), format!("\"{}\"", sha256(&reply.body)));
    }
    let contents = files_below(&platform.data().join("export"));
    assert_eq!(contents.len(), 2, "a state and its content: {contents:?}");
}

#[test]
fn what_is_no_export_is_refused_in_words() {
    let platform = TestPlatform::start();
    observe(&platform);
    let today = eventually("a day that does not end under the test", || {
        let now = tests::test_device::now();
        let ends_soon = now.as_micros().rem_euclid(86_400_000_000) > 86_280_000_000;
        (!ends_soon).then(|| now.to_rfc3339()[..10].to_owned())
    });
    for path in [
        format!("/v1/export/{today}"),
        format!("/v1/export/{today}/SHA256SUMS"),
        format!("/v1/export/{today}/safety/seoul.csv"),
        "/v1/export/9998-12-31/safety/seoul.csv".to_owned(),
    ] {
        let problem = get(&platform, &path).expect(409).json();
        assert_eq!(problem["type"], "/problems/not-yet");
        assert!(
            problem["available_from"]
                .as_str()
                .unwrap()
                .ends_with("T00:00:00Z")
        );
    }
    for date in [
        "9999-99-99",
        "2024-02-30",
        "0000-00-00",
        "1899-12-31",
        "2024-5-1",
        "today",
        "%2e%2e",
        "-1",
    ] {
        get(&platform, &format!("/v1/export/{date}")).expect(400);
        get(&platform, &format!("/v1/export/{date}/safety/seoul.csv")).expect(400);
    }
    for path in [
        "2024-05-01/safety/seoul",
        "2024-05-01/safety/seoul.exe",
        "2024-05-01/safety/.csv",
        "2024-05-01/safety/..csv",
        "2024-05-01/safety/...csv",
        "2024-05-01/safety/busan.csv",
        "2024-05-01/traffic/seoul.csv",
        "2024-05-01/%2e%2e/seoul.csv",
        "2024-05-01/safety%2f..%2f..%2fsafety/seoul.csv",
        "2024-05-01/safety/..%2f..%2f..%2fadmin.token",
        "2024-05-01/safety/..%2fseoul.csv",
        "2024-05-01/safety/seoul%00.csv",
        "2023-05-01/safety/seoul.csv",
    ] {
        get(&platform, &format!("/v1/export/{path}")).expect(404);
    }
    get(&platform, &format!("{CSV}?bom=2")).expect(400);
    get(&platform, &format!("{CSV}?format=xlsx")).expect(400);
    let none = get(&platform, "/v1/export/2023-05-01").expect(200).json();
    assert_eq!(none["items"], serde_json::json!([]));
}
