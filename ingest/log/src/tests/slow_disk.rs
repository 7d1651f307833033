//! A disk that becomes slow while the log is open: who waits for it.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Barrier;

use super::super::policy::{LAGGING, Policy};
use super::super::staging::MAX_STAGED_BYTES;
use super::*;

/// Of a disk that is slow.
const SYNC: Duration = Duration::from_millis(300);
/// The log's own.
const COMMITTER: &str = "log-commit";
const WORKERS: usize = 4;

/// `WORKERS` threads with a runtime each, that commit `rounds` messages at
/// once; what each of them stages is `padding` bytes long.
fn commit_on_workers(log: &Arc<Log>, rounds: u64, padding: usize) {
    let barrier = Arc::new(Barrier::new(WORKERS));
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (log, barrier) = (Arc::clone(log), Arc::clone(&barrier));
            let work = async move {
                for round in 0..rounds {
                    barrier.wait().await;
                    let staged = stage(&log, round, padding);
                    assert_eq!(log.commit(vec![staged]).await.unwrap().len(), 1);
                }
            };
            std::thread::Builder::new()
                .name(format!("worker-{worker}"))
                .spawn(move || block_on(work))
                .unwrap()
        })
        .collect();
    workers.into_iter().for_each(|it| it.join().unwrap());
    // Takes the applier's part.
    log.take_groups(Duration::ZERO);
}

fn open_measured(folder: &Path, segment_bytes: u64, faults: &Faults) -> Arc<Log> {
    let disk = DiskConfig {
        segment_bytes,
        ..disk(folder, faults)
    };
    let log: Log = open_on(&disk, CommitPolicy::Measure, 0).unwrap();
    // Whatever the disk under the tests is like.
    log.shared.leading.trust();
    Arc::new(log)
}

/// The syncs since `from` that held up a worker.
fn by_workers(faults: &Faults, from: usize) -> usize {
    let threads = faults.syncing_threads(from);
    threads.iter().filter(|name| **name != COMMITTER).count()
}

/// It cannot be known before, and a sync that has begun cannot be left.
#[test]
fn of_all_workers_one_waits_for_one_sync_of_a_disk_that_becomes_slow() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let log = open_measured(folder.path(), 1 << 20, &faults);
    faults.delay_syncs(SYNC);
    let before = faults.syncs();
    commit_on_workers(&log, 4, 0);
    assert_eq!(log.shared.leading.policy(), Policy::Thread);
    let all = faults.syncs() - before;
    assert!(all >= 4, "{all} syncs");
    assert_eq!(by_workers(&faults, before), 1, "of {all} syncs");
}

/// Ten messages in groups of their own, committed by one worker on a disk whose
/// syncs take so long: how many syncs it led itself, and all of them.
fn syncs_of_many_groups(sync: Duration) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let log = open_measured(folder.path(), 16 << 20, &faults);
    let many = (0..10).map(|number| stage(&log, number, 300_000)).collect();
    faults.delay_syncs(sync);
    let before = faults.syncs();
    assert_eq!(commit(&log, many).unwrap().len(), 10);
    (by_workers(&faults, before), faults.syncs() - before)
}

#[test]
fn a_worker_that_leads_many_groups_leaves_the_rest_after_a_slow_one() {
    let (led, all) = syncs_of_many_groups(SYNC);
    assert!(all >= 4, "{all} syncs");
    assert_eq!(led, 1, "of {all} syncs");
}

/// No sync is slow, and all of them together would be.
#[test]
fn a_worker_leads_as_many_groups_as_are_quick_together() {
    let (led, all) = syncs_of_many_groups(LAGGING * 3 / 5);
    assert!(all >= 4, "{all} syncs");
    assert_eq!(led, 1, "of {all} syncs");
}

/// A new segment takes several syncs, and a file that may have to be made.
#[test]
fn no_worker_begins_a_segment() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let log = open_with(folder.path(), CommitPolicy::Inline, &faults);
    let before = faults.syncs();
    let mut segments = log.segments(Offset::ZERO).len();
    while log.segments(Offset::ZERO).len() < 4 {
        let syncs = faults.syncs();
        let staged = stage(&log, 1, 500);
        commit(&log, vec![staged]).unwrap();
        if log.segments(Offset::ZERO).len() > segments {
            segments = log.segments(Offset::ZERO).len();
            assert_eq!(by_workers(&faults, syncs), 0);
        }
    }
    assert!(by_workers(&faults, before) > 0, "a worker leads otherwise");
}

#[test]
fn who_has_others_to_serve_leads_never() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let log = open_with(folder.path(), CommitPolicy::Inline, &faults);
    let before = faults.syncs();
    for number in 0..20 {
        let staged = vec![stage(&log, number, 0)];
        assert_eq!(block_on(log.commit_elsewhere(staged)).unwrap().len(), 1);
    }
    assert_eq!(by_workers(&faults, before), 0);
}

/// The messages are told to wait, then refused; nobody that stages waits.
#[test]
fn who_stages_never_syncs_however_much_is_staged() {
    const FRAME: usize = 200_000;
    for policy in [CommitPolicy::Inline, CommitPolicy::Thread] {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::default();
        let disk = DiskConfig {
            segment_bytes: 64 << 20,
            ..disk(folder.path(), &faults)
        };
        let log: Log = open_on(&disk, policy, 0).unwrap();
        let before = faults.syncs();
        // The disk takes nothing meanwhile.
        let writer = log.shared.end.lock();
        assert!(!log.is_full());
        let mut staged = 0;
        let refused = loop {
            match try_stage(&log, staged, FRAME) {
                Ok(_) => staged += 1,
                Err(refused) => break refused,
            }
            assert!(staged as usize * FRAME < MAX_STAGED_BYTES + (1 << 20));
        };
        assert!(matches!(refused, StagingError::Full), "{refused:?}");
        assert!(log.is_full());
        drop(writer);
        // By the log's own thread, though nobody waits.
        while log.durable_offset() < Offset::new(staged) {
            log.take_groups(Duration::from_millis(1));
            log.commit_staged();
        }
        assert!(!log.is_full());
        assert!(by_workers(&faults, before) <= 1, "the tick's last group");
        assert!(try_stage(&log, staged, FRAME).is_ok());
    }
}

/// A worker never waits for the applier, which may wait for a flush.
#[test]
fn no_worker_waits_for_an_applier_that_lags() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let disk = DiskConfig {
        segment_bytes: 64 << 20,
        ..disk(folder.path(), &faults)
    };
    let log: Arc<Log> = Arc::new(open_on(&disk, CommitPolicy::Inline, 0).unwrap());
    let mut number = 0;
    while log.shared.feed.has_room() {
        let staged = vec![stage(&log, number, 300_000)];
        commit(&log, staged).unwrap();
        number += 1;
    }
    let before = faults.syncs();
    let staged = vec![stage(&log, number, 0)];
    let mut waiting = std::pin::pin!(log.commit(staged));
    block_on(async {
        // Its first turn is to let others stage.
        for _ in 0..3 {
            let polled = poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context))).await;
            assert!(polled.is_pending());
        }
    });
    assert_eq!(faults.syncs(), before);
    log.take_groups(Duration::ZERO);
    assert_eq!(block_on(waiting).unwrap().len(), 1);
    assert_eq!(by_workers(&faults, before), 0);
}
