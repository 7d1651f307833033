//! A disk that takes ten seconds for one sync of the registry, or of the data
//! folder: who registers or revokes waits, and a message whose field has to be
//! registered first, which keeps its time of receipt. Nobody else waits; and
//! nobody at all for a sync of the store's manifest.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::Timestamp;
use sdk::api::{LatestFilter, NewDevice};
use tests::peers::look_for;
use tests::test_device::{coap_post, now};
use tests::{BareClient, Start, TestDevice, TestPlatform, eventually};

use crate::revocation::{ROWS, fill, put_out};
use crate::witness::{Witness, attacker, connect_from, get};

const HELD: Duration = Duration::from_secs(10);
/// An answer that takes longer belongs to the hold.
const AT_ONCE: Duration = Duration::from_secs(1);
/// What waited comes within this after the hold: the changes of those before it.
const AFTER: Duration = Duration::from_secs(5);
/// Changes that are tried until one meets the hold: a device has 32 such fields.
const TRIES: u16 = 30;
const MOST_GROWN_KIB: i64 = 256 * 1_024;

/// Holds the `number`th sync of the file or folder.
fn slow_disk(strace: &Path, held: &Path, number: usize) -> Start {
    let inject = format!(
        "inject=fsync,fdatasync:delay_enter={}:when={number}",
        HELD.as_micros()
    );
    let wrapper = [
        strace.to_str().unwrap(),
        "--seccomp-bpf",
        "-f",
        "-q",
        "-P",
        held.to_str().unwrap(),
        "-e",
        "trace=fsync,fdatasync",
        "-e",
        &inject,
        "-o",
        "/dev/null",
    ];
    Start {
        wrapper: wrapper.map(String::from).to_vec(),
        ..Start::default()
    }
}

fn new_field(number: u16) -> Vec<u8> {
    format!("{{\"new{number}\":{number}}}").into_bytes()
}

fn client(device: &TestDevice, mqtt: SocketAddr, number: usize) -> BareClient {
    let mut client = BareClient::over(connect_from(attacker(number), mqtt).unwrap());
    let id = device.id.as_str();
    assert_eq!(client.connect(id, id, &device.token()).unwrap(), 0);
    client
}

/// Sends new fields until one is not acknowledged; since when, and its number.
fn begin_hold(client: &mut BareClient, device: &TestDevice) -> (Instant, u16) {
    client.set_read_timeout(HELD / 3);
    for number in 1..=TRIES {
        let begun = Instant::now();
        client
            .publish(&device.topic(), number, &new_field(number))
            .unwrap();
        match client.read() {
            Ok(answer) => assert_eq!(answer.id(), number),
            Err(_) => {
                client.set_read_timeout(HELD + AFTER);
                return (begun, number);
            }
        }
    }
    panic!("no sync was held");
}

/// The devices of one trial.
struct Cast {
    first: TestDevice,
    second: TestDevice,
    over_http: TestDevice,
    over_coap: TestDevice,
    pinging: TestDevice,
    outcast: TestDevice,
}

impl Cast {
    fn register(data: &Path) -> Self {
        let platform = TestPlatform::on(data, &Start::default());
        let [first, second, over_http, over_coap, pinging, outcast] =
            ["first", "second", "http", "coap", "pinging", "outcast"]
                .map(|id| TestDevice::register(&platform, id, "safety.air"));
        platform.stop();
        Self {
            first,
            second,
            over_http,
            over_coap,
            pinging,
            outcast,
        }
    }
}

fn post(platform: &TestPlatform, device: &TestDevice) -> u16 {
    let url = format!("{}/v1/devices/{}/telemetry", platform.url(), device.id);
    let answer = ureq::post(url)
        .header("Authorization", format!("Bearer {}", device.token()))
        .header("Content-Type", "application/json")
        .send(&new_field(1)[..]);
    answer.unwrap().status().as_u16()
}

