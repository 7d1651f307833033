//! A data plane with two devices: a public one and a restricted one.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use device_registry::{
    Actor, Device, ImportRow, ImportTerms, NewAgency, NewDevice, Registry, Visibility,
};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DatastreamId, DeviceId, ModelId, ObservationBatch, Origin,
    Timestamp, Transport, Value, payload,
};
use ingest::{CommitPolicy, Config, Ingest, RangeQuery, StageError, SubmitError, SystemClock};
use tempfile::TempDir;

use crate::parser::FieldValue;
use crate::store::{PointKey, Points};

pub(crate) const OPEN: &str = "flow-1";
pub(crate) const RESTRICTED: &str = "flow-2";
/// 2026-09-21T13:33:20Z: when all messages are received.
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

pub(crate) struct Plane {
    pub(crate) ingest: Ingest,
    pub(crate) registry: Arc<Registry>,
    folder: TempDir,
}

impl Plane {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = Arc::new(Registry::open(folder.path(), || NOW).unwrap());
        let agency = AgencyId::new("seoul").unwrap();
        registry
            .create_agency(
                &Actor::OPERATOR,
                NewAgency {
                    id: agency.clone(),
                    name: "서울특별시".to_owned(),
                },
            )
            .unwrap();
        for (id, visibility) in [
            (OPEN, Visibility::Public),
            (RESTRICTED, Visibility::Restricted),
        ] {
            let id = DeviceId::new(id).unwrap();
            let model = ModelId::new("traffic.flow").unwrap();
            let device = NewDevice {
                visibility: Some(visibility),
                ..NewDevice::new(id, agency.clone(), model)
            };
            registry.register_device(&Actor::OPERATOR, device).unwrap();
        }
        let mut config = Config {
            segment_bytes: ingest::MIN_SEGMENT_BYTES,
            commit: CommitPolicy::Inline,
            ..Config::new(folder.path())
        };
        change(&mut config);
        let ingest = Ingest::open(config, Arc::clone(&registry), Arc::new(SystemClock)).unwrap();
        Self {
            ingest,
            registry,
            folder,
        }
    }

    /// With so many more public devices: their ids.
    pub(crate) fn add_many(&self, count: u64) -> Vec<String> {
        let ids: Vec<String> = (0..count).map(|number| format!("lot-{number}")).collect();
        let rows = ids.iter().zip(1..).map(|(id, line)| {
            let agency = AgencyId::new("seoul").unwrap();
            let model = ModelId::new("traffic.flow").unwrap();
            let device = NewDevice {
                visibility: Some(Visibility::Public),
                ..NewDevice::new(DeviceId::new(id).unwrap(), agency, model)
            };
            ImportRow {
                line,
                device: Ok(device),
            }
        });
        let report = self
            .registry
            .import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(report.errors, []);
        ids
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Durable when it returns.
    pub(crate) fn submit(&self, device: &str, payload: &str) {
        let device = self.device(device);
        let bytes = payload.as_bytes();
        let batch = ObservationBatch {
            origin: Origin {
                credential: CredentialId::new(1),
                assurance: Assurance::Key,
                gateway: None,
                transport: Transport::Mqtt,
                received: NOW,
                resent: Resent::No,
                boot_epoch: None,
                boot_sequence: None,
            },
            telemetry: payload::parse(bytes, None, &device.id, NOW),
            original: bytes,
        };
        loop {
            match block_on(self.ingest.submit(&device, &batch)) {
                Err(SubmitError::Stage(StageError::NewFields(fields))) => {
                    block_on(self.ingest.register(fields)).unwrap();
                }
                submitted => {
                    submitted.unwrap();
                    return;
                }
            }
        }
    }

    /// Waits until what was submitted is applied.
    pub(crate) fn caught_up(&self) {
        block_on(self.ingest.caught_up());
    }

    /// Message `number` has `count` speeds, each at a time of its own.
    pub(crate) fn speeds(&self, device: &str, number: usize, count: usize) {
        let records: Vec<String> = (number * count..(number + 1) * count)
            .map(|place| {
                let millis = 1_789_000_000_000 + place * 1_000;
                let speed = place as f64 / 10.0;
                format!(r#"{{"t":{millis},"v":{{"speed":{speed}}}}}"#)
            })
            .collect();
        self.submit(device, &format!("[{}]", records.join(",")));
    }

    pub(crate) fn public_points(&self) -> Points {
        self.points(&[OPEN])
    }

    /// All that queries answer of the devices, as a store should hold it.
    pub(crate) fn points(&self, devices: &[&str]) -> Points {
        self.caught_up();
        let mut points = BTreeMap::new();
        for id in devices {
            let device = self.device(id);
            for datastream in device.datastreams.iter() {
                for observation in self.stored(datastream.id) {
                    let mut put = |field: String, value| {
                        let key = PointKey {
                            series: format!("traffic.flow,agency=seoul,thing={id}"),
                            field,
                            time: observation.time.as_micros(),
                        };
                        points.insert(key, value);
                    };
                    let field = datastream.field.as_str();
                    match &observation.value {
                        Some(Value::Number(n)) => put(field.to_owned(), FieldValue::Float(*n)),
                        Some(Value::Boolean(b)) => put(field.to_owned(), FieldValue::Boolean(*b)),
                        Some(Value::Text(t)) => {
                            put(field.to_owned(), FieldValue::Text(t.to_string()));
                        }
                        None => {}
                    }
                    let code = i64::from(observation.quality.code());
                    put(format!("{field}__q"), FieldValue::Integer(code));
                }
            }
        }
        points
    }

    fn stored(&self, datastream: DatastreamId) -> Vec<ingest::StoredObservation> {
        let mut query = RangeQuery {
            limit: 10_000,
            ..RangeQuery::new(datastream, Timestamp::MIN, Timestamp::MAX)
        };
        let mut all = Vec::new();
        loop {
            let page = self.ingest.range(&query).unwrap();
            all.extend(page.observations);
            if !page.more {
                return all;
            }
            query.after = all.last().map(|last| last.time);
        }
    }

    fn device(&self, id: &str) -> Arc<Device> {
        let snapshot = self.registry.snapshot();
        Arc::clone(snapshot.device(id).unwrap())
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}
