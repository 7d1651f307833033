//! How many observations many datastreams have, over all times, and from when to
//! when.
//!
//! What the files tell of each datastream is kept for as long as the files stay
//! the same, and brought up to date where files were only added; the heads tell
//! the rest. Where a datastream's rows overlap, or were corrected and not yet
//! compacted, they are counted by reading, once for each state of files and heads.
//! The answer is exact in any case. Memory: 48 bytes for each datastream of the
//! store.

use std::sync::{Arc, Weak};

use domain::{DatastreamId, Timestamp};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::file::DataFile;
use crate::head::Extent;
use crate::query::QueryError;
use crate::query::count::{count, count_in_files};
use crate::view::View;

/// Datastreams that are looked up in a head under one lock.
const AT_ONCE: usize = 1_024;

/// What is kept between two questions.
#[derive(Default)]
pub(crate) struct Counts(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The files of the view that was looked at last: one that is the same needs
    /// no comparison. It holds none of them open.
    looked_at: Option<Weak<[Arc<DataFile>]>>,
    /// The numbers of the files, ascending: a file never changes.
    files: Vec<u64>,
    /// By the number of the datastream.
    in_files: Vec<InFiles>,
    /// Of datastreams whose heads do not simply follow their files: the rows of
    /// the heads, and the count.
    merged: FxHashMap<DatastreamId, (u64, u64)>,
}

/// What files have of one datastream.
#[derive(Clone, Copy)]
struct InFiles {
    min_time: i64,
    max_time: i64,
    /// Their observations, where the indexes tell.
    told: Option<u64>,
    /// Counted by reading, where they do not.
    counted: Option<u64>,
}

const NOTHING: InFiles = InFiles {
    min_time: i64::MAX,
    max_time: i64::MIN,
    told: Some(0),
    counted: None,
};

/// A count that has to be read.
struct Unread {
    /// Its place in the answer.
    at: usize,
    datastream: DatastreamId,
    what: What,
}

enum What {
    /// What files have; the heads, which follow, have so many more.
    Files { in_heads: u64 },
    /// Everything, of which the heads have so many rows.
    All { in_heads: u64 },
}

impl Counts {
    /// Of each of `datastreams`, in their order.
    pub(crate) fn of(
        &self,
        view: &View,
        datastreams: &[DatastreamId],
    ) -> Result<Vec<u64>, QueryError> {
        let (mut counts, unread) = {
            let mut known = self.0.lock();
            known.catch_up(view);
            known.counts(view, datastreams)
        };
        let mut read = Vec::with_capacity(unread.len());
        for unread in unread {
            let (from, to) = (Timestamp::MIN, Timestamp::MAX);
            let (counted, more) = match unread.what {
                What::Files { in_heads } => {
                    (count_in_files(view, unread.datastream, from, to)?, in_heads)
                }
                What::All { .. } => (count(view, unread.datastream, from, to)?, 0),
            };
            counts[unread.at] = counted + more;
            read.push((unread, counted));
        }
        if !read.is_empty() {
            let mut known = self.0.lock();
            // Others may have asked about newer files meanwhile.
            if known.is_of(view) {
                read.into_iter()
                    .for_each(|(unread, counted)| known.keep(&unread, counted));
            }
        }
        Ok(counts)
    }

    /// The first and the last time of each of `datastreams`, in their order and in
    /// microseconds.
    pub(crate) fn extents(
        &self,
        view: &View,
        datastreams: &[DatastreamId],
    ) -> Vec<Option<(i64, i64)>> {
        let mut extents: Vec<Option<(i64, i64)>> = {
            let mut known = self.0.lock();
            known.catch_up(view);
            let in_files = datastreams.iter().map(|datastream| {
                let files = known.in_files.get(datastream.get() as usize)?;
                (files.min_time <= files.max_time).then_some((files.min_time, files.max_time))
            });
            in_files.collect()
        };
        for head in view.heads() {
            let chunks = datastreams.chunks(AT_ONCE).zip(extents.chunks_mut(AT_ONCE));
            for (some, extents) in chunks {
                head.extents(some, |at, extent| {
                    let (first, last) = extents[at].unwrap_or((i64::MAX, i64::MIN));
                    let (first, last) = (first.min(extent.min_time), last.max(extent.max_time));
                    extents[at] = Some((first, last));
                });
            }
        }
        extents
    }
}

