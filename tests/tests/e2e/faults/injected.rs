//! A failing disk, a full one, and a torn last frame: no false
//! acknowledgement, a clear message, status 1, and a sound next start.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use domain::Value;
use sdk::api::ObservationQuery;
use tests::disk::SmallDisk;
use tests::peers::look_for;
use tests::test_platform::is_fault;
use tests::{BareClient, Start, TestDevice, TestPlatform};

/// Registers a device over an undisturbed platform that is then stopped.
fn prepare(data: &Path) -> TestDevice {
    let platform = TestPlatform::on(data, &Start::default());
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    platform.stop();
    device
}

/// Publishes one message after another until no acknowledgement comes; gives
/// how many came.
fn publish_until_refused(client: &mut BareClient, device: &TestDevice) -> u64 {
    for number in 0..100_000u64 {
        let time = 1_777_593_600_000 + number;
        let payload = format!("{{\"t\":{time},\"v\":{{\"pm25\":{}}}}}", number % 1_000);
        let id = u16::try_from(number % 60_000 + 1).unwrap();
        let topic = device.topic();
        if client.publish(&topic, id, payload.as_bytes()).is_err() || client.read().is_err() {
            return number;
        }
    }
    panic!("the fault never showed");
}

/// How many of the numbers 0.. are stored, and that there is no hole.
fn stored(platform: &TestPlatform, device: &TestDevice) -> u64 {
    let api = platform.anonymous();
    let pm25 = device.datastream(&api, "pm25");
    let query = ObservationQuery {
        limit: Some(10_000),
        ..ObservationQuery::default()
    };
    let mut count = 0u64;
    for observation in api.observations(pm25, &query) {
        let value = observation.unwrap().value;
        assert_eq!(value, Some(Value::Number((count % 1_000) as f64)));
        count += 1;
    }
    count
}

#[test]
fn a_failed_sync_acknowledges_nothing_and_ends_with_1() {
    let Some(strace) = look_for("strace") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let device = prepare(&data);
    let inject = "inject=fdatasync:error=EIO:when=40+";
    let wrapper = [
        strace.to_str().unwrap(),
        "-f",
        "-q",
        "-e",
        "trace=fdatasync",
        "-e",
        inject,
        "-o",
        "/dev/null",
    ];
    let start = Start {
        wrapper: wrapper.map(String::from).to_vec(),
        ..Start::default()
    };
    let mut platform = TestPlatform::on(&data, &start);
    let mut client = device.connect(platform.address("mqtt"));
    let acknowledged = publish_until_refused(&mut client, &device);
    let status = platform.wait();
    assert!(is_fault(status), "{status}");
    let platform = TestPlatform::on(&data, &Start::default());
    let found = stored(&platform, &device);
    assert!(
        found >= acknowledged,
        "{acknowledged} acknowledged, {found} stored"
    );
    assert!(
        found <= acknowledged + 1,
        "one was under way, {found} stored"
    );
    // And it goes on from there.
    let mut client = device.connect(platform.address("mqtt"));
    let time = 1_777_593_600_000 + found;
    let next = format!("{{\"t\":{time},\"v\":{{\"pm25\":{}}}}}", found % 1_000);
    client.publish(&device.topic(), 1, next.as_bytes()).unwrap();
    client.read().unwrap();
    assert_eq!(stored(&platform, &device), found + 1);
}

/// A registry that takes no change takes no revocation: the process ends with
/// the reason, as it does with a fault of the log.
#[test]
fn a_failed_commit_of_the_registry_ends_with_1_and_its_reason() {
    let Some(strace) = look_for("strace") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let device = prepare(&data);
    let wal = data.join("registry.sqlite-wal");
    let wrapper = [
        strace.to_str().unwrap(),
        "-f",
        "-q",
        "-P",
        wal.to_str().unwrap(),
        "-e",
        "trace=pwrite64",
        "-e",
        "inject=pwrite64:error=EIO:when=1+",
        "-o",
        "/dev/null",
    ];
    let start = Start {
        wrapper: wrapper.map(String::from).to_vec(),
        ..Start::default()
    };
    let mut platform = TestPlatform::on(&data, &start);
    let revoked = platform.operator().revoke_device(&device.id);
    assert!(revoked.is_err(), "it is on no disk");
    let status = platform.wait();
    assert!(is_fault(status), "{status}");
    let said = platform.last_words();
    assert!(
        said.contains("registry.sqlite") && said.contains("check the disk"),
        "{said}"
    );
    let platform = TestPlatform::on(&data, &Start::default());
    platform.operator().revoke_device(&device.id).unwrap();
    platform.stop();
}

#[test]
fn a_full_disk_acknowledges_nothing_and_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    let Some(_disk) = SmallDisk::mount(&disk, "200m") else {
        return;
    };
    let data = disk.join("data");
    let device = prepare(&data);
    let mut platform = TestPlatform::on(&data, &Start::default());
    // All but the segments that already stand is taken away.
    fill(&disk.join("ballast"));
    let mut client = device.connect(platform.address("mqtt"));
    let acknowledged = publish_much_until_refused(&mut client, &device);
    let status = platform.wait();
    assert!(is_fault(status), "{status}");
    fs::remove_file(disk.join("ballast")).unwrap();
    let platform = TestPlatform::on(&data, &Start::default());
    let found = stored(&platform, &device);
    assert!(
        found >= acknowledged,
        "{acknowledged} acknowledged, {found} stored"
    );
}

