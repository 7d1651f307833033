//! Faults at exact system calls of the data plane: killed right before the
//! n-th sync, rename or write; the n-th and all later ones failing with an
//! input/output error or a full disk. Flushes, compactions and new segments
//! come every few messages, so the calls are theirs.
//!
//! A fault is met before the call is made, and the calls before it have been
//! made, so each number is another state of the disk. strace counts for each thread by itself, so the same number meets the log's
//! writer, the flusher and whoever makes spare segments.

use tests::FaultBench;
use tests::disk::SmallDisk;
use tests::peers::look_for;

const BINARY: &str = env!("CARGO_BIN_EXE_small-plane");
/// Enough for two segments of the log, and for several flushes and compactions.
const MESSAGES: u64 = 75;
/// Calls of one kind that one thread makes in a run, at most.
const MOST_CALLS: usize = 400;

/// The calls that sync, name and write.
const FAILING: [&str; 6] = [
    "fdatasync",
    "fsync",
    "rename",
    "unlink",
    "write",
    "pwrite64",
];

/// How a run ended that met a fault, or that was over before it.
#[derive(PartialEq, Eq, Debug)]
enum Met {
    Fault,
    Nothing,
}

/// Runs the data plane over a new folder with `inject` into `call`, then checks
/// what it left.
fn meet(call: &str, inject: &str) -> Option<Met> {
    let strace = look_for("strace")?;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut bench = FaultBench::default();
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{inject}"));
    let wrapper = [
        strace.to_str().unwrap(),
        "-f",
        "-q",
        "-e",
        &trace,
        "-e",
        &inject,
        "-o",
        "/dev/null",
    ];
    let run = bench.start(BINARY, &wrapper, &data, MESSAGES);
    let (status, said) = run.finish();
    let done = bench.acknowledged.len();
    let killed = std::os::unix::process::ExitStatusExt::signal(&status) == Some(libc::SIGKILL);
    // Where nothing can be written, nothing is said either.
    let told = call == "write" || !said.trim().is_empty();
    let ended = status.code() == Some(1) && told;
    assert!(
        status.success() || ended || killed && inject.contains("signal"),
        "{inject}: {status}: {said}"
    );
    eprintln!("{inject}: {done} acknowledged, {status}");
    bench.check(&data, &inject);
    Some(if status.success() {
        Met::Nothing
    } else {
        Met::Fault
    })
}

/// Every `step`-th call from `first` on, until a run meets none.
fn kill_at_each(call: &str, first: usize, step: usize) {
    for number in (first..MOST_CALLS).step_by(step) {
        match meet(call, &format!("signal=KILL:when={number}")) {
            Some(Met::Fault) => {}
            Some(Met::Nothing) => {
                assert!(number > first, "no {call} was met");
                return;
            }
            None => return,
        }
    }
    panic!("more than {MOST_CALLS} calls of {call}");
}

fn fail_from_each(call: &str, error: &str, numbers: &[usize]) {
    let met = numbers
        .iter()
        .filter(|number| meet(call, &format!("error={error}:when={number}+")) == Some(Met::Fault))
        .count();
    // What cannot be removed costs space, and ends nothing.
    let must = call != "unlink" && look_for("strace").is_some();
    assert!(met > 0 || !must, "no {call} failed");
}

#[test]
fn a_kill_at_some_syncs_and_names_loses_nothing() {
    for (call, number) in [
        ("fdatasync", 9),
        ("fsync", 12),
        ("fsync", 17),
        ("rename", 6),
    ] {
        let met = meet(call, &format!("signal=KILL:when={number}"));
        assert_ne!(met, Some(Met::Nothing));
    }
}

#[test]
fn a_disk_that_fails_some_calls_ends_it_with_1_and_loses_nothing() {
    for (call, error, number) in [("fsync", "EIO", 11), ("write", "ENOSPC", 20)] {
        let met = meet(call, &format!("error={error}:when={number}+"));
        assert_ne!(met, Some(Met::Nothing));
    }
}

/// Of the smallest it cannot even start; the largest has room for everything.
/// In between the log, a flush or a compaction finds the disk full first.
#[test]
fn a_disk_that_is_full_ends_it_with_1_and_loses_nothing() {
    let mut full = 0;
    for kilobytes in [1_000, 3_000, 4_130, 4_170, 4_210, 4_250, 60_000] {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("disk");
        let Some(disk) = SmallDisk::mount(&at, &format!("{kilobytes}k")) else {
            return;
        };
        let mut bench = FaultBench::default();
        let data = at.join("data");
        let run = bench.start(BINARY, &[], &data, MESSAGES);
        let (status, said) = run.finish();
        let done = bench.acknowledged.len();
        eprintln!("{kilobytes} kB: {done} acknowledged, {status}");
        assert!(
            status.success() || status.code() == Some(1),
            "{status}: {said}"
        );
        full += usize::from(!status.success());
        disk.grow("100m");
        bench.check(&data, &format!("{kilobytes} kB"));
    }
    assert!(full > 2, "the disk was full {full} times");
}

#[test]
#[ignore = "minutes: a kill at every sync, run by .ci/run"]
fn a_kill_at_every_sync_loses_nothing() {
    kill_at_each("fdatasync", 1, 4);
    kill_at_each("fsync", 1, 1);
}

#[test]
#[ignore = "minutes: a kill at every rename and among all writes, run by .ci/run"]
fn a_kill_at_every_name_and_among_all_writes_loses_nothing() {
    kill_at_each("rename", 1, 1);
    kill_at_each("unlink", 1, 1);
    // Of the many, some; neither step divides a flush.
    kill_at_each("openat", 3, 7);
    kill_at_each("write", 2, 11);
    kill_at_each("pwrite64", 1, 7);
}

#[test]
#[ignore = "minutes: calls that fail, run by .ci/run"]
fn a_disk_that_fails_ends_it_with_1_and_loses_nothing() {
    for call in FAILING {
        for error in ["EIO", "ENOSPC"] {
            fail_from_each(
                call,
                error,
                &[1, 2, 3, 5, 8, 11, 14, 17, 20, 23, 27, 32, 38, 45],
            );
        }
    }
}
