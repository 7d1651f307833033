//! What 100,000 devices cost: memory of the snapshot, by its parts, and the time
//! of a change, of a look at a datastream and of a decision who may read it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{AgencyId, DatastreamId, DeviceId, Location, ModelId, Scope, Timestamp};
use ed25519_dalek::SigningKey;

use crate::{
    Actor, DevicePatch, ImportRow, ImportTerms, NewAgency, NewDevice, NewKey, ReadScope, Registry,
    Snapshot, Visibility,
};

/// Bytes that were asked for and not given back.
static HELD: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all is done by the system's allocator.
#[expect(unsafe_code, reason = "an allocator can be counted in no other way")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        HELD.fetch_add(size, Ordering::Relaxed);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

const FIELDS: usize = 11;
const CHANGES: usize = 100;
const LOOKS: u32 = 1_000_000;

fn devices() -> usize {
    let count = std::env::var("DEVICES").ok();
    count.map_or(100_000, |count| count.parse().unwrap())
}

fn model() -> String {
    let fields: Vec<String> = (1..=FIELDS)
        .map(|at| {
            format!(
                r#"{{"name": "field-{at}", "unit": "ug/m3", "min": 0, "max": 2000,
                    "title": {{"en": "Field {at}", "ko": "필드 {at}"}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"id": "safety.eleven", "title": {{"en": "Eleven", "ko": "열하나"}}, "fields": [{}]}}"#,
        fields.join(", ")
    )
}

fn id(number: usize) -> DeviceId {
    DeviceId::new(format!("air-seoul-{number:06}")).unwrap()
}

/// As a table of an agency's sensors has it.
fn row(number: usize, key: &NewKey) -> ImportRow {
    let agency = AgencyId::new("seoul").unwrap();
    let model = ModelId::new("safety.eleven").unwrap();
    let mut device = NewDevice::new(id(number), agency, model);
    device.name = format!("대기질 측정소 {number}호");
    let (north, east) = ((number / 400) as f64, (number % 400) as f64);
    let location = Location::new(37.4 + north * 0.000_9, 126.8 + east * 0.001_1);
    device.location = Some(location.unwrap());
    device.keys = vec![key.clone()];
    device.visibility = Some(Visibility::Public);
    let line = number as u64;
    let device = Ok(device);
    ImportRow { line, device }
}

fn filled(dir: &std::path::Path) -> Registry {
    let registry = Registry::open(dir, || Timestamp::from_micros(1_777_593_600_000_000)).unwrap();
    let agency = NewAgency {
        id: AgencyId::new("seoul").unwrap(),
        name: "서울특별시".to_owned(),
    };
    registry.create_agency(&Actor::OPERATOR, agency).unwrap();
    registry
        .add_model(&Actor::OPERATOR, model().as_bytes())
        .unwrap();
    let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
    let key = NewKey {
        alg: "EdDSA".to_owned(),
        public_key: URL_SAFE_NO_PAD.encode(key.as_bytes()),
        expires: None,
    };
    let begun = Instant::now();
    let rows = (0..devices()).map(|number| row(number, &key));
    let report = registry
        .import_devices(&Actor::OPERATOR, rows, ImportTerms::APPLY, |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(report.registered, devices());
    println!("imported in {:.1?}", begun.elapsed());
    registry
}

/// Drops the parts of a snapshot one by one, and tells what each gives back: what
/// two share counts for the later one.
fn print_parts(mut snapshot: Snapshot) {
    let whole = HELD.load(Ordering::Relaxed);
    let mut before = whole;
    let mut gone = |part: &str| {
        let after = HELD.load(Ordering::Relaxed);
        println!("  {part}: {} bytes a device", (before - after) / devices());
        before = after;
    };
    snapshot.search = Default::default();
    gone("search");
    snapshot.public = Default::default();
    gone("public datastreams");
    snapshot.places = Default::default();
    gone("places");
    snapshot.aliases = Default::default();
    gone("aliases");
    snapshot.runs = Default::default();
    gone("runs");
    snapshot.numbered = Default::default();
    gone("things by number");
    snapshot.devices = Default::default();
    gone("devices");
    snapshot.things = Default::default();
    gone("things");
    drop(snapshot);
    gone("the rest");
    println!("  in all: {} bytes a device", (whole - before) / devices());
}

fn print_times(times: &mut [Duration], what: &str) {
    times.sort_unstable();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: median {median:.1?}, longest {longest:.1?}");
}

fn print_changes(registry: &Registry) {
    let mut times: Vec<Duration> = (0..CHANGES)
        .map(|at| {
            let patch = DevicePatch {
                name: Some(format!("새 이름 {at}")),
                ..DevicePatch::default()
            };
            let id = id(at * devices() / CHANGES);
            let begun = Instant::now();
            registry.patch_device(&Actor::OPERATOR, &id, patch).unwrap();
            begun.elapsed()
        })
        .collect();
    print_times(&mut times, "a change, durable and in force");
}

fn print_looks(snapshot: &Snapshot) {
    let bound = snapshot.datastream_bound() as u32;
    let numbers =
        (0..LOOKS).map(|at| DatastreamId::new(1 + at.wrapping_mul(0x9e37_79b1) % (bound - 1)));
    let numbers: Vec<DatastreamId> = numbers.collect();
    let scope = ReadScope::from(Scope::of_agencies([AgencyId::new("seoul").unwrap()]));
    let begun = Instant::now();
    for number in &numbers {
        black_box(snapshot.datastream(*number));
    }
    println!("a look at a datastream: {:?}", begun.elapsed() / LOOKS);
    let begun = Instant::now();
    let seen = numbers.iter().filter(|number| {
        let datastream = snapshot.datastream(**number);
        datastream.is_some_and(|datastream| scope.sees_exactly(&datastream))
    });
    assert_eq!(seen.count(), numbers.len());
    println!(
        "with who may read it exactly: {:?}",
        begun.elapsed() / LOOKS
    );
    let ids: Vec<DeviceId> = (0..devices())
        .map(|at| id(at * 7_919 % devices()))
        .collect();
    let begun = Instant::now();
    for id in &ids {
        black_box(
            snapshot
                .device(id.as_str())
                .map(|it| it.datastreams.of_field(7)),
        );
    }
    println!(
        "a device and its field: {:?}",
        begun.elapsed() / devices() as u32
    );
}

#[test]
#[ignore = "it measures; docs/benchmarks.md tells how"]
fn a_hundred_thousand_devices() {
    let folder = tempfile::tempdir().unwrap();
    let registry = filled(folder.path());
    print_looks(&registry.snapshot());
    let snapshot = Snapshot::clone(&registry.snapshot());
    drop(registry);
    println!("as imported");
    print_parts(snapshot);
    let begun = Instant::now();
    let registry = Registry::open(folder.path(), || Timestamp::from_micros(0)).unwrap();
    println!("opened in {:.1?}", begun.elapsed());
    print_looks(&registry.snapshot());
    print_changes(&registry);
    let snapshot = Snapshot::clone(&registry.snapshot());
    drop(registry);
    println!("as opened");
    print_parts(snapshot);
}
