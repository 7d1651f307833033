//! Real recordings, sent at speed and read back value for value.

use std::path::Path;
use std::process::Command;

use tests::{TestPlatform, binary, recordings};

/// Replays a recording against a fresh platform; the simulator compares.
fn replay(recording: &Path, map: &str, more: &[&str]) -> String {
    let platform = TestPlatform::start();
    let output = Command::new(binary::firmware_sim())
        .arg("replay")
        .arg(recording)
        .args(["--map", map, "--speed", "0", "--verify"])
        .args(["--mqtt", &platform.address("mqtt").to_string()])
        .args(["--register", &platform.url(), "--token-file"])
        .arg(platform.data().join("admin.token"))
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let faults = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{faults}");
    eprintln!("{said}");
    platform.stop();
    said
}

#[test]
fn a_week_of_river_gauges_is_read_back_as_it_was_sent() {
    let Some(file) = recordings::look_for("han-river/observations.csv.gz") else {
        return;
    };
    replay(
        &file,
        "han-river",
        &[
            "--from",
            "2020-08-03T00:00:00+09:00",
            "--to",
            "2020-08-05T00:00:00+09:00",
        ],
    );
}

#[test]
#[ignore = "minutes: the whole flood of August 2020, run by .ci/run"]
fn the_flood_of_august_2020_is_read_back_as_it_was_sent() {
    let Some(file) = recordings::look_for("han-river/observations.csv.gz") else {
        return;
    };
    replay(
        &file,
        "han-river",
        &[
            "--from",
            "2020-08-01T00:00:00+09:00",
            "--to",
            "2020-09-01T00:00:00+09:00",
        ],
    );
}

#[test]
#[ignore = "minutes: 449 detectors, run by .ci/run"]
fn the_traffic_of_aarhus_is_read_back_as_it_was_sent() {
    let file = "aarhus-traffic/observations_all_20140909.csv.gz";
    let Some(file) = recordings::look_for(file) else {
        return;
    };
    let said = replay(&file, "aarhus-traffic", &[]);
    assert!(said.contains("449"), "every detector: {said}");
}
