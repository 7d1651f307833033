//! The scores of all devices, worked out in the background.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::{
    Actor, Device, ImportRow, ImportTerms, NewAgency, NewDevice, Registry, Snapshot, Visibility,
};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DeviceId, Location, ModelId, ObservationBatch, Origin,
    Timestamp, Transport, payload,
};
use health::{Band, Fleet, FleetWatch, Observer, Pass, Watched};
use ingest::{Clock, Config, Ingest, Staged, SystemClock};
use supervisor::Scope;
use tempfile::TempDir;

/// Longer than any machine needs.
const DEADLINE: Duration = Duration::from_secs(60);

struct Plane {
    registry: Arc<Registry>,
    ingest: Ingest,
    _folder: TempDir,
}

impl Plane {
    /// So many devices, 300 m apart.
    fn with(devices: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), || SystemClock.now()).unwrap();
        let registry = Arc::new(registry);
        let agency = AgencyId::new("seoul").unwrap();
        let of_it = NewAgency {
            id: agency.clone(),
            name: "서울특별시".to_owned(),
        };
        registry.create_agency(&Actor::OPERATOR, of_it).unwrap();
        let side = f64::from(devices).sqrt().ceil() as u32;
        let rows = (0..devices).map(|number| {
            let model = ModelId::new("traffic.flow").unwrap();
            let [row, column] = [number / side, number % side].map(|it| f64::from(it) * 0.003);
            let device = NewDevice {
                visibility: Some(Visibility::Public),
                location: Some(Location::new(36.0 + row, 127.0 + column).unwrap()),
                ..NewDevice::new(device_id(number), agency.clone(), model)
            };
            ImportRow {
                line: u64::from(number) + 1,
                device: Ok(device),
            }
        });
        let imported = registry.import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        });
        assert_eq!(imported.unwrap().errors, []);
        let config = Config::new(folder.path());
        let ingest = Ingest::open(config, Arc::clone(&registry), Arc::new(SystemClock)).unwrap();
        Self {
            registry,
            ingest,
            _folder: folder,
        }
    }

    fn watched(&self) -> Watched {
        Watched {
            registry: Arc::clone(&self.registry),
            plane: self.ingest.clone(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Of each of these a message with a day of readings, every ten minutes.
    fn publish_a_day(&self, devices: &[&Arc<Device>]) {
        const TOGETHER: usize = 500;
        for devices in devices.chunks(TOGETHER) {
            let now = SystemClock.now();
            let staged = devices.iter().map(|device| self.stage_a_day(device, now));
            let staged = staged.collect();
            block_on(self.ingest.commit(staged)).unwrap();
        }
        block_on(self.ingest.caught_up());
    }

    fn stage_a_day(&self, device: &Arc<Device>, now: Timestamp) -> Staged {
        let readings = (0..144).map(|step: i64| {
            let time = now.as_micros() / 1_000_000 - (143 - step) * 600;
            format!(r#"{{"t":{time},"v":{{"speed":{}}}}}"#, 40 + step % 17)
        });
        let message = format!("[{}]", readings.collect::<Vec<_>>().join(","));
        let batch = ObservationBatch {
            origin: Origin {
                credential: CredentialId::new(1),
                assurance: Assurance::Key,
                gateway: None,
                transport: Transport::Mqtt,
                received: now,
                resent: Resent::No,
                boot_epoch: None,
                boot_sequence: None,
            },
            telemetry: payload::parse(message.as_bytes(), None, &device.id, now),
            original: message.as_bytes(),
        };
        self.ingest.stage(device, &batch).unwrap()
    }

    fn observer<'a>(&'a self, snapshot: &'a Snapshot, now: Timestamp) -> Observer<'a> {
        Observer {
            plane: &self.ingest,
            snapshot,
            now,
        }
    }
}

/// A whole pass.
fn look_at_all(fleet: &Fleet, observer: &Observer<'_>) {
    let mut pass = Pass::begin(fleet);
    while pass.step(observer, 8) {}
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

fn device_id(number: u32) -> DeviceId {
    DeviceId::new(format!("dev-{number}")).unwrap()
}

#[test]
fn a_watch_looks_at_new_devices_without_being_asked_and_ends_when_told() {
    let plane = Plane::with(20);
    let fleet = Arc::<Fleet>::default();
    let started = FleetWatch::start(
        plane.watched(),
        Arc::clone(&fleet),
        Duration::from_millis(1),
        Scope::default(),
    );
    let watch = started.unwrap();
    let begin = Instant::now();
    while fleet.scores().passes().0 < 2 {
        assert!(begin.elapsed() < DEADLINE, "it does not look");
        std::thread::yield_now();
    }
    let snapshot = plane.registry.snapshot();
    let device = snapshot.device("dev-0").unwrap();
    let never = fleet.scores().of(device).cloned().unwrap();
    assert_eq!((never.score, never.reasons().collect()), (0, vec!["never"]));
    assert_eq!(fleet.scores().passes().1.devices, 20);
    watch.stop();
}

#[test]
fn silence_is_found_without_a_close_look_and_ends_when_it_comes_again() {
    let plane = Plane::with(3);
    let snapshot = plane.registry.snapshot();
    let [sending, late] = ["dev-0", "dev-1"].map(|id| snapshot.device(id).unwrap());
    plane.publish_a_day(&[sending]);
    let fleet = Fleet::default();
    let begin = SystemClock.now();
    let after = |hours: i64| {
        let now = Timestamp::from_micros(begin.as_micros() + hours * 3_600_000_000);
        plane.observer(&snapshot, now)
    };
    assert_eq!(
        fleet.look_for_silence(&after(0)).len(),
        3,
        "nobody has a score"
    );
    look_at_all(&fleet, &after(0));
    let standing = || {
        let scores = fleet.scores();
        let health = scores.of(sending).unwrap();
        let reasons: Vec<_> = health.reasons().collect();
        let of_series = health.datastreams.iter().map(|series| series.score).max();
        (health.score, of_series.unwrap(), reasons, health.at)
    };
    assert_eq!(standing(), (100, 100, vec![], begin));

    // Half an hour would be usual, five hours are the worst.
    assert_eq!(fleet.look_for_silence(&after(3)), []);
    let (score, of_series, reasons, at) = standing();
    assert_eq!((reasons, at), (vec!["silent"], begin));
    assert!(
        (20..25).contains(&score) && score == of_series,
        "{score} {of_series}"
    );
    assert_eq!(fleet.scores().bands().count(Band::Good), 0);
    assert_eq!(fleet.look_for_silence(&after(6)), []);
    assert_eq!(standing().0, 0);
    let worst_first: Vec<_> = {
        let scores = fleet.scores();
        let all = scores.worst_first(|_| true, None);
        all.map(|(place, _)| place.device.to_string()).collect()
    };
    assert_eq!(worst_first, ["dev-0", "dev-1", "dev-2"]);

    plane.publish_a_day(&[sending, late]);
    let unknown = fleet.look_for_silence(&after(0));
    assert_eq!(
        unknown,
        std::slice::from_ref(&late.id),
        "more is known of it than its silence"
    );
    assert_eq!(standing(), (100, 100, vec![], begin));
}

/// Seconds that this thread has computed.
fn computed() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos: f64 = text.split(' ').next().unwrap().parse().unwrap();
    nanos / 1e9
}

/// MiB of memory of this process.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4_096.0 / f64::from(1 << 20)
}

/// What the looks at all devices cost, and a page of their list: `cargo test --release
/// -p health --test scores measured -- --ignored --nocapture`; `DEVICES` says how many
/// devices.
#[test]
#[ignore = "a measurement of minutes"]
fn measured() {
    let devices = std::env::var("DEVICES").map_or(100_000, |text| text.parse().unwrap());
    let plane = Plane::with(devices);
    let snapshot = plane.registry.snapshot();
    plane.publish_a_day(&snapshot.devices(None).collect::<Vec<_>>());
    plane.ingest.compact().unwrap();
    let fleet = Fleet::default();
    let cost = |what: &str, work: &dyn Fn()| {
        let (before, cpu) = (resident(), computed());
        work();
        let (cpu, after) = (computed() - cpu, resident());
        println!(
            "{what} of {devices} devices: {cpu:.2} CPU-seconds, {:.2} us a device; \
             memory of the process {before:.0} to {after:.0} MiB",
            1e6 * cpu / f64::from(devices)
        );
    };
    let observer = plane.observer(&snapshot, SystemClock.now());
    for _ in 1..=2 {
        cost("close look", &|| look_at_all(&fleet, &observer));
    }
    let silent = Timestamp::from_micros(observer.now.as_micros() + 3_600_000_000);
    let later = plane.observer(&snapshot, silent);
    for (what, observer) in [("silence, none,", &observer), ("silence, all,", &later)] {
        cost(what, &|| assert_eq!(fleet.look_for_silence(observer), []));
    }
    let scores = fleet.scores();
    assert_eq!(scores.passes().1.devices, u64::from(devices));
    println!("{:?}, {:?}", scores.bands(), scores.datastream_bands());
    let middle = scores.worst_first(|_| true, None).nth(devices as usize / 2);
    for (what, after) in [("first", None), ("middle", middle.map(|(place, _)| place))] {
        let (cpu, pages) = (computed(), 1_000);
        for _ in 0..pages {
            let page = scores.worst_first(|_| true, after).take(100);
            assert_eq!(page.count(), 100);
        }
        let cpu = computed() - cpu;
        println!("{what} page of 100: {:.1} us", 1e6 * cpu / f64::from(pages));
    }
    let cpu = computed();
    let rare = scores.worst_first(|_| true, None);
    let found = rare.filter(|(_, health)| health.reasons().any(|reason| reason == "stuck"));
    assert_eq!(found.count(), 0);
    println!("a reason that none has: {:.1} ms", 1e3 * (computed() - cpu));
}
