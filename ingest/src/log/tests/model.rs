//! The log against a model: whatever was acknowledged is there, in order; what
//! was not may be missing from its end; nothing else is there.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Operation {
    /// Stages a frame with so many bytes.
    Stage(usize),
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
        4 => Just(Operation::Commit),
        1 => Just(Operation::Reopen),
        1 => (0usize..1_500).prop_map(Operation::TearWrite),
        1 => Just(Operation::FailSync),
        1 => Just(Operation::Release),
    ]
}

/// A group must fit into a segment, which is small here.
const MAX_STAGED: usize = 6;

struct Model {
    folder: tempfile::TempDir,
    faults: Faults,
    log: Log,
    /// Numbers by offset - 1: those that must be there.
    acknowledged: Vec<u64>,
    staged: Vec<(u64, Staged)>,
    next: u64,
}

impl Model {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::default();
        let log = open_with(folder.path(), CommitPolicy::Inline, &faults);
        Self {
            folder,
            faults,
            log,
            acknowledged: Vec::new(),
            staged: Vec::new(),
            next: 0,
        }
    }

    fn run(&mut self, operation: &Operation) {
        match operation {
            Operation::Stage(bytes) => {
                if self.staged.len() == MAX_STAGED {
                    self.run(&Operation::Commit);
                }
                self.staged
                    .push((self.next, stage(&self.log, self.next, *bytes)));
                self.next += 1;
            }
            Operation::Commit => {
                let (numbers, staged): (Vec<_>, Vec<_>) = self.staged.drain(..).unzip();
                let receipts = commit(&self.log, staged).unwrap();
                for (number, receipt) in numbers.into_iter().zip(receipts) {
                    self.acknowledged.push(number);
                    assert_eq!(receipt.offset().get(), self.acknowledged.len() as u64);
                }
            }
            Operation::Reopen => self.reopen(),
            Operation::TearWrite(bytes) => {
                self.faults.fail_writes(*bytes);
                self.fail();
            }
            Operation::FailSync => {
                self.faults.fail_syncs();
                self.fail();
            }
            Operation::Release => {
                self.log.release(self.log.durable_offset(), 0).unwrap();
            }
        }
    }

    fn fail(&mut self) {
        if !self.staged.is_empty() {
            let staged = std::mem::take(&mut self.staged);
            let (numbers, staged): (Vec<_>, Vec<_>) = staged.into_iter().unzip();
            assert!(commit(&self.log, staged).is_err());
            self.faults.heal();
            self.reopen_with(&numbers);
        }
        self.faults.heal();
    }

    fn reopen(&mut self) {
        let numbers: Vec<u64> = self.staged.drain(..).map(|(number, _)| number).collect();
        self.reopen_with(&numbers);
    }

    /// `open` are the numbers that may be there or not.
    fn reopen_with(&mut self, open: &[u64]) {
        let faults = self.faults.clone();
        // The old log must be gone before the folder is opened again.
        let scratch = tempfile::tempdir().unwrap();
        drop(std::mem::replace(
            &mut self.log,
            super::open(scratch.path()),
        ));
        self.log = open_with(self.folder.path(), CommitPolicy::Inline, &faults);
        let first = self.log.first_offset().get() as usize - 1;
        let read = numbers(&self.log);
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_agrees_with_the_model(operations in prop::collection::vec(operation(), 1..60)) {
        let mut model = Model::new();
        for operation in &operations {
            model.run(operation);
        }
        model.run(&Operation::Commit);
        model.run(&Operation::Reopen);
    }
}
