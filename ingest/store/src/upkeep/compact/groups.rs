//! Whose a datastream is: what decides which file its rows belong to.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use domain::DatastreamId;

use crate::file::DataFile;
use crate::manifest::DayFile;
use crate::upkeep::{Group, GroupOf};

/// Agencies and models, by numbers that hold for one compaction.
pub(super) struct Groups<'a> {
    source: Source<'a>,
    known: Vec<Group>,
    numbers: FxHashMap<Group, u32>,
    /// By series, as the registry said when it was first asked: what changes
    /// there meanwhile must not send its rows to two files, or to none.
    of_series: FxHashMap<u32, u32>,
}

enum Source<'a> {
    Registry(&'a GroupOf),
    /// The inputs are of one group already, and stay so.
    Fixed,
}

impl<'a> Groups<'a> {
    pub(super) fn new(registry: &'a GroupOf, day: Option<&DayFile>) -> Self {
        match day {
            None => Self {
                source: Source::Registry(registry),
                known: Vec::new(),
                numbers: FxHashMap::default(),
                of_series: FxHashMap::default(),
            },
            Some(day) => Self {
                source: Source::Fixed,
                known: vec![Group {
                    agency: day.agency.clone(),
                    model: day.model.clone(),
                }],
                numbers: FxHashMap::default(),
                of_series: FxHashMap::default(),
            },
        }
    }

    /// The number of the group of `series`; one that the registry does not know
    /// belongs to the group without names.
    pub(super) fn number(&mut self, series: u32) -> u32 {
        let Source::Registry(group_of) = self.source else {
            return 0;
        };
        if let Some(number) = self.of_series.get(&series) {
            return *number;
        }
        let group = group_of(DatastreamId::new(series)).unwrap_or_default();
        let number = self.add(group);
        self.of_series.insert(series, number);
        number
    }

    fn add(&mut self, group: Group) -> u32 {
        if let Some(number) = self.numbers.get(&group) {
            return *number;
        }
        let number = self.known.len() as u32;
        self.known.push(group.clone());
        self.numbers.insert(group, number);
        number
    }

    /// Those of which a time is no whole millisecond, as far as the indexes of
    /// `files` know.
    pub(super) fn in_micros(&mut self, files: &[Arc<DataFile>]) -> FxHashSet<u32> {
        let entries = files.iter().flat_map(|file| file.index.entries());
        entries
            .filter(|entry| !entry.whole_millis)
            .map(|entry| self.number(entry.series))
            .collect()
    }

    pub(super) fn day_file(&self, day: i32, group: u32) -> DayFile {
        let Group { agency, model } = self.known[group as usize].clone();
        DayFile { day, agency, model }
    }
}
