//! A file from its first opening to its damage.

#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;
use sqlite_file::{
    Header, KeptWal, Schema, integrity_fault, is_busy, lost, open, read_header, read_pages, wal_of,
    write_pages,
};

const FIRST: &str = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)";
const SECOND: &str = "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7";
const OLD: Schema = Schema(&[FIRST]);
const NEW: Schema = Schema(&[FIRST, SECOND]);

fn sum(connection: &Connection) -> i64 {
    let sql = "SELECT x + y FROM a";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_file_is_made_reopened_and_upgraded_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    assert_eq!(read_header(&path).unwrap(), Header::Version(0));
    let made = open(&path, OLD).unwrap();
    assert_eq!(made.upgraded_from, None, "it is new");
    drop(made);
    assert_eq!(read_header(&path).unwrap(), Header::Version(1));
    assert_eq!(open(&path, OLD).unwrap().upgraded_from, None);
    let upgraded = open(&path, NEW).unwrap();
    assert_eq!(upgraded.upgraded_from, Some(1));
    assert_eq!(sum(&upgraded.connection), 8);
    // The header is true while the database is open too.
    assert_eq!(read_header(&path).unwrap(), Header::Version(2));
}

#[test]
fn it_belongs_to_one_process_and_one_account() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let opened = open(&path, NEW).unwrap();
    assert!(is_busy(&open(&path, NEW).unwrap_err()));
    opened.connection.execute("UPDATE a SET x = 2", []).unwrap();
    for path in [path.clone(), wal_of(&path)] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn what_is_no_database_is_told_by_its_header() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    for (bytes, header) in [
        (vec![], Header::Version(0)),
        (b"SQLite format 3\0 cut".to_vec(), Header::Foreign),
        (vec![b'x'; 4_096], Header::Foreign),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read_header(&path).unwrap(), header);
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "untouched");
    }
}

#[test]
fn a_lost_file_is_told_without_opening_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    assert_eq!(lost(&path), Some("is missing"));
    std::fs::write(&path, b"").unwrap();
    assert_eq!(lost(&path), Some("is empty"));
    drop(open(&path, NEW).unwrap());
    assert_eq!(lost(&path), None);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(lost(&path), Some("is cut short"));
    assert_eq!(
        lost(Path::new("/")),
        None,
        "no file, and for others to tell"
    );
}

#[test]
fn a_copy_is_whole_and_damage_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut opened = open(&dir.path().join("a.db"), NEW).unwrap();
    let copy = dir.path().join("copy.db");
    let pages = read_pages(&mut opened.connection).unwrap();
    write_pages(&copy, &pages).unwrap();
    assert!(
        write_pages(&copy, &pages).is_err(),
        "nothing is overwritten"
    );
    let copied = open(&copy, NEW).unwrap();
    assert_eq!(sum(&copied.connection), 8);
    assert_eq!(integrity_fault(&copied.connection).unwrap(), None);
    drop(copied);
    let mut bytes = std::fs::read(&copy).unwrap();
    let last = bytes.len() - 4_096;
    bytes[last..].fill(0xa5);
    std::fs::write(&copy, bytes).unwrap();
    let damaged = Connection::open(&copy).unwrap();
    let fault = integrity_fault(&damaged).unwrap().unwrap();
    assert_eq!(fault.lines().count(), 1, "{fault}");
}

#[test]
fn a_write_ahead_log_that_was_there_is_there_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    drop(open(&path, NEW).unwrap());
    std::fs::write(wal_of(&path), b"garbage").unwrap();
    let kept = KeptWal::of(&path);
    drop(open(&path, NEW).unwrap());
    assert!(
        !wal_of(&path).exists(),
        "SQLite removes what it cannot read"
    );
    kept.put_back();
    assert_eq!(std::fs::read(wal_of(&path)).unwrap(), b"garbage");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}
