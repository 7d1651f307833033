//! What the write path costs: CPU-seconds per million messages and messages a
//! second, for messages of one observation each, in batches of 1,000 and of 1;
//! and how long a restart after a kill takes.
//!
//! `cargo bench -p ingest --bench submit [-- FOLDER]`. The folder decides the
//! disk; without one it is a temporary folder. The caller's thread validates,
//! sequences, encodes, writes and syncs; "all threads" adds decode, apply and
//! flush. Linux only: CPU time comes from `/proc/.../schedstat`, in nanoseconds.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use device_registry::{Actor, Device, NewAgency, NewDevice, Registry};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DeviceId, ModelId, ObservationBatch, Origin,
    ParsedObservation, ParsedValue, Telemetry, Timestamp, Transport,
};
use ingest::{Config, Ingest, SystemClock};

const DEVICES: usize = 1_000;
const START: i64 = 1_700_000_000_000_000;

fn main() {
    let temporary = tempfile::tempdir().unwrap();
    let chosen = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let folder = chosen.map_or_else(|| temporary.path().to_owned(), |folder| folder.into());
    let registry = Arc::new(Registry::open(&folder, || Timestamp::from_micros(START)).unwrap());
    let devices = register(&registry);
    let open = || {
        Ingest::open(
            Config::new(&folder),
            Arc::clone(&registry),
            Arc::new(SystemClock),
        )
    };
    let ingest = open().unwrap();
    let mut sent = 0;
    // Few enough that no flush begins: the cost of a lone message.
    run(&ingest, &devices, &mut sent, 20_000, 1);
    run(&ingest, &devices, &mut sent, 200_000, 100);
    // Several flushes; the cost of the last one shows in the next run.
    run(&ingest, &devices, &mut sent, 4_000_000, 1_000);
    run(&ingest, &devices, &mut sent, 4_000_000, 1_000);
    run(&ingest, &devices, &mut sent, 900_000, 1_000);
    restart(ingest, open, &folder);
}

fn register(registry: &Registry) -> Vec<Arc<Device>> {
    let agency = AgencyId::new("bench").unwrap();
    let name = "Bench".to_owned();
    registry
        .create_agency(
            &Actor::OPERATOR,
            NewAgency {
                id: agency.clone(),
                name,
            },
        )
        .unwrap();
    let model = ModelId::new("safety.air").unwrap();
    (0..DEVICES)
        .map(|number| {
            let id = DeviceId::new(format!("bench-{number}")).unwrap();
            let new = NewDevice::new(id, agency.clone(), model.clone());
            registry.register_device(&Actor::OPERATOR, new).unwrap()
        })
        .collect()
}

fn batch(number: usize) -> ObservationBatch<'static> {
    let time = Timestamp::from_micros(START + (number / DEVICES) as i64 * 1_000);
    let observation = ParsedObservation {
        index: 0,
        field: "pm25".into(),
        time: Some(time),
        value: ParsedValue::Number((number % 997) as f64 * 0.1),
        unit: Some("ug/m3".into()),
        quality: None,
        location: None,
    };
    let mut telemetry = Telemetry::default();
    telemetry.observations.push(observation);
    ObservationBatch {
        origin: Origin {
            credential: CredentialId::new(1),
            assurance: Assurance::Key,
            gateway: None,
            transport: Transport::Mqtt,
            received: time,
            resent: Resent::No,
            boot_epoch: None,
            boot_sequence: None,
        },
        telemetry: Ok(telemetry),
        original: &[],
    }
}

fn run(ingest: &Ingest, devices: &[Arc<Device>], sent: &mut usize, messages: usize, size: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (start, cpu, own) = (Instant::now(), cpu_of_process(), cpu_of_thread());
    let mut slowest = Vec::with_capacity(messages / size);
    runtime.block_on(async {
        for _ in 0..messages / size {
            let begun = Instant::now();
            let staged = (0..size).map(|_| {
                *sent += 1;
                ingest
                    .stage(&devices[*sent % DEVICES], &batch(*sent))
                    .unwrap()
            });
            let receipts = ingest.commit(staged.collect()).await.unwrap();
            assert_eq!(receipts.len(), size);
            slowest.push(begun.elapsed());
        }
        ingest.caught_up().await;
    });
    let wall = start.elapsed();
    slowest.sort();
    let millions = messages as f64 / 1e6;
    println!(
        "{messages} messages in batches of {size}: {:.2} us of the caller's thread and {:.2} us \
         of all threads each; {:.0} messages a second; batch p50 {:?}, p99 {:?}",
        (cpu_of_thread() - own).as_secs_f64() / millions,
        (cpu_of_process() - cpu).as_secs_f64() / millions,
        messages as f64 / wall.as_secs_f64(),
        slowest[slowest.len() / 2],
        slowest[slowest.len() * 99 / 100],
    );
}

fn restart<E: std::fmt::Debug>(
    ingest: Ingest,
    open: impl Fn() -> Result<Ingest, E>,
    folder: &Path,
) {
    let durable = ingest.durable_offset();
    drop(ingest);
    let start = Instant::now();
    let ingest = open().unwrap();
    let log: u64 = std::fs::read_dir(folder.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    println!(
        "restart without a flush: {:?} with {} MiB of log",
        start.elapsed(),
        log >> 20
    );
    assert_eq!(ingest.durable_offset(), durable);
    println!("{:#?}", ingest.stats());
}

/// The first figure of a schedstat: nanoseconds on a processor.
fn schedstat(path: &Path) -> Duration {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let nanos = text
        .split(' ')
        .next()
        .and_then(|figure| figure.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

fn cpu_of_thread() -> Duration {
    schedstat(Path::new("/proc/thread-self/schedstat"))
}

fn cpu_of_process() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .map(|task| schedstat(&task.unwrap().path().join("schedstat")))
        .sum()
}
