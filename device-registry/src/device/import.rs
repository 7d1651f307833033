//! Many devices: all of them, or none and the reasons.
//!
//! All rows are tried first, beside the registry, so that nobody waits for that
//! and nothing is written where one of them is wrong. Then they are registered a
//! piece at a time, each durable and visible by itself: a revocation, or a
//! device's new field, comes in between two of them. A process that is killed
//! in the middle has registered the pieces up to there.

use domain::DeviceId;

use super::new_device::{Checked, NewDevice, RegisterDeviceError};
use super::register::register;
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry};
use crate::store::StoreError;

/// Rows of one import.
pub const MAX_IMPORT_ROWS: usize = 100_000;
/// Rows of one change: some tens of milliseconds.
const PIECE_ROWS: usize = 256;
/// Errors that a report spells out.
pub const MAX_REPORTED_ERRORS: usize = 1_000;

/// One line of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct ImportRow {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Or why the line cannot be read.
    pub device: Result<NewDevice, String>,
}

/// Whether it is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportMode {
    Apply,
    /// Every check is made, and nothing is kept.
    DryRun,
}

/// What an import did, or why it did nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ImportReport {
    pub rows: usize,
    /// 0 after a dry run, and where any row has an error.
    pub registered: usize,
    /// In order of line.
    pub errors: Vec<RowError>,
    /// Errors beyond [`MAX_REPORTED_ERRORS`].
    pub errors_left_off: usize,
}

/// What is wrong with one row.
#[derive(Clone, PartialEq, Debug)]
pub struct RowError {
    pub line: u64,
    pub device: Option<DeviceId>,
    pub code: &'static str,
    pub message: String,
}

/// Why an import could not be tried to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("an import has at most {MAX_IMPORT_ROWS} rows; split the file")]
    TooManyRows,
    #[error(
        "the registry was changed meanwhile, so that line {line} cannot be registered any more: {fault}; the lines before it may be registered already: import those that are missing"
    )]
    Overtaken { line: u64, fault: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooManyRows => "too-many-rows",
            Self::Overtaken { .. } => "import-overtaken",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::TooManyRows => ErrorClass::Invalid,
            Self::Overtaken { .. } => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn import_devices(
        &self,
        actor: &Actor,
        rows: impl IntoIterator<Item = ImportRow>,
        mode: ImportMode,
    ) -> Result<ImportReport, ImportError> {
        // Reading and checking keys takes longer than writing rows: it is done
        // before the registry is taken from everybody else.
        let mut checked = Vec::new();
        for row in rows {
            if checked.len() == MAX_IMPORT_ROWS {
                return Err(ImportError::TooManyRows);
            }
            checked.push(check(row));
        }
        let _alone = self.importing.lock();
        let mut report = self.rehearse(|change| check_all(change, &checked))?;
        if mode == ImportMode::DryRun || !report.errors.is_empty() {
            return Ok(report);
        }
        for piece in checked.chunks(PIECE_ROWS) {
            let registered = self.change(actor, |change| register_piece(change, piece))?;
            report.registered += registered;
        }
        Ok(report)
    }
}

type CheckedRow = Result<(u64, DeviceId, Checked), RowError>;

/// All rows, one after another, in a change that is not kept.
fn check_all(change: &mut Change, rows: &[CheckedRow]) -> Result<ImportReport, ImportError> {
    let mut report = ImportReport {
        rows: rows.len(),
        ..ImportReport::default()
    };
    for row in rows {
        match row {
            Ok((line, id, device)) => match register(change, device) {
                Ok(_) => {}
                Err(RegisterDeviceError::Store(error)) => return Err(error.into()),
                Err(error) => report.add(row_error(*line, Some(id.clone()), &error)),
            },
            Err(fault) => report.add(fault.clone()),
        }
        change.forget_rows();
    }
    Ok(report)
}

/// Rows that stood the rehearsal, of which none is left out. What has changed
/// since can have made a row impossible all the same: then this piece is not
/// kept.
fn register_piece(change: &mut Change, rows: &[CheckedRow]) -> Result<usize, ImportError> {
    for row in rows {
        let Ok((line, _, device)) = row else { continue };
        register(change, device).map_err(|error| match error {
            RegisterDeviceError::Store(error) => error.into(),
            error => ImportError::Overtaken {
                line: *line,
                fault: error.to_string(),
            },
        })?;
    }
    Ok(rows.len())
}

impl ImportReport {
    fn add(&mut self, error: RowError) {
        if self.errors.len() < MAX_REPORTED_ERRORS {
            self.errors.push(error);
        } else {
            self.errors_left_off += 1;
        }
    }
}

fn check(row: ImportRow) -> CheckedRow {
    let line = row.line;
    let new = row.device.map_err(|message| RowError {
        line,
        device: None,
        code: "unreadable-row",
        message,
    })?;
    let id = new.id.clone();
    match Checked::new(new) {
        Ok(checked) => Ok((line, id, checked)),
        Err(error) => Err(row_error(line, Some(id), &error)),
    }
}

fn row_error(line: u64, device: Option<DeviceId>, error: &RegisterDeviceError) -> RowError {
    RowError {
        line,
        device,
        code: error.code(),
        message: error.to_string(),
    }
}
