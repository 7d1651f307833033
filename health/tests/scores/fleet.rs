//! The scores of all devices, worked out in the background.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::{
    Actor, Device, ImportRow, ImportTerms, NewAgency, NewDevice, Registry, Visibility,
};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DeviceId, Location, ModelId, ObservationBatch, Origin,
    Timestamp, Transport, payload,
};
use health::{Fleet, FleetWatch, Observer, Pass, Watched};
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

    /// Of each device a message with a day of readings, every ten minutes.
    fn publish_a_day(&self) {
        const TOGETHER: usize = 500;
        let snapshot = self.registry.snapshot();
        let devices: Vec<&Arc<Device>> = snapshot.devices(None).collect();
        for devices in devices.chunks(TOGETHER) {
            let now = SystemClock.now();
            let staged = devices.iter().map(|device| self.stage_a_day(device, now));
            let staged = staged.collect();
            block_on(self.ingest.commit(staged)).unwrap();
        }
        block_on(self.ingest.caught_up());
        self.ingest.compact().unwrap();
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

    /// A whole pass, here and now.
    fn look_at_all(&self, fleet: &Fleet) {
        let snapshot = self.registry.snapshot();
        let observer = Observer {
            plane: &self.ingest,
            snapshot: &snapshot,
            now: SystemClock.now(),
        };
        let mut pass = Pass::begin(fleet);
        while pass.step(&observer, 8) {}
    }
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
    let never = fleet.scores().of(&device_id(0)).cloned().unwrap();
    assert_eq!((never.score, never.reasons().collect()), (0, vec!["never"]));
    assert_eq!(fleet.scores().passes().1.devices, 20);
    watch.stop();
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

/// What a pass costs: `cargo test --release -p health --test scores measured --
/// --ignored --nocapture`; `DEVICES` says how many devices.
#[test]
#[ignore = "a measurement of minutes"]
fn measured() {
    let devices = std::env::var("DEVICES").map_or(100_000, |text| text.parse().unwrap());
    let plane = Plane::with(devices);
    plane.publish_a_day();
    let fleet = Fleet::default();
    for pass in 1..=2 {
        let (before, cpu) = (resident(), computed());
        plane.look_at_all(&fleet);
        let (cpu, after) = (computed() - cpu, resident());
        println!(
            "pass {pass} over {devices} devices: {cpu:.1} CPU-seconds, {:.3} ms a device; \
             memory of the process {before:.0} to {after:.0} MiB",
            1e3 * cpu / f64::from(devices)
        );
    }
    let scores = fleet.scores();
    assert_eq!(scores.passes().1.devices, u64::from(devices));
    println!("{:?}, {:?}", scores.bands(), scores.datastream_bands());
}
