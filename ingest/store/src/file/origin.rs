//! What a data file tells of itself, so that the manifest can be made again
//! from files alone.
//!
//! Two pairs of the file's key-value metadata, beside `madang.format`:
//! `madang.folder`, the data folder's id, where it has one; and `madang.origin`,
//! one JSON object of the manifest's words that the rows do not tell, and of the
//! numbers of the files that a compaction made it from:
//! `{"first_offset":1,"last_offset":9,"day":{"day":20454,"agency":"seoul","model":"safety.air"},"inputs":[3,4]}`.
//! Files that were written before have neither.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use domain::{FolderId, FolderMark};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, KeyValue};
use serde::{Deserialize, Serialize};

use crate::manifest::{DayFile, FileEntry};

/// After a Parquet file's metadata: their length, and "PAR1".
const TAIL_BYTES: usize = 8;
/// Of the metadata that are looked at; they have a few thousand.
const MAX_FOOTER_BYTES: u64 = 1 << 20;
const FOLDER_KEY: &str = "madang.folder";
const ORIGIN_KEY: &str = "madang.origin";

/// What a file in the making will tell.
pub(crate) struct Origin<'a> {
    pub(crate) mark: FolderMark,
    pub(crate) entry: &'a FileEntry,
    /// The files that it is made from; none for a flushed one.
    pub(crate) inputs: &'a [u64],
}

/// What a file tells.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) first_offset: u64,
    pub(crate) last_offset: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) day: Option<DayFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) inputs: Vec<u64>,
}

impl Origin<'_> {
    pub(crate) fn pairs(&self) -> Result<Vec<KeyValue>, ParquetError> {
        let told = Told {
            first_offset: self.entry.first_offset,
            last_offset: self.entry.last_offset,
            day: self.entry.day.clone(),
            inputs: self.inputs.to_vec(),
        };
        let told =
            serde_json::to_string(&told).map_err(|error| ParquetError::External(error.into()))?;
        let mut pairs = vec![KeyValue::new(ORIGIN_KEY.to_owned(), told)];
        if let Some(id) = self.mark.id() {
            pairs.push(KeyValue::new(FOLDER_KEY.to_owned(), id.to_string()));
        }
        Ok(pairs)
    }
}

/// The data folder that the file was made in.
pub(crate) fn folder_of(file: &FileMetaData) -> Option<FolderId> {
    value(file, FOLDER_KEY)?.parse().ok()
}

/// `None` where an older version wrote the file.
pub(crate) fn told_by(file: &FileMetaData) -> Option<Told> {
    serde_json::from_str(value(file, ORIGIN_KEY)?).ok()
}

/// Whether a file tells another data folder than `mark`'s. Looks at the bytes of
/// its end, where the ids stand as they are written, without reading all that
/// is said there: a store has thousands of files.
pub(crate) fn is_foreign(path: &Path, mark: FolderMark) -> io::Result<bool> {
    let Some(id) = mark.id() else {
        return Ok(false);
    };
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut tail = [0; TAIL_BYTES];
    let Some(at) = bytes.checked_sub(TAIL_BYTES as u64) else {
        return Ok(false);
    };
    file.read_exact_at(&mut tail, at)?;
    let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let Some(begin) = at.checked_sub(length.min(MAX_FOOTER_BYTES)) else {
        return Ok(false);
    };
    // At most what the line above says.
    let mut footer = vec![0; (at - begin) as usize];
    file.read_exact_at(&mut footer, begin)?;
    let has = |text: &str| {
        let text = text.as_bytes();
        footer.windows(text.len()).any(|bytes| bytes == text)
    };
    Ok(has(FOLDER_KEY) && !has(&id.to_string()))
}

fn value<'a>(file: &'a FileMetaData, key: &str) -> Option<&'a str> {
    let pairs = file.key_value_metadata()?;
    let pair = pairs.iter().find(|pair| pair.key == key)?;
    pair.value.as_deref()
}
