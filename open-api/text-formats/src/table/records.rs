//! CSV with a header line, row by row.

use std::io::Cursor;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{SAVE_AS, TableFault, fault};

/// What a table may have.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    pub names: &'static [&'static str],
    /// What is told beside the name of an unknown column.
    pub suggest: fn(&str) -> String,
    /// What to do about a cell of a column that cannot be read.
    pub cure: fn(&str) -> &'static str,
}

/// The rows of a table in UTF-8, each with its line.
pub fn records<T: DeserializeOwned>(
    text: &Bytes,
    columns: Columns,
) -> impl Iterator<Item = (u64, Result<T, TableFault>)> + use<T> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(Cursor::new(text.clone()));
    let headers = reader
        .headers()
        .cloned()
        .map_err(|error| fault(error.to_string(), SAVE_AS))
        .and_then(|headers| check_columns(&headers, columns).map(|()| headers));
    let mut lines = Lines::new(text.clone());
    let mut record = csv::StringRecord::new();
    let mut broken = false;
    std::iter::from_fn(move || {
        if broken {
            return None;
        }
        let headers = match &headers {
            Ok(headers) => headers,
            Err(why) => {
                broken = true;
                return Some((1, Err(why.clone())));
            }
        };
        match reader.read_record(&mut record) {
            Ok(false) => None,
            Ok(true) => {
                let line = lines.of(record.position());
                let row = record
                    .deserialize::<T>(Some(headers))
                    .map_err(|error| of_reader(&error, headers, columns));
                Some((line, row))
            }
            Err(error) => {
                let line = lines.of(error.position());
                // After a row that is too long or too short, others may be sound.
                broken = error.is_io_error();
                Some((line, Err(of_reader(&error, headers, columns))))
            }
        }
    })
}

/// Without the reader's own count of lines, which is another.
fn of_reader(error: &csv::Error, headers: &csv::StringRecord, columns: Columns) -> TableFault {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => fault(
            format!("the line has {len} cells, and the header has {expected_len}"),
            "give it as many cells as the header; a cell with a comma stands in quotes",
        ),
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|at| headers.get(at as usize));
            TableFault {
                column: column.map(Into::into),
                message: err.kind().to_string(),
                cure: column.map_or("correct the cell", columns.cure),
            }
        }
        _ => fault(error.to_string(), SAVE_AS),
    }
}

fn check_columns(headers: &csv::StringRecord, columns: Columns) -> Result<(), TableFault> {
    let names: Vec<&str> = headers.iter().collect();
    if let [whole] = names.as_slice()
        && let Some(separator) = [';', '\t', '|']
            .into_iter()
            .find(|one| whole.contains(*one))
    {
        return Err(fault(
            format!("the columns are separated by {separator:?}"),
            SAVE_AS,
        ));
    }
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(fault(
                format!("column {} has no name: pandas writes its index so", at + 1),
                "leave it out, in pandas with to_csv(..., index=False)",
            ));
        }
        if !columns.names.contains(name) {
            let there = (columns.suggest)(name);
            return Err(TableFault {
                column: Some((*name).into()),
                message: format!("there is no column {name}.{there}"),
                cure: "rename the column, or leave it out",
            });
        }
    }
    Ok(())
}

/// The lines of a text as an editor numbers them. The reader's own count is one
/// too low after `\r\n`, and counts no empty line.
struct Lines {
    text: Bytes,
    /// Up to here lines are counted.
    at: usize,
    line: u64,
}

impl Lines {
    fn new(text: Bytes) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// Of a record that begins there, or after line ends there. Records come in
    /// their order.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let told = position.and_then(|position| usize::try_from(position.byte()).ok());
        let mut begins = told.unwrap_or(self.at).clamp(self.at, self.text.len());
        while matches!(self.text.get(begins), Some(b'\r' | b'\n')) {
            begins += 1;
        }
        let passed = &self.text[self.at..begins];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = begins;
        self.line
    }
}
