//! Whoever waits is served or told why not, whoever leads: a worker or the log's
//! own thread, on a quick disk or a slow one, beside others that give up or wait
//! for nothing, until the end of the log.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// Longer than any of this takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// As often as an applier looks.
const TICK: Duration = Duration::from_millis(4);

/// What a thread does with so many messages.
#[derive(Clone, Copy, Debug)]
enum Step {
    Commit(usize),
    CommitElsewhere(usize),
    /// Asks once, and goes away.
    GiveUp(usize),
    /// Nobody waits for them.
    Forget(usize),
}

/// What happens meanwhile.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Event {
    Nothing,
    SyncsFail,
    Shut,
}

#[derive(Clone, Debug)]
struct Plan {
    policy: CommitPolicy,
    sync: Duration,
    threads: Vec<Vec<Step>>,
    event: Event,
}

fn plan() -> impl Strategy<Value = Plan> {
    let step = (0..4, 1..4usize).prop_map(|(kind, messages)| match kind {
        0 => Step::Commit(messages),
        1 => Step::CommitElsewhere(messages),
        2 => Step::GiveUp(messages),
        _ => Step::Forget(messages),
    });
    let threads = prop::collection::vec(prop::collection::vec(step, 1..16), 1..5);
    let policy = prop::sample::select(vec![
        CommitPolicy::Measure,
        CommitPolicy::Inline,
        CommitPolicy::Thread,
    ]);
    // Beyond the third a thread of the log's own leads where it is measured.
    let sync = prop::sample::select(vec![0, 2, 25]).prop_map(Duration::from_millis);
    let event = prop::sample::select(vec![Event::Nothing, Event::SyncsFail, Event::Shut]);
    (policy, sync, threads, event).prop_map(|(policy, sync, threads, event)| Plan {
        policy,
        sync,
        threads,
        event,
    })
}

/// The steps of one thread, as far as the log goes.
fn run(log: &Log, steps: &[Step]) -> Result<(), CommitError> {
    for step in steps {
        let (Step::Commit(messages)
        | Step::CommitElsewhere(messages)
        | Step::GiveUp(messages)
        | Step::Forget(messages)) = *step;
        let staged: Result<Vec<Staged>, _> = (0..messages)
            .map(|number| try_stage(log, number as u64, 1_000))
            .collect();
        let staged = staged.map_err(|error| match error {
            StagingError::Poisoned(fault) => CommitError::Poisoned(fault),
            StagingError::Closed | StagingError::Full => CommitError::Closed,
        })?;
        let receipts = match step {
            Step::Commit(_) => block_on(log.commit(staged))?,
            Step::CommitElsewhere(_) => block_on(log.commit_elsewhere(staged))?,
            Step::GiveUp(_) => {
                let waiting = pin!(log.commit_elsewhere(staged));
                let _ = waiting.poll(&mut Context::from_waker(Waker::noop()));
                continue;
            }
            Step::Forget(_) => continue,
        };
        assert_eq!(receipts.len(), messages);
        let durable = log.durable_offset();
        assert!(receipts.iter().all(|receipt| receipt.offset() <= durable));
    }
    Ok(())
}

fn all_are_answered(plan: &Plan) {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let disk = DiskConfig {
        // Room for a group of all messages of a plan.
        segment_bytes: 1 << 18,
        ..disk(folder.path(), &faults)
    };
    let log: Log = open_on(&disk, plan.policy, 0).unwrap();
    faults.delay_syncs(plan.sync);
    let (done, answered) = mpsc::channel();
    let ended = AtomicBool::new(false);
    let mut answers = Vec::new();
    let is_all_durable = || log.durable_offset() == log.with_order(|(), last| last);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Acquire) {
                log.take_groups(TICK);
                log.commit_staged();
            }
        });
        for steps in &plan.threads {
            let (done, log) = (done.clone(), &log);
            scope.spawn(move || done.send(run(log, steps)));
        }
        match plan.event {
            Event::Nothing => {}
            Event::SyncsFail => faults.fail_syncs(),
            Event::Shut => log.shut(),
        }
        for _ in &plan.threads {
            // A thread that waits for ever would hold the scope up.
            answers.push(answered.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                eprintln!("somebody is not answered: {plan:?}");
                std::process::abort()
            }));
        }
        // What nobody waits for, too.
        let begun = Instant::now();
        while plan.event == Event::Nothing && !is_all_durable() && begun.elapsed() < PATIENCE {
            std::thread::sleep(TICK);
        }
        ended.store(true, Ordering::Release);
    });
    for answer in answers {
        match answer {
            Ok(()) => {}
            Err(CommitError::Poisoned(_)) => assert_eq!(plan.event, Event::SyncsFail),
            Err(CommitError::Closed) => assert_eq!(plan.event, Event::Shut),
            Err(error @ CommitError::Foreign) => panic!("{error}"),
        }
    }
    assert!(plan.event != Event::Nothing || is_all_durable());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whoever_waits_is_answered(plan in plan()) {
        all_are_answered(&plan);
    }
}
