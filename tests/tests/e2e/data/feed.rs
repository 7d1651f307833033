//! The feed to a store that others wrote: Debian's victoria-metrics, which
//! loses its last seconds when it is killed. And what its settings refuse.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use domain::Value;
use sdk::api::ObservationQuery;
use tests::binary;
use tests::peers::look_for;
use tests::{PATIENCE, Start, TestDevice, TestPlatform, eventually};

/// By name of the metric and time in milliseconds.
type Series = BTreeMap<(String, i64), f64>;

/// 2026-05-01T00:00:00Z, in milliseconds.
const FIRST: u64 = 1_777_593_600_000;
/// Observations of one message.
const BATCH: u64 = 500;

/// A running one, over a folder that it may find again.
struct VictoriaMetrics {
    program: PathBuf,
    folder: PathBuf,
    address: SocketAddr,
    child: Child,
}

impl VictoriaMetrics {
    fn start(program: &Path, folder: &Path) -> Self {
        // Known before it listens: the platform is told of it first.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        Self {
            child: spawn(program, folder, address),
            program: program.to_owned(),
            folder: folder.to_owned(),
            address,
        }
        .ready()
    }

    /// SIGKILL, and up again on the same folder and port.
    fn kill_and_start(mut self) -> Self {
        self.kill();
        self.child = spawn(&self.program, &self.folder, self.address);
        self.ready()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn ready(self) -> Self {
        eventually("victoria-metrics answers", || {
            ureq::get(format!("{}/health", self.url())).call().ok()
        });
        self
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that it has.
    fn points(&self) -> Series {
        let text = ureq::get(format!("{}/api/v1/export", self.url()))
            .query("match[]", r#"{__name__!=""}"#)
            .call()
            .unwrap()
            .into_body()
            .with_config()
            .limit(256 << 20)
            .read_to_string()
            .unwrap();
        let mut points = Series::new();
        for line in text.lines() {
            let series: serde_json::Value = serde_json::from_str(line).unwrap();
            let metric = &series["metric"];
            assert_eq!(metric["agency"], "seoul");
            let name = format!(
                "{} {}",
                metric["thing"].as_str().unwrap(),
                metric["__name__"]
            );
            let values = series["values"].as_array().unwrap();
            let times = series["timestamps"].as_array().unwrap();
            for (value, time) in values.iter().zip(times) {
                let key = (name.clone(), time.as_i64().unwrap());
                points.insert(key, value.as_f64().unwrap());
            }
        }
        points
    }
}

impl Drop for VictoriaMetrics {
    fn drop(&mut self) {
        // An error says that it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(program: &Path, folder: &Path, address: SocketAddr) -> Child {
    Command::new(program)
        .arg(format!("-storageDataPath={}", folder.display()))
        .arg(format!("-httpListenAddr={address}"))
        // One value for each time, and no end of them.
        .args(["-dedup.minScrapeInterval=1ms", "-retentionPeriod=100y"])
        .args(["-memory.allowedBytes=256MB", "-loggerLevel=ERROR"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn feeding(store: &VictoriaMetrics) -> Start {
    Start {
        flags: vec!["--feed-url".to_owned(), store.url()],
        ..Start::default()
    }
}

/// What our own API answers, as the store names it: numbers, and the quality
/// of everything.
fn expected(platform: &TestPlatform, device: &TestDevice, fields: &[&str]) -> Series {
    let api = platform.anonymous();
    let mut points = Series::new();
    for field in fields {
        let datastream = device.datastream(&api, field);
        let query = ObservationQuery {
            limit: Some(10_000),
            ..ObservationQuery::default()
        };
        for observation in api.observations(datastream, &query) {
            let observation = observation.unwrap();
            let millis = observation.phenomenon_time.as_micros() / 1_000;
            let name = format!("{} \"safety.air_{field}", device.id);
            if let Some(Value::Number(value)) = observation.value {
                points.insert((format!("{name}\""), millis), value);
            }
            let code = f64::from(observation.quality.code());
            points.insert((format!("{name}__q\""), millis), code);
        }
    }
    points
}

/// Messages `from .. to` of one device: each acknowledged.
fn publish(platform: &TestPlatform, device: &TestDevice, messages: std::ops::Range<u64>) {
    let mut client = device.connect(platform.address("mqtt"));
    for message in messages {
        let records: Vec<String> = (message * BATCH..(message + 1) * BATCH)
            .map(|number| {
                let time = FIRST + number * 1_000;
                let (pm25, pm10) = (number as f64 / 10.0, number % 150);
                format!(r#"{{"t":{time},"v":{{"pm25":{pm25},"pm10":{pm10}}}}}"#)
            })
            .collect();
        let payload = format!("[{}]", records.join(","));
        let id = u16::try_from(message % 60_000 + 1).unwrap();
        let topic = device.topic();
        client.publish(&topic, id, payload.as_bytes()).unwrap();
        assert_eq!(client.read().unwrap().kind(), 4, "a PUBACK");
    }
}

/// Waits until the store has acknowledged all that was published. The lag
/// counts what is applied, and what is durable is applied a moment later: a
/// query waits for it.
fn all_is_acknowledged(platform: &TestPlatform) {
    platform.get_json("/v1/latest?limit=1");
    eventually("all is acknowledged", || {
        (platform.metric("madang_feed_lag_offsets ") == 0.0).then_some(())
    });
}

fn expect_all(platform: &TestPlatform, device: &TestDevice, store: &VictoriaMetrics) {
    let expected = expected(platform, device, &["pm25", "pm10"]);
    assert!(!expected.is_empty());
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let points = store.points();
        if points == expected {
            return;
        }
        let missing = expected
            .iter()
            .filter(|(key, _)| !points.contains_key(*key));
        let wrong: Vec<_> = points
            .iter()
            .filter(|(key, value)| expected.get(*key) != Some(*value))
            .map(|(key, value)| (key, value, expected.get(key)))
            .collect();
        assert!(
            std::time::Instant::now() < deadline,
            "{} of {} points are missing; {} are wrong, as {:?}",
            missing.count(),
            expected.len(),
            wrong.len(),
            &wrong[..wrong.len().min(5)]
        );
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

#[test]
fn victoria_metrics_killed_right_after_its_204_has_everything_afterwards() {
    let Some(program) = look_for("victoria-metrics") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut store = VictoriaMetrics::start(&program, &folder.path().join("store"));
    let platform = TestPlatform::start_with(&feeding(&store));
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    for round in 0..2 {
        publish(&platform, &device, round * 10..(round + 1) * 10);
        all_is_acknowledged(&platform);
        store = store.kill_and_start();
        let left = store.points().len();
        eprintln!("round {round}: {left} points right after the kill");
        // Nothing new comes: the feed sees the death by itself.
        expect_all(&platform, &device, &store);
    }
    assert!(platform.metric("madang_feed_went_back_total ") >= 1.0);
    assert_eq!(platform.metric("madang_feed_lines_set_aside_total "), 0.0);
    // Of two values of one time VictoriaMetrics shows the one that its blocks
    // happen to give (docs/feed.md): the correction is sent, and nothing else
    // changes.
    let mut sent = store.points();
    let mut client = device.connect(platform.address("mqtt"));
    let correction = format!(r#"{{"t":{FIRST},"v":{{"pm25":77.7}}}}"#);
    client
        .publish(&device.topic(), 1, correction.as_bytes())
        .unwrap();
    client.read().unwrap();
    let corrected = ("air-1 \"safety.air_pm25\"".to_owned(), FIRST.cast_signed());
    let first = sent.remove(&corrected);
    all_is_acknowledged(&platform);
    let mut shown = store.points();
    let shown_now = shown.remove(&corrected);
    assert!(
        shown_now == first || shown_now == Some(77.7),
        "{shown_now:?}"
    );
    assert!(shown == sent, "nothing but the corrected point changes");
    assert_eq!(platform.metric("madang_feed_lines_set_aside_total "), 0.0);
    platform.stop();
}

#[test]
fn a_kill_of_madang_leaves_nothing_out_of_the_store() {
    let Some(program) = look_for("victoria-metrics") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut store = VictoriaMetrics::start(&program, &folder.path().join("store"));
    let platform = TestPlatform::on(&data, &feeding(&store));
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    publish(&platform, &device, 0..5);
    // In the middle of sending, or before it.
    platform.kill();
    let platform = TestPlatform::on(&data, &feeding(&store));
    publish(&platform, &device, 5..10);
    eventually("something is sent", || {
        (platform.metric("madang_feed_lines_total ") > 0.0).then_some(())
    });
    // Both at once, and more comes while the store is away.
    store.kill();
    platform.kill();
    let platform = TestPlatform::on(&data, &feeding(&store));
    publish(&platform, &device, 10..15);
    let store = store.kill_and_start();
    expect_all(&platform, &device, &store);
    platform.stop();
    assert!(data.join("feed.json").is_file());
}

#[test]
fn settings_that_cannot_be_are_refused_before_a_port_is_bound() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let url = ["--feed-url", "http://127.0.0.1:9"];
    for (flags, named) in [
        (vec!["--feed-url", "127.0.0.1:9"], "--feed-url"),
        (vec!["--feed-bucket", "b"], "--feed-url"),
        (
            [url.as_slice(), &["--feed-token-file", "/nonexistent"]].concat(),
            "--feed-token-file",
        ),
        (
            [url.as_slice(), &["--feed-horizon", "1000000"]].concat(),
            "--feed-horizon",
        ),
        (
            [url.as_slice(), &["--feed-visibility", "some"]].concat(),
            "--feed-visibility",
        ),
    ] {
        let start = Start {
            flags: flags.iter().map(ToString::to_string).collect(),
            ..Start::default()
        };
        let Err((status, said)) = TestPlatform::try_on(&data, &start) else {
            panic!("{flags:?} were taken");
        };
        assert_eq!(status.code(), Some(2), "{flags:?}: {said}");
        assert!(said.contains(named), "{flags:?}: {said}");
        assert!(!data.exists(), "{flags:?}: nothing was begun");
    }
}

#[test]
fn the_help_tells_of_the_feed() {
    let output = Command::new(binary::madang())
        .args(["serve", "--help"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for flag in [
        "--feed-url <URL>",
        "--feed-token-file <FILE>",
        "--feed-horizon <SECONDS>",
    ] {
        assert!(said.contains(flag), "{flag} in {said}");
    }
}
