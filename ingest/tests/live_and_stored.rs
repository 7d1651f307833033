//! The read side through the public interface: while devices write, a stream
//! sees every frame once and in order, queries see every observation once, and
//! both survive flushes and a restart.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use device_registry::{Actor, Device, NewAgency, NewDevice, Registry};
use domain::batch::Resent;
use domain::{
    AgencyId, Assurance, CredentialId, DeviceId, ModelId, ObservationBatch, Offset, Origin,
    Timestamp, Transport, Value, payload,
};
use ingest::{CommitPolicy, Config, Ingest, RangeQuery, StreamItem, StreamStart, SystemClock};

/// 2026-09-21T13:33:20Z.
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const WRITERS: i64 = 2;
const BATCHES: i64 = 30;
const BATCH: i64 = 50;
/// Several flushes while the writers write.
const FLUSH_ROWS: usize = 700;

fn open(folder: &Path) -> (Ingest, Vec<Arc<Device>>) {
    let config = Config {
        segment_bytes: ingest::MIN_SEGMENT_BYTES,
        commit: CommitPolicy::Inline,
        flush_rows: FLUSH_ROWS,
        ..Config::new(folder)
    };
    let registry = Arc::new(Registry::open(folder, || NOW).unwrap());
    let agency = AgencyId::new("hanriver").unwrap();
    if registry.snapshot().agency(&agency).is_none() {
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
    }
    let devices = (0..WRITERS)
        .map(|writer| {
            let id = DeviceId::new(format!("river-{writer}")).unwrap();
            if registry.snapshot().device(id.as_str()).is_none() {
                let model = ModelId::new("disaster.water-level").unwrap();
                registry
                    .register_device(
                        &Actor::OPERATOR,
                        NewDevice::new(id.clone(), agency.clone(), model),
                    )
                    .unwrap();
            }
            Arc::clone(registry.snapshot().device(id.as_str()).unwrap())
        })
        .collect();
    (
        Ingest::open(config, registry, Arc::new(SystemClock)).unwrap(),
        devices,
    )
}

fn level(device: &Device) -> domain::DatastreamId {
    device.datastream("level").unwrap().id
}

fn time(number: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() - 1_000_000_000 + number * 1_000)
}

async fn write(ingest: &Ingest, device: &Arc<Device>) {
    for batch in 0..BATCHES {
        let mut staged = Vec::new();
        for number in batch * BATCH..(batch + 1) * BATCH {
            let text = format!(r#"{{"t":"{}","v":{{"level":{number}}}}}"#, time(number));
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
                telemetry: payload::parse(text.as_bytes(), None, &device.id, NOW),
                original: text.as_bytes(),
            };
            staged.push(ingest.stage(device, &batch).unwrap());
        }
        ingest.commit(staged).await.unwrap();
        // What has its receipt is there for the next query.
        ingest.caught_up().await;
        let newest = ingest.latest(level(device)).unwrap();
        assert_eq!(newest.time, time((batch + 1) * BATCH - 1));
    }
}

fn check_rows(ingest: &Ingest, devices: &[Arc<Device>]) {
    for device in devices {
        let query = RangeQuery::new(level(device), Timestamp::MIN, Timestamp::MAX);
        let page = ingest.range(&query).unwrap();
        let expected = (0..BATCHES * BATCH).map(|number| (time(number), number as f64));
        assert!(
            page.observations
                .iter()
                .map(|row| (row.time, row.value.clone()))
                .eq(expected.map(|(time, number)| (time, Some(Value::Number(number)))),)
        );
        let count = ingest
            .count(query.datastream, query.from, query.to)
            .unwrap();
        assert_eq!(count as i64, BATCHES * BATCH);
    }
}

/// Reads frames until `last`, and checks that none is missing or doubled.
async fn follow(ingest: &Ingest, start: StreamStart, last: u64) -> u64 {
    let mut stream = ingest.stream(start);
    let mut observations = 0;
    while stream.position().get() < last {
        let expected = stream.position().next();
        match stream.next().await.unwrap() {
            StreamItem::Frame(frame) => {
                assert_eq!(frame.offset, expected);
                observations += frame.observations.len() as u64;
            }
            StreamItem::Gap { from, to } => panic!("{from} to {to} are gone"),
        }
    }
    observations
}

#[test]
fn writers_streams_and_queries_agree() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let messages = (WRITERS * BATCHES * BATCH) as u64;
    let (ingest, devices) = open(folder.path());
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for device in devices.clone() {
            let ingest = ingest.clone();
            tasks.push(tokio::spawn(async move { write(&ingest, &device).await }));
        }
        let early = follow(&ingest, StreamStart::Live, messages).await;
        assert!(early <= messages);
        assert_eq!(
            follow(&ingest, StreamStart::After(Offset::ZERO), messages).await,
            messages
        );
        for task in tasks {
            task.await.unwrap();
        }
        check_rows(&ingest, &devices);
        let stats = ingest.stats();
        assert_eq!((stats.messages, stats.observations), (messages, messages));
        assert_eq!((stats.stream_readers, stats.duplicates), (0, 0));
        ingest.close().await.unwrap();
        let stats = ingest.stats();
        assert_eq!(stats.store.head_rows, 0);
        assert!(stats.store.files >= 3, "{} files", stats.store.files);
    });
    drop(ingest);
    let (ingest, devices) = open(folder.path());
    check_rows(&ingest, &devices);
    for device in &devices {
        assert_eq!(
            ingest.latest(level(device)).unwrap().time,
            time(BATCHES * BATCH - 1)
        );
    }
    let replayed = runtime.block_on(follow(&ingest, StreamStart::After(Offset::ZERO), messages));
    assert_eq!(replayed, messages);
}
