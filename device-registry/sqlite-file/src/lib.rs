//! An SQLite file that is a part of a data folder: how it is looked at before
//! it is opened, opened for one process, brought to the newest schema, checked
//! and copied. Whose rows are in it is the business of the crate that opens it.
//!
//! A migration runs under a rollback journal and not the WAL: then the version
//! in the file's header is always the true one, and an older binary can read it
//! there without opening the database, which would change it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod check;
mod copy;
mod header;
mod open;
mod wal;

pub use check::{integrity_fault, is_busy, is_damage, lost};
pub use copy::{checkpoint, read_pages, write_pages};
pub use header::{Header, read_header};
pub use open::{Opened, Schema, open};
pub use wal::{KeptWal, wal_of};
