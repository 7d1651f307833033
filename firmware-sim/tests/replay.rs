//! A replay against a broker on a real socket.

#![allow(clippy::unwrap_used)]

mod fake_broker;

use std::io::Write;

use domain::payload::parse;
use domain::{DeviceId, ParsedValue, Timestamp};
use fake_broker::FakeBroker;
use firmware_sim::replay::{ReplayConfig, run};

const ROWS: &str = "device,time_rfc3339,metric,value,unit\n\
    river-1,2020-08-06T14:20:00+09:00,water_level,1080,cm\n\
    river-1,2020-08-06T14:20:00+09:00,discharge,16381.5,m3/s\n\
    rain-1,2020-08-06T14:20:00+09:00,rainfall,1.5,\n\
    river-1,2020-08-06T14:30:00+09:00,water_level,1079.3,cm\n";
/// A metric that no map knows.
const UNKNOWN: &str = "river-1,2020-08-06T14:30:00+09:00,colour,7,\n";

fn recording(name: &str, rows: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("observations.csv.gz");
    let file = std::fs::File::create(&path).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(rows.as_bytes()).unwrap();
    gzip.finish().unwrap();
    path
}

fn config(broker: &FakeBroker, name: &str) -> ReplayConfig {
    let file = recording(name, ROWS);
    ReplayConfig {
        acks: Some(file.with_file_name("acks.csv")),
        file,
        map: "han-river".to_owned(),
        speed: 0.0,
        mqtt: broker.address,
        platform: None,
        devices: None,
        verify: false,
        span: firmware_sim::replay::recording::Span::ALL,
    }
}

/// Device, time, field, value and unit of every observation that came.
fn received(broker: &FakeBroker) -> Vec<(String, String, String, f64, String)> {
    let mut all = Vec::new();
    for published in broker.published() {
        let device = published.topic.split('/').nth(1).unwrap().to_owned();
        let id = DeviceId::new(&device).unwrap();
        let read = parse(&published.payload, None, &id, Timestamp::from_micros(0)).unwrap();
        for observation in read.observations {
            let ParsedValue::Number(value) = observation.value else {
                panic!()
            };
            all.push((
                device.clone(),
                observation.time.unwrap().to_string(),
                observation.field.into_owned(),
                value,
                observation.unit.unwrap().into_owned(),
            ));
        }
    }
    all.sort_by(|a, b| (&a.0, &a.1, &a.2).cmp(&(&b.0, &b.1, &b.2)));
    all
}

#[test]
fn every_row_arrives_with_its_own_time_and_unit() {
    let broker = FakeBroker::start();
    let config = config(&broker, "arrives");
    let replay = run(&config).unwrap();
    assert!(replay.is_sound());
    assert_eq!((replay.recording.rows, replay.acknowledged()), (4, 3));
    let row = |device: &str, time: &str, field: &str, value, unit: &str| {
        (
            device.to_owned(),
            time.to_owned(),
            field.to_owned(),
            value,
            unit.to_owned(),
        )
    };
    assert_eq!(
        received(&broker),
        [
            row("rain-1", "2020-08-06T05:20:00Z", "rain_10m", 1.5, "mm"),
            row(
                "river-1",
                "2020-08-06T05:20:00Z",
                "discharge",
                16_381.5,
                "m3/s"
            ),
            row("river-1", "2020-08-06T05:20:00Z", "level", 1080.0, "cm"),
            row("river-1", "2020-08-06T05:30:00Z", "level", 1079.3, "cm"),
        ]
    );
    let acks = std::fs::read_to_string(config.acks.unwrap()).unwrap();
    assert_eq!(acks.lines().count(), 3);
}

#[test]
fn a_broken_connection_goes_on_where_it_was() {
    let broker = FakeBroker::start();
    // Every second message is taken and not acknowledged.
    broker.break_after(2);
    let replay = run(&config(&broker, "breaks")).unwrap();
    assert!(replay.is_sound(), "{:?}", replay.sent.faults);
    assert_eq!(replay.acknowledged(), 3);
    assert!(replay.sent.reconnects >= 1);
    assert_eq!(received(&broker).len(), 4);
}

#[test]
fn speed_keeps_the_distances_of_the_recording() {
    let broker = FakeBroker::start();
    // Ten minutes in 0.3 s.
    let replay = run(&ReplayConfig {
        speed: 2_000.0,
        ..config(&broker, "speed")
    })
    .unwrap();
    assert!(replay.sent.seconds >= 0.3, "{}", replay.sent.seconds);
}

#[test]
fn an_unknown_metric_is_a_failure_with_its_name_and_so_is_nothing_sent() {
    let broker = FakeBroker::start();
    let head = ROWS.lines().next().unwrap();
    let of_unknown = format!("{head}\n{UNKNOWN}");
    for (name, rows, messages) in [
        ("some-unknown", format!("{ROWS}{UNKNOWN}"), 3),
        ("all-unknown", of_unknown, 0),
        ("nothing", format!("{head}\n"), 0),
    ] {
        let replay = run(&ReplayConfig {
            file: recording(name, &rows),
            ..config(&broker, "usual")
        })
        .unwrap();
        assert_eq!(replay.acknowledged(), messages, "{name}");
        assert!(!replay.is_sound(), "{name}");
    }
    let output = command_line("said", &format!("{ROWS}{UNKNOWN}"), "han-river", &broker);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("1 rows of colour []") && said.contains("ignore"),
        "{said}"
    );
    let output = command_line(
        "said-nothing",
        &format!("{head}\n{UNKNOWN}"),
        "han-river",
        &broker,
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("NOTHING was sent") && !said.contains("all equal"),
        "{said}"
    );
}

#[test]
fn a_metric_that_the_map_leaves_out_is_no_failure() {
    let broker = FakeBroker::start();
    let map = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ignoring.toml");
    let text = include_str!("../maps/han-river.toml");
    std::fs::write(&map, format!("ignore = [\"colour\"]\n{text}")).unwrap();
    let rows = format!("{ROWS}{UNKNOWN}");
    let output = command_line("ignored", &rows, map.to_str().unwrap(), &broker);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("1 rows of metrics that the map leaves out"),
        "{said}"
    );
}

fn command_line(name: &str, rows: &str, map: &str, broker: &FakeBroker) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_firmware-sim"))
        .arg("replay")
        .arg(recording(name, rows))
        .args(["--map", map, "--anonymous", "--mqtt"])
        .arg(broker.address.to_string())
        .output()
        .unwrap()
}
