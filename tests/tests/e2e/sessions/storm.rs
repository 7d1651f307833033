//! Thousands of devices at once, against a running server and after a
//! restart: all are served, and publishers who were there see no error.

use std::sync::mpsc;
use std::time::Duration;

use firmware_sim::load::crowd::road::Road;
use firmware_sim::load::crowd::storm::{self, Outbreak, StormConfig};
use firmware_sim::load::crowd::storm_report::StormReport;
use firmware_sim::load::{self, Devices, LoadConfig, LoadReport, Pace};
use firmware_sim::registration::Platform;
use firmware_sim::wire::Qos;
use tests::{Start, TestPlatform};

const CROWD: u32 = 3_000;
/// What the platform promises for five times as many.
const ALL_SERVED: Duration = Duration::from_secs(30);
/// Publishers that stay, and the messages of each in a second.
const PUBLISHERS: u32 = 100;
const RATE: f64 = 10.0;
/// Longer than the crowd's registration, the storm and its reading back.
const PUBLISH_SECONDS: u64 = 60;
/// A publisher's acknowledgement may be late while the storm lasts, by seconds.
const LATEST_ACK: Duration = Duration::from_secs(10);

fn devices(platform: &TestPlatform) -> Devices {
    let token = platform.data().join("admin.token");
    Devices::Registered(Box::new(
        Platform::connect(&platform.url(), &token).unwrap(),
    ))
}

fn storm(platform: &TestPlatform, outbreak: Outbreak) -> StormConfig {
    StormConfig {
        road: Road {
            mqtt: platform.address("mqtt"),
            tls: None,
        },
        connections: CROWD,
        devices: devices(platform),
        outbreak,
        deadline: ALL_SERVED,
        server_pid: None,
    }
}

fn publish_on(platform: &TestPlatform) -> LoadReport {
    load::run(&LoadConfig {
        mqtt: platform.address("mqtt"),
        connections: PUBLISHERS,
        messages: u64::from(PUBLISHERS) * RATE as u64 * PUBLISH_SECONDS,
        qos: Qos::AtLeastOnce,
        pace: Pace::PerSecond(RATE),
        subscribers: 0,
        fields: 1,
        devices: devices(platform),
        server_pid: None,
        threads: 1,
        read_back: true,
    })
    .unwrap()
}

fn all_served(report: &StormReport) {
    eprintln!("{report}");
    assert!(report.is_sound(), "{report}");
    let all = Duration::from_millis(report.served_after_ms.all.unwrap());
    assert!(all < ALL_SERVED, "{report}");
}

#[test]
#[ignore = "a minute of load, run by .ci/run"]
fn a_crowd_that_comes_at_once_is_served_and_disturbs_nobody() {
    let platform = TestPlatform::start();
    std::thread::scope(|scope| {
        let stayed = scope.spawn(|| publish_on(&platform));
        // The registration of the crowd takes its time: the publishers are
        // under way when the storm breaks, and go on when it is over.
        all_served(&storm::run(&storm(&platform, Outbreak::Now)).unwrap());
        assert!(!stayed.is_finished(), "the publishers outlast the storm");
        let stayed = stayed.join().unwrap();
        eprintln!("{stayed}");
        assert!(stayed.is_sound(), "{stayed}");
        let latest = Duration::from_micros(stayed.ack_latency_us.max.unwrap());
        assert!(latest < LATEST_ACK, "{stayed}");
    });
}

#[test]
#[ignore = "a minute of load, run by .ci/run"]
fn a_crowd_that_a_restart_threw_out_is_served_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    let again = Start {
        flags: ["mqtt", "http"]
            .into_iter()
            .flat_map(|name| [format!("--{name}"), platform.address(name).to_string()])
            .collect(),
        ..Start::default()
    };
    let (standing, stands) = mpsc::channel();
    let outbreak = Outbreak::AfterRestart(Box::new(move || standing.send(()).unwrap()));
    let config = storm(&platform, outbreak);
    let restart = std::thread::spawn(move || {
        // It never comes where the crowd was not let in the first time.
        stands.recv().ok()?;
        platform.kill();
        Some(TestPlatform::on(&data, &again))
    });
    let report = storm::run(&config);
    drop(config);
    let _platform = restart.join().unwrap();
    all_served(&report.unwrap());
}
