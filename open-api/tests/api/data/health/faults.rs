//! Each fault of a device, made by messages as they come: its part, its reason in words,
//! and its place in the list of all.

use std::time::Duration;

use domain::Timestamp;
use health::{PartKind, REASONS};
use ingest::Clock;
use serde_json::{Value, json};

use crate::harness::Platform;

/// A device whose messages have one fault.
struct Faulty {
    id: &'static str,
    /// The reason, its part and a piece of its sentence.
    told: &'static [(&'static str, &'static str, &'static str)],
}

const FAULTY: [Faulty; 10] = [
    Faulty {
        id: "well",
        told: &[],
    },
    Faulty {
        id: "gaps",
        told: &[("missed", "missed", " of the expected readings are missing.")],
    },
    Faulty {
        id: "late",
        told: &[(
            "clock-late",
            "clock",
            "Times lie 1 h 0 min before the receipt",
        )],
    },
    Faulty {
        id: "ahead",
        told: &[("clock-ahead", "clock", "clock is ahead by ")],
    },
    Faulty {
        id: "wild",
        told: &[("implausible", "implausible", "33 % of the numbers of speed")],
    },
    Faulty {
        id: "stuck",
        told: &[("stuck", "stuck", "speed has not changed for ")],
    },
    Faulty {
        id: "odd",
        told: &[(
            "drift",
            "drift",
            "spreads away from those of its neighbours.",
        )],
    },
    Faulty {
        id: "twice",
        told: &[(
            "repeated",
            "repeated",
            " of the readings of speed were there already.",
        )],
    },
    Faulty {
        id: "refused",
        told: &[("refused", "refused", "Something was refused of ")],
    },
    Faulty {
        id: "weak",
        told: &[
            ("battery-low", "battery", "The battery has 7 % left."),
            ("signal-weak", "signal", "The signal is weak: -118 dBm."),
        ],
    },
];
/// What a datastream has by itself.
const OF_A_SERIES: [&str; 6] = [
    "missed",
    "clock",
    "implausible",
    "stuck",
    "drift",
    "repeated",
];
/// A reading every ten minutes for so long, of which the last day counts.
const READINGS: i64 = 180;

impl Faulty {
    /// Its messages.
    fn publish(&self, platform: &Platform) {
        let now = platform.clock.now().as_micros();
        let send = |message: &Value| platform.publish(self.id, message).expect(200);
        let time = |step: i64| {
            let seconds = match self.id {
                "late" => -3_600,
                "ahead" => 300,
                _ => 0,
            };
            let micros = now + (seconds - (READINGS - 1 - step) * 600) * 1_000_000;
            Timestamp::from_micros(micros).to_rfc3339()
        };
        let is_sent = |step: &i64| self.id != "gaps" || !(60..130).contains(step);
        let readings = (0..READINGS).filter(is_sent).map(|step| {
            let changing = 40.0 + (step % 7) as f64;
            let speed = match self.id {
                "wild" if step % 3 == 0 => 400.0,
                "stuck" if step > 60 => 44.0,
                "odd" => changing + 80.0,
                _ => changing,
            };
            json!({"t": time(step), "v": {"speed": speed}})
        });
        let day = json!(readings.collect::<Vec<_>>());
        send(&day);
        match self.id {
            "twice" => (0..2).for_each(|_| drop(send(&day))),
            "refused" => {
                let bad = json!({"t": time(READINGS), "v": {"speed": "fast"}});
                (0..5).for_each(|_| drop(send(&bad)));
            }
            "weak" => drop(send(&json!({"v": {"battery": 7, "rssi": -118}}))),
            _ => {}
        }
    }
}

