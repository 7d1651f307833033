//! A store that is fed at random, and what a merge of everything it holds shows.

use std::collections::BTreeMap;

use domain::{DatastreamId, Quality, Timestamp, Value};
use frame_log::{TelemetryFrame, Verdict};
use proptest::prelude::*;

use super::plain::plain;
use super::{BEGIN, SECOND, SPAN, STEPS};
use crate::file::decode::Columns;
use crate::observation::StoredObservation;
use crate::query::merge::{Resolved, Scan, Wanted};
use crate::query::{AggregateQuery, Bucket, Grouping, Order, RangeQuery};
use crate::tests::{Opened, everything, frame, observation};

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// This many seconds of all datastreams.
    Live(i64),
    /// Rows of one datastream at random times, new ones or corrections.
    Late {
        series: u32,
        seed: u64,
        rows: u64,
    },
    Flush,
    Compact,
    Reopen,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let late = (0..STEPS.len() as u32, any::<u64>(), 1..20u64);
    prop_oneof![
        6 => (600..4_000i64).prop_map(Step::Live),
        2 => late.prop_map(|(series, seed, rows)| Step::Late { series, seed, rows }),
        2 => Just(Step::Flush),
        2 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 8
}

/// Mostly tenths; sometimes what has other places, or is no number.
fn value(series: u32, bits: u64) -> Option<Value> {
    match (bits >> 20) % 64 {
        0 => None,
        1 => Some(Value::Boolean(bits.is_multiple_of(2))),
        2 => Some(Value::Text(
            if bits.is_multiple_of(2) {
                "맑음"
            } else {
                "비"
            }
            .into(),
        )),
        3 => Some(Value::Number(1e9 / (bits % 1000 + 1) as f64)),
        // One that no two doubles can add up with the others.
        4 if series == 2 => Some(Value::Number(1e200)),
        _ => Some(Value::Number((bits % 400) as f64 / 10.0 - 5.0)),
    }
}

/// Of the observations in order of time those that are asked for, in the order
/// that is asked for.
fn page_of(all: &[StoredObservation], query: &RangeQuery) -> Vec<StoredObservation> {
    let after = query.after;
    let mut rows = all.to_vec();
    rows.retain(|row| {
        query.qualities.contains(row.quality) && query.values.passes(row.value.as_ref())
    });
    match query.order {
        Order::Ascending => rows.retain(|row| after.is_none_or(|after| row.time > after)),
        Order::Descending => {
            rows.retain(|row| after.is_none_or(|after| row.time < after));
            rows.reverse();
        }
    }
    rows
}

/// A store that is fed.
pub(super) struct Fed {
    pub(super) folder: tempfile::TempDir,
    pub(super) opened: Option<Opened>,
    pub(super) frames: Vec<TelemetryFrame>,
    /// How far the live rows are, counted from [`BEGIN`].
    pub(super) at: i64,
}

