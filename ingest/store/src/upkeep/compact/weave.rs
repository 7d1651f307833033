//! From files by offset to files by day, agency and model: the rows of all
//! inputs in one order, each into the file that it belongs to.
//!
//! Constraints: rows are moved as parts of columns, many at once; no more than
//! [`MAX_OUTPUTS`] files are open, so what spans more days and groups is read
//! several times; a row that repeats the value before it is left out, unless
//! another file may have a value in between.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use domain::DatastreamId;

use super::JobError;
use super::batch::{Batch, Place};
use super::groups::Groups;
use super::input::Input;
use super::output::{MadeFrom, Output};
use crate::file::DataFile;
use crate::file::times::Unit;
use crate::manifest::{DAY, day_of};

/// Files that are written at once: at most 0.6 MB of rows that fill a page, each.
const MAX_OUTPUTS: usize = 96;

/// A day of a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
struct Partition {
    day: i32,
    group: u32,
}

/// One compaction while it is written.
pub(super) struct Weave<'a> {
    pub(super) folder: &'a Path,
    pub(super) inputs: &'a [Arc<DataFile>],
    /// All other files.
    pub(super) others: &'a [Arc<DataFile>],
    pub(super) groups: Groups<'a>,
    /// Groups whose times need microseconds.
    pub(super) in_micros: FxHashSet<u32>,
    pub(super) stop: &'a AtomicBool,
    pub(super) made: MadeFrom,
    /// Gives a file its number.
    pub(super) number: &'a mut dyn FnMut() -> u64,
}

/// What one reading of the inputs fills.
#[derive(Default)]
struct Pass {
    outputs: Vec<(Partition, Output)>,
    places: FxHashMap<Partition, usize>,
    /// The rest of an earlier pass; `None` in the first, which takes what comes.
    wanted: Option<BTreeSet<Partition>>,
    later: BTreeSet<Partition>,
}

/// The last row that was kept of a series.
type Kept = Option<(Arc<Batch>, usize)>;

