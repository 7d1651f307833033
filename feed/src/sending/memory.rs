//! What is known of lines that were sent: bounded, and of this process alone.

use std::ops::Range;

use domain::Offset;

use crate::batch::{Batch, MAX_BYTES, MAX_LINES};
use crate::line::parts;
use crate::sending::recent::{ENTRY_BYTES, Recent};

/// For lines that were taken, twice: some tens of thousands of fields.
const TAKEN_BYTES: usize = 4 << 20;
/// For fields that fail, and for lines set aside.
const FAILING_BYTES: usize = 1 << 20;
/// Where this many things have failed all trials with one field, the store fails
/// at it whichever thing's it is.
const WIDELY_FAILING: u32 = 3;
// The lines of a batch are remembered until its end: each with a key that is
// shorter, and with what an entry takes.
const _: () = assert!(TAKEN_BYTES > 2 * MAX_BYTES + MAX_LINES * ENTRY_BYTES);

pub(crate) struct Memory {
    /// The last line of each field that was taken. Since it is the last, sending
    /// it again changes nothing.
    fields: Recent<Vec<u8>>,
    /// The same of each series.
    series: Recent<Vec<u8>>,
    /// Fields of which a line failed all trials, and none was taken since.
    failing: Recent<()>,
    /// Of how many things a field came to be failing since a line of it was
    /// taken from any thing.
    widely_failing: Recent<u32>,
    /// Lines set aside, and how far their batch reached.
    set_aside: Recent<Offset>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            fields: Recent::of_bytes(TAKEN_BYTES),
            series: Recent::of_bytes(TAKEN_BYTES),
            failing: Recent::of_bytes(FAILING_BYTES),
            widely_failing: Recent::of_bytes(FAILING_BYTES),
            set_aside: Recent::of_bytes(FAILING_BYTES),
        }
    }
}

impl Memory {
    pub(crate) fn was_taken(&mut self, batch: &Batch, lines: Range<usize>) {
        for line in lines.clone() {
            let text = batch.line(line);
            self.took_of_its_field(text);
            let series = parts::series(text);
            let same_follows =
                line + 1 < lines.end && parts::series(batch.line(line + 1)) == series;
            if !same_follows {
                self.series.insert(series, text.to_vec());
            }
        }
    }

    /// A line of no batch was taken. It has the value that is in force.
    pub(crate) fn other_was_taken(&mut self, line: &[u8]) {
        self.took_of_its_field(line);
        self.series.insert(parts::series(line), line.to_vec());
    }

    fn took_of_its_field(&mut self, line: &[u8]) {
        self.fields.insert(parts::field(line), line.to_vec());
        self.fails_no_more(line);
    }

    fn fails_no_more(&mut self, taken: &[u8]) {
        if !self.failing.is_empty() {
            self.failing.remove(parts::field(taken));
        }
        if !self.widely_failing.is_empty() {
            self.widely_failing
                .remove(&parts::field_of_all_things(taken));
        }
    }

    /// Other lines that the store took and has to take again before it can be
    /// said to fail at `line` alone: the last one of its field, if any was taken,
    /// and the last one of its series. Empty as long as none is known.
    pub(crate) fn witnesses(&self, line: &[u8]) -> Vec<&[u8]> {
        let of_series = self.series.get(parts::series(line)).map(Vec::as_slice);
        let of_series = of_series.filter(|taken| *taken != line);
        match self.fields.get(parts::field(line)).map(Vec::as_slice) {
            None => Vec::from_iter(of_series),
            // The store took the line itself before: another one of its series
            // may be in another part of the store.
            Some(of_field) if of_field == line => Vec::new(),
            Some(of_field) => {
                let other = of_series.filter(|taken| *taken != of_field);
                std::iter::once(of_field).chain(other).collect()
            }
        }
    }

    pub(crate) fn failed_all_trials(&mut self, line: &[u8]) {
        let field = parts::field(line);
        if !self.failing.contains(field) {
            let of_all = parts::field_of_all_things(line);
            let things = self
                .widely_failing
                .get(&of_all)
                .map_or(1, |known| known + 1);
            self.widely_failing.insert(&of_all, things);
        }
        self.failing.insert(field, ());
    }

    /// A line of the same field failed all trials before, or lines of some other
    /// things with the same field did.
    pub(crate) fn is_of_a_failing_field(&self, line: &[u8]) -> bool {
        let fails_widely = || {
            let of_all = parts::field_of_all_things(line);
            let things = self.widely_failing.get(&of_all);
            things.is_some_and(|things| *things >= WIDELY_FAILING)
        };
        self.failing.contains(parts::field(line))
            || !self.widely_failing.is_empty() && fails_widely()
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
