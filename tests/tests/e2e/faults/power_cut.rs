//! The power goes while data is written: an ext4 of the test's own is shut down
//! with nothing more flushed, and mounted again. All that was acknowledged is
//! there, once.

use std::path::Path;
use std::time::Duration;

use tests::disk::LoopDisk;
use tests::{FaultBench, Start, TestDevice, TestPlatform};

use crate::faults::crash::{Sender, check};

const BINARY: &str = env!("CARGO_BIN_EXE_small-plane");
/// More than any round takes.
const MESSAGES: u64 = 200;

/// When the power goes.
enum Moment {
    /// After so many acknowledgements.
    Acknowledged(usize),
    /// As soon as the store writes a file whose name begins so.
    Writes(&'static str),
}

fn is_there(store: &Path, begin: &str) -> bool {
    std::fs::read_dir(store).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().contains(begin))
    })
}

/// Round upon round over the same data folder.
fn cut_at(moments: impl IntoIterator<Item = Moment>) {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = LoopDisk::make(folder.path()) else {
        return;
    };
    let data = disk.path().join("data");
    let mut bench = FaultBench::default();
    for (round, moment) in moments.into_iter().enumerate() {
        let mut run = bench.start(BINARY, &[], &data, MESSAGES);
        match moment {
            Moment::Acknowledged(count) => assert!(run.hear_acknowledged(count)),
            Moment::Writes(name) => run.go_on_until(|| is_there(&data.join("store"), name)),
        }
        disk.cut_power();
        let (status, said) = run.finish();
        assert!(
            status.success() || status.code() == Some(1),
            "{status}: {said}"
        );
        disk.restore_power();
        let what = format!("power cut {round}");
        let done = bench.acknowledged.len();
        eprintln!("{what}: {done} acknowledged, {status}");
        bench.compare_with(&data, &what);
    }
    bench.check(&data, "after all power cuts");
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    cut_at([2, 25, 71].map(Moment::Acknowledged));
}

#[test]
#[ignore = "a minute: many power cuts, run by .ci/run"]
fn many_power_cuts_lose_nothing_that_was_acknowledged() {
    let counts = (1..30).map(|round| Moment::Acknowledged(round * 37 % 97 + 1));
    let files = [
        ".parquet.tmp",
        "manifest.tmp",
        ".parquet.tmp",
        "latest.tmp",
        ".idx.tmp",
        "manifest.tmp",
        ".parquet.tmp",
    ];
    cut_at(counts.chain(files.map(Moment::Writes)));
}

/// The whole platform: what it made at its first start and every registration
/// must outlast the cut as well.
#[test]
fn a_power_cut_of_the_whole_platform_loses_nothing_that_was_acknowledged() {
    const ROUNDS: u64 = 4;
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = LoopDisk::make(folder.path()) else {
        return;
    };
    let data = disk.path().join("data");
    let mut senders = Vec::new();
    for round in 0..ROUNDS {
        let mut platform = TestPlatform::on(&data, &Start::default());
        let device = TestDevice::register(&platform, &format!("air-{round}"), "safety.air");
        senders.push(Sender::new(device));
        let mqtt = platform.address("mqtt");
        let before: usize = senders.iter().map(Sender::acknowledged).sum();
        std::thread::scope(|scope| {
            for sender in &mut senders {
                scope.spawn(|| sender.run(mqtt));
            }
            std::thread::sleep(Duration::from_millis(300 + round * 150));
            disk.cut_power();
            let status = platform.wait();
            assert_eq!(status.code(), Some(1), "{status}");
        });
        let after: usize = senders.iter().map(Sender::acknowledged).sum();
        assert!(after > before, "the load was real");
        drop(platform);
        disk.restore_power();
        check(&data, &senders);
    }
}
