//! Leader and followers, and what a failed sync means.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;

/// Longer than any of this takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// As often as an applier looks.
const TICK: Duration = Duration::from_millis(4);

fn many_tasks_share_syncs(policy: CommitPolicy) {
    const TASKS: u64 = 64;
    const ROUNDS: u64 = 20;
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let disk = DiskConfig {
        segment_bytes: 1 << 20,
        ..disk(folder.path(), &faults)
    };
    let log: Arc<Log> = Arc::new(open_on(&disk, policy, 0).unwrap());
    let before = faults.syncs();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let offsets = runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    let mut offsets = Vec::new();
                    for round in 0..ROUNDS {
                        let staged = stage(&log, task * ROUNDS + round, 0);
                        for receipt in log.commit(vec![staged]).await.unwrap() {
                            assert!(receipt.offset() <= log.durable_offset());
                            offsets.push(receipt.offset().get());
                        }
                    }
                    offsets
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap());
        }
        all
    });
    let unique: BTreeSet<u64> = offsets.iter().copied().collect();
    assert_eq!(unique, (1..=TASKS * ROUNDS).collect());
    let syncs = faults.syncs() - before;
    assert!(
        syncs < (TASKS * ROUNDS) as usize,
        "{syncs} syncs were not shared"
    );
    drop(log);
    let read: BTreeSet<u64> = numbers(&open(folder.path())).into_iter().collect();
    assert_eq!(read, (0..TASKS * ROUNDS).collect());
}

#[test]
fn many_tasks_share_syncs_inline() {
    many_tasks_share_syncs(CommitPolicy::Inline);
}

#[test]
fn many_tasks_share_syncs_of_a_thread() {
    many_tasks_share_syncs(CommitPolicy::Thread);
}

fn a_failed_sync_ends_the_log(policy: CommitPolicy) {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let log = open_with(folder.path(), policy, &faults);
    let first = stage(&log, 1, 0);
    assert_eq!(commit(&log, vec![first]).unwrap().len(), 1);

    faults.fail_syncs();
    let second = stage(&log, 2, 0);
    let failed = log.failed();
    let refused = commit(&log, vec![second]).unwrap_err();
    assert!(matches!(refused, CommitError::Poisoned(_)), "{refused:?}");
    let fault = block_on(failed);
    assert!(fault.to_string().contains("cannot sync the log"), "{fault}");

    // The disk is well again, but nobody knows what it holds.
    faults.heal();
    let syncs = faults.syncs();
    assert!(matches!(
        try_stage(&log, 3, 0),
        Err(StagingError::Poisoned(_))
    ));
    log.commit_staged();
    assert!(log.sync_all().is_err());
    assert_eq!(faults.syncs(), syncs, "a sync was tried again");
    assert_eq!(log.durable_offset(), Offset::new(1));
    drop(log);

    // The unacknowledged one may be there or not; nothing else is.
    let log = open(folder.path());
    let read = numbers(&log);
    assert!(read == [1] || read == [1, 2], "{read:?}");
    let next = stage(&log, 9, 0);
    let receipts = commit(&log, vec![next]).unwrap();
    assert_eq!(receipts[0].offset().get(), read.len() as u64 + 1);
}

#[test]
fn a_failed_sync_ends_the_log_inline() {
    a_failed_sync_ends_the_log(CommitPolicy::Inline);
}

#[test]
fn a_failed_sync_ends_the_log_with_a_thread() {
    a_failed_sync_ends_the_log(CommitPolicy::Thread);
}

#[test]
fn a_full_disk_is_told_with_its_cure() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let log = open_with(folder.path(), CommitPolicy::Inline, &faults);
    faults.fail_writes(10);
    let staged = stage(&log, 1, 0);
    assert!(commit(&log, vec![staged]).is_err());
    let told = block_on(log.failed()).to_string();
    assert!(told.contains("the disk is full: free some space"), "{told}");
    assert!(!told.contains('\n'));
}

#[test]
fn what_nobody_waits_for_is_made_durable_by_the_tick() {
    for policy in [CommitPolicy::Inline, CommitPolicy::Thread] {
        let folder = tempfile::tempdir().unwrap();
        let log = open_with(folder.path(), policy, &Faults::default());
        drop(stage(&log, 1, 0));
        assert_eq!(log.durable_offset(), Offset::ZERO);
        let mut applied = Vec::new();
        while applied.is_empty() {
            log.commit_staged();
            for group in log.take_groups(TICK) {
                applied.extend(group.frames().map(|it| it.offset().get()));
            }
        }
        assert_eq!(applied, [1]);
        assert_eq!(log.durable_offset(), Offset::new(1));
    }
}

#[test]
fn a_fault_after_the_sync_leaves_what_was_synced_to_the_applier() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let staged = stage(&log, 1, 0);
    commit(&log, vec![staged]).unwrap();
    let cause = std::io::Error::other("an injected fault");
    log.fail(Fault::new("write into", folder.path(), cause));
    assert!(try_stage(&log, 2, 0).is_err());
    // It stops only when it has applied up to the durable offset.
    let groups = log.take_groups(Duration::ZERO);
    assert_eq!(groups.len(), 1);
    assert_eq!(log.durable_offset(), Offset::new(1));
}

/// Otherwise the next group would seem to make durable what was lost with it.
#[test]
fn a_panic_of_the_leader_ends_the_log() {
    for policy in [CommitPolicy::Inline, CommitPolicy::Thread] {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::default();
        let log = open_with(folder.path(), policy, &faults);
        let (lost, waiting) = (stage(&log, 1, 0), stage(&log, 2, 0));
        faults.panic_writes();
        let caught = std::panic::AssertUnwindSafe(|| commit(&log, vec![lost]));
        let outcome = std::panic::catch_unwind(caught);
        assert!(!matches!(outcome, Ok(Ok(_))), "{policy:?}");
        faults.heal();
        assert!(matches!(
            commit(&log, vec![waiting]),
            Err(CommitError::Poisoned(_))
        ));
        assert!(try_stage(&log, 3, 0).is_err());
    }
}

#[test]
fn a_panic_within_a_frame_ends_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let device = DeviceId::new("dev-1").unwrap();
    let caught = std::panic::AssertUnwindSafe(|| {
        log.stage::<Staged, StagingError>(|(), slot| {
            let _frame = slot.telemetry(head(&device, 1, &[]));
            panic!("an injected panic")
        })
    });
    assert!(std::panic::catch_unwind(caught).is_err());
    assert!(matches!(
        try_stage(&log, 1, 0),
        Err(StagingError::Poisoned(_))
    ));
}

#[test]
fn a_receipt_is_not_given_for_another_logs_message() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = (open(one.path()), open(two.path()));
    let foreign = stage(&one, 1, 0);
    let own = stage(&two, 1, 0);
    commit(&two, vec![own]).unwrap();
    assert!(matches!(
        commit(&two, vec![foreign]),
        Err(CommitError::Foreign)
    ));
}

#[test]
fn who_waits_is_let_go_when_the_log_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let log = open_with(folder.path(), CommitPolicy::Thread, &faults);
    let staged = stage(&log, 1, 0);
    let waiting = log.commit(vec![staged]);
    drop(log);
    // Either it was served before the end, or it is told of the end.
    match block_on(waiting) {
        Ok(receipts) => assert_eq!(receipts.len(), 1),
        Err(error) => assert!(matches!(error, CommitError::Closed), "{error:?}"),
    }
}
