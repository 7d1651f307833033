//! What is known of lines that were sent: bounded, and of this process alone.

use std::ops::Range;

use domain::Offset;

use crate::batch::Batch;
use crate::line::parts;
use crate::sending::recent::Recent;

#[derive(Default)]
pub(crate) struct Memory {
    /// The last line of each series that was taken. Since it is the last,
    /// sending it again changes nothing.
    taken: Recent<Vec<u8>>,
    /// Fields of which a line failed all trials.
    failing: Recent<()>,
    /// Lines set aside, and how far their batch reached.
    set_aside: Recent<Offset>,
}

impl Memory {
    pub(crate) fn was_taken(&mut self, batch: &Batch, lines: Range<usize>) {
        for line in lines.clone() {
            let text = batch.line(line);
            let series = parts::series(text);
            let same_follows =
                line + 1 < lines.end && parts::series(batch.line(line + 1)) == series;
            if !same_follows {
                self.taken.insert(series, text.to_vec());
            }
        }
    }

    /// Another line of the same series that was taken.
    pub(crate) fn sibling(&self, line: &[u8]) -> Option<&[u8]> {
        let taken = self.taken.get(parts::series(line))?;
        (taken.as_slice() != line).then_some(taken)
    }

    pub(crate) fn failed_all_trials(&mut self, line: &[u8]) {
        self.failing.insert(parts::field(line), ());
    }

    /// A line of the same field failed all trials before.
    pub(crate) fn is_of_a_failing_field(&self, line: &[u8]) -> bool {
        self.failing.contains(parts::field(line))
    }

    pub(crate) fn has_a_failing_field(&self, batch: &Batch) -> bool {
        !self.failing.is_empty()
            && (0..batch.lines()).any(|line| self.is_of_a_failing_field(batch.line(line)))
    }

    pub(crate) fn was_set_aside(&mut self, line: &[u8], reaches: Offset) {
        self.set_aside.insert(line, reaches);
    }

    /// What is not set aside of a batch, the last part first.
    pub(crate) fn left_of(&self, batch: &Batch) -> Vec<Range<usize>> {
        let mut left = Vec::new();
        let mut start = 0;
        if !self.set_aside.is_empty() {
            for line in 0..batch.lines() {
                if self.set_aside.contains(batch.line(line)) {
                    left.push(start..line);
                    start = line + 1;
                }
            }
        }
        left.push(start..batch.lines());
        left.retain(|lines| !lines.is_empty());
        left.reverse();
        left
    }

    /// Nothing before `offset` is sent again.
    pub(crate) fn is_settled(&mut self, offset: Offset) {
        self.set_aside.retain(|reaches| *reaches >= offset);
    }
}
