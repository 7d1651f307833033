//! `madang device import`: a spreadsheet of Seoul, a kill in the middle, and the
//! same file again.

use std::collections::BTreeMap;
use std::path::Path;

use sdk::api::{DeviceFilter, ImportMode};
use tests::test_device::{AGENCY, make_agency};
use tests::{Start, TestPlatform, eventually};

use crate::operation::backup::madang;

const ROWS: usize = 3_000;
/// 종로, as CP949 has it.
const JONGNO: [u8; 4] = [0xc1, 0xbe, 0xb7, 0xce];

fn import(platform: &TestPlatform, file: &Path, more: &[&str]) -> std::process::Output {
    let (file, data) = (file.to_str().unwrap(), platform.data().to_str().unwrap());
    let fixed = ["device", "import", file, "--data", data];
    madang(&[&fixed, more].concat())
}

#[test]
fn a_spreadsheet_comes_in_and_each_bad_row_is_told() {
    let platform = TestPlatform::start();
    make_agency(&platform.operator());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("devices.csv");
    let good = format!("id,agency,model,name\r\nd1,{AGENCY},safety.air,");
    let bad = format!("\r\nd2,{AGENCY},safety.aire,x\r\n");
    let table = [good.as_bytes(), &JONGNO, bad.as_bytes()].concat();
    std::fs::write(&file, table).unwrap();

    let refused = import(&platform, &file, &[]);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stdout).unwrap();
    assert!(
        told.starts_with("line 3, model: no model safety.aire"),
        "{told}"
    );
    assert_eq!(
        platform
            .operator()
            .devices(&DeviceFilter::default())
            .count(),
        0
    );

    let done = import(&platform, &file, &["--good-rows"]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("2 rows (cp949): 1 registered"), "{said}");
    let device = platform.operator().devices(&DeviceFilter::default()).next();
    assert_eq!(device.unwrap().unwrap().name, "종로");
}

/// How many datastreams each thing has, by the API.
fn datastreams(platform: &TestPlatform) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let filter = sdk::api::DatastreamFilter::default();
    for datastream in platform.operator().datastreams(&filter) {
        *counts.entry(datastream.unwrap().thing).or_default() += 1;
    }
    counts
}

#[test]
fn after_a_kill_every_device_is_whole_and_the_file_again_brings_the_rest() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    make_agency(&platform.operator());
    let file = data.with_extension("ndjson");
    let line = |number| {
        format!(
            "{{\"id\":\"d{number}\",\"agency\":\"{AGENCY}\",\"model\":\"safety.air\",\"location\":{{\"lat\":37.5,\"lon\":127.0}}}}\n"
        )
    };
    std::fs::write(&file, (0..ROWS).map(line).collect::<String>()).unwrap();
    let content = std::fs::read(&file).unwrap();
    let operator = platform.operator();
    let under_way = std::thread::spawn(move || {
        let file = sdk::api::ImportFile {
            content: &content,
            form: sdk::api::ImportForm::Lines,
            mode: ImportMode::Apply,
            good_rows: false,
            upsert: false,
        };
        operator.import_file(&file, |_| {})
    });
    let first = DeviceFilter {
        limit: Some(1),
        ..DeviceFilter::default()
    };
    eventually("the first piece is in", || {
        platform.operator().devices(&first).next()
    })
    .unwrap();
    platform.kill();
    assert!(under_way.join().unwrap().is_err());

    let platform = TestPlatform::on(&data, &Start::default());
    let found: Vec<_> = platform
        .operator()
        .devices(&DeviceFilter::default())
        .map(Result::unwrap)
        .collect();
    assert!(!found.is_empty() && found.len() < ROWS, "{}", found.len());
    assert!(found.iter().all(|device| device.location.is_some()));
    let counts = datastreams(&platform);
    assert_eq!(counts.len(), found.len());
    let fields = counts.values().next().unwrap();
    assert!(counts.values().all(|count| count == fields));

    let done = import(&platform, &file, &["--upsert"]);
    let said = String::from_utf8(done.stderr).unwrap();
    let kept = found.len();
    let told = format!("{} registered, 0 changed, {kept} unchanged", ROWS - kept);
    assert!(said.contains(&told), "{said}");
    assert_eq!(datastreams(&platform).len(), ROWS);
}
