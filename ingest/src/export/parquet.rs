//! The table as Parquet: what pandas, DuckDB and Spark read without us.
//!
//! `madang.export = 1` stands in the file's key-value metadata. Times are
//! TIMESTAMP(MICROS, UTC), since Spark refuses nanoseconds; whole numbers are
//! signed ones of 32 and 64 bits, which every reader knows; row groups are
//! small enough to be read in parallel.

use std::io::Write;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use domain::Value;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::table::{COLUMNS, Line};

/// Of the files that this version writes.
const FORMAT_VERSION: u32 = 1;
/// Rows that are turned into columns at once.
const BATCH_ROWS: usize = 8_192;
/// Rows of a row group: some megabytes are held until it is full.
const GROUP_ROWS: usize = 262_144;

pub(super) struct ParquetWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
    columns: Columns,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// `about`: names and values for the file's metadata.
    pub(super) fn new(out: W, about: &[(&str, String)]) -> Result<Self, ParquetError> {
        let schema = schema();
        let properties = properties(about)?;
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?;
        Ok(Self {
            writer,
            schema,
            columns: Columns::new(),
        })
    }

    pub(super) fn push(&mut self, line: &Line<'_>) -> Result<(), ParquetError> {
        self.columns.push(line);
        if self.columns.rows == BATCH_ROWS {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), ParquetError> {
        let full = std::mem::replace(&mut self.columns, Columns::new());
        self.writer.write(&full.finish(&self.schema)?)
    }

    pub(super) fn finish(mut self) -> Result<W, ParquetError> {
        if self.columns.rows > 0 {
            self.write()?;
        }
        self.writer.into_inner()
    }
}

fn schema() -> SchemaRef {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let (text, degrees) = (DataType::Utf8, DataType::Float64);
    let kinds = [
        (DataType::Int64, false),
        (text.clone(), false),
        (text.clone(), false),
        (text.clone(), false),
        (text.clone(), false),
        (text.clone(), false),
        (text.clone(), true),
        (time.clone(), false),
        (time, false),
        (DataType::Float64, true),
        (DataType::Boolean, true),
        (text.clone(), true),
        (text, false),
        (DataType::Int32, false),
        (DataType::Int64, false),
        (degrees.clone(), true),
        (degrees, true),
    ];
    let fields = COLUMNS.iter().zip(kinds);
    Arc::new(Schema::new(
        fields
            .map(|(name, (kind, nullable))| Field::new(*name, kind, nullable))
            .collect::<Vec<_>>(),
    ))
}

fn properties(about: &[(&str, String)]) -> Result<WriterProperties, ParquetError> {
    let mut pairs = vec![KeyValue::new(
        "madang.export".to_owned(),
        FORMAT_VERSION.to_string(),
    )];
    for (name, value) in about {
        pairs.push(KeyValue::new(format!("madang.{name}"), value.clone()));
    }
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("madang ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_key_value_metadata(Some(pairs));
    for column in ["datastream", "phenomenon_time", "result_time", "offset"] {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(column), false)
            .set_column_encoding(ColumnPath::from(column), Encoding::DELTA_BINARY_PACKED);
    }
    Ok(properties.build())
}

/// Rows on their way into columns.
struct Columns {
    rows: usize,
    datastream: Int64Builder,
    names: [StringBuilder; 5],
    unit: StringBuilder,
    phenomenon_time: TimestampMicrosecondBuilder,
    result_time: TimestampMicrosecondBuilder,
    value: Float64Builder,
    boolean: BooleanBuilder,
    text: StringBuilder,
    quality: StringBuilder,
    revision: Int32Builder,
    offset: Int64Builder,
    lat: Float64Builder,
    lon: Float64Builder,
}

impl Columns {
    fn new() -> Self {
        Self {
            rows: 0,
            datastream: Int64Builder::new(),
            names: Default::default(),
            unit: StringBuilder::new(),
            phenomenon_time: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            result_time: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            value: Float64Builder::new(),
            boolean: BooleanBuilder::new(),
            text: StringBuilder::new(),
            quality: StringBuilder::new(),
            revision: Int32Builder::new(),
            offset: Int64Builder::new(),
            lat: Float64Builder::new(),
            lon: Float64Builder::new(),
        }
    }

    fn push(&mut self, line: &Line<'_>) {
        let (datastream, observation) = (line.series.datastream(), line.observation);
        self.rows += 1;
        self.datastream.append_value(datastream.id.get().into());
        let names = [
            datastream.thing.as_str(),
            datastream.agency.as_str(),
            datastream.model.domain(),
            datastream.model.as_str(),
            datastream.field.as_str(),
        ];
        for (column, name) in self.names.iter_mut().zip(names) {
            column.append_value(name);
        }
        self.unit.append_option(datastream.unit);
        self.phenomenon_time
            .append_value(observation.time.as_micros());
        self.result_time
            .append_value(observation.received.as_micros());
        let (mut number, mut boolean, mut text) = (None, None, None);
        match &observation.value {
            None => {}
            Some(Value::Number(value)) => number = Some(*value),
            Some(Value::Boolean(value)) => boolean = Some(*value),
            Some(Value::Text(value)) => text = Some(value),
        }
        self.value.append_option(number);
        self.boolean.append_option(boolean);
        self.text.append_option(text);
        self.quality.append_value(observation.quality.as_str());
        self.revision.append_value(observation.revision.into());
        // An offset counts frames: it stays far below 2^63.
        self.offset.append_value(observation.offset.get() as i64);
        self.lat.append_option(line.place.map(|place| place.lat()));
        self.lon.append_option(line.place.map(|place| place.lon()));
    }

    fn finish(mut self, schema: &SchemaRef) -> Result<RecordBatch, ParquetError> {
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.datastream.finish())];
        for mut names in self.names {
            columns.push(Arc::new(names.finish()));
        }
        columns.push(Arc::new(self.unit.finish()));
        columns.push(Arc::new(self.phenomenon_time.finish()));
        columns.push(Arc::new(self.result_time.finish()));
        columns.push(Arc::new(self.value.finish()));
        columns.push(Arc::new(self.boolean.finish()));
        columns.push(Arc::new(self.text.finish()));
        columns.push(Arc::new(self.quality.finish()));
        columns.push(Arc::new(self.revision.finish()));
        columns.push(Arc::new(self.offset.finish()));
        columns.push(Arc::new(self.lat.finish()));
        columns.push(Arc::new(self.lon.finish()));
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}
