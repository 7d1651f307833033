//! Standard error that is closed, or that nobody reads.

use std::time::Duration;

use tests::test_platform::Stderr;
use tests::{Start, TestPlatform};

use crate::witness::{Witness, expect_ready, get};

const MOST_GROWN_KIB: i64 = 160 * 1_024;

fn start(stderr: Stderr) -> TestPlatform {
    TestPlatform::start_with(&Start {
        // Each event is a line, so that a pipe is full at once.
        wrapper: ["env", "MADANG_LOG=trace"].map(String::from).to_vec(),
        stderr,
        ..Start::default()
    })
}

/// Gives how many lines were lost.
fn is_served(platform: &TestPlatform) -> u64 {
    let witness = Witness::start(platform);
    std::thread::sleep(Duration::from_secs(2));
    witness.finish(platform, MOST_GROWN_KIB);
    expect_ready(platform);
    let from = std::net::Ipv4Addr::LOCALHOST;
    let metrics = get(from, platform.address("http"), "/metrics", "").unwrap();
    let lost = metrics
        .lines()
        .find_map(|line| line.strip_prefix("madang_log_lines_lost_total "))
        .expect("the metric is there");
    lost.parse().unwrap()
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn a_log_whose_reader_is_gone_stops_nothing() {
    let platform = start(Stderr::Closed);
    assert!(is_served(&platform) > 0, "lost lines are counted");
    // SIGTERM ends it with 0.
    platform.stop();
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn a_log_that_nobody_reads_stops_nothing() {
    let platform = start(Stderr::Unread);
    // Those that wait are not lost yet.
    is_served(&platform);
    platform.stop();
}