impl Weave<'_> {
    /// Writes all outputs; they are whole and synced, in a folder that is not.
    pub(super) fn run(&mut self) -> Result<Vec<DataFile>, JobError> {
        let mut written = Vec::new();
        let mut pass = Pass::default();
        loop {
            self.read(&mut pass)?;
            for (partition, output) in pass.outputs {
                let day = self.groups.day_file(partition.day, partition.group);
                written.push(output.finish(self.folder, day, &self.made)?);
                self.check_stop()?;
            }
            if pass.later.is_empty() {
                return Ok(written);
            }
            pass = Pass {
                wanted: Some(pass.later),
                ..Pass::default()
            };
        }
    }

    /// The unit of times of a group's files.
    fn unit(&self, group: u32) -> Unit {
        if self.in_micros.contains(&group) {
            Unit::Micros
        } else {
            Unit::Millis
        }
    }

    fn check_stop(&self) -> Result<(), JobError> {
        if self.stop.load(Ordering::Relaxed) {
            Err(JobError::Stopped)
        } else {
            Ok(())
        }
    }

    fn read(&mut self, pass: &mut Pass) -> Result<(), JobError> {
        let opened: Result<Vec<_>, _> = self.inputs.iter().map(Input::open).collect();
        let mut inputs = opened?;
        while let Some(series) = inputs.iter().filter_map(Input::series).min() {
            self.check_stop()?;
            self.read_series(series, &mut inputs, pass)?;
        }
        Ok(())
    }

    fn read_series(
        &mut self,
        series: u32,
        inputs: &mut [Input],
        pass: &mut Pass,
    ) -> Result<(), JobError> {
        let group = self.groups.number(series);
        let mut kept = None;
        let mut having: Vec<&mut Input> = inputs
            .iter_mut()
            .filter(|input| input.series() == Some(series))
            .collect();
        while let Some((at, bound)) = first_of(&having) {
            let (batch, rows) = having[at].run(bound);
            let looks = if having[at].has_unique_times() {
                Looks::AtFirst
            } else {
                Looks::AtEach
            };
            let count = rows.len();
            for (day, rows) in by_day(&batch, rows) {
                let partition = Partition { day, group };
                if let Some(output) = self.output(pass, partition)? {
                    for rows in self.without_repeats(series, &batch, rows, looks, &mut kept) {
                        output.append(series, &batch, rows)?;
                    }
                }
            }
            if !having[at].advance(count)? {
                having.swap_remove(at);
            }
        }
        Ok(())
    }

    /// The output of a partition, unless it belongs to another pass.
    fn output<'p>(
        &mut self,
        pass: &'p mut Pass,
        partition: Partition,
    ) -> Result<Option<&'p mut Output>, JobError> {
        if let Some(at) = pass.places.get(&partition) {
            return Ok(Some(&mut pass.outputs[*at].1));
        }
        let is_wanted = pass
            .wanted
            .as_ref()
            .is_none_or(|wanted| wanted.contains(&partition));
        if !is_wanted {
            return Ok(None);
        }
        if pass.outputs.len() == MAX_OUTPUTS {
            pass.later.insert(partition);
            return Ok(None);
        }
        let output = Output::create(self.folder, (self.number)(), self.unit(partition.group))?;
        pass.places.insert(partition, pass.outputs.len());
        pass.outputs.push((partition, output));
        Ok(pass.outputs.last_mut().map(|(_, output)| output))
    }

    /// The parts of `rows` that say something new.
    fn without_repeats(
        &self,
        series: u32,
        batch: &Arc<Batch>,
        rows: Range<usize>,
        looks: Looks,
        kept: &mut Kept,
    ) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = rows.start;
        let looked_at = match looks {
            Looks::AtFirst => rows.start..rows.start + 1,
            Looks::AtEach => rows.clone(),
        };
        let mut own: Option<usize> = None;
        for at in looked_at {
            let before = match (own, kept.as_ref()) {
                (Some(own), _) => Some((batch.as_ref(), own)),
                (None, Some((batch, at))) => Some((batch.as_ref(), *at)),
                (None, None) => None,
            };
            if before.is_some_and(|before| self.repeats(series, before, (batch, at))) {
                if start < at {
                    parts.push(start..at);
                }
                start = at + 1;
            } else {
                own = Some(at);
            }
        }
        if start < rows.end {
            parts.push(start..rows.end);
            *kept = Some((Arc::clone(batch), rows.end - 1));
        } else if let Some(own) = own {
            *kept = Some((Arc::clone(batch), own));
        }
        parts
    }

    fn repeats(&self, series: u32, before: (&Batch, usize), row: (&Batch, usize)) -> bool {
        let ((one, one_at), (other, other_at)) = (before, row);
        let time = other.time()[other_at];
        one.time()[one_at] == time
            && other.same_value(other_at, one, one_at)
            && !self.may_have_between(series, time, one.offset()[one_at], other.offset()[other_at])
    }

    /// Whether a file that is not taken along may have a row of `time` that
    /// came between two offsets.
    fn may_have_between(&self, series: u32, time: i64, first: u64, last: u64) -> bool {
        self.others.iter().any(|file| {
            file.entry.first_offset <= last
                && file.entry.last_offset >= first
                && file
                    .index
                    .get(DatastreamId::new(series))
                    .is_some_and(|entry| entry.min_time <= time && time <= entry.max_time)
        })
    }
}

/// Which rows may repeat the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    /// The first alone: the others have times of their own.
    AtFirst,
    AtEach,
}

/// Which input has the next row, and before which place it must stop.
fn first_of(inputs: &[&mut Input]) -> Option<(usize, Option<Place>)> {
    let mut first: Option<(usize, Place)> = None;
    let mut bound: Option<Place> = None;
    for (at, input) in inputs.iter().enumerate() {
        let place = input.place();
        match first {
            Some((_, least)) if place >= least => {
                bound = Some(bound.map_or(place, |bound| bound.min(place)));
            }
            _ => {
                bound = first.map(|(_, least)| least).or(bound);
                first = Some((at, place));
            }
        }
    }
    first.map(|(at, _)| (at, bound))
}

/// Rows of one series, in order of time, day by day.
fn by_day(batch: &Batch, rows: Range<usize>) -> impl Iterator<Item = (i32, Range<usize>)> {
    let mut start = rows.start;
    std::iter::from_fn(move || {
        let times = &batch.time()[start..rows.end];
        let day = day_of(*times.first()?);
        let end = (i64::from(day) + 1) * DAY;
        let count = if times[times.len() - 1] < end {
            times.len()
        } else {
            times.partition_point(|time| *time < end)
        };
        let part = start..start + count;
        start = part.end;
        Some((day, part))
    })
}
