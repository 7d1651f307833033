//! Times come back to the microsecond and receipts as whole milliseconds, in
//! whichever unit a file keeps them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use domain::{DatastreamId, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Opened, everything, files, frame, number};
use crate::file::index::Index;
use crate::file::times::Unit;
use crate::manifest::{DAY, Manifest};
use crate::query::RangeQuery;
use crate::upkeep::verify::verify;

const SECOND: i64 = 1_000_000;

/// Observations of a store, each a message of its own.
struct Sent {
    folder: tempfile::TempDir,
    opened: Opened,
    offset: u64,
}

impl Sent {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = Opened::at(folder.path(), 1_000);
        Self {
            folder,
            opened,
            offset: 0,
        }
    }

    fn send(&mut self, series: u32, time: i64, received: i64) {
        self.offset += 1;
        let row = number(series, time, self.offset as f64);
        let mut frame = frame(self.offset, vec![row]);
        frame.received = Timestamp::from_micros(received);
        self.opened.apply(&frame);
    }

    fn flush(&self) {
        self.opened.store.flush().unwrap();
    }

    fn compact(&self) {
        self.opened.store.compact().unwrap();
    }

    fn reopen(self) -> Self {
        let Self { folder, opened, .. } = self;
        drop(opened);
        let opened = Opened::at(folder.path(), 1_000);
        Self {
            folder,
            opened,
            ..self
        }
    }

    /// Times and receipts.
    fn all(&self, series: u32) -> Vec<(i64, i64)> {
        let rows = self.opened.all(series);
        rows.iter()
            .map(|row| (row.time.as_micros(), row.received.as_micros()))
            .collect()
    }

    /// By the name of the agency; of flushed files by no name.
    fn units(&self) -> Vec<(String, Unit)> {
        let view = self.opened.store.shared.catalog.view();
        let units = view.files.iter().map(|file| {
            let day = file.entry.day.clone();
            let agency = day.map(|day| day.agency).unwrap_or_default();
            (agency, file.footer().unwrap().times.unit)
        });
        let mut units: Vec<_> = units.collect();
        units.sort_by_key(|(agency, _)| agency.clone());
        units
    }
}

fn unit(agency: &str, unit: Unit) -> (String, Unit) {
    (agency.to_owned(), unit)
}

/// What a look through the folder finds wrong.
fn findings(folder: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    verify(
        folder,
        domain::FolderMark::ANY,
        &mut Default::default(),
        &mut |finding| {
            findings.push(format!("{finding:?}"));
        },
    );
    findings
}

#[test]
fn whole_milliseconds_are_kept_as_such_and_one_other_time_makes_microseconds() {
    let mut sent = Sent::new();
    sent.send(2, -3_000, SECOND);
    sent.send(2, 7_000, SECOND);
    sent.flush();
    assert_eq!(sent.units(), [unit("", Unit::Millis)]);
    sent.send(2, 8_000, SECOND);
    sent.send(2, 8_001, SECOND);
    sent.flush();
    assert_eq!(
        sent.units(),
        [unit("", Unit::Millis), unit("", Unit::Micros)]
    );
    let times = [-3_000, 7_000, 8_000, 8_001].map(|time| (time, SECOND));
    assert_eq!(sent.all(2), times);
    let sent = sent.reopen();
    assert_eq!(sent.all(2), times);
    assert_eq!(findings(sent.folder.path()), [""; 0]);
}

#[test]
fn a_compaction_chooses_the_unit_for_each_agency() {
    let mut sent = Sent::new();
    for time in [0, 1_000, 2_000] {
        sent.send(2, time, SECOND);
        sent.send(3, time, SECOND);
    }
    sent.flush();
    sent.send(2, 1_001, SECOND);
    sent.send(3, 3_000, SECOND);
    sent.flush();
    let before = [sent.all(2), sent.all(3)];
    sent.compact();
    let expected = [unit("even", Unit::Micros), unit("odd", Unit::Millis)];
    assert_eq!(sent.units(), expected);
    assert_eq!([sent.all(2), sent.all(3)], before);
    // Files of one day are joined, of either unit.
    sent.send(2, 5_000, SECOND);
    sent.send(3, 5_000, SECOND);
    sent.flush();
    sent.compact();
    assert_eq!(sent.units(), expected);
    assert_eq!(sent.all(2).len(), 5);
    assert_eq!(findings(sent.folder.path()), [""; 0]);
}

