//! The store's files: plain Parquet that others read without us.
//!
//! Format version 2, told in the file's key-value metadata as
//! `madang.format = 2`, with the columns
//!
//! | Column | Parquet type | Meaning |
//! |---|---|---|
//! | `series` | INT32 UINT_32 | the datastream's number |
//! | `time` | INT64 TIMESTAMP(MILLIS, UTC), or TIMESTAMP(MICROS, UTC) in a file of which any time is no whole millisecond | phenomenon time |
//! | `value` | DOUBLE, nullable | the value where it is a number |
//! | `boolean` | BOOLEAN, nullable | the value where it is a boolean |
//! | `text` | UTF8, nullable | the value where it is a text |
//! | `quality` | INT32 UINT_8 | 0 good, 1 uncertain, 2 bad, 3 missing |
//! | `flags` | INT32 UINT_8 | 1 out of range, 2 extra field, 4 time assigned; bits 4 and 5: assurance of the sender (1 password, 2 key, 3 signed message) |
//! | `revision` | INT32 UINT_16 | 0 first, 1 first correction ...; 65535 not resolved |
//! | `offset` | INT64 UINT_64 | number of the frame in the log |
//! | `index` | INT32 UINT_16 | place in the frame |
//! | `delay` | INT64 | milliseconds from the phenomenon time, cut to the millisecond, to the result time; below 0 where the device's clock is ahead |
//! | `lat_e7`, `lon_e7` | INT32, nullable | position in 1e-7 degree, where one was sent |
//!
//! At most one of `value`, `boolean` and `text` is set; none is: missing.
//! Rows are sorted by (series, time, offset, index), in one row group with
//! pages of 8,192 rows. A day's file is compressed with zstd, level 1; of one
//! that was flushed only the columns that shrink to next to nothing, since it
//! will soon be read and written again. Among rows of one (series, time) the last
//! holds; one that repeats the value before it is a duplicate that came late.
//!
//! The result time, when the platform received the message, is a whole
//! millisecond. DuckDB: `date_trunc('millisecond', time) + to_milliseconds(delay)`;
//! pandas: `time.dt.floor("ms") + pd.to_timedelta(delay, unit="ms")`.
//!
//! Version 1, which is read and no more written, has in the place of `delay` the
//! column `received`, INT64 TIMESTAMP(MICROS, UTC): the result time, not
//! rounded; and `time` always in microseconds. A store that was upgraded may have
//! files of both: DuckDB reads them together with `union_by_name = true`.
//!
//! Sources: pages of 8k rows, zstd 1 and delta-packed times are what was
//! measured smallest and fastest for this data; no BYTE_STREAM_SPLIT, since
//! quantised values take three times the space with it; no nanoseconds, since
//! Spark refuses them. Result times took 4.3 bytes a row in microseconds and 3.1
//! in milliseconds, delta-packed; delays, which vary little, take 0.9. Delta blocks
//! of 128 rows instead of 256 save 0.6 bytes of time and offset.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{
    DeltaBinaryPackedEncoderOptions, EnabledStatistics, WriterProperties,
};
use parquet::schema::types::ColumnPath;

use crate::file::times::Unit;

/// Of the files that this version writes, and the newest that it reads.
pub(crate) const FORMAT_VERSION: u32 = 2;
/// Key of the version in a file's metadata.
pub(crate) const FORMAT_KEY: &str = "madang.format";
/// Rows of a page, and of what is read at once.
pub(crate) const PAGE_ROWS: usize = 8_192;
/// Rows of a delta-packed column whose steps are written less the least of them,
/// and of which a quarter have one width: the fewest that Parquet has, since a
/// late row, whose step is large, widens all of them.
const BLOCK_ROWS: usize = 128;
const WIDTHS: usize = 4;
/// zstd level.
const COMPRESSION_LEVEL: i32 = 1;

/// Columns that step by little: a few bits a row.
const DELTA_PACKED: [&str; 5] = ["series", "time", "offset", "lat_e7", "lon_e7"];
/// Columns that are mostly the same number, which zstd says in a few bytes a
/// page, or small ones without an order. A dictionary would be looked up for
/// each row that is written, and read for each query.
const PLAIN: [&str; 5] = ["quality", "flags", "revision", "index", "delay"];

/// Columns that keep most of their bytes, compressed or not.
const DENSE: [&str; 7] = [
    "series", "time", "value", "offset", "delay", "lat_e7", "lon_e7",
];

// Places of the columns that are asked for by themselves.
pub(crate) const SERIES: usize = 0;
pub(crate) const TIME: usize = 1;
pub(crate) const VALUE: usize = 2;
pub(crate) const BOOLEAN: usize = 3;
pub(crate) const TEXT: usize = 4;
pub(crate) const QUALITY: usize = 5;
pub(crate) const FLAGS: usize = 6;
pub(crate) const REVISION: usize = 7;
pub(crate) const OFFSET: usize = 8;
pub(crate) const INDEX: usize = 9;
/// `delay`, or `received` of version 1.
pub(crate) const RECEIPT: usize = 10;
pub(crate) const LAT: usize = 11;
pub(crate) const LON: usize = 12;
/// How many there are.
pub(crate) const COLUMNS: usize = 13;

/// The columns, in order.
pub(crate) fn schema(unit: Unit) -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("series", DataType::UInt32, false),
        Field::new("time", unit.data_type(), false),
        Field::new("value", DataType::Float64, true),
        Field::new("boolean", DataType::Boolean, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("quality", DataType::UInt8, false),
        Field::new("flags", DataType::UInt8, false),
        Field::new("revision", DataType::UInt16, false),
        Field::new("offset", DataType::UInt64, false),
        Field::new("index", DataType::UInt16, false),
        Field::new("delay", DataType::Int64, false),
        Field::new("lat_e7", DataType::Int32, true),
        Field::new("lon_e7", DataType::Int32, true),
    ]))
}

/// What a file holds rows of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    /// As they came; a compaction takes them into day files.
    Flushed,
    /// Of one day, agency and model.
    Day,
}

pub(crate) fn properties(level: Level) -> WriterProperties {
    let zstd = ZstdLevel::try_new(COMPRESSION_LEVEL).expect("level 1 exists");
    let deltas = DeltaBinaryPackedEncoderOptions::try_new(BLOCK_ROWS, WIDTHS)
        .expect("a block is 128 rows, a width is of 32");
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("madang ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(zstd))
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS)
        .set_delta_binary_packed_encoder_options(deltas)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_key_value_metadata(Some(vec![KeyValue::new(
            FORMAT_KEY.to_owned(),
            FORMAT_VERSION.to_string(),
        )]));
    for column in ["series", "time"] {
        let path = ColumnPath::from(column);
        properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Page);
    }
    for column in DELTA_PACKED {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(column), false)
            .set_column_encoding(ColumnPath::from(column), Encoding::DELTA_BINARY_PACKED);
    }
    for column in PLAIN {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(column), false)
            .set_column_encoding(ColumnPath::from(column), Encoding::PLAIN);
    }
    if level == Level::Flushed {
        for column in DENSE {
            let path = ColumnPath::from(column);
            properties = properties.set_column_compression(path, Compression::UNCOMPRESSED);
        }
    }
    properties.build()
}
