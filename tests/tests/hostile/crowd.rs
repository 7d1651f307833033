//! Crowds of connections: of nobody, of one key, and more than the process has
//! file handles.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use domain::{AgencyId, DeviceId, ModelId};
use sdk::api::{ImportMode, NewDevice, Position};
use tests::test_device::{AGENCY, make_agency};
use tests::{Start, TestDevice, TestPlatform};

use crate::witness::{Witness, attacker, connect_from, expect_ready};

/// Of systemd's services, where nobody raises it; here the hard one too.
const HANDLES: u32 = 1_024;
const CONNECTIONS: usize = 1_500;
const MOST_GROWN_KIB: i64 = 128 * 1_024;
/// Enough to fill a head of a million rows, and so to make new files.
const MESSAGES: u64 = 1_100;
const ROWS_A_MESSAGE: u64 = 1_000;

/// Public devices without a key, by one import.
pub(crate) fn register_public(platform: &TestPlatform, count: usize) {
    let operator = platform.operator();
    make_agency(&operator);
    let devices: Vec<NewDevice> = (0..count)
        .map(|number| {
            let id = DeviceId::new(format!("public-{number}")).unwrap();
            let agency = AgencyId::new(AGENCY).unwrap();
            let model = ModelId::new("safety.air").unwrap();
            NewDevice {
                location: Some(Position {
                    lat: 37.5,
                    lon: 127.0,
                }),
                visibility: Some("public".to_owned()),
                ..NewDevice::new(id, agency, model)
            }
        })
        .collect();
    let report = operator
        .import_devices(&devices, ImportMode::Apply)
        .unwrap();
    assert_eq!(report.created, count as u64, "{report:?}");
}

/// As many as are let in, half to each listener; some say a little.
fn crowd(platform: &TestPlatform) -> Vec<TcpStream> {
    let listeners = [platform.address("mqtt"), platform.address("http")];
    let mut standing = Vec::new();
    for number in 0..CONNECTIONS {
        let Ok(mut stream) = connect_from(attacker(number), listeners[number % 2]) else {
            continue;
        };
        if number % 3 == 0 {
            let _ = stream.write_all(b"P");
        }
        standing.push(stream);
    }
    standing
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn more_connections_than_file_handles_end_nothing() {
    let limit = format!("--nofile={HANDLES}:{HANDLES}");
    let platform = TestPlatform::start_with(&Start {
        wrapper: vec!["prlimit".to_owned(), limit],
        ..Start::default()
    });
    let writer = TestDevice::register(&platform, "writer", "safety.air");
    let mut client = writer.connect(platform.address("mqtt"));
    let witness = Witness::start(&platform);
    let standing = crowd(&platform);
    // The log and the store need new files meanwhile.
    for message in 0..MESSAGES {
        let records: Vec<String> = (0..ROWS_A_MESSAGE)
            .map(|place| {
                let time = 1_777_593_600_000 + message * ROWS_A_MESSAGE + place;
                format!("{{\"t\":{time},\"v\":{{\"pm25\":{}}}}}", place % 100)
            })
            .collect();
        let payload = format!("[{}]", records.join(","));
        let id = u16::try_from(message % 60_000 + 1).unwrap();
        client
            .publish(&writer.topic(), id, payload.as_bytes())
            .unwrap();
        assert_eq!(client.read().unwrap().id(), id);
    }
    // The head of a million rows is memory of its own.
    witness.finish(&platform, MOST_GROWN_KIB + 512 * 1_024);
    drop(standing);
    expect_ready(&platform);
    platform.stop();
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn thousands_of_connections_that_say_nothing_give_way() {
    let platform = TestPlatform::start();
    let witness = Witness::start(&platform);
    let mut standing = Vec::new();
    for number in 0..6_000 {
        let listener = ["mqtt", "http", "http"][number % 3];
        if let Ok(stream) = connect_from(attacker(number), platform.address(listener)) {
            standing.push(stream);
        }
    }
    std::thread::sleep(Duration::from_secs(3));
    witness.finish(&platform, MOST_GROWN_KIB);
    drop(standing);
}
