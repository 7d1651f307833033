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

use domain::{DatastreamId, Flags, FolderId, FolderMark, Location, Offset, Quality, Value};

use crate::observation::StoredObservation;
use crate::tables::latest::Latest;
use crate::tables::whole_file::{Input, Kind};

/// Its name in the store's folder.
pub(crate) const FILE: &str = "latest";
const VERSION: u32 = 2;
const KIND: Kind = Kind {
    name: FILE,
    magic: b"MADANGLA",
    version: VERSION,
};
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
    let mut out = KIND.begin(includes, mark);
    latest.for_each(|row| put(&mut out, &row));
    KIND.replace(folder, out)
}

/// Fills `latest`; false where the file does not serve for `flushed`, or is of
/// another data folder.
pub(crate) fn read(folder: &Path, latest: &Latest, flushed: Offset, mark: FolderMark) -> bool {
    fs::read(folder.join(FILE)).is_ok_and(|bytes| restore(&bytes, latest, flushed, mark).is_some())
}

fn restore(bytes: &[u8], latest: &Latest, flushed: Offset, mark: FolderMark) -> Option<()> {
    let mut input = KIND.open(bytes)?;
    let told = match input.u32()? {
        VERSION => FolderId::from_bytes(input.array()?),
        WITHOUT_FOLDER => None,
        _ => return None,
    };
    mark.check(told).ok()?;
    if Offset::new(input.u64()?) < flushed {
        return None;
    }
    while !input.is_empty() {
        latest.restore(&row(&mut input)?);
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

fn row(input: &mut Input<'_>) -> Option<StoredObservation> {
    let datastream = DatastreamId::new(input.u32()?);
    let (time, received) = (input.time()?, input.time()?);
    let offset = Offset::new(input.u64()?);
    let (index, revision) = (input.u16()?, input.u16()?);
    let [quality, flags, form] = input.array()?;
    let value = match form & FORM {
        MISSING => None,
        NUMBER => Some(Value::Number(input.array().map(f64::from_le_bytes)?)),
        FALSE => Some(Value::Boolean(false)),
        TRUE => Some(Value::Boolean(true)),
        TEXT => {
            let len = input.u16()?;
            Some(Value::Text(input.text(usize::from(len))?.into()))
        }
        _ => return None,
    };
    let location = if form & LOCATED != 0 {
        Some(Location::from_e7(input.i32()?, input.i32()?))
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