/// Pings and reads each of `paths` until it is over; the longest that one of
/// them took.
fn bystander(
    platform: &TestPlatform,
    device: &TestDevice,
    paths: &[&str],
    over: &AtomicBool,
) -> Duration {
    let mut longest = Duration::ZERO;
    let mut pinging = client(device, platform.address("mqtt"), 4);
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        pinging.send(&[0xC0, 0]).unwrap();
        assert_eq!(pinging.read().unwrap().kind(), 13);
        longest = longest.max(begun.elapsed());
        for path in paths {
            let begun = Instant::now();
            let http = platform.address("http");
            let answer = get(attacker(5), http, path, "").unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            longest = longest.max(begun.elapsed());
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    longest
}

/// What waited is of the time when it came, though its readings have none of
/// their own.
fn assert_times_of_receipt(platform: &TestPlatform, held_until: Timestamp) {
    let sent_by = held_until.as_micros() - i64::try_from((HELD / 3).as_micros()).unwrap();
    let mut devices = HashSet::new();
    for found in platform.operator().latest(&LatestFilter::default()) {
        let found = found.unwrap();
        if found.field.starts_with("new") {
            let time = found.phenomenon_time;
            assert!(time.as_micros() < sent_by, "{found:?}: {held_until}");
            devices.insert(found.device);
        }
    }
    assert_eq!(devices.len(), 4, "{devices:?}");
}

fn nobody_else_waits(held: impl FnOnce(&Path) -> PathBuf, number: usize) {
    let Some(strace) = look_for("strace") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let cast = Cast::register(&data);
    let held = held(&data);
    let platform = TestPlatform::on(&data, &slow_disk(&strace, &held, number));
    let witness = Witness::start(&platform);
    let mqtt = platform.address("mqtt");
    let mut shut_out = client(&cast.outcast, mqtt, 3);
    let mut second = client(&cast.second, mqtt, 2);
    let mut first = client(&cast.first, mqtt, 1);
    let over = AtomicBool::new(false);
    let late = TestDevice::unregistered("late").registration("safety.air");
    std::thread::scope(|scope| {
        let aside = scope.spawn(|| bystander(&platform, &cast.pinging, &["/v1/latest"], &over));
        let (begun, number) = begin_hold(&mut first, &cast.first);
        let topic = cast.second.topic();
        second.publish(&topic, 1, &new_field(1)).unwrap();
        second.publish(&topic, 2, b"{\"pm25\":1}").unwrap();
        let http = scope.spawn(|| post(&platform, &cast.over_http));
        let coap = scope.spawn(|| {
            let body = cast.over_coap.signed(1, 1, b"[{\"n\":\"new\",\"v\":1}]");
            coap_post(platform.address("coap"), "coap", 1, &body).0
        });
        let revoked = scope.spawn(|| {
            platform.operator().revoke_device(&cast.outcast.id).unwrap();
            Instant::now()
        });
        let registered = scope.spawn(|| {
            let late: NewDevice = late;
            platform.operator().register_device(&late).unwrap();
        });

        assert_eq!(first.read().unwrap().id(), number);
        let took = begun.elapsed();
        let (ended, held_until) = (Instant::now(), now());
        assert!(took > HELD / 2, "{took:?} is no hold");
        // In the order in which they were sent.
        for id in 1..=2 {
            assert_eq!(second.read().unwrap().id(), id);
        }
        assert_eq!((http.join().unwrap(), coap.join().unwrap()), (200, 0x44));
        registered.join().unwrap();
        let revoked = revoked.join().unwrap();
        while shut_out.read().is_ok() {}
        println!(
            "{}: held for {took:?}; revoked {:?} after it, out {:?} later; all within {:?}",
            held.display(),
            revoked.saturating_duration_since(ended),
            revoked.elapsed(),
            ended.elapsed()
        );
        assert!(revoked.elapsed() < AT_ONCE);
        assert!(ended.elapsed() < AFTER);
        over.store(true, Ordering::Relaxed);
        let longest = aside.join().unwrap();
        println!("a ping or a query took {longest:?} at most");
        assert!(longest < AT_ONCE, "{longest:?}");
        assert_times_of_receipt(&platform, held_until);
    });
    witness.finish(&platform, MOST_GROWN_KIB);
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn a_held_sync_of_the_registry_holds_up_what_is_written_there_alone() {
    // After those of the witness's own registration.
    nobody_else_waits(|data| data.join("registry.sqlite-wal"), 4);
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn a_held_sync_of_the_data_folder_holds_up_what_is_written_there_alone() {
    // After those of the start.
    nobody_else_waits(Path::to_owned, 12);
}

/// More rows than a head takes: it is flushed, and the manifest follows.
const FLUSHED_ROWS: usize = 1_000_000;

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn a_held_sync_of_the_stores_manifest_holds_up_nobody() {
    let Some(strace) = look_for("strace") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // The first start writes a manifest of its own.
    TestPlatform::on(&data, &Start::default()).stop();
    let manifest = data.join("store").join("manifest.tmp");
    let platform = TestPlatform::on(&data, &slow_disk(&strace, &manifest, 1));
    let [source, pinging, outcast] = ["source", "pinging", "outcast"]
        .map(|id| TestDevice::register(&platform, id, "safety.air"));
    for file in 0..FLUSHED_ROWS.div_ceil(ROWS) {
        fill(&platform, &source, file);
    }
    let datastream = source.datastream(&platform.operator(), "pm25");
    let observations = format!("/v1/datastreams/{datastream}/observations?limit=100");
    eventually("the manifest is written", || {
        manifest.exists().then_some(())
    });
    let begun = Instant::now();
    let witness = Witness::start(&platform);
    let over = AtomicBool::new(false);
    let paths = ["/v1/latest", "/metrics", "/readyz", &observations];
    std::thread::scope(|scope| {
        let aside = scope.spawn(|| bystander(&platform, &pinging, &paths, &over));
        let out = put_out(&platform, &outcast);
        // All of the hold, which began before.
        while manifest.exists() {
            std::thread::sleep(Duration::from_millis(50));
        }
        let held = begun.elapsed();
        over.store(true, Ordering::Relaxed);
        let longest = aside.join().unwrap();
        println!("held for {held:?}; a revocation took {out:?}, anything else {longest:?} at most");
        assert!(held > HELD / 2, "{held:?} is no hold");
        assert!(out < AT_ONCE, "{out:?}");
        assert!(longest < AT_ONCE, "{longest:?}");
    });
    witness.finish(&platform, MOST_GROWN_KIB);
}
