//! A right and the moment that it was read at: a device that connects again and
//! again while it is revoked is out when the revocation is answered.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sdk::api::{ApiClient, ImportMode, NewDevice};
use tests::test_device::make_agency;
use tests::{BareClient, PATIENCE, TestDevice, TestPlatform};

/// Of the race: one device each.
const TRIALS: usize = 1_000;
/// Trials under way at once.
const AT_ONCE: usize = 4;

/// Devices that share a key: what is tried is not the key.
fn register(platform: &TestPlatform) -> Vec<TestDevice> {
    let key = TestDevice::unregistered("any").key;
    let pem = key.to_pkcs8_pem();
    let devices: Vec<TestDevice> = (0..TRIALS)
        .map(|n| TestDevice {
            key: sdk::DeviceKey::from_pkcs8_pem(&pem).unwrap(),
            ..TestDevice::unregistered(&format!("race-{n}"))
        })
        .collect();
    let registrations: Vec<NewDevice> = devices
        .iter()
        .map(|device| device.registration("safety.air"))
        .collect();
    let operator = platform.operator();
    make_agency(&operator);
    let report = operator.import_devices(&registrations, ImportMode::Apply);
    assert_eq!(report.unwrap().created, TRIALS as u64);
    devices
}

/// Connects until it is told to stop; gives what it was left with.
fn connect_on(
    platform: &TestPlatform,
    device: &TestDevice,
    (begun, stop): (&AtomicUsize, &AtomicBool),
) -> Option<BareClient> {
    let (id, token) = (device.id.as_str(), device.token());
    let mut standing = None;
    while !stop.load(Ordering::SeqCst) {
        let mut client = BareClient::open(platform.address("mqtt")).unwrap();
        // The connection may be closed while it is refused.
        let accepted = client.connect(id, id, &token).is_ok_and(|code| code == 0);
        begun.fetch_add(1, Ordering::SeqCst);
        if accepted {
            standing = Some(client);
        }
    }
    standing
}

/// How long a connection stood after the revocation was answered; none: it did
/// not, or `Err` where it had a message acknowledged.
fn trial(
    platform: &TestPlatform,
    operator: &ApiClient,
    device: &TestDevice,
    pause: Duration,
) -> Result<Option<Duration>, String> {
    let (begun, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (standing, revoked) = std::thread::scope(|scope| {
        let connecting = scope.spawn(|| connect_on(platform, device, (&begun, &stop)));
        while begun.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        std::thread::sleep(pause);
        operator.revoke_device(&device.id).unwrap();
        let revoked = Instant::now();
        stop.store(true, Ordering::SeqCst);
        (connecting.join().unwrap(), revoked)
    });
    let Some(mut client) = standing else {
        return Ok(None);
    };
    client.set_read_timeout(PATIENCE / 4);
    // An error where it is closed already.
    let _ = client.publish(&device.topic(), 1, br#"{"pm25": 1}"#);
    match client.read() {
        Ok(packet) => Err(format!("{}: {packet:?}", device.id)),
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            Err(format!("{}: it stays in", device.id))
        }
        Err(_) => Ok(Some(revoked.elapsed())),
    }
}

#[test]
fn nobody_stays_in_who_connects_while_it_is_revoked() {
    let platform = TestPlatform::start();
    let devices = register(&platform);
    let next = AtomicUsize::new(0);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let operator = platform.operator();
                    let mut outcomes = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let Some(device) = devices.get(n) else {
                            return outcomes;
                        };
                        // Spread over the length of a login.
                        let pause = Duration::from_micros(n as u64 % 50 * 100);
                        outcomes.push(trial(&platform, &operator, device, pause));
                    }
                })
            })
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join().unwrap());
        joined.flatten().collect()
    });
    let stayed: Vec<_> = outcomes.iter().filter_map(|it| it.as_ref().err()).collect();
    let mut closed: Vec<_> = outcomes
        .iter()
        .filter_map(|it| *it.as_ref().ok()?)
        .collect();
    closed.sort_unstable();
    eprintln!(
        "{} of {TRIALS} stayed; {} stood and were closed, the slowest after {:?}",
        stayed.len(),
        closed.len(),
        closed.last()
    );
    assert!(stayed.is_empty(), "{stayed:?}");
    let median = closed.get(closed.len() / 2);
    assert!(median.is_none_or(|it| it.as_millis() < 1_000), "{median:?}");
}
