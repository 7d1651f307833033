//! The header of an SQLite file (SQLite's file format, 1.3).

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// What stands at the start of each SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;
/// Where numbers stand, four bytes each, big-endian.
const CHANGE_COUNTER_AT: usize = 24;
const PAGES_AT: usize = 28;
const USER_VERSION_AT: usize = 60;
/// The change counter as it was when the number of pages was written.
const PAGES_VALID_FOR_AT: usize = 92;

/// What a file is by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// SQLite's, of this `user_version`; 0 where there is no file yet, or an
    /// empty one.
    Version(u32),
    /// No file of SQLite.
    Foreign,
}

/// Reads the header without opening the database.
pub fn read_header(path: &Path) -> io::Result<Header> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Header::Version(0)),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() == 0 {
        // A start that ended before its first transaction.
        return Ok(Header::Version(0));
    }
    match read(&mut file) {
        Ok(Some(bytes)) => Ok(Header::Version(number(&bytes, USER_VERSION_AT))),
        Ok(None) => Ok(Header::Foreign),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Header::Foreign),
        Err(error) => Err(error),
    }
}

/// Whether the header tells of more pages than the file has.
pub(crate) fn tells_of_more_than(path: &Path, bytes: u64) -> bool {
    let Ok(Some(header)) = File::open(path).and_then(|mut file| read(&mut file)) else {
        return false;
    };
    let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        bytes => bytes,
    };
    // The number of pages holds where it was written with the last change.
    number(&header, CHANGE_COUNTER_AT) == number(&header, PAGES_VALID_FOR_AT)
        && bytes < u64::from(number(&header, PAGES_AT)) * page
}

/// `None` where the bytes are not SQLite's.
fn read(file: &mut File) -> io::Result<Option<[u8; HEADER_BYTES]>> {
    let mut header = [0; HEADER_BYTES];
    file.read_exact(&mut header)?;
    Ok(header.starts_with(MAGIC).then_some(header))
}

fn number(header: &[u8; HEADER_BYTES], at: usize) -> u32 {
    let mut digits = [0; 4];
    digits.copy_from_slice(&header[at..at + 4]);
    u32::from_be_bytes(digits)
}
