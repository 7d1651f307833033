//! Making one file: from the store's observations to a durable temporary file.

use std::fs::File;
use std::io::{BufWriter, IntoInnerError};
use std::path::Path;

use observation_store::{Footprint, Observations};

use ::parquet::errors::ParquetError;

use super::csv::CsvWriter;
use super::parquet::ParquetWriter;
use super::selection::Selection;
use super::sink::{Sink, Sums};
use super::table::Line;
use super::{DayExport, ExportError, ExportFormat, room};

/// Bytes gathered for one write.
const WRITE_BYTES: usize = 256 << 10;
/// Lines between two looks at the disk's room and at whether anybody is left
/// to make it for.
const LINES_A_LOOK: u64 = 65_536;

/// What was made.
pub(super) struct Made {
    pub(super) sums: Sums,
    pub(super) rows: u64,
    pub(super) footprint: Footprint,
}

/// Writes and syncs `export` as `temporary`. `wanted` says whether to go on.
pub(super) fn make(
    observations: Observations,
    export: &DayExport,
    selection: &Selection,
    temporary: &Path,
    wanted: impl Fn() -> bool,
) -> Result<Made, ExportError> {
    let footprint = observations.footprint();
    let file = File::create(temporary).map_err(ExportError::io("make", temporary))?;
    let is_text = export.format == ExportFormat::Csv;
    let out = BufWriter::with_capacity(WRITE_BYTES, Sink::new(file, is_text));
    let mut writer = Writer::new(out, export).map_err(|error| error.at(temporary))?;
    let mut rows = 0;
    for observation in observations {
        let observation = observation.map_err(ExportError::Query)?;
        let Some(series) = selection.get(observation.datastream) else {
            continue;
        };
        if rows % LINES_A_LOOK == 0 {
            if !wanted() {
                return Err(ExportError::Stopping);
            }
            if !room::has_room(temporary) {
                return Err(ExportError::NoRoom);
            }
        }
        let line = Line::new(series, &observation);
        writer.push(&line).map_err(|error| error.at(temporary))?;
        rows += 1;
    }
    let out = writer.finish().map_err(|error| error.at(temporary))?;
    let sink = out
        .into_inner()
        .map_err(IntoInnerError::into_error)
        .map_err(ExportError::io("write", temporary))?;
    let sums = sink.finish().map_err(ExportError::io("sync", temporary))?;
    Ok(Made {
        sums,
        rows,
        footprint,
    })
}

/// One for each format.
enum Writer {
    Csv(Box<CsvWriter<BufWriter<Sink>>>),
    Parquet(Box<ParquetWriter<BufWriter<Sink>>>),
}

enum WriteError {
    Io(std::io::Error),
    Parquet(ParquetError),
}

impl Writer {
    fn new(out: BufWriter<Sink>, export: &DayExport) -> Result<Self, WriteError> {
        Ok(match export.format {
            ExportFormat::Csv => Self::Csv(Box::new(CsvWriter::new(out)?)),
            ExportFormat::Parquet => {
                let about = [
                    ("date", export.day.to_string()),
                    ("domain", export.domain.clone()),
                    ("agency", export.agency.to_string()),
                    ("audience", super::cache::audience(export).to_owned()),
                ];
                Self::Parquet(Box::new(ParquetWriter::new(out, &about)?))
            }
        })
    }

    fn push(&mut self, line: &Line<'_>) -> Result<(), WriteError> {
        match self {
            Self::Csv(csv) => Ok(csv.push(line)?),
            Self::Parquet(parquet) => Ok(parquet.push(line)?),
        }
    }

    fn finish(self) -> Result<BufWriter<Sink>, WriteError> {
        match self {
            Self::Csv(csv) => Ok(csv.finish()),
            Self::Parquet(parquet) => Ok(parquet.finish()?),
        }
    }
}

impl WriteError {
    fn at(self, path: &Path) -> ExportError {
        match self {
            Self::Io(cause) => ExportError::io("write", path)(cause),
            Self::Parquet(cause) => ExportError::Parquet(cause),
        }
    }
}

impl From<std::io::Error> for WriteError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ParquetError> for WriteError {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}
