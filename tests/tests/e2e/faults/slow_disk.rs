//! A disk whose syncs begin to take two seconds while the platform runs, as a
//! network's may: only who waits for a sync waits.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{ScopedJoinHandle, scope};
use std::time::{Duration, Instant};

use domain::payload::ContentFormat;
use sdk::api::{Bearer, LatestFilter, ObservationQuery};
use tests::peers::look_for;
use tests::{BareClient, PATIENCE, Start, TestDevice, TestPlatform, eventually};

/// What each sync takes longer.
const SYNC: Duration = Duration::from_secs(2);
/// More than anything takes that waits for none.
const NO_SYNC: Duration = Duration::from_secs(1);
/// Messages that wait for one, one after another.
const SLOW_MESSAGES: u64 = 5;
/// Devices that send over HTTP then: one more than its threads.
const HTTP_SENDERS: usize = 3;
/// Of each of them.
const HTTP_MESSAGES: u64 = 2;
const PINGREQ: [u8; 2] = [0xc0, 0];
const PINGRESP: u8 = 13;
/// 2026-05-01.
const START_MILLIS: u64 = 1_777_593_600_000;

fn payload(number: u64) -> Vec<u8> {
    let time = START_MILLIS + number;
    format!("{{\"t\":{time},\"v\":{{\"pm25\":{number}}}}}").into_bytes()
}

/// strace around a running platform; its end lets go of the platform.
struct SlowSyncs(Child);

impl SlowSyncs {
    /// `None`, after having said so, where it may not look into the platform.
    fn begin(strace: &Path, platform: &TestPlatform) -> Option<Self> {
        let mut child = Command::new(strace)
            .args(["-f", "-q", "-o", "/dev/null", "-e", "trace=fdatasync,fsync"])
            .args(["-e", &inject(), "-p", &platform.pid().to_string()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let attached = eventually("strace holds every thread or has ended", || {
            match child.try_wait().unwrap() {
                Some(_) => Some(false),
                None => is_traced(platform.pid()).then_some(true),
            }
        });
        if !attached {
            assert!(std::env::var_os("CI").is_none(), "strace may not attach");
            eprintln!("\n*** NOT TESTED: strace may not attach to a process ***\n");
            return None;
        }
        Some(Self(child))
    }
}

impl Drop for SlowSyncs {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).unwrap();
        tests::send_signal(pid, rustix::process::Signal::TERM);
        self.0.wait().unwrap();
    }
}

fn inject() -> String {
    format!("inject=fdatasync,fsync:delay_enter={}", SYNC.as_micros())
}

fn is_traced(pid: i32) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks.flatten().all(|task| {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        !status.contains("TracerPid:\t0\n")
    })
}

fn publish(client: &mut BareClient, device: &TestDevice, number: u64) -> Duration {
    let begun = Instant::now();
    let id = u16::try_from(number + 1).unwrap();
    client
        .publish(&device.topic(), id, &payload(number))
        .unwrap();
    assert_eq!(client.read().unwrap().id(), id);
    begun.elapsed()
}

/// Ends what goes on again and again, also where an assertion fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does `work` again and again until `over`; how long each took.
fn again_and_again(over: &AtomicBool, mut work: impl FnMut()) -> Vec<Duration> {
    let mut took = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        work();
        took.push(begun.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    took.sort();
    took
}

/// How many took longer than anything does that waits for no sync.
fn tell(what: &str, took: ScopedJoinHandle<'_, Vec<Duration>>) -> usize {
    let took = took.join().unwrap();
    let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
    let p99 = took[took.len() * 99 / 100];
    let held_up = took.iter().filter(|it| **it > NO_SYNC).count();
    eprintln!(
        "{what}: {} times, p50 {median:?}, p99 {p99:?}, longest {longest:?}",
        took.len()
    );
    held_up
}

#[test]
fn a_disk_that_becomes_slow_holds_up_only_who_waits_for_it() {
    let Some(strace) = look_for("strace") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    let register = |id: &str| TestDevice::register(&platform, id, "safety.air");
    let (sender, other) = (register("sender"), register("other"));
    let http_senders: [_; HTTP_SENDERS] = std::array::from_fn(|it| register(&format!("http-{it}")));
    let mqtt = platform.address("mqtt");
    let (mut client, mut pinger) = (sender.connect(mqtt), other.connect(mqtt));
    client.set_read_timeout(PATIENCE);
    pinger.set_read_timeout(PATIENCE);
    let quick = 20;
    for number in 0..quick {
        publish(&mut client, &sender, number);
    }
    let Some(slow) = SlowSyncs::begin(&strace, &platform) else {
        return;
    };

    let over = AtomicBool::new(false);
    let send_over_http = |device: &TestDevice| {
        let (api, token) = (platform.anonymous(), device.token());
        for number in 0..HTTP_MESSAGES {
            let begun = Instant::now();
            let (proof, format) = (Bearer::Jwt(&token), ContentFormat::CompactJson);
            api.send_telemetry(&device.id, proof, format, &payload(number))
                .unwrap();
            assert!(begun.elapsed() >= SYNC, "it cannot be durable");
        }
    };
    let mut acknowledged = quick;
    let (pings, health, latest) = scope(|threads| {
        let ends = Ends(&over);
        let pings = threads.spawn(|| {
            again_and_again(&over, || {
                pinger.send(&PINGREQ).unwrap();
                assert_eq!(pinger.read().unwrap().kind(), PINGRESP);
            })
        });
        // Anybody else may ask only so often.
        let (api, reader) = (platform.anonymous(), platform.operator());
        let health = threads.spawn(|| again_and_again(&over, move || api.readyz().unwrap()));
        let latest = threads.spawn(|| {
            again_and_again(&over, move || {
                let filter = LatestFilter::default();
                reader.latest(&filter).next().unwrap().unwrap();
            })
        });
        // Alone, so that nobody else leads for it.
        for _ in 0..SLOW_MESSAGES {
            let took = publish(&mut client, &sender, acknowledged);
            eprintln!("acknowledged after {took:?}");
            assert!(took >= SYNC, "it cannot be durable");
            acknowledged += 1;
        }
        scope(|senders| {
            for device in &http_senders {
                senders.spawn(|| send_over_http(device));
            }
        });
        drop(ends);
        let pings = tell("pings of another connection", pings);
        let health = tell("/readyz", health);
        (pings, health, tell("/v1/latest", latest))
    });
    assert_eq!((health, latest), (0, 0), "HTTP waited for the disk");
    // The sync in which it becomes known holds up the worker that made it.
    assert!(pings <= 1, "{pings} pings waited for the disk");

    drop(slow);
    drop(platform.kill());
    let platform = TestPlatform::on(&data, &Start::default());
    let api = platform.anonymous();
    let pm25 = sender.datastream(&api, "pm25");
    let stored = api.observations(pm25, &ObservationQuery::default());
    assert_eq!(stored.collect_all().unwrap().len() as u64, acknowledged);
}
