//! A device that connects again and again while it is revoked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tests::{BareClient, TestDevice, TestPlatform};

/// Trials, in devices that are revoked one after another.
const TRIALS: usize = 1_000;
const OUT_WITHIN: Duration = Duration::from_secs(1);

/// Connects and publishes for as long as it is let in.
fn knock(
    device: &TestDevice,
    mqtt: std::net::SocketAddr,
    revoked: &AtomicBool,
) -> Result<(), String> {
    let token = device.token();
    let mut left = None::<Instant>;
    loop {
        let since = revoked
            .load(Ordering::Acquire)
            .then(|| *left.get_or_insert_with(Instant::now));
        let mut client = BareClient::open(mqtt).unwrap();
        let code = client.connect(device.id.as_str(), device.id.as_str(), &token);
        if code.as_ref().is_ok_and(|code| *code != 0) {
            return Ok(());
        }
        if code.is_err() {
            continue;
        }
        // It was let in: it must be out again within the time, and nothing that
        // it sends from then on may be acknowledged.
        let mut number = 0u16;
        while client
            .publish(&device.topic(), number.max(1), b"{\"pm25\":1}")
            .is_ok()
        {
            if client.read().is_err() {
                break;
            }
            number = number % 60_000 + 1;
            if since.is_some_and(|since| since.elapsed() > OUT_WITHIN) {
                return Err(format!("{} is still in", device.id));
            }
            if since.is_none() {
                break;
            }
        }
    }
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn nobody_stays_in_who_connects_while_revoked() {
    let platform = TestPlatform::start();
    let mqtt = platform.address("mqtt");
    let operator = platform.operator();
    let mut stayed = Vec::new();
    for trial in 0..TRIALS {
        let device = TestDevice::register(&platform, &format!("race-{trial}"), "safety.air");
        let revoked = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let knocking = scope.spawn(|| knock(&device, mqtt, &revoked));
            // Between none and a few connections later.
            std::thread::sleep(Duration::from_micros((trial % 40) as u64 * 100));
            operator.revoke_device(&device.id).unwrap();
            revoked.store(true, Ordering::Release);
            if let Err(why) = knocking.join().unwrap() {
                stayed.push(why);
            }
        });
    }
    assert!(
        stayed.is_empty(),
        "{} of {TRIALS}: {stayed:?}",
        stayed.len()
    );
}
