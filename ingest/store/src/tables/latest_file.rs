//! The latest table on disk: so that a start need not look for the last row of
//! every series.
//!
//! `DIR/store/latest`, replaced as a whole before each manifest; it may be
//! ahead of the manifest, since taking a frame in twice changes nothing. Where
//! it is missing, damaged or older than the files, the files are read instead.
//!
//! ```text
//! "MADANGLA", u32 version (2), 16 bytes the data folder's id or zeros (none in
//! version 1), u64 offset up to which it includes everything,
//! then by datastream: u32 datastream, i64 time, i64 received, u64 offset,
//!     u16 index, u16 revision, u8 quality, u8 flags,
//!     u8 form (0 missing, 1 number, 2 false, 3 true, 4 text; +8: a position),
//!     [f64 number | u16 length, text] [i32 lat_e7, i32 lon_e7]
//! u32 CRC-32C of everything before
//! ```

use std::path::Path;
use std::{fs, io};

use domain::{
    DatastreamId, Flags, FolderId, FolderMark, Location, Offset, Quality, Timestamp, Value,
};

use crate::file::replace::replace;
use crate::observation::StoredObservation;
use crate::tables::latest::Latest;

/// Its name in the store's folder.
pub(crate) const FILE: &str = "latest";
const MAGIC: &[u8; 8] = b"MADANGLA";
const VERSION: u32 = 2;
/// The first, whose files tell no folder.
const WITHOUT_FOLDER: u32 = 1;

const MISSING: u8 = 0;
const NUMBER: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
const TEXT: u8 = 4;
const FORM: u8 = 7;
const LOCATED: u8 = 8;

/// Writes the table, which includes every frame up to `includes`.
pub(crate) fn write(
    folder: &Path,
    latest: &Latest,
    includes: Offset,
    mark: FolderMark,
) -> io::Result<()> {
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&FolderId::stamp(mark.id()));
    out.extend_from_slice(&includes.get().to_le_bytes());
    latest.for_each(|row| put(&mut out, &row));
    let crc = crc32c::crc32c(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    replace(folder, FILE, &out)
}

/// Fills `latest`; false where the file does not serve for `flushed`, or is of
/// another data folder.
pub(crate) fn read(folder: &Path, latest: &Latest, flushed: Offset, mark: FolderMark) -> bool {
    fs::read(folder.join(FILE)).is_ok_and(|bytes| restore(&bytes, latest, flushed, mark).is_some())
}

fn restore(bytes: &[u8], latest: &Latest, flushed: Offset, mark: FolderMark) -> Option<()> {
    let (content, crc) = bytes.split_last_chunk::<4>()?;
    if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
        return None;
    }
    let mut input = Input(content);
    if input.take(8)? != MAGIC {
        return None;
    }
    let told = match input.u32()? {
        VERSION => FolderId::from_bytes(input.array()?),
        WITHOUT_FOLDER => None,
        _ => return None,
    };
    mark.check(told).ok()?;
    if Offset::new(input.u64()?) < flushed {
        return None;
    }
    while !input.0.is_empty() {
        latest.restore(&input.row()?);
    }
    Some(())
}

fn put(out: &mut Vec<u8>, row: &StoredObservation) {
    out.extend_from_slice(&row.datastream.get().to_le_bytes());
    out.extend_from_slice(&row.time.as_micros().to_le_bytes());
    out.extend_from_slice(&row.received.as_micros().to_le_bytes());
    out.extend_from_slice(&row.offset.get().to_le_bytes());
    out.extend_from_slice(&row.index.to_le_bytes());
    out.extend_from_slice(&row.revision.to_le_bytes());
    out.extend_from_slice(&[row.quality.code(), row.flags.bits()]);
    let form = match &row.value {
        None => MISSING,
        Some(Value::Number(_)) => NUMBER,
        Some(Value::Boolean(false)) => FALSE,
        Some(Value::Boolean(true)) => TRUE,
        Some(Value::Text(_)) => TEXT,
    };
    out.push(form | if row.location.is_some() { LOCATED } else { 0 });
    match &row.value {
        Some(Value::Number(number)) => out.extend_from_slice(&number.to_le_bytes()),
        Some(Value::Text(text)) => {
            // At most 256 bytes.
            out.extend_from_slice(&(text.len() as u16).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        _ => {}
    }
    if let Some(location) = row.location {
        out.extend_from_slice(&location.lat_e7().to_le_bytes());
        out.extend_from_slice(&location.lon_e7().to_le_bytes());
    }
}

/// What is left of the file.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    fn time(&mut self) -> Option<Timestamp> {
        self.array()
            .map(i64::from_le_bytes)
            .map(Timestamp::from_micros)
    }

    fn row(&mut self) -> Option<StoredObservation> {
        let datastream = DatastreamId::new(self.u32()?);
        let (time, received) = (self.time()?, self.time()?);
        let offset = Offset::new(self.u64()?);
        let (index, revision) = (self.u16()?, self.u16()?);
        let [quality, flags, form] = self.array()?;
        let value = match form & FORM {
            MISSING => None,
            NUMBER => Some(Value::Number(self.array().map(f64::from_le_bytes)?)),
            FALSE => Some(Value::Boolean(false)),
            TRUE => Some(Value::Boolean(true)),
            TEXT => {
                let len = self.u16()?;
                let text = std::str::from_utf8(self.take(usize::from(len))?).ok()?;
                Some(Value::Text(text.into()))
            }
            _ => return None,
        };
        let location = if form & LOCATED != 0 {
            Some(Location::from_e7(self.i32()?, self.i32()?))
        } else {
            None
        };
        Some(StoredObservation {
            datastream,
            time,
            received,
            value,
            quality: Quality::from_code(quality)?,
            flags: Flags::from_bits(flags),
            revision,
            offset,
            index,
            location,
        })
    }
}
