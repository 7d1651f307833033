//! One row of an import: read, checked, and kept by a change.

use super::report::row_error;
use super::staged::StagedText;
use super::update::{StandingSensors, UpdateRowError, Updated, update};
use super::{ImportRow, RowError, StandingDevices};
use crate::device::new_device::{Checked, RegisterDeviceError};
use crate::device::register::register;
use crate::registry::{Change, OperationError};
use crate::store::StoreError;

/// A row that was read.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) device: Checked,
}

/// Boxed, since rows without a fault are more.
pub(super) type CheckedRow = Result<StagedText, Box<RowError>>;

/// What became of a row that was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kept {
    Registered,
    Updated,
    Unchanged,
}

/// Why a row that could be read is not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowRefused {
    #[error(transparent)]
    Register(#[from] RegisterDeviceError),
    #[error(transparent)]
    Update(#[from] UpdateRowError),
}

/// What can be said of a row without looking into the registry.
pub(super) fn check(row: ImportRow) -> CheckedRow {
    let line = row.line;
    let new = row.device.map_err(|fault| {
        Box::new(RowError {
            line,
            device: None,
            column: fault.column,
            code: "unreadable-row",
            message: fault.message,
            cure: fault.cure,
        })
    })?;
    let id = new.id.clone();
    match Checked::new(new) {
        Ok(device) => Ok(StagedText::of(&Row { line, device })),
        Err(error) => Err(Box::new(row_error(line, &id, &error.into()))),
    }
}

/// Registers the row's device, or changes the one that stands. Of a row that is
/// refused nothing stays in the change.
pub(super) fn keep(
    change: &mut Change,
    row: &Row,
    standing: StandingDevices,
    sensors: StandingSensors<'_>,
) -> Result<Result<Kept, RowError>, StoreError> {
    match register_or_update(change, &row.device, standing, sensors) {
        Ok(kept) => Ok(Ok(kept)),
        Err(refused) => match refused.into_store_error() {
            Ok(error) => Err(error),
            Err(refused) => Ok(Err(row_error(row.line, &row.device.new.id, &refused))),
        },
    }
}

fn register_or_update(
    change: &mut Change,
    device: &Checked,
    standing: StandingDevices,
    sensors: StandingSensors<'_>,
) -> Result<Kept, RowRefused> {
    let found = match standing {
        StandingDevices::AreFaults => None,
        StandingDevices::Update => change.draft.device(device.new.id.as_str()).cloned(),
    };
    match found {
        Some(found) => match change.attempt(|change| update(change, &found, device, sensors))? {
            Updated::Changed => Ok(Kept::Updated),
            Updated::Unchanged => Ok(Kept::Unchanged),
        },
        None => {
            register(change, device, None)?;
            Ok(Kept::Registered)
        }
    }
}

impl RowRefused {
    /// The registry's own fault, or else the row's.
    fn into_store_error(self) -> Result<StoreError, Self> {
        match self {
            Self::Register(RegisterDeviceError::Store(error)) => Ok(error),
            Self::Update(error) => error.into_store_error().map_err(Self::Update),
            Self::Register(_) => Err(self),
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Register(error) => error.code(),
            Self::Update(error) => error.code(),
        }
    }

    pub(super) fn column(&self) -> Option<&'static str> {
        match self {
            Self::Register(error) => error.column(),
            Self::Update(error) => error.column(),
        }
    }

    pub(super) fn cure(&self) -> &'static str {
        match self {
            Self::Register(error) => error.cure(),
            Self::Update(error) => error.cure(),
        }
    }
}
