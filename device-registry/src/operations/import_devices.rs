//! Many devices in one transaction: all of them, or none and the reasons.

use domain::DeviceId;

use super::new_device::{Checked, NewDevice, RegisterDeviceError};
use super::register_device::register;
use super::{ErrorClass, OperationError};
use crate::registry::Registry;
use crate::store::StoreError;

/// Rows of one import.
pub const MAX_IMPORT_ROWS: usize = 100_000;
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
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooManyRows => "too-many-rows",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::TooManyRows => ErrorClass::Invalid,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn import_devices(
        &self,
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
        self.change(|change| {
            let mut report = ImportReport {
                rows: checked.len(),
                ..ImportReport::default()
            };
            for row in checked {
                let fault = match row {
                    Ok((line, id, device)) => match register(change, &device) {
                        Ok(_) => {
                            report.registered += 1;
                            continue;
                        }
                        Err(RegisterDeviceError::Store(error)) => return Err(error.into()),
                        Err(error) => row_error(line, Some(id), &error),
                    },
                    Err(fault) => fault,
                };
                report.add(fault);
            }
            if mode == ImportMode::DryRun || !report.errors.is_empty() {
                change.discard();
                report.registered = 0;
            }
            Ok(report)
        })
    }
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

fn check(row: ImportRow) -> Result<(u64, DeviceId, Checked), RowError> {
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
