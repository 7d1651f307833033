//! A data plane alone, with small files: it flushes, compacts and gives back
//! log space every few messages, so that a fault meets each of them soon.
//!
//! Message `number` holds the rows `number * ROWS ..`; row `r` is the water
//! level at [`FIRST`] and `r` times ten minutes, so that days fill up and the
//! number of a row can be read off its time. Even messages are signed, and
//! long, so that segments of the log fill up too; odd ones are plain, and come
//! again later.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use device_registry::{Actor, Device, NewAgency, NewDevice, Registry};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DatastreamId, DeviceId, ModelId, ObservationBatch, Origin,
    Timestamp, Transport, Value, payload,
};
use ingest::{
    CommitPolicy, Config, Ingest, OpenError, RangeQuery, Receipt, StageError, SubmitError,
    SystemClock,
};

/// Observations of one message.
pub const ROWS: u64 = 8;
/// 2026-01-01T00:00:00Z.
const FIRST: i64 = 1_767_225_600_000_000;
const STEP: i64 = 10 * 60 * 1_000_000;
/// 2026-09-21T13:33:20Z: when all messages are received.
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
/// A dozen messages.
const FLUSH_ROWS: usize = 100;
/// Of a signed message, which is kept as it came: 35 fill a segment.
const SIGNED_BYTES: usize = 60_000;
/// A plain message comes again after so many others, when some have been
/// flushed meanwhile.
const AGAIN_AFTER: u64 = 20;
/// Messages between two compactions.
const COMPACT_EVERY: u64 = 30;
const BOOT: u64 = 1;
const FIELD: &str = "level";

/// An open one. Dropping it is a crash: nothing is flushed.
pub struct SmallPlane {
    ingest: Ingest,
    /// The senders of even and of odd messages, of two agencies.
    devices: [Arc<Device>; 2],
}

/// Resolves it on this thread; no reactor, whose wake-ups would be system
/// calls among those that are counted.
fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Registers the two devices in `folder`, which is another one than the data's:
/// it knows no faults.
pub fn prepare_registry(folder: &Path) {
    let registry = Registry::open(folder, || NOW).unwrap();
    for (agency, device) in [("hanriver", "river-0"), ("jungnang", "river-1")] {
        let agency = AgencyId::new(agency).unwrap();
        let name = agency.to_string();
        let id = agency.clone();
        registry
            .create_agency(&Actor::OPERATOR, NewAgency { id, name })
            .unwrap();
        let model = ModelId::new("disaster.water-level").unwrap();
        let device = DeviceId::new(device).unwrap();
        registry
            .register_device(&Actor::OPERATOR, NewDevice::new(device, agency, model))
            .unwrap();
    }
}

fn time(row: u64) -> Timestamp {
    Timestamp::from_micros(FIRST + i64::try_from(row).unwrap() * STEP)
}

fn value(row: u64) -> Value {
    Value::Number((row % 997) as f64 / 4.0)
}

