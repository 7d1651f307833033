//! Reading many datastreams at once: one state of the store, whatever comes
//! meanwhile, and a footprint that tells when another answer is due.

use std::fs;

use domain::{DatastreamId, Offset, Timestamp};

use super::{Opened, files, frame, number};
use crate::observation::StoredObservation;
use crate::query::QueryError;
use crate::{ObservationsQuery, ReadError};

const DATASTREAMS: u32 = 5;
const MICROS_A_DAY: i64 = 86_400_000_000;

fn query(from: i64, to: i64) -> ObservationsQuery {
    ObservationsQuery {
        // In any order, and one that there is none of.
        datastreams: [4, 0, 2, 1, 3, 3, 77].map(DatastreamId::new).to_vec(),
        from: Timestamp::from_micros(from),
        to: Timestamp::from_micros(to),
    }
}

fn read(opened: &Opened, query: &ObservationsQuery) -> Vec<StoredObservation> {
    let observations = opened.store.observations(query).unwrap();
    observations.map(Result::unwrap).collect()
}

/// What one datastream after the other answers.
fn one_by_one(opened: &Opened, query: &ObservationsQuery) -> Vec<StoredObservation> {
    (0..DATASTREAMS)
        .flat_map(|datastream| opened.all(datastream))
        .filter(|row| (query.from..query.to).contains(&row.time))
        .collect()
}

/// Times go to and fro, and some come again with another value.
fn filled(folder: &std::path::Path) -> Opened {
    let mut opened = Opened::at(folder, 100);
    for offset in 1..=400u64 {
        let time = (offset as i64 * 37 % 200) * 1_000;
        let rows = (0..DATASTREAMS).map(|datastream| {
            let value = f64::from(datastream) + (offset % 7) as f64;
            number(datastream, time, value)
        });
        opened.apply(&frame(offset, rows.collect()));
    }
    opened
}

#[test]
fn each_observation_is_found_by_its_message_and_place_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Opened::at(folder.path(), 1_000);
    for offset in 1..=200u64 {
        let mut rows = Vec::new();
        for datastream in 0..DATASTREAMS {
            let time = (offset as i64 * 37 % 150) * 1_000;
            let mut row = number(datastream, time, offset as f64);
            row.index = datastream as u16 * 3;
            rows.push(row);
        }
        opened.apply(&frame(offset, rows));
    }
    let check = |opened: &Opened| {
        let standing: Vec<_> = (0..DATASTREAMS).flat_map(|id| opened.all(id)).collect();
        assert_eq!(standing.len(), 150 * DATASTREAMS as usize);
        for row in &standing {
            let found = opened.store.observation(row.offset, row.index).unwrap();
            assert_eq!(found.as_ref(), Some(row));
        }
        // Corrected by a later one; no such place; no such message.
        for (offset, index) in [(1, 0), (200, 1), (201, 0), (0, 0)] {
            let found = opened.store.observation(Offset::new(offset), index);
            assert_eq!(found.unwrap(), None, "{offset} {index}");
        }
    };
    check(&opened);
    opened.store.flush().unwrap();
    check(&opened);
    opened.store.compact().unwrap();
    check(&opened);
}

#[test]
fn many_datastreams_read_as_one_by_one_from_heads_files_and_day_files() {
    let folder = tempfile::tempdir().unwrap();
    let opened = filled(folder.path());
    let windows = [
        (i64::MIN, i64::MAX),
        (0, 200_000),
        (50_000, 50_001),
        (30_000, 90_000),
        (9, 9),
    ];
    for step in ["heads and files", "files", "day files"] {
        match step {
            "files" => opened.store.flush().unwrap(),
            "day files" => opened.store.compact().unwrap(),
            _ => {}
        }
        for (from, to) in windows {
            let query = query(from, to);
            assert_eq!(
                read(&opened, &query),
                one_by_one(&opened, &query),
                "{step} {from} {to}"
            );
        }
    }
    assert_eq!(opened.all(0).len(), 200);
}

#[test]
fn what_comes_while_it_is_read_is_not_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = filled(folder.path());
    let query = query(0, 200_000);
    let before = read(&opened, &query);
    let mut reading = opened.store.observations(&query).unwrap();
    let mut seen = vec![reading.next().unwrap().unwrap()];
    for offset in 401..=700u64 {
        let rows = (0..DATASTREAMS).map(|datastream| number(datastream, 500, offset as f64));
        opened.apply(&frame(offset, rows.collect()));
    }
    opened.store.flush().unwrap();
    opened.store.compact().unwrap();
    seen.extend(reading.map(Result::unwrap));
    assert_eq!(seen, before);
    assert_eq!(
        read(&opened, &query).len(),
        before.len() + DATASTREAMS as usize
    );
}

#[test]
fn a_footprint_tells_late_rows_corrections_and_expiry_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = filled(folder.path());
    let query = query(0, 200_000);
    let footprint = |opened: &Opened| opened.store.observations(&query).unwrap().footprint();

    let made_from = footprint(&opened);
    opened.apply(&frame(
        401,
        vec![number(0, 200_000, 1.0), number(9, 500, 1.0)],
    ));
    let looked = opened
        .store
        .unchanged(&query, made_from)
        .expect("another time, another series");
    assert_eq!(looked.up_to.get(), 401);
    assert_eq!(opened.store.unchanged(&query, looked), Some(looked));
    opened.apply(&frame(402, vec![number(3, 500, 1.0)]));
    assert_eq!(opened.store.unchanged(&query, looked), None, "a late row");

    let made_from = footprint(&opened);
    opened.apply(&frame(403, vec![number(3, 500, 2.0)]));
    assert_eq!(
        opened.store.unchanged(&query, made_from),
        None,
        "a correction"
    );
    opened.store.flush().unwrap();
    assert_eq!(
        opened.store.unchanged(&query, made_from),
        None,
        "in a file now"
    );

    let rows = read(&opened, &query);
    opened.store.compact().unwrap();
    assert_eq!(
        read(&opened, &query),
        rows,
        "the same answer from other files"
    );
    let made_from = footprint(&opened);
    assert!(opened.store.unchanged(&query, made_from).is_some());
    // Odd datastreams are kept for ten days.
    let later = Timestamp::from_micros(12 * MICROS_A_DAY);
    assert!(opened.store.expire(later).unwrap() > 0);
    assert_eq!(opened.store.unchanged(&query, made_from), None, "expired");
    let left = opened.store.observed_between(query.from, query.to);
    let mut left: Vec<u32> = left.into_iter().map(DatastreamId::get).collect();
    left.sort_unstable();
    assert_eq!(left, [0, 2, 4]);
}

#[test]
fn a_damaged_file_is_told_once_and_then_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let opened = filled(folder.path());
    opened.store.flush().unwrap();
    let query = query(0, 200_000);
    let made_from = opened.store.observations(&query).unwrap().footprint();
    let damaged = &files(folder.path(), ".parquet")[0];
    let mut bytes = fs::read(damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(damaged, bytes).unwrap();

    let told = match opened.store.observations(&query) {
        Ok(observations) => observations.filter_map(Result::err).collect(),
        Err(error) => vec![error],
    };
    assert!(
        matches!(
            told.as_slice(),
            [QueryError::Read(ReadError::Damaged { .. })] | []
        ),
        "{told:?}"
    );
    let rest = read(&opened, &query);
    assert_eq!(rest, one_by_one(&opened, &query));
    assert!(!rest.is_empty());
    assert_eq!(opened.stats().files_set_aside, 1);
    assert_eq!(opened.store.unchanged(&query, made_from), None);
}
