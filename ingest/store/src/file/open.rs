//! Opening a data file; an index that is gone or damaged is made again.

use std::path::Path;
use std::{fs, io};

use domain::Value;

use super::{DataFile, ReadError, damaged, io_error};
use crate::file::columns::Columns;
use crate::file::cursor::FileRows;
use crate::file::index::{Index, IndexBuilder};
use crate::file::replace::replace;
use crate::file::row::{FileRow, FileValue};
use crate::file::schema::PAGE_ROWS;
use crate::manifest::FileEntry;

impl DataFile {
    /// Opens the file of `entry` and reads its index, or makes that again.
    pub(crate) fn open(folder: &Path, entry: FileEntry) -> Result<Self, ReadError> {
        let path = folder.join(entry.file_name());
        let found = fs::metadata(&path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => damaged(&path, entry.number, "it is gone"),
            _ => io_error(&path, cause),
        })?;
        let bytes = found.len();
        if bytes != entry.bytes {
            let what = format!("it has {bytes} bytes, and should have {}", entry.bytes);
            return Err(damaged(&path, entry.number, &what));
        }
        let index = fs::read(folder.join(entry.index_name()))
            .ok()
            .and_then(|bytes| Index::from_bytes(&bytes, entry.crc));
        let (is_whole, index) = (index.is_some(), index.unwrap_or_default());
        let mut opened = Self::new(folder, entry, index);
        opened.written = found.modified().unwrap_or(opened.written);
        if !is_whole {
            tracing::warn!(path = %opened.path.display(), "its index is made again");
            opened.index = opened.read_index()?;
            let bytes = opened.index.to_bytes(opened.entry.crc);
            replace(folder, &opened.entry.index_name(), &bytes)
                .map_err(|cause| io_error(&opened.path, cause))?;
        }
        Ok(opened)
    }

    fn read_index(&self) -> Result<Index, ReadError> {
        let mut builder = IndexBuilder::new(self.footer()?.times.unit);
        let mut rows = FileRows::all(self)?;
        let mut columns = Columns::with_capacity(PAGE_ROWS);
        loop {
            let row = rows.next()?;
            if row.is_none() || columns.len() == PAGE_ROWS {
                columns.parts().for_each(|part| builder.push(&part));
                columns = Columns::with_capacity(PAGE_ROWS);
            }
            let Some(row) = row else {
                return Ok(builder.finish());
            };
            columns.push(&FileRow {
                series: row.datastream.get(),
                time: row.time.as_micros(),
                received: row.received.as_micros(),
                offset: row.offset.get(),
                value: match row.value {
                    Some(Value::Number(number)) => FileValue::Number(number),
                    _ => FileValue::Missing,
                },
                quality: row.quality,
                flags: row.flags.bits(),
                revision: row.revision,
                index: row.index,
                location: None,
            });
        }
    }
}
