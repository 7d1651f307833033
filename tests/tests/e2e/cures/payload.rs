//! Why a message or an observation of it is refused, row by row.

use domain::RejectReason;
use domain::payload::PayloadError;
use tests::{Start, TestDevice};

use super::{Bench, seconds_from_now};

const JSON: &str = "application/json";
const SENML: &str = "application/senml+json";
const CBOR: &str = "application/senml+cbor";
/// What is always taken.
const GOOD: &str = r#"{"v": {"pm25": 12}}"#;

/// What is refused, and the same as its cure has it.
struct Sample {
    content_type: &'static str,
    bad: Vec<u8>,
    cured: (&'static str, Vec<u8>),
}

fn sample(bad: impl Into<Vec<u8>>, cured: impl Into<Vec<u8>>) -> Sample {
    of(JSON, bad, cured)
}

fn of(content_type: &'static str, bad: impl Into<Vec<u8>>, cured: impl Into<Vec<u8>>) -> Sample {
    Sample {
        content_type,
        bad: bad.into(),
        cured: (content_type, cured.into()),
    }
}

/// The answer of HTTP: its status and what of the message was refused.
fn post(bench: &Bench, device: &TestDevice, content_type: &str, body: &[u8]) -> (u16, u64) {
    let url = format!(
        "{}/v1/devices/{}/telemetry",
        bench.platform.url(),
        device.id
    );
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let answer = agent
        .post(url)
        .header("Authorization", format!("Bearer {}", device.token()))
        .header("Content-Type", content_type)
        .send(body)
        .unwrap();
    let status = answer.status().as_u16();
    let text = answer.into_body().read_to_string().unwrap();
    let body: serde_json::Value = serde_json::from_str(&text).unwrap();
    (status, body["rejected"].as_u64().unwrap_or(0))
}

fn newest(bench: &Bench, device: &TestDevice) -> serde_json::Value {
    let page = bench
        .platform
        .get_json(&format!("/v1/devices/{}/quarantine", device.id));
    page["items"].as_array().unwrap().last().unwrap().clone()
}

fn is_taken(
    bench: &Bench,
    device: &TestDevice,
    (content_type, cured): &(&str, Vec<u8>),
    code: &str,
) {
    let taken = post(bench, device, content_type, cured);
    assert_eq!(taken, (200, 0), "{code}: the cure does not lead in");
}

/// `None`: the row is of MQTT, and of the topics there.
fn unreadable(error: PayloadError) -> Option<Sample> {
    let many: Vec<_> = (0..1_001)
        .map(|n| format!(r#"{{"t": {}, "v": {{"pm25": 1}}}}"#, 1_777_593_600 + n))
        .collect();
    let half = |from: usize, to: usize| format!("[{}]", many[from..to].join(","));
    Some(match error {
        PayloadError::Empty => sample("", GOOD),
        // HTTP has a word of its own for it: see the test of MQTT below.
        PayloadError::TooLong | PayloadError::Topic | PayloadError::NotAdmitted => return None,
        PayloadError::TooManyObservations => sample(half(0, 1_001), half(0, 500)),
        PayloadError::Json => sample(r#"{"pm25": 12,}"#, GOOD),
        PayloadError::Cbor => of(
            CBOR,
            *b"\x81\xa2\x00\x64pm",
            *b"\x81\xa2\x00\x64pm25\x02\x0c",
        ),
        PayloadError::TooDeep => {
            let (open, close) = ("[".repeat(100), "]".repeat(100));
            sample(format!(r#"{{"v": {{"pm25": {open}{close}}}}}"#), GOOD)
        }
        PayloadError::Shape => sample(r#""12""#, GOOD),
        PayloadError::UnknownMandatoryLabel => of(
            SENML,
            r#"[{"n": "pm25", "v": 12, "new_": 1}]"#,
            r#"[{"n": "pm25", "v": 12}]"#,
        ),
        PayloadError::ContentType => Sample {
            content_type: "text/plain",
            bad: GOOD.into(),
            cured: (JSON, GOOD.into()),
        },
        PayloadError::DuplicateKey => sample(r#"{"pm25": 1, "pm25": 2}"#, GOOD),
        PayloadError::Version => of(
            SENML,
            r#"[{"bver": 11, "n": "pm25", "v": 12}]"#,
            r#"[{"n": "pm25", "v": 12}]"#,
        ),
    })
}

#[test]
fn each_cure_of_a_message_that_cannot_be_read_leads_in() {
    let bench = Bench::start();
    for error in PayloadError::ALL {
        let Some(sample) = unreadable(error) else {
            continue;
        };
        let (device, code) = (bench.device(), error.code());
        let (status, _) = post(&bench, &device, sample.content_type, &sample.bad);
        assert_eq!(status, 422, "{code}");
        let told = newest(&bench, &device);
        assert_eq!(told["unreadable"]["code"], code, "{told}");
        assert_eq!(told["unreadable"]["message"], error.to_string());
        assert_eq!(told["unreadable"]["cure"], error.cure());
        is_taken(&bench, &device, &sample.cured, code);
    }
}

/// The three that MQTT alone meets.
#[test]
fn each_cure_of_a_message_that_mqtt_refuses_leads_in() {
    let bench = Bench::start();
    let (gateway, mqtt) = (bench.device(), bench.platform.address("mqtt"));
    let soon = seconds_from_now(60);
    let child = bench.register(|new| {
        new.gateway = Some(gateway.id.clone());
        new.expires = Some(soon);
    });
    let of_child = format!("devices/{}/children/{}/telemetry", gateway.id, child.id);
    let later = serde_json::json!({"expires": seconds_from_now(3_600).to_string()});
    let past = serde_json::json!({"expires": seconds_from_now(-60).to_string()});
    let mut client = gateway.connect(mqtt);
    let mut publish = |topic: &str, payload: &[u8]| {
        client.publish(topic, 1, payload).unwrap();
        assert_eq!(client.read().unwrap().kind(), 4);
    };
    let refused = |device: &TestDevice| {
        let page = bench
            .platform
            .get_json(&format!("/v1/devices/{}/quarantine", device.id));
        page["items"].as_array().unwrap().len()
    };
    let long = format!(r#"{{"note": "{}"}}"#, "x".repeat(66_000));
    for (error, device, topic, bad) in [
        (
            PayloadError::TooLong,
            &gateway,
            gateway.topic(),
            long.as_bytes(),
        ),
        (
            PayloadError::Topic,
            &gateway,
            format!("devices/{}/telemetri", gateway.id),
            GOOD.as_bytes(),
        ),
        (
            PayloadError::NotAdmitted,
            &child,
            of_child.clone(),
            GOOD.as_bytes(),
        ),
    ] {
        if error == PayloadError::NotAdmitted {
            bench.patch(&child, &past);
        }
        let before = refused(device);
        publish(&topic, bad);
        assert_eq!(refused(device), before + 1, "{error:?}");
        let told = newest(&bench, device);
        assert_eq!(told["unreadable"]["code"], error.code(), "{told}");
        assert_eq!(told["unreadable"]["cure"], error.cure());
        let topic = match error {
            PayloadError::NotAdmitted => {
                bench.patch(&child, &later);
                of_child.clone()
            }
            _ => gateway.topic(),
        };
        publish(&topic, GOOD.as_bytes());
        assert_eq!(
            refused(device),
            before + 1,
            "{error:?}: the cure does not lead in"
        );
    }
}

fn fields(count: usize) -> String {
    let fields: Vec<_> = (0..count).map(|n| format!(r#""extra-{n}": 1"#)).collect();
    format!(r#"{{"v": {{{}}}}}"#, fields.join(","))
}

/// `None`: the row needs more than a message.
fn rejected(reason: RejectReason) -> Option<Sample> {
    Some(match reason {
        RejectReason::WrongType => sample(r#"{"v": {"pm25": "low"}}"#, GOOD),
        RejectReason::UnknownUnit => of(
            SENML,
            r#"[{"n": "pm25", "u": "furlong", "v": 12}]"#,
            r#"[{"n": "pm25", "u": "ug/m3", "v": 12}]"#,
        ),
        RejectReason::NotFinite => of(
            CBOR,
            *b"\x81\xa2\x00\x64pm25\x02\xf9\x7e\x00",
            *b"\x81\xa2\x00\x64pm25\x02\x0c",
        ),
        RejectReason::TimeWithoutOffset => sample(
            r#"{"t": "2026-05-01T09:00:00", "v": {"pm25": 12}}"#,
            r#"{"t": "2026-05-01T09:00:00+09:00", "v": {"pm25": 12}}"#,
        ),
        RejectReason::UnreadableTime => sample(
            r#"{"t": "yesterday", "v": {"pm25": 12}}"#,
            r#"{"t": 1777593600, "v": {"pm25": 12}}"#,
        ),
        RejectReason::ImpossibleTime => {
            sample(r#"{"t": "1850-01-01T00:00:00Z", "v": {"pm25": 12}}"#, GOOD)
        }
        RejectReason::OlderThanRetention | RejectReason::TooManyExtraFields => return None,
        RejectReason::OtherDevice => of(
            SENML,
            r#"[{"n": "another:pm25", "v": 12}]"#,
            r#"[{"n": "pm25", "v": 12}]"#,
        ),
        RejectReason::BadFieldName => sample(r#"{"v": {"a b": 1}}"#, r#"{"v": {"a-b": 1}}"#),
        RejectReason::BadText => sample(
            format!(r#"{{"v": {{"note": "{}"}}}}"#, "x".repeat(300)),
            r#"{"v": {"note": "short"}}"#,
        ),
        RejectReason::BadLocation => sample(
            r#"{"v": {"pm25": 12}, "loc": [200, 0]}"#,
            r#"{"v": {"pm25": 12}, "loc": [37.5, 127]}"#,
        ),
        RejectReason::BadQuality => sample(
            r#"{"v": {"pm25": 12}, "q": "great"}"#,
            r#"{"v": {"pm25": 12}, "q": "good"}"#,
        ),
        RejectReason::TooManyNewFields => sample(fields(20), fields(16)),
        RejectReason::NoValue => of(
            SENML,
            r#"[{"n": "pm25"}, {"n": "pm10", "v": 1}]"#,
            r#"[{"n": "pm25", "v": 12}]"#,
        ),
        RejectReason::UnknownKey => sample(
            r#"{"v": {"pm25": 12}, "more": 1}"#,
            r#"{"v": {"pm25": 12, "more": 1}}"#,
        ),
        RejectReason::BaseName => of(
            SENML,
            r#"[{"bn": "another-one", "n": "pm25", "v": 12}]"#,
            r#"[{"n": "pm25", "v": 12}]"#,
        ),
    })
}

fn assert_rejected(bench: &Bench, device: &TestDevice, reason: RejectReason, body: (&str, &[u8])) {
    let (status, count) = post(bench, device, body.0, body.1);
    assert_eq!(status, 200, "{reason:?}");
    assert!(count > 0, "{reason:?} is not rejected");
    let told = newest(bench, device);
    let rejections = told["rejections"].as_array().unwrap();
    let told = rejections.iter().find(|it| it["code"] == reason.code());
    let told = told.unwrap_or_else(|| panic!("{reason:?} is not in {rejections:?}"));
    assert_eq!(told["message"], reason.to_string());
    assert_eq!(told["cure"], reason.cure());
}

#[test]
fn each_cure_of_a_rejected_observation_leads_in() {
    let bench = Bench::start();
    for reason in RejectReason::ALL {
        let Some(sample) = rejected(reason) else {
            continue;
        };
        let device = bench.device();
        let body = (sample.content_type, &sample.bad[..]);
        assert_rejected(&bench, &device, reason, body);
        is_taken(&bench, &device, &sample.cured, reason.code());
    }
}

/// Within one hour, where as many may be new as a device may have.
#[test]
fn a_device_with_too_many_fields_is_heard_when_it_sends_fewer() {
    let bench = Bench::start_with(&Start {
        flags: ["--new-fields-per-hour", "32"].map(str::to_owned).into(),
        ..Start::default()
    });
    let device = bench.device();
    let reason = RejectReason::TooManyExtraFields;
    assert_rejected(&bench, &device, reason, (JSON, fields(40).as_bytes()));
    is_taken(&bench, &device, &(JSON, fields(32).into()), reason.code());
}

#[test]
fn what_is_too_old_is_taken_where_it_is_kept_for_longer() {
    let bench = Bench::start();
    let device = bench.device();
    let keep = |days: u32| {
        let status = std::process::Command::new(tests::binary::madang())
            .args(["agency", "keep", "seoul", "safety.air", &days.to_string()])
            .args([
                "--url",
                &bench.platform.url(),
                "--token",
                &bench.platform.token(),
            ])
            .status()
            .unwrap();
        assert!(status.success());
    };
    keep(1);
    // Before any time at which a platform of this version was started.
    let old = "2026-05-01T09:00:00+09:00";
    let message = format!(r#"{{"t": "{old}", "v": {{"pm25": 12}}}}"#);
    let reason = RejectReason::OlderThanRetention;
    assert_rejected(&bench, &device, reason, (JSON, message.as_bytes()));
    keep(36_500);
    is_taken(
        &bench,
        &device,
        &(JSON, message.into_bytes()),
        reason.code(),
    );
}