fn numbers(view: &View) -> Vec<u64> {
    let mut numbers: Vec<u64> = view.files.iter().map(|file| file.entry.number).collect();
    numbers.sort_unstable();
    numbers
}

impl Known {
    fn is_of(&self, view: &View) -> bool {
        let looked_at = self.looked_at.as_ref();
        looked_at.is_some_and(|files| std::ptr::addr_eq(files.as_ptr(), Arc::as_ptr(&view.files)))
    }

    fn catch_up(&mut self, view: &View) {
        if self.is_of(view) {
            return;
        }
        self.looked_at = Some(Arc::downgrade(&view.files));
        let numbers = numbers(view);
        if self.files == numbers {
            return;
        }
        let is_there = |number: &u64| numbers.binary_search(number).is_ok();
        if !self.files.iter().all(is_there) {
            (self.files, self.in_files) = (Vec::new(), Vec::new());
        }
        let mut added: Vec<_> = view
            .files
            .iter()
            .filter(|file| self.files.binary_search(&file.entry.number).is_err())
            .collect();
        // So that most of them follow each other.
        added.sort_by_key(|file| file.entry.min_time);
        added.iter().for_each(|file| self.add(file));
        self.merged.clear();
        self.files = numbers;
    }

    fn add(&mut self, file: &DataFile) {
        let entries = file.index.entries();
        let bound = entries.last().map_or(0, |last| last.series as usize + 1);
        if self.in_files.len() < bound {
            self.in_files.resize(bound, NOTHING);
        }
        for entry in entries {
            let known = &mut self.in_files[entry.series as usize];
            let follows = known.max_time == i64::MIN || entry.min_time > known.max_time;
            let told = entry.observations(file.repeats()).filter(|_| follows);
            *known = InFiles {
                min_time: known.min_time.min(entry.min_time),
                max_time: known.max_time.max(entry.max_time),
                told: known.told.zip(told).map(|(known, told)| known + told),
                counted: None,
            };
        }
    }

    /// The counts as far as they are known, and those that are not.
    fn counts(&self, view: &View, datastreams: &[DatastreamId]) -> (Vec<u64>, Vec<Unread>) {
        let mut counts = Vec::with_capacity(datastreams.len());
        let mut unread = Vec::new();
        let mut extents: Vec<[Option<Extent>; 2]> = Vec::new();
        for some in datastreams.chunks(AT_ONCE) {
            extents.clear();
            extents.resize(some.len(), [None, None]);
            for (place, head) in view.heads().enumerate() {
                head.extents(some, |at, extent| extents[at][place] = Some(extent));
            }
            for (datastream, extents) in some.iter().zip(&extents) {
                let counted = self.count(*datastream, extents);
                counts.push(counted.as_ref().ok().copied().unwrap_or_default());
                if let Err(what) = counted {
                    unread.push(Unread {
                        at: counts.len() - 1,
                        datastream: *datastream,
                        what,
                    });
                }
            }
        }
        (counts, unread)
    }

    fn count(&self, datastream: DatastreamId, heads: &[Option<Extent>; 2]) -> Result<u64, What> {
        let files = self.in_files.get(datastream.get() as usize);
        let files = files.unwrap_or(&NOTHING);
        let (mut in_heads, mut last, mut follow) = (0, files.max_time, true);
        for extent in heads.iter().flatten() {
            follow &= extent.unique_times && (extent.min_time > last || last == i64::MIN);
            last = last.max(extent.max_time);
            in_heads += u64::from(extent.rows);
        }
        if follow {
            let in_files = files.told.or(files.counted);
            let in_files = in_files.ok_or(What::Files { in_heads })?;
            return Ok(in_files + in_heads);
        }
        match self.merged.get(&datastream) {
            Some((rows, count)) if *rows == in_heads => Ok(*count),
            _ => Err(What::All { in_heads }),
        }
    }

    fn keep(&mut self, unread: &Unread, counted: u64) {
        match unread.what {
            What::Files { .. } => {
                if let Some(files) = self.in_files.get_mut(unread.datastream.get() as usize) {
                    files.counted = Some(counted);
                }
            }
            What::All { in_heads } => {
                self.merged.insert(unread.datastream, (in_heads, counted));
            }
        }
    }
}