/// Takes every free byte.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    for size in [1 << 20, 4 << 10, 64] {
        let chunk = vec![0u8; size];
        while file.write_all(&chunk).is_ok() {}
    }
}

/// A thousand observations a message, to fill a segment soon.
fn publish_much_until_refused(client: &mut BareClient, device: &TestDevice) -> u64 {
    const BATCH: u64 = 1_000;
    let mut acknowledged = 0;
    for message in 0..10_000u64 {
        let records: Vec<String> = (0..BATCH)
            .map(|place| {
                let number = message * BATCH + place;
                let time = 1_777_593_600_000 + number;
                format!("{{\"t\":{time},\"v\":{{\"pm25\":{}}}}}", number % 1_000)
            })
            .collect();
        let payload = format!("[{}]", records.join(","));
        let id = u16::try_from(message % 60_000 + 1).unwrap();
        let sent = client.publish(&device.topic(), id, payload.as_bytes());
        if sent.is_err() || client.read().is_err() {
            return acknowledged;
        }
        acknowledged += BATCH;
    }
    panic!("the disk never was full");
}

#[test]
fn a_torn_last_frame_is_cut_and_the_rest_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    let device = TestDevice::register(&platform, "air-1", "safety.air");
    publish(&platform, &device, 0..20);
    platform.kill();
    let (segment, end) = last_written_byte(&data.join("log"));
    let mut file = fs::OpenOptions::new().write(true).open(segment).unwrap();
    file.seek(SeekFrom::Start(end - 2)).unwrap();
    file.write_all(&[0, 0, 0]).unwrap();
    drop(file);
    let platform = TestPlatform::on(&data, &Start::default());
    assert_eq!(stored(&platform, &device), 19, "the torn one alone is gone");
    let mut client = device.connect(platform.address("mqtt"));
    let again = br#"{"t":1777593600019,"v":{"pm25":19}}"#;
    client.publish(&device.topic(), 1, again).unwrap();
    client.read().unwrap();
    assert_eq!(stored(&platform, &device), 20);
}

/// Publishes the numbers as they are expected by [`stored`].
fn publish(platform: &TestPlatform, device: &TestDevice, numbers: Range<u64>) {
    let mut client = device.connect(platform.address("mqtt"));
    for number in numbers {
        let time = 1_777_593_600_000 + number;
        let payload = format!("{{\"t\":{time},\"v\":{{\"pm25\":{number}}}}}");
        let id = u16::try_from(number + 1).unwrap();
        client
            .publish(&device.topic(), id, payload.as_bytes())
            .unwrap();
        client.read().unwrap();
    }
}

/// Files of the store whose names end so, oldest first.
fn store_files(data: &Path, end: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(data.join("store"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(end))
        .collect();
    found.sort();
    found
}

fn flip_in_the_middle(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn damaged_files_are_set_aside_and_the_rest_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let devices = ["air-1", "air-2"].map(|id| {
        let platform = TestPlatform::on(&data, &Start::default());
        let device = TestDevice::register(&platform, id, "safety.air");
        publish(&platform, &device, 0..20);
        // Flushes what it has into a file of its own.
        platform.stop();
        device
    });
    let parquet = store_files(&data, ".parquet");
    assert_eq!(parquet.len(), 2);
    flip_in_the_middle(&parquet[0]);
    flip_in_the_middle(&store_files(&data, ".idx")[1]);
    flip_in_the_middle(&data.join("store/latest"));

    let platform = TestPlatform::on(&data, &Start::default());
    let lost = stored(&platform, &devices[0]);
    let (whole, aside) = (
        stored(&platform, &devices[1]),
        store_files(&data, ".damaged"),
    );
    assert_eq!((lost, whole, aside.len()), (0, 20, 1));
    let kept = aside[0].file_name().unwrap().to_str().unwrap();
    let name = parquet[0].file_name().unwrap().to_str().unwrap();
    assert!(kept.starts_with(name), "{kept}");
    // The place of what is gone takes data as before.
    publish(&platform, &devices[0], 0..20);
    assert_eq!(stored(&platform, &devices[0]), 20);
    platform.stop();

    let manifest = data.join("store/manifest");
    flip_in_the_middle(&manifest);
    let Err((status, said)) = TestPlatform::try_on(&data, &Start::default()) else {
        panic!("it came up over a damaged manifest");
    };
    assert!(is_fault(status), "{status}");
    assert!(said.contains(manifest.to_str().unwrap()), "{said}");
    flip_in_the_middle(&manifest);
    let platform = TestPlatform::on(&data, &Start::default());
    assert_eq!(devices.map(|device| stored(&platform, &device)), [20, 20]);
}

/// The newest segment and the place of its last byte that is not zero.
fn last_written_byte(log: &Path) -> (PathBuf, u64) {
    let mut segments: Vec<PathBuf> = fs::read_dir(log)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    segments.sort();
    segments
        .into_iter()
        .rev()
        .find_map(|path| {
            let bytes = fs::read(&path).unwrap();
            let end = bytes.iter().rposition(|byte| *byte != 0)?;
            Some((path, end as u64))
        })
        .unwrap()
}