#[test]
fn an_index_that_knows_nothing_of_milliseconds_costs_space_alone() {
    let mut sent = Sent::new();
    sent.send(2, 1_000, SECOND);
    sent.flush();
    let entry = &Manifest::read(sent.folder.path()).unwrap().files[0];
    let path = files(sent.folder.path(), ".idx").remove(0);
    let index = Index::from_bytes(&fs::read(&path).unwrap(), entry.crc).unwrap();
    fs::write(&path, index.of_an_older_version().to_bytes(entry.crc)).unwrap();
    let sent = sent.reopen();
    assert_eq!(findings(sent.folder.path()), [""; 0]);
    sent.compact();
    assert_eq!(sent.units(), [unit("even", Unit::Micros)]);
    assert_eq!(sent.all(2), [(1_000, SECOND)]);
    // It is made again from the rows, and then it knows.
    fs::remove_file(files(sent.folder.path(), ".idx").remove(0)).unwrap();
    let mut sent = sent.reopen();
    sent.send(2, 2_000, SECOND);
    sent.flush();
    sent.compact();
    assert_eq!(sent.units(), [unit("even", Unit::Millis)]);
}

#[test]
fn what_was_not_known_at_a_moment_is_not_known_as_of_it_later() {
    let mut sent = Sent::new();
    sent.send(2, 0, 10_000);
    sent.send(2, 0, 10_001);
    sent.send(2, 0, 12_000);
    let known = |sent: &Sent, as_of: i64| {
        let query = RangeQuery {
            as_of: Some(Timestamp::from_micros(as_of)),
            ..everything(2)
        };
        let page = sent.opened.store.range(&query).unwrap();
        page.observations.first().map(|row| row.offset.get())
    };
    for step in 0..4 {
        match step {
            1 => sent.flush(),
            2 => sent.compact(),
            3 => sent = sent.reopen(),
            _ => {}
        }
        assert_eq!(known(&sent, 9_999), None);
        assert_eq!(known(&sent, 10_000), Some(1));
        // The second is received when the millisecond is over.
        assert_eq!(known(&sent, 10_999), Some(1));
        assert_eq!(known(&sent, 11_000), Some(2));
        assert_eq!(known(&sent, 12_000), Some(3));
    }
}

/// Near midnight, on both sides of 1970; whole milliseconds or any.
fn time() -> impl Strategy<Value = i64> {
    let day = (-2..2_i64).prop_map(|day| day * DAY);
    let near = prop_oneof![
        3 => (-20..20_i64).prop_map(|millis| millis * 1_000),
        1 => -20_000..20_000_i64,
    ];
    (day, near).prop_map(|(day, near)| day + near)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_time_comes_back_exactly_and_every_receipt_as_the_millisecond_after_it(
        rows in vec((0..4u32, time(), -900_000_000..900_000_000_i64), 1..40),
        flushes in vec(any::<bool>(), 40),
    ) {
        let mut sent = Sent::new();
        let mut expected: BTreeMap<(u32, i64), i64> = BTreeMap::new();
        for ((series, time, delay), flushes) in rows.into_iter().zip(flushes) {
            let received = time + delay;
            sent.send(series, time, received);
            let over = received.rem_euclid(1_000);
            let whole = if over == 0 { received } else { received - over + 1_000 };
            // The newest holds.
            expected.insert((series, time), whole);
            if flushes {
                sent.flush();
            }
        }
        for step in 0..4 {
            match step {
                1 => sent.flush(),
                2 => sent.compact(),
                3 => sent = sent.reopen(),
                _ => {}
            }
            for series in 0..4 {
                let expected: Vec<_> = expected
                    .range((series, i64::MIN)..=(series, i64::MAX))
                    .map(|((_, time), received)| (*time, *received))
                    .collect();
                prop_assert_eq!(sent.all(series), expected);
                let first = sent.opened.store.count(
                    DatastreamId::new(series),
                    Timestamp::from_micros(0),
                    Timestamp::MAX,
                );
                let later = sent.all(series).iter().filter(|(time, _)| *time >= 0).count();
                prop_assert_eq!(first.unwrap(), later as u64);
            }
        }
        prop_assert_eq!(findings(sent.folder.path()), [""; 0]);
    }
}
