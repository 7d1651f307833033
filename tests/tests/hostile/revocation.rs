//! A device that connects again and again while it is revoked, and devices that
//! are revoked while the store has much to do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tests::{BareClient, Start, TestDevice, TestPlatform, eventually};

/// Trials, in devices that are revoked one after another.
const TRIALS: usize = 1_000;
const OUT_WITHIN: Duration = Duration::from_secs(1);

/// Connects and publishes for as long as it is let in.
fn connect_until_refused(
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
            let connecting = scope.spawn(|| connect_until_refused(&device, mqtt, &revoked));
            // Between none and a few connections later.
            std::thread::sleep(Duration::from_micros((trial % 40) as u64 * 100));
            operator.revoke_device(&device.id).unwrap();
            revoked.store(true, Ordering::Release);
            if let Err(why) = connecting.join().unwrap() {
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

/// Flushed files that make a compaction due; each start's rows become one.
const FILES: usize = 8;
/// Messages for each file, of [`RECORDS`] records with two values.
const MESSAGES: usize = 400;
const RECORDS: usize = 500;
/// Of one file.
pub(crate) const ROWS: usize = MESSAGES * RECORDS * 2;
/// More than can be revoked while one compaction runs.
const DEVICES: usize = 400;
/// Of these at least are revoked while it does.
const LEAST: usize = 5;

/// Rows whose times lie between those of the other files.
pub(crate) fn fill(platform: &TestPlatform, device: &TestDevice, file: usize) {
    let mut client = device.connect(platform.address("mqtt"));
    for message in 0..MESSAGES {
        let first = message * RECORDS;
        let records: Vec<String> = (first..first + RECORDS)
            .map(|number| {
                let time = 1_777_593_600 + number * FILES + file;
                let (pm25, pm10) = (number as f64 / 8.0, number % 150);
                format!(r#"{{"t":{time},"v":{{"pm25":{pm25},"pm10":{pm10}}}}}"#)
            })
            .collect();
        let payload = format!("[{}]", records.join(","));
        let id = u16::try_from(message + 1).unwrap();
        client
            .publish(&device.topic(), id, payload.as_bytes())
            .unwrap();
        assert_eq!(client.read().unwrap().id(), id);
    }
}

/// From the request for a revocation to the end of the device's connection.
pub(crate) fn put_out(platform: &TestPlatform, device: &TestDevice) -> Duration {
    let mut client = device.connect(platform.address("mqtt"));
    client
        .publish(&device.topic(), 1, br#"{"pm25": 1}"#)
        .unwrap();
    assert_eq!(client.read().unwrap().id(), 1);
    let asked = Instant::now();
    platform.operator().revoke_device(&device.id).unwrap();
    assert!(client.read().is_err(), "{} is out", device.id);
    asked.elapsed()
}

fn compactions(platform: &TestPlatform) -> u64 {
    let metrics = platform.operator().metrics().unwrap();
    let figure = metrics
        .lines()
        .find_map(|line| line.strip_prefix("madang_compactions_total "));
    figure.unwrap().parse().unwrap()
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn a_revoked_device_is_out_while_the_store_compacts() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    let source = TestDevice::register(&platform, "source", "safety.air");
    let devices: Vec<_> = (0..DEVICES)
        .map(|number| TestDevice::register(&platform, &format!("out-{number}"), "safety.air"))
        .collect();
    platform.stop();
    for file in 0..FILES {
        let platform = TestPlatform::on(&data, &Start::default());
        fill(&platform, &source, file);
        assert_eq!(compactions(&platform), 0, "before it is due");
        platform.stop();
    }

    // It is due now, and runs from the start on until it is counted.
    let platform = TestPlatform::on(&data, &Start::default());
    let mut waited = Vec::new();
    for device in &devices {
        let out = put_out(&platform, device);
        if compactions(&platform) > 0 {
            break;
        }
        waited.push(out);
    }
    eventually("the compaction ends", || {
        (compactions(&platform) > 0).then_some(())
    });
    assert!(
        waited.len() >= LEAST,
        "{} devices while it ran",
        waited.len()
    );
    waited.sort_unstable();
    let (median, slowest) = (waited[waited.len() / 2], waited[waited.len() - 1]);
    println!(
        "{} devices out while {} rows were compacted: median {median:?}, slowest {slowest:?}",
        waited.len(),
        FILES * ROWS
    );
    assert!(median < OUT_WITHIN, "{median:?}");
    // A machine that has other things to do is given more.
    assert!(slowest < 10 * OUT_WITHIN, "{slowest:?}");
}
