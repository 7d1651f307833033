//! What it costs to read one payload: `cargo run --release -p domain --example
//! parse_cost`. Prints nanoseconds a message for each format; take the best of
//! several runs on a quiet machine.

use std::hint::black_box;
use std::time::Instant;

use domain::payload::{ContentFormat, encode, parse};
use domain::{DeviceId, Timestamp};

/// Messages timed in one go, few enough to fit between two interruptions, and
/// how often.
const MESSAGES: u32 = 2_000;
const ROUNDS: u32 = 300;

fn main() {
    let device = DeviceId::new("dev-0001").expect("a good id");
    let now = Timestamp::from_micros(1_777_593_600_000_000);
    let padded = |text: &str| format!("{text:<108}").into_bytes();
    let readings = [encode::Reading::number("speed", 57.25)
        .at(Timestamp::from_micros(1_777_593_540_123_000))
        .in_unit("km/h")];
    let mut cbor = Vec::new();
    encode::encode(ContentFormat::SenmlCbor, &readings, None, &mut cbor).expect("a good reading");
    let cases = [
        (
            "compact, 2 fields, RFC 3339",
            padded(r#"{"t":"2026-05-01T09:00:00.123+09:00","v":{"pm25":12.1,"pm10":30}}"#),
        ),
        (
            "compact, 2 fields, ms",
            padded(r#"{"t":1777593540123,"v":{"pm25":12.1,"pm10":30}}"#),
        ),
        ("flat, 2 fields", padded(r#"{"pm25":12.1,"pm10":30}"#)),
        (
            "SenML JSON, 1 record",
            padded(r#"[{"t":1777593540.123,"n":"speed","u":"km/h","v":57.25}]"#),
        ),
        (
            "SenML JSON, 3 records",
            padded(
                r#"[{"bt":1777593540.123,"n":"speed","u":"km/h","v":57.25},{"n":"occupancy","u":"%","v": 7.25},{"n":"volume","u":"{vehicle}","v":12}]"#,
            ),
        ),
        ("SenML CBOR, 1 record", cbor),
    ];
    for (name, payload) in &cases {
        let best = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..MESSAGES {
                    let read = parse(black_box(payload), None, &device, now);
                    assert!(black_box(read).is_ok());
                }
                start.elapsed().as_nanos() / u128::from(MESSAGES)
            })
            .min()
            .unwrap_or_default();
        println!("{best:>5} ns  {name} ({} bytes)", payload.len());
    }
}