fn payload_of(number: u64) -> String {
    let rows = number * ROWS..(number + 1) * ROWS;
    let records: Vec<String> = rows
        .map(|row| {
            let Value::Number(value) = value(row) else {
                unreachable!("levels are numbers")
            };
            format!(r#"{{"t":"{}","v":{{"{FIELD}":{value}}}}}"#, time(row))
        })
        .collect();
    let mut text = format!("[{}]", records.join(","));
    if is_signed(number) {
        text.extend(std::iter::repeat_n(' ', SIGNED_BYTES - text.len()));
    }
    text
}

fn is_signed(number: u64) -> bool {
    number.is_multiple_of(2)
}

impl SmallPlane {
    pub fn open(registry: &Path, data: &Path) -> Result<Self, OpenError> {
        let registry = Arc::new(Registry::open(registry, || NOW).unwrap());
        let snapshot = registry.snapshot();
        let devices = ["river-0", "river-1"].map(|id| Arc::clone(snapshot.device(id).unwrap()));
        let config = Config {
            segment_bytes: ingest::MIN_SEGMENT_BYTES,
            log_budget_bytes: 0,
            commit: CommitPolicy::Inline,
            flush_rows: FLUSH_ROWS,
            ..Config::new(data)
        };
        let ingest = Ingest::open(config, registry, Arc::new(SystemClock))?;
        Ok(Self { ingest, devices })
    }

    /// Submits the messages `numbers` one after another and tells each that was
    /// acknowledged; flushes, compacts and sends again meanwhile; stops cleanly.
    pub fn run(
        &self,
        numbers: std::ops::Range<u64>,
        mut acknowledged: impl FnMut(u64),
    ) -> anyhow::Result<()> {
        for number in numbers.clone() {
            self.submit(number)?;
            acknowledged(number);
            let again = number.saturating_sub(AGAIN_AFTER);
            if numbers.contains(&again) && !is_signed(again) {
                self.submit(again)?;
            }
            if number % COMPACT_EVERY == COMPACT_EVERY - 1 {
                self.compact();
            }
        }
        block_on(self.ingest.close())?;
        Ok(())
    }

    pub fn submit(&self, number: u64) -> Result<Receipt, SubmitError> {
        let (device, text) = (self.device(number), payload_of(number));
        block_on(self.ingest.submit(device, &batch(device, number, &text)))
    }

    /// One that fails has changed nothing, and what fails then fails again soon.
    fn compact(&self) {
        if let Err(error) = self.ingest.compact() {
            let _ = writeln!(std::io::stderr(), "{:#}", anyhow::Error::from(error));
        }
    }

    fn device(&self, number: u64) -> &Arc<Device> {
        &self.devices[usize::from(!is_signed(number))]
    }

    fn level(device: &Device) -> DatastreamId {
        device.datastream(FIELD).unwrap().id
    }

    /// The messages that are stored. Panics unless each is there as a whole,
    /// once and as it was sent, in whichever way it is asked for; and unless
    /// what was signed is refused a second time.
    pub fn stored(&self) -> BTreeSet<u64> {
        block_on(self.ingest.caught_up());
        let mut rows = BTreeSet::new();
        for (place, device) in self.devices.iter().enumerate() {
            let found = self.rows_of(device);
            let odd = found.iter().map(|row| row / ROWS % 2);
            assert!(
                odd.eq(found.iter().map(|_| place as u64)),
                "rows of another"
            );
            rows.extend(found);
        }
        let messages: BTreeSet<u64> = rows.iter().map(|row| row / ROWS).collect();
        let whole = messages.iter().flat_map(|it| it * ROWS..(it + 1) * ROWS);
        assert!(whole.eq(rows), "a message is there in part");
        for number in messages.iter().filter(|number| is_signed(**number)) {
            self.check_replay(*number);
        }
        messages
    }

    fn rows_of(&self, device: &Device) -> BTreeSet<u64> {
        let datastream = Self::level(device);
        let query = RangeQuery::new(datastream, Timestamp::MIN, Timestamp::MAX);
        let page = self.ingest.range(&query).unwrap();
        let mut rows = BTreeSet::new();
        for observation in &page.observations {
            let since = observation.time.as_micros() - FIRST;
            assert_eq!(since % STEP, 0);
            let row = u64::try_from(since / STEP).unwrap();
            assert_eq!(observation.value, Some(value(row)), "row {row}");
            assert_eq!(observation.revision, 0, "row {row}");
            assert!(rows.insert(row), "row {row} is there twice");
        }
        let count = self.ingest.count(datastream, query.from, query.to).unwrap();
        assert_eq!(count, rows.len() as u64);
        let newest = self.ingest.latest(datastream).map(|latest| latest.time);
        assert_eq!(newest, rows.last().map(|row| time(*row)));
        rows
    }

    /// The number of a signed message is used up with it.
    fn check_replay(&self, number: u64) {
        let (device, text) = (self.device(number), payload_of(number));
        let again = self.ingest.stage(device, &batch(device, number, &text));
        assert!(
            matches!(again, Err(StageError::Replayed)),
            "message {number} is stored, and was taken again: {again:?}"
        );
    }
}

fn batch<'a>(device: &Device, number: u64, text: &'a str) -> ObservationBatch<'a> {
    let signed = is_signed(number);
    ObservationBatch {
        origin: Origin {
            credential: CredentialId::new(1),
            assurance: if signed {
                Assurance::SignedMessage
            } else {
                Assurance::Key
            },
            gateway: None,
            transport: if signed {
                Transport::Coap
            } else {
                Transport::Mqtt
            },
            received: NOW,
            resent: Resent::No,
            boot_epoch: signed.then_some(BOOT),
            boot_sequence: signed.then_some(number),
        },
        telemetry: payload::parse(text.as_bytes(), None, &device.id, NOW),
        original: text.as_bytes(),
    }
}
