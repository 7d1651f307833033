//! Crowds against a broker on a real socket.

#![allow(clippy::unwrap_used)]

mod fake_broker;

use std::collections::HashSet;
use std::time::Duration;

use fake_broker::FakeBroker;
use firmware_sim::load::crowd::idle::{self, IdleConfig};
use firmware_sim::load::crowd::road::{Road, Tls, TlsError};
use firmware_sim::load::crowd::storm::{self, Outbreak, StormConfig};
use firmware_sim::load::{Devices, Roster};

const CROWD: u32 = 200;

fn road(broker: &FakeBroker) -> Road {
    Road {
        mqtt: broker.address,
        tls: None,
    }
}

fn idle(broker: &FakeBroker) -> IdleConfig {
    IdleConfig {
        road: road(broker),
        connections: CROWD,
        devices: Devices::Anonymous,
        roster: Roster::New,
        subscribe: None,
        hold: Duration::ZERO,
        server_pid: None,
    }
}

fn storm(broker: &FakeBroker, outbreak: Outbreak) -> StormConfig {
    StormConfig {
        road: road(broker),
        connections: CROWD,
        devices: Devices::Anonymous,
        outbreak,
        deadline: Duration::from_secs(60),
        server_pid: None,
    }
}

fn clients(broker: &FakeBroker) -> HashSet<String> {
    broker.logins().into_iter().map(|(id, _)| id).collect()
}

#[test]
fn an_idle_crowd_may_subscribe() {
    let broker = FakeBroker::start();
    let report = idle::run(&IdleConfig {
        subscribe: Some("open/#".to_owned()),
        ..idle(&broker)
    })
    .unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(broker.subscribers(), CROWD as usize);
}

#[test]
fn an_idle_crowd_connects_once_each_and_stands() {
    let broker = FakeBroker::start();
    let report = idle::run(&IdleConfig {
        server_pid: cfg!(target_os = "linux").then(std::process::id),
        ..idle(&broker)
    })
    .unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.made, report.standing), (CROWD, CROWD));
    assert_eq!(broker.logins().len(), CROWD as usize);
    assert_eq!(clients(&broker).len(), CROWD as usize);
    assert!(broker.published().is_empty());
    let text = report.to_string();
    assert!(text.contains("connected       200 of 200"), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["connects_per_second"].as_f64().unwrap() > 0.0);
    if cfg!(target_os = "linux") {
        assert!(json["server"]["after_kib"].as_u64().unwrap() > 0);
    }
}

#[test]
fn a_name_gives_the_same_devices_again() {
    let broker = FakeBroker::start();
    let named = |roster| IdleConfig {
        roster,
        connections: 3,
        ..idle(&broker)
    };
    assert!(
        idle::run(&named(Roster::Named("c".into())))
            .unwrap()
            .is_sound()
    );
    let again = named(Roster::Earlier("c".into()));
    assert!(idle::run(&again).unwrap().is_sound());
    assert_eq!(broker.logins().len(), 6);
    let wanted = ["c-0", "c-1", "c-2"].map(String::from);
    assert_eq!(clients(&broker), HashSet::from(wanted));
}

#[test]
fn who_is_not_let_in_is_told() {
    let broker = FakeBroker::start();
    broker.be_unavailable(7);
    let report = idle::run(&idle(&broker)).unwrap();
    assert!(!report.is_sound());
    assert_eq!((report.made, report.faults.len()), (CROWD - 7, 7));
    assert!(report.faults[0].contains("server unavailable"), "{report}");
}

#[test]
fn a_storm_serves_everybody_although_many_are_turned_away_first() {
    let broker = FakeBroker::start();
    broker.be_unavailable(90);
    let report = storm::run(&storm(&broker, Outbreak::Now)).unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.served, report.failed_attempts), (CROWD, 90));
    let published = broker.published();
    assert_eq!(published.len(), CROWD as usize);
    let topics: HashSet<_> = published.iter().map(|it| &it.topic).collect();
    assert_eq!(topics.len(), CROWD as usize, "one message of each");
    let times = report.served_after_ms;
    assert!(times.p50 <= times.p99 && times.p99 <= times.all);
    assert!(report.to_string().contains("served          200 of 200"));
}

#[test]
fn a_crowd_comes_back_after_a_restart() {
    let broker = FakeBroker::start();
    let (standing, stands) = std::sync::mpsc::channel();
    let restarted = broker.clone();
    let restart = std::thread::spawn(move || {
        stands.recv().unwrap();
        let before = restarted.logins().len();
        restarted.hang_up_all();
        before
    });
    let outbreak = Outbreak::AfterRestart(Box::new(move || standing.send(()).unwrap()));
    let report = storm::run(&storm(&broker, outbreak)).unwrap();
    assert_eq!(restart.join().unwrap(), CROWD as usize);
    assert!(report.is_sound(), "{report}");
    assert_eq!(broker.logins().len(), 2 * CROWD as usize);
    assert_eq!(broker.published().len(), CROWD as usize);
    assert!(report.down_seconds.is_some());
}

#[test]
fn a_storm_that_nobody_survives_ends_at_its_deadline() {
    let broker = FakeBroker::start();
    broker.be_unavailable(usize::MAX);
    let report = storm::run(&StormConfig {
        deadline: Duration::from_millis(1),
        connections: 5,
        ..storm(&broker, Outbreak::Now)
    })
    .unwrap();
    assert!(!report.is_sound());
    assert_eq!((report.served, report.faults.len()), (0, 5));
}

#[test]
fn a_file_without_certificates_is_refused_by_name() {
    let missing = Tls::trusting("no/such.pem".as_ref(), "localhost");
    assert!(matches!(missing, Err(TlsError::Unreadable { .. })));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let empty = Tls::trusting(manifest.as_ref(), "localhost");
    assert!(matches!(empty, Err(TlsError::Empty { .. })));
}
