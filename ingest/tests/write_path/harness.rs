//! A data folder with one registered device, and messages of it.

use std::path::Path;
use std::sync::Arc;

use device_registry::{Actor, Device, NewAgency, NewDevice, Registry};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DatastreamId, DeviceId, ModelId, ObservationBatch, Offset,
    Origin, Timestamp, Transport, payload,
};
use ingest::{
    Clock, CommitPolicy, Config, Ingest, OpenError, Outcome, RangeQuery, Receipt, StageError,
    StoredObservation, SubmitError, SystemClock,
};

/// 2026-09-21T13:33:20Z: when the messages of the tests are received.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// An open data plane. Dropping it without `close` is a crash: nothing is
/// flushed.
pub(crate) struct Plane {
    pub(crate) ingest: Ingest,
    pub(crate) registry: Arc<Registry>,
    pub(crate) device: Arc<Device>,
}

/// One message; `Message::new(json)` is received at [`NOW`] over MQTT.
#[derive(Clone)]
pub(crate) struct Message {
    payload: String,
    received: Timestamp,
    resent: Resent,
    signed: Option<(u64, u64)>,
}

impl Message {
    pub(crate) fn new(payload: impl Into<String>) -> Self {
        Self {
            payload: payload.into(),
            received: NOW,
            resent: Resent::No,
            signed: None,
        }
    }

    /// The water level at `NOW - seconds_ago`.
    pub(crate) fn level(seconds_ago: i64, value: f64) -> Self {
        let time = Timestamp::from_micros(NOW.as_micros() - seconds_ago * 1_000_000);
        Self::new(format!(r#"{{"t":"{time}","v":{{"level":{value}}}}}"#))
    }

    pub(crate) fn received(mut self, micros_later: i64) -> Self {
        self.received = Timestamp::from_micros(NOW.as_micros() + micros_later);
        self
    }

    pub(crate) fn resent(mut self) -> Self {
        self.resent = Resent::Maybe;
        self
    }

    /// Over CoAP, with the boot epoch and sequence of its signed header.
    pub(crate) fn signed(mut self, epoch: u64, sequence: u64) -> Self {
        self.signed = Some((epoch, sequence));
        self
    }

    fn batch(&self, device: &DeviceId) -> ObservationBatch<'_> {
        let bytes = self.payload.as_bytes();
        ObservationBatch {
            origin: Origin {
                credential: CredentialId::new(1),
                assurance: match self.signed {
                    Some(_) => Assurance::SignedMessage,
                    None => Assurance::Key,
                },
                gateway: None,
                transport: match self.signed {
                    Some(_) => Transport::Coap,
                    None => Transport::Mqtt,
                },
                received: self.received,
                resent: self.resent,
                boot_epoch: self.signed.map(|(epoch, _)| epoch),
                boot_sequence: self.signed.map(|(_, sequence)| sequence),
            },
            telemetry: payload::parse(bytes, None, device, self.received),
            original: bytes,
        }
    }
}

/// The smallest segments and heads that are allowed, so that tests see many.
pub(crate) fn config(folder: &Path) -> Config {
    Config {
        segment_bytes: ingest::MIN_SEGMENT_BYTES,
        commit: CommitPolicy::Inline,
        ..Config::new(folder)
    }
}

pub(crate) fn try_open(config: Config) -> Result<Plane, OpenError> {
    try_open_by(config, Arc::new(SystemClock))
}

pub(crate) fn try_open_by(config: Config, clock: Arc<dyn Clock>) -> Result<Plane, OpenError> {
    let registry = Arc::new(Registry::open(&config.data_dir, || NOW).unwrap());
    let ingest = Ingest::open(config, Arc::clone(&registry), clock)?;
    let id = DeviceId::new("river-1").unwrap();
    if registry.snapshot().device(id.as_str()).is_none() {
        let agency = AgencyId::new("hanriver").unwrap();
        let name = "Han river".to_owned();
        registry
            .create_agency(
                &Actor::OPERATOR,
                NewAgency {
                    id: agency.clone(),
                    name,
                },
            )
            .unwrap();
        let model = ModelId::new("disaster.water-level").unwrap();
        registry
            .register_device(&Actor::OPERATOR, NewDevice::new(id.clone(), agency, model))
            .unwrap();
    }
    let device = Arc::clone(registry.snapshot().device(id.as_str()).unwrap());
    Ok(Plane {
        ingest,
        registry,
        device,
    })
}

pub(crate) fn open(folder: &Path) -> Plane {
    try_open(config(folder)).unwrap()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

impl Plane {
    pub(crate) fn stage(&self, message: &Message) -> Result<ingest::Staged, StageError> {
        self.ingest
            .stage(&self.device, &message.batch(&self.device.id))
    }

    /// As transports do: what has new fields is submitted again once they are
    /// registered.
    pub(crate) fn submit(&self, message: &Message) -> Result<Receipt, SubmitError> {
        let batch = message.batch(&self.device.id);
        loop {
            match block_on(self.ingest.submit(&self.device, &batch)) {
                Err(SubmitError::Stage(StageError::NewFields(fields))) => {
                    block_on(self.ingest.register(fields)).unwrap();
                }
                submitted => return submitted,
            }
        }
    }

    pub(crate) fn outcome(&self, message: &Message) -> Outcome {
        *self.submit(message).unwrap().outcome()
    }

    /// `(stored, duplicates, rejected)` of a message that can be read.
    pub(crate) fn counts(&self, message: &Message) -> (u16, u16, u16) {
        match self.outcome(message) {
            Outcome::Accepted {
                stored,
                duplicates,
                rejected,
            } => (stored, duplicates, rejected),
            Outcome::Unreadable(error) => panic!("{error}"),
        }
    }

    pub(crate) fn datastream(&self, field: &str) -> DatastreamId {
        let snapshot = self.registry.snapshot();
        snapshot
            .device(self.device.id.as_str())
            .unwrap()
            .datastream(field)
            .unwrap()
            .id
    }

    /// Everything of a field, oldest first, with all that was durable before.
    pub(crate) fn stored(&self, field: &str) -> Vec<StoredObservation> {
        block_on(self.ingest.caught_up());
        let all = RangeQuery::new(self.datastream(field), Timestamp::MIN, Timestamp::MAX);
        let page = self.ingest.range(&RangeQuery {
            limit: 10_000,
            ..all
        });
        page.unwrap().observations
    }

    /// Stops cleanly and opens again.
    pub(crate) fn restart(self, folder: &Path) -> Self {
        block_on(self.ingest.close()).unwrap();
        drop(self);
        open(folder)
    }

    /// Ends without a flush and opens again.
    pub(crate) fn crash(self, folder: &Path) -> Self {
        drop(self);
        open(folder)
    }

    pub(crate) fn durable(&self) -> Offset {
        self.ingest.durable_offset()
    }
}
