//! The pages of one column, unpacked.
//!
//! The parquet crate makes a decompressor, and a compressor, for each column
//! that is opened. So that crate reads the pages as they are in the file, and a
//! decompressor that was used before unpacks them.

pub(super) mod decompress;

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, CompressionCodec};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::serialized_reader::SerializedPageReader;

use self::decompress::decompress;
use crate::file::Source;

/// Pages that zstd has packed.
struct Packed {
    pages: SerializedPageReader<Source>,
    /// Bytes of all of them, unpacked.
    bytes: usize,
}

/// Opens the pages of a column of `file`; without `locations` all of them.
pub(crate) fn open(
    file: &Arc<Source>,
    chunk: &ColumnChunkMetaData,
    rows: usize,
    locations: Option<Vec<PageLocation>>,
) -> Result<Box<dyn PageReader>> {
    let open = |chunk: &ColumnChunkMetaData| {
        SerializedPageReader::new(Arc::clone(file), chunk, rows, locations)
    };
    if chunk.compression_codec() != CompressionCodec::ZSTD {
        return Ok(Box::new(open(chunk)?));
    }
    let as_stored = chunk.clone().into_builder();
    let as_stored = as_stored
        .set_compression(Compression::UNCOMPRESSED)
        .build()?;
    Ok(Box::new(Packed {
        pages: open(&as_stored)?,
        bytes: usize::try_from(chunk.uncompressed_size())?,
    }))
}

impl Packed {
    fn unpack(&self, mut page: Page) -> Result<Page> {
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = unpack(buf, self.bytes)?;
                Ok(page)
            }
            Page::DataPageV2 { .. } => Err(ParquetError::General(
                "a page is of a kind that no version writes".into(),
            )),
        }
    }
}

/// `most`: the bytes that it has at most.
fn unpack(packed: &[u8], most: usize) -> Result<Bytes> {
    match decompress(packed, most)? {
        Some(unpacked) => Ok(unpacked.into()),
        None => Err(ParquetError::General(
            "a page has no size, or too great a one".into(),
        )),
    }
}

impl PageReader for Packed {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.map(|page| self.unpack(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.pages.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        let page = self.pages.take_deferred_dictionary()?;
        page.map(|page| self.unpack(page)).transpose()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for Packed {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
