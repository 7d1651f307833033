//! The scores of all devices, worked out in the background.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::{
    Actor, ImportRow, ImportTerms, NewAgency, NewDevice, Registry, Visibility,
};
use domain::{AgencyId, DeviceId, Location, ModelId, Timestamp, Transport};
use health::{Fleet, FleetWatch, Observer, Pass, Watched};
use ingest::{Clock, Config, DeviceMessage, Ingest, SystemClock, TelemetryIntake};
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
