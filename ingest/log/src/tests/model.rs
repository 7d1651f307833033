//! The log against a model, on a disk and in memory: whatever was acknowledged
//! is there, in order; what was not may be missing from its end; nothing else
//! is there.

use proptest::prelude::*;

use super::super::medium::memory::{Memory, NextFault};
use super::*;

#[derive(Clone, Debug)]
enum Operation {
    /// Stages a frame with so many bytes.
    Stage(usize),
    /// Begins a frame with so many bytes, and drops it.
    Drop(usize),
    Commit,
    Reopen,
    /// The next write stops after so many bytes, and the process ends.
    TearWrite(usize),
    /// The next sync fails, and the process ends.
    FailSync,
    /// Everything is in the store: space is given back.
    Release,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (0usize..400).prop_map(Operation::Stage),
        1 => (0usize..400).prop_map(Operation::Drop),
        4 => Just(Operation::Commit),
        1 => Just(Operation::Reopen),
        1 => (0usize..1_500).prop_map(Operation::TearWrite),
        1 => Just(Operation::FailSync),
        1 => Just(Operation::Release),
    ]
}

/// A group must fit into a segment, which is small here.
const MAX_STAGED: usize = 6;

/// What a log lies on, and how it fails.
trait Bed: Default {
    type Medium: Medium;

    fn config(&self) -> <Self::Medium as Medium>::Config;
    fn tear_write(&self, bytes: usize);
    fn fail_sync(&self);
    fn heal(&self);
}

struct OnDisk {
    folder: tempfile::TempDir,
    faults: Faults,
}

impl Default for OnDisk {
    fn default() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            faults: Faults::default(),
        }
    }
}

impl Bed for OnDisk {
    type Medium = Disk;

    fn config(&self) -> DiskConfig {
        disk(self.folder.path(), &self.faults)
    }

    fn tear_write(&self, bytes: usize) {
        self.faults.fail_writes(bytes);
    }

    fn fail_sync(&self) {
        self.faults.fail_syncs();
    }

    fn heal(&self) {
        self.faults.heal();
    }
}

#[derive(Default)]
struct InMemory(Memory);

impl Bed for InMemory {
    type Medium = Memory;

    fn config(&self) -> Memory {
        self.0.clone()
    }

    fn tear_write(&self, _: usize) {
        self.0.fail_next(NextFault::Write);
    }

    fn fail_sync(&self) {
        self.0.fail_next(NextFault::Sync);
    }

    /// It fails once.
    fn heal(&self) {}
}

struct Model<B: Bed> {
    bed: B,
    /// `None` between closing and opening it.
    log: Option<Log<B::Medium>>,
    /// Numbers by offset - 1: those that must be there.
    acknowledged: Vec<u64>,
    /// What the store holds: it was given back.
    released: u64,
    staged: Vec<(u64, Staged)>,
    next: u64,
}

impl<B: Bed> Model<B> {
    fn new() -> Self {
        let mut model = Self {
            bed: B::default(),
            log: None,
            acknowledged: Vec::new(),
            released: 0,
            staged: Vec::new(),
            next: 0,
        };
        model.open();
        model
    }

    fn open(&mut self) {
        // The old log must be gone before it is opened again.
        self.log = None;
        let config = self.bed.config();
        self.log = Some(open_on(&config, CommitPolicy::Inline, self.released).unwrap());
    }

    fn log(&self) -> &Log<B::Medium> {
        self.log.as_ref().unwrap()
    }

    fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Stage(bytes) => {
                if self.staged.len() == MAX_STAGED {
                    self.run(&Operation::Commit);
                }
                let staged = stage(self.log(), self.next, *bytes);
                self.staged.push((self.next, staged));
                self.next += 1;
            }
            Operation::Drop(bytes) => {
                let device = DeviceId::new("dev-1").unwrap();
                let original = vec![7; *bytes];
                let dropped = self.log().stage::<(), StagingError>(|(), slot| {
                    drop(slot.telemetry(head(&device, 4_711, &original)));
                    Ok(())
                });
                dropped.unwrap();
            }
            Operation::Commit => {
                let (numbers, staged): (Vec<_>, Vec<_>) = self.staged.drain(..).unzip();
                let receipts = commit(self.log(), staged).unwrap();
                for (number, receipt) in numbers.into_iter().zip(receipts) {
                    self.acknowledged.push(number);
                    assert_eq!(receipt.offset().get(), self.acknowledged.len() as u64);
                }
            }
            Operation::Reopen => {
                let open: Vec<u64> = self.staged.drain(..).map(|(number, _)| number).collect();
                self.reopen(&open);
            }
            Operation::TearWrite(bytes) => {
                let bytes = *bytes;
                self.fail(|bed| bed.tear_write(bytes));
            }
            Operation::FailSync => self.fail(B::fail_sync),
            Operation::Release => {
                let durable = self.log().durable_offset();
                self.log().release(durable, 0).unwrap();
                self.released = durable.get();
            }
        }
    }

    /// Where nothing is staged, nothing is written that could fail.
    fn fail(&mut self, how: impl FnOnce(&B)) {
        if self.staged.is_empty() {
            return;
        }
        how(&self.bed);
        let staged = std::mem::take(&mut self.staged);
        let (numbers, staged): (Vec<_>, Vec<_>) = staged.into_iter().unzip();
        assert!(commit(self.log(), staged).is_err());
        self.bed.heal();
        self.reopen(&numbers);
    }

    /// `open` are the numbers that may be there or not.
    fn reopen(&mut self, open: &[u64]) {
        self.open();
        let first = self.log().first_offset().get() as usize - 1;
        let read = numbers(self.log());
        let must = &self.acknowledged[first..];
        assert!(
            read.starts_with(must),
            "{must:?} was acknowledged, {read:?} was read"
        );
        let more = &read[must.len()..];
        assert!(open.starts_with(more), "{more:?} came from nowhere");
        self.acknowledged.extend_from_slice(more);
    }
}

fn agrees<B: Bed>(operations: &[Operation]) {
    let mut model = Model::<B>::new();
    for operation in operations {
        model.run(operation);
    }
    model.run(&Operation::Commit);
    model.run(&Operation::Reopen);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_agrees_with_the_model_on_a_disk(operations in prop::collection::vec(operation(), 1..60)) {
        agrees::<OnDisk>(&operations);
    }

    #[test]
    fn it_agrees_with_the_model_in_memory(operations in prop::collection::vec(operation(), 1..60)) {
        agrees::<InMemory>(&operations);
    }
}
