//! `madang device import`: a spreadsheet of Seoul, kills in the middle, and the
//! same file again.

use std::collections::BTreeMap;
use std::path::Path;

use sdk::api::{DeviceFilter, ImportFile, ImportForm, ImportMode, ImportStep};
use tests::test_device::{AGENCY, make_agency};
use tests::{Start, TestPlatform};

use crate::operation::backup::madang;

const ROWS: usize = 2_000;
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

/// An import of `rows` on its way, until `moment` is told; then the platform is
/// killed.
fn kill_at(platform: TestPlatform, rows: Vec<u8>, moment: impl Fn(&ImportStep) -> bool + Send) {
    let operator = platform.operator();
    let (reached, wait) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let file = ImportFile {
                content: &rows,
                form: ImportForm::Lines,
                mode: ImportMode::Apply,
                good_rows: false,
                upsert: false,
            };
            // Whether it is told before the kill that all are in, is all the same.
            let _ = operator.import_file(&file, |step| {
                if moment(&step) {
                    let _ = reached.send(());
                }
            });
        });
        wait.recv().unwrap();
        platform.kill();
    });
}

#[test]
fn a_kill_at_any_moment_of_an_import_leaves_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &Start::default());
    make_agency(&platform.operator());
    platform.stop();
    let rows = |round: usize| -> Vec<u8> {
        let line = |number| {
            format!(
                "{{\"id\":\"d{round}-{number}\",\"agency\":\"{AGENCY}\",\"model\":\"safety.air\",\"location\":{{\"lat\":37.5,\"lon\":127.0}}}}\n"
            )
        };
        (0..ROWS).map(line).collect::<String>().into_bytes()
    };
    let moments: [fn(&ImportStep) -> bool; 4] = [
        |step| matches!(step, ImportStep::Read(_)),
        |step| matches!(step, ImportStep::Checked(_)),
        |step| matches!(step, ImportStep::Registered(_)),
        |step| matches!(step, ImportStep::Registered(1_000..)),
    ];
    let mut all = 0;
    for (round, moment) in moments.into_iter().enumerate() {
        let platform = TestPlatform::on(&data, &Start::default());
        kill_at(platform, rows(round), moment);
        let platform = TestPlatform::on(&data, &Start::default());
        let begins = format!("d{round}-");
        let devices = platform.operator().devices(&DeviceFilter::default());
        let found: Vec<_> = devices
            .map(Result::unwrap)
            .filter(|device| device.id.as_str().starts_with(&begins))
            .collect();
        assert!([0, ROWS].contains(&found.len()), "{round}: {}", found.len());
        // From the first device that is told on, all were accepted.
        assert!(round < 2 || found.len() == ROWS, "{round}");
        assert!(found.iter().all(|device| device.location.is_some()));
        all += found.len();
        let counts = datastreams(&platform);
        assert_eq!(counts.len(), all);
        let fields = counts.values().next();
        assert!(counts.values().all(|count| Some(count) == fields));
        platform.stop();
    }

    // An entry of the audit for each, in one whole chain.
    let platform = TestPlatform::on(&data, &Start::default());
    let data = data.to_str().unwrap();
    let verified = madang(&["audit", "verify", "--data", data]);
    assert!(verified.status.success(), "{verified:?}");
    let exported = madang(&["audit", "export", "--data", data]);
    let entries = String::from_utf8(exported.stdout).unwrap();
    let registered = entries.matches("\"device.register\"").count();
    assert_eq!(registered, all);
    let file = folder.path().join("again.ndjson");
    std::fs::write(&file, rows(3)).unwrap();
    let done = import(&platform, &file, &["--upsert"]);
    let said = String::from_utf8(done.stderr).unwrap();
    let told = format!("0 registered, 0 changed, {ROWS} unchanged");
    assert!(said.contains(&told), "{said}");
}