/// The reasons with their parts' points and sentences: all that was told must be there.
fn check(health: &Value, told: &[(&str, &str, &str)]) {
    let reasons = health["reasons"].as_array().unwrap();
    let codes: Vec<_> = reasons.iter().map(|reason| &reason["code"]).collect();
    let expected: Vec<_> = told.iter().map(|(code, _, _)| *code).collect();
    assert_eq!(codes, expected, "{health:#}");
    for (reason, (_, part, text)) in reasons.iter().zip(told) {
        assert!(
            reason["text"].as_str().unwrap().contains(text),
            "{reason:#}"
        );
        let parts = health["parts"].as_array().unwrap();
        let part = parts.iter().find(|one| one["part"] == *part).unwrap();
        assert_eq!(reason["points"], part["points"]);
        assert!(part["points"].as_f64().unwrap() > 0.0, "{part:#}");
    }
    let lost: f64 = reasons
        .iter()
        .map(|it| it["points"].as_f64().unwrap())
        .sum();
    let left = health["score"].as_f64().unwrap();
    assert!((100.0 - lost - left).abs() <= 1.0, "{health:#}");
}

fn reasons_of(platform: &Platform, path: &str) -> Vec<String> {
    let health = platform.operator("GET", path, None).expect(200);
    let reasons = health["reasons"].as_array().unwrap().iter();
    reasons
        .map(|it| it["code"].as_str().unwrap().to_owned())
        .collect()
}

/// The document names all of them, and the pages have words for each, which are in
/// both languages.
#[test]
fn each_reason_is_named_in_the_document_and_has_its_words() {
    let document = Platform::start().get("/openapi.json").expect(200);
    let schemas = &document["components"]["schemas"];
    let described = |schema: &str, member: &str| {
        let text = schemas[schema]["properties"][member]["description"].as_str();
        text.unwrap_or_else(|| panic!("{schema}.{member}"))
            .to_owned()
    };
    let (reasons, parts) = (
        described("HealthReason", "code"),
        described("HealthPart", "part"),
    );
    let texts = ["device", "health"].map(|page| {
        let path = format!(
            "{}/../web/src/texts/ops/{page}.ts",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    });
    let has_words = |key: String| {
        texts
            .iter()
            .any(|file| file.contains(&format!("\"{key}\": {{")))
    };
    for code in REASONS {
        assert!(reasons.contains(&format!("`{code}`")), "{code}: {reasons}");
        assert!(has_words(format!("health.reason.{code}")), "{code}");
        assert!(has_words(format!("health.cause.{code}")), "{code}");
    }
    for code in PartKind::ALL.map(PartKind::code) {
        assert!(parts.contains(&format!("`{code}`")), "{code}: {parts}");
        assert!(has_words(format!("health.part.{code}")), "{code}");
    }
}

#[test]
fn each_fault_is_told_of_its_device_its_datastream_and_in_the_list() {
    let platform = Platform::start();
    for one in &FAULTY {
        platform.public_device(one.id, "traffic.flow");
        one.publish(&platform);
    }
    for one in &FAULTY {
        let path = format!("/v1/devices/{}/health", one.id);
        check(&platform.operator("GET", &path, None).expect(200), one.told);
        let of_series = one
            .told
            .iter()
            .filter(|(_, part, _)| OF_A_SERIES.contains(part));
        let of_series: Vec<_> = of_series.map(|(code, _, _)| *code).collect();
        let speed = platform.datastream(one.id, "speed");
        let path = format!("/v1/datastreams/{speed}/health");
        assert_eq!(reasons_of(&platform, &path), of_series, "{}", one.id);
    }

    platform.look_at_all_devices();
    for (code, id) in FAULTY
        .iter()
        .flat_map(|one| one.told.iter().map(|it| (it.0, one.id)))
    {
        let listed = platform.all(&format!("/v1/health/devices?reason={code}"));
        let devices: Vec<_> = listed.iter().map(|item| &item["device"]).collect();
        assert_eq!(devices, [id], "{code}");
    }

    platform.clock.pass(Duration::from_secs(6 * 3_600));
    let silent = platform.get("/v1/devices/well/health").expect(200);
    assert_eq!(
        (&silent["score"], &silent["reasons"][0]["code"]),
        (&json!(0), &json!("silent"))
    );
    let text = silent["reasons"][0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("Nothing was received for 6 h 0 min;"),
        "{text}"
    );
}
