//! A revocation takes effect under a second, whatever else is going on: backups
//! one after another, subscribers that read nothing and whose queues are full,
//! publishers that read no acknowledgement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sdk::api::{BackupProgress, NewApplication};
use tests::{BareClient, TestDevice, TestPlatform};

const REVOCATIONS: usize = 30;
const SILENT_SUBSCRIBERS: usize = 10;
const PUBLISHERS: usize = 4;

fn back_up_on(platform: &TestPlatform, stop: &AtomicBool) -> usize {
    let (folder, operator) = (tempfile::tempdir().unwrap(), platform.operator());
    let mut made = 0;
    while !stop.load(Ordering::SeqCst) {
        operator
            .start_backup(&folder.path().join(made.to_string()))
            .unwrap();
        while operator.backup().unwrap().state == BackupProgress::Running {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(operator.backup().unwrap().state, BackupProgress::Made);
        made += 1;
    }
    made
}

/// Publishes without reading an acknowledgement, and begins anew where that is
/// the end of it.
fn publish_on(platform: &TestPlatform, device: &TestDevice, stop: &AtomicBool) {
    let payload = format!(r#"{{"pm25": 1, "note": "{}"}}"#, "x".repeat(200));
    while !stop.load(Ordering::SeqCst) {
        let mut mqtt = device.connect(platform.address("mqtt"));
        mqtt.set_write_timeout(Duration::from_millis(500));
        while !stop.load(Ordering::SeqCst) {
            if mqtt
                .publish(&device.topic(), 1, payload.as_bytes())
                .is_err()
            {
                break;
            }
        }
    }
}

/// Lets the others end, also where one has failed.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_revoked_device_is_out_while_the_platform_is_busy() {
    let platform = TestPlatform::start();
    let operator = platform.operator();
    let loud: Vec<_> = (0..PUBLISHERS)
        .map(|n| TestDevice::register(&platform, &format!("loud-{n}"), "safety.air"))
        .collect();
    let devices: Vec<_> = (0..REVOCATIONS)
        .map(|n| TestDevice::register(&platform, &format!("out-{n}"), "safety.air"))
        .collect();
    let application = NewApplication {
        name: "silent".to_owned(),
        contact: "dev@example.com".to_owned(),
    };
    let key = operator.create_application(&application).unwrap().key.key;
    let _silent: Vec<_> = (0..SILENT_SUBSCRIBERS)
        .map(|n| {
            let mut mqtt = BareClient::open(platform.address("mqtt")).unwrap();
            assert_eq!(
                mqtt.connect(&format!("silent-{n}"), "app", &key).unwrap(),
                0
            );
            assert_eq!(mqtt.subscribe("open/#").unwrap(), 1);
            mqtt
        })
        .collect();
    let stop = AtomicBool::new(false);
    let (mut waited, backups) = std::thread::scope(|scope| {
        let backups = scope.spawn(|| back_up_on(&platform, &stop));
        for device in &loud {
            scope.spawn(|| publish_on(&platform, device, &stop));
        }
        let stopping = StopOnDrop(&stop);
        let mut waited = Vec::new();
        for device in &devices {
            let mut mqtt = device.connect(platform.address("mqtt"));
            mqtt.publish(&device.topic(), 1, br#"{"pm25": 1}"#).unwrap();
            assert_eq!(mqtt.read().unwrap().kind(), 4);
            let asked = Instant::now();
            operator.revoke_device(&device.id).unwrap();
            assert!(mqtt.read().is_err(), "{} is out", device.id);
            waited.push(asked.elapsed());
        }
        drop(stopping);
        (waited, backups.join().unwrap())
    });
    waited.sort_unstable();
    let (median, slowest) = (waited[REVOCATIONS / 2], waited[REVOCATIONS - 1]);
    eprintln!("{backups} backups; out after {median:?}, {slowest:?} at most");
    assert!(backups > 0);
    // From the request to the end of the connection. The slowest has the bound
    // of a machine that has other things to do.
    assert!(median < Duration::from_secs(1), "{median:?}");
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
}
