//! The recordings as a whole: every aggregate of the platform is the one that
//! DuckDB computes from the CSV itself, before the store is compacted and after.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use device_registry::Registry;
use ingest::{Clock, Config, Ingest, SystemClock};
use serde_json::json;
use tests::peers::look_below_the_project;
use tests::{Start, TestPlatform, binary, recordings};

/// Files below the folder of recordings, with the maps that belong to them.
const RECORDINGS: [(&str, &str); 3] = [
    ("han-river/observations.csv.gz", "han-river"),
    ("seoul-air/observations.csv.gz", "seoul-air"),
    ("aarhus-traffic/observations.csv.gz", "aarhus-traffic"),
];

#[test]
#[ignore = "minutes: two million rows, run by .ci/run"]
fn aggregates_of_the_recordings_are_those_of_duckdb() {
    let Some(python) = look_below_the_project("target/peers/duckdb/bin/python") else {
        return;
    };
    let mut found = Vec::new();
    for (file, map) in RECORDINGS {
        let Some(file) = recordings::look_for(file) else {
            return;
        };
        found.push(json!({"file": file, "map": map}));
    }
    let begun = Instant::now();
    let start = Start {
        flags: ["--device-rate", "0"].map(str::to_owned).to_vec(),
        ..Start::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &start);
    for recording in &found {
        replay(&platform, recording);
        eprintln!("replayed {recording} ({:.0?})", begun.elapsed());
    }
    compare(&python, &platform, &found);
    platform.stop();
    compact(&data);
    eprintln!("compacted ({:.0?})", begun.elapsed());
    let platform = TestPlatform::on(&data, &start);
    compare(&python, &platform, &found);
    platform.stop();
}

fn replay(platform: &TestPlatform, recording: &serde_json::Value) {
    let output = Command::new(binary::firmware_sim())
        .args(["replay", recording["file"].as_str().unwrap()])
        .args(["--map", recording["map"].as_str().unwrap()])
        .args(["--speed", "0"])
        .args(["--mqtt", &platform.address("mqtt").to_string()])
        .args(["--register", &platform.url(), "--token-file"])
        .arg(platform.data().join("admin.token"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let faults = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{faults}");
}

/// The script's own words tell which bucket differs.
fn compare(python: &Path, platform: &TestPlatform, recordings: &[serde_json::Value]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let task = json!({
        "url": platform.url(), "token": platform.token(), "recordings": recordings,
        "maps": root.join("../firmware-sim/maps"),
    });
    let output = Command::new(python)
        .arg(root.join("tests/e2e/data/recordings.py"))
        .arg(task.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    eprintln!("{said}");
}

/// What the platform does by itself in the background, done at once.
fn compact(data: &Path) {
    let registry = Arc::new(Registry::open(data, || SystemClock.now()).unwrap());
    let ingest = Ingest::open(Config::new(data), registry, Arc::new(SystemClock)).unwrap();
    ingest.compact().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(ingest.close()).unwrap();
}
