//! Loading: from `Ingest::stage` and `commit` to files that are compacted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::Device;
use domain::batch::Resent;
use domain::{
    Assurance, CredentialId, ObservationBatch, Origin, ParsedObservation, ParsedValue, Telemetry,
    Timestamp, Transport,
};
use ingest::Ingest;
use serde_json::{Value, json};

use crate::Options;
use crate::city::{City, FIELD};
use crate::measure::{Stopwatch, bytes, median, p99, peak_mib, resident_mib, thread_cpu};
use crate::readings::{Arrivals, BATCH, READINGS, Reading};

/// How often resident memory is looked at, in a load.
const LOOKS: usize = 10;

pub(crate) fn load(options: &Options) -> Value {
    let registry = options.city.registry(&options.folder);
    let devices = options.city.devices(&registry);
    let ingest = City::open(&options.folder, &registry);
    assert_eq!(ingest.applied_offset().get(), 0, "the folder must be new");
    let rows = u64::from(options.days) * u64::from(READINGS) * devices.len() as u64;
    let empty_mib = resident_mib();

    let watch = Stopwatch::start();
    let mut arrivals = Arrivals::of_days(options.sending, options.city.devices, 0, options.days);
    let sent = send(&ingest, &devices, &mut arrivals, rows as usize, |_| {});
    block_on(ingest.caught_up());
    let loaded = watch.cpu_seconds() - sent.making.as_secs_f64();
    let wall = watch.wall_seconds() - sent.making.as_secs_f64();
    assert_eq!(ingest.stats().observations, rows, "every row is stored");
    let before = Sizes::of(options);
    let compacting = Stopwatch::start();
    ingest.compact().unwrap();
    let compaction = (compacting.cpu_seconds(), compacting.wall_seconds());
    let stats = ingest.stats();
    block_on(ingest.close()).unwrap();
    let total = watch.cpu_seconds() - sent.making.as_secs_f64();
    let after = Sizes::of(options);

    let millions = rows as f64 / 1e6;
    eprintln!(
        "load: {millions} million rows, {:.3} CPU-s per million ({:.3} until applied, {:.3} for the \
         last compaction), peak {:.0} MiB, {:.2} bytes a row and {:.2} of rollups",
        total / millions,
        loaded / millions,
        compaction.0 / millions,
        peak_mib(),
        after.parquet.0 as f64 / rows as f64,
        after.rollups.0 as f64 / rows as f64,
    );
    json!({
        "phase": "load", "rows": rows, "messages": sent.messages, "devices": devices.len(), "days": options.days,
        "cpu_s_per_million": total / millions,
        "cpu_s_per_million_until_applied": loaded / millions,
        "cpu_s_per_million_of_last_compaction": compaction.0 / millions,
        "cpu_s_per_million_of_making_rows": sent.making.as_secs_f64() / millions,
        "rows_per_second": rows as f64 / wall,
        "last_compaction_seconds": compaction.1,
        "rows_written_by_compactions": stats.store.compaction_rows,
        "batch_p50_ms": median(sent.batches_ms.clone()),
        "batch_p99_ms": p99(sent.batches_ms),
        "resident_mib_empty": empty_mib,
        "resident_mib_on_the_way": sent.resident_mib,
        "peak_mib": peak_mib(),
        "before_compaction": before.report(rows),
        "after_compaction": after.report(rows),
    })
}

/// What sending has shown.
pub(crate) struct Sent {
    messages: usize,
    /// CPU time of the generator, on the caller's thread.
    making: Duration,
    batches_ms: Vec<f64>,
    resident_mib: Vec<f64>,
}

/// Sends the next `rows` arrivals in batches; `told` hears of each how many
/// are durable.
pub(crate) fn send(
    ingest: &Ingest,
    devices: &[Arc<Device>],
    arrivals: &mut Arrivals,
    rows: usize,
    mut told: impl FnMut(usize),
) -> Sent {
    let mut sent = Sent {
        messages: 0,
        making: Duration::ZERO,
        batches_ms: Vec::with_capacity(rows / BATCH),
        resident_mib: Vec::new(),
    };
    let runtime = runtime();
    let (mut batch, mut done) = (Vec::new(), 0);
    while done < rows {
        let making = thread_cpu();
        arrivals.next_batch(&mut batch);
        assert!(!batch.is_empty(), "there are enough rows");
        sent.making += thread_cpu() - making;
        let begun = Instant::now();
        sent.messages += runtime.block_on(commit(ingest, devices, &batch));
        sent.batches_ms.push(begun.elapsed().as_secs_f64() * 1e3);
        let before = done;
        done += batch.len();
        told(done);
        if done * LOOKS / rows > before * LOOKS / rows {
            sent.resident_mib.push(resident_mib());
        }
    }
    sent
}

/// Makes the rows of a batch durable; of how many messages they were.
async fn commit(ingest: &Ingest, devices: &[Arc<Device>], rows: &[Reading]) -> usize {
    let is_one =
        |one: &Reading, next: &Reading| (one.device, one.arrival) == (next.device, next.arrival);
    let device = |rows: &[Reading]| &devices[rows[0].device as usize];
    if rows.is_sorted_by(is_one) {
        ingest.submit(device(rows), &message(rows)).await.unwrap();
        return 1;
    }
    let staged: Result<Vec<_>, _> = rows
        .chunk_by(is_one)
        .map(|rows| ingest.stage(device(rows), &message(rows)))
        .collect();
    let receipts = ingest.commit(staged.unwrap()).await.unwrap();
    receipts.len()
}

/// A device's message, as a parser hands it over.
fn message(rows: &[Reading]) -> ObservationBatch<'static> {
    let mut telemetry = Telemetry::default();
    let observations = rows.iter().zip(0..).map(|(row, index)| ParsedObservation {
        index,
        field: FIELD.into(),
        time: Some(Timestamp::from_micros(row.time)),
        value: ParsedValue::Number(row.value),
        unit: Some("ug/m3".into()),
        quality: None,
        location: None,
    });
    telemetry.observations.extend(observations);
    ObservationBatch {
        origin: Origin {
            credential: CredentialId::new(1),
            assurance: Assurance::Key,
            gateway: None,
            transport: Transport::Mqtt,
            received: Timestamp::from_micros(rows[0].arrival),
            resent: Resent::No,
            boot_epoch: None,
            boot_sequence: None,
        },
        telemetry: Ok(telemetry),
        original: &[],
    }
}

/// Bytes and number of files of the store, by kind.
struct Sizes {
    parquet: (u64, u64),
    indexes: (u64, u64),
    rollups: (u64, u64),
    log: (u64, u64),
}

impl Sizes {
    fn of(options: &Options) -> Self {
        let (store, log) = (options.folder.join("store"), options.folder.join("log"));
        Self {
            parquet: bytes(&store, ".parquet"),
            indexes: bytes(&store, ".idx"),
            rollups: bytes(&store, ".rollup"),
            log: bytes(&log, ""),
        }
    }

    fn report(&self, rows: u64) -> Value {
        let each = |(bytes, _): (u64, u64)| bytes as f64 / rows as f64;
        json!({
            "files": self.parquet.1, "bytes_a_row": each(self.parquet),
            "index_bytes_a_row": each(self.indexes), "rollup_bytes_a_row": each(self.rollups),
            "log_mib": self.log.0 >> 20,
        })
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let builder = &mut tokio::runtime::Builder::new_current_thread();
    builder.build().unwrap()
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    runtime().block_on(work)
}