impl Fed {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = Some(Opened::at(folder.path(), 1_500));
        Self {
            folder,
            opened,
            frames: Vec::new(),
            at: 0,
        }
    }

    pub(super) fn opened(&mut self) -> &mut Opened {
        self.opened.as_mut().unwrap()
    }

    pub(super) fn send(&mut self, series: u32, time: i64, bits: u64, verdict: Verdict) {
        let offset = self.frames.len() as u64 + 1;
        let mut observation = observation(series, time, value(series, bits), verdict);
        if (bits >> 40).is_multiple_of(30) && observation.value.is_some() {
            observation.quality = [Quality::Uncertain, Quality::Bad][(bits >> 50) as usize % 2];
        }
        let frame = frame(offset, vec![observation]);
        self.opened().apply(&frame);
        self.frames.push(frame);
    }

    pub(super) fn run(&mut self, step: &Step) {
        match step {
            Step::Live(seconds) => {
                let end = (self.at + seconds * SECOND).min(SPAN);
                for (series, step) in STEPS.iter().enumerate() {
                    let first = (self.at + step - 1) / step;
                    for row in first..(end + step - 1) / step {
                        let bits = scatter(row as u64 * 7 + series as u64);
                        let time = BEGIN + row * step;
                        self.send(series as u32, time, bits, Verdict::First);
                    }
                }
                self.at = end;
            }
            Step::Late { series, seed, rows } => {
                for row in 0..*rows {
                    let bits = scatter(seed.wrapping_add(row));
                    let step = STEPS[*series as usize];
                    let at = (bits % SPAN as u64) as i64;
                    let time = BEGIN
                        + if bits.is_multiple_of(2) {
                            at
                        } else {
                            at / step * step
                        };
                    self.send(*series, time, scatter(bits), Verdict::Late);
                }
            }
            Step::Flush => self.opened().store.flush().unwrap(),
            Step::Compact => self.opened().store.compact().unwrap(),
            Step::Reopen => {
                self.opened = None;
                let mut opened = Opened::at(self.folder.path(), 1_500);
                for frame in &self.frames {
                    opened.apply(frame);
                }
                self.opened = Some(opened);
            }
        }
    }

    /// What the merge of everything shows.
    pub(super) fn merged(
        &self,
        series: &[u32],
        query: &RangeQuery,
        columns: Columns,
    ) -> Vec<StoredObservation> {
        let view = self.opened.as_ref().unwrap().store.shared.catalog.view();
        let wanted = Wanted {
            datastreams: series.iter().copied().map(DatastreamId::new).collect(),
            from: query.from,
            to: query.to,
            columns,
        };
        let mut rows = Resolved::new(Scan::new(&view, wanted).unwrap(), query.as_of);
        std::iter::from_fn(|| rows.next().unwrap()).collect()
    }

    pub(super) fn check_range(&self, query: &RangeQuery) {
        let store = &self.opened.as_ref().unwrap().store;
        let series = query.datastream.get();
        let all = self.merged(&[series], query, Columns::All);
        let expected = page_of(&all, query);
        let page = store.range(query).unwrap();
        let shown = &expected[..expected.len().min(query.limit)];
        assert_eq!(page.observations, shown, "{query:?}");
        assert_eq!(page.more, expected.len() > query.limit, "{query:?}");
        if query.as_of.is_none() {
            let count = store.count(query.datastream, query.from, query.to).unwrap();
            assert_eq!(count, all.len() as u64, "{query:?}");
        }
    }

    /// Twice: what was read for the first answer is kept for the second.
    pub(super) fn check_counts_and_extents(&self) {
        let store = &self.opened.as_ref().unwrap().store;
        let series: Vec<u32> = (0..STEPS.len() as u32 + 1).rev().collect();
        let datastreams: Vec<_> = series.iter().copied().map(DatastreamId::new).collect();
        let rows: Vec<_> = series
            .iter()
            .map(|series| self.merged(&[*series], &everything(0), Columns::All))
            .collect();
        let counts: Vec<u64> = rows.iter().map(|rows| rows.len() as u64).collect();
        let extents: Vec<_> = rows
            .iter()
            .map(|rows| Some((rows.first()?.time, rows.last()?.time)))
            .collect();
        for _ in 0..2 {
            assert_eq!(store.count_all(&datastreams).unwrap(), counts);
            assert_eq!(store.extents(&datastreams), extents);
        }
    }

    /// The buckets that a plain computation makes.
    pub(super) fn expected(&self, query: &AggregateQuery) -> Vec<Bucket> {
        let mut range = everything(0);
        (range.from, range.to) = (query.boundaries[0], *query.boundaries.last().unwrap());
        let mut series: Vec<u32> = query.datastreams.iter().map(|id| id.get()).collect();
        series.sort_unstable();
        let mut numbers: BTreeMap<_, (Vec<(Timestamp, f64)>, u64)> = BTreeMap::new();
        for row in self.merged(&series, &range, Columns::All) {
            let Some(Value::Number(number)) = row.value else {
                continue;
            };
            let bucket = query.boundaries.partition_point(|edge| *edge <= row.time) - 1;
            let group = (query.per_datastream == Grouping::Each).then_some(row.datastream.get());
            let (numbers, left_out) = numbers.entry((group, bucket)).or_default();
            if query.qualities.contains(row.quality) {
                numbers.push((row.time, number));
            } else {
                *left_out += 1;
            }
        }
        let buckets = numbers.into_iter();
        buckets
            .map(|((group, bucket), (numbers, left_out))| Bucket {
                datastream: group.map(DatastreamId::new),
                start: query.boundaries[bucket],
                end: query.boundaries[bucket + 1],
                values: query
                    .functions
                    .iter()
                    .map(|function| plain(*function, &numbers))
                    .collect(),
                left_out,
                approximate: false,
            })
            .collect()
    }
}
