//! Many devices in one go: all of them or none, or those without a fault; and
//! the line, the column, the reason and the cure of each that has one.
//!
//! All rows are tried first, beside the registry, so that nobody waits for that
//! and nothing is written where one of them keeps all out. Then they are kept a
//! piece at a time, each durable and visible by itself: a revocation, or a
//! device's new field, comes in between two of them. A process that is killed
//! in the middle has kept the pieces up to there, and every device of them
//! whole; the same rows again, with [`StandingDevices::Update`], bring in the
//! rest.

mod report;
mod update;

use std::ops::ControlFlow;

use super::new_device::{Checked, NewDevice, RegisterDeviceError};
use super::register::register;
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry};
use crate::store::StoreError;

pub use report::{ImportReport, ImportStep, MAX_REPORTED_ERRORS, RowError};
use report::{Told, row_error};
use update::{UpdateRowError, Updated, update};

/// Rows of one import.
pub const MAX_IMPORT_ROWS: usize = 100_000;
/// Rows of one change: some tens of milliseconds.
const PIECE_ROWS: usize = 256;

/// One line of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct ImportRow {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Or why the line cannot be read.
    pub device: Result<NewDevice, UnreadableRow>,
}

/// Why a line cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnreadableRow {
    /// The column or member at fault, where it is one.
    pub column: Option<Box<str>>,
    pub message: String,
    pub cure: &'static str,
}

/// What an import does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportTerms {
    pub mode: ImportMode,
    pub faulty: FaultyRows,
    pub standing: StandingDevices,
}

impl ImportTerms {
    /// All rows are new devices, and all of them come in or none does.
    pub const APPLY: Self = Self {
        mode: ImportMode::Apply,
        faulty: FaultyRows::KeepAllOut,
        standing: StandingDevices::AreFaults,
    };
    /// The same, without keeping anything.
    pub const DRY_RUN: Self = Self {
        mode: ImportMode::DryRun,
        ..Self::APPLY
    };
}

/// Whether it is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportMode {
    Apply,
    /// Every check is made, and nothing is kept.
    DryRun,
}

/// What a row with a fault means for the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultyRows {
    /// None of them comes in.
    KeepAllOut,
    /// They come in without it.
    AreLeftOut,
}

/// What a row means whose device is registered already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StandingDevices {
    AreFaults,
    /// What the row says replaces what the device has; what it leaves out stays.
    Update,
}

/// Why an import could not be tried to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("an import has at most {MAX_IMPORT_ROWS} rows; split the file")]
    TooManyRows,
    /// Why, a new import of the file tells as it tells all faults: this one would
    /// have to hide what belongs to others.
    #[error(
        "the registry was changed meanwhile, so that line {line} cannot be registered any more; {kept} rows are registered: import the same file again with `upsert`, which goes on after them and says what is wrong with the line"
    )]
    Overtaken { line: u64, kept: usize },
    #[error(
        "the import was broken off: who asked for it may not import any more; the rows up to there are registered"
    )]
    BrokenOff,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooManyRows => "too-many-rows",
            Self::Overtaken { .. } => "import-overtaken",
            Self::BrokenOff => "import-broken-off",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::TooManyRows => ErrorClass::Invalid,
            Self::Overtaken { .. } | Self::BrokenOff => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// `watch` hears of each step, and may break off before each piece: it is
    /// asked while the registry can be changed by nobody else. Only other imports
    /// wait for this one.
    pub fn import_devices(
        &self,
        actor: &Actor,
        rows: impl IntoIterator<Item = ImportRow>,
        terms: ImportTerms,
        watch: impl FnMut(ImportStep<'_>) -> ControlFlow<()>,
    ) -> Result<ImportReport, ImportError> {
        let mut told = Told::new(watch);
        // Reading and checking keys takes longer than writing rows: it is done
        // before the registry is taken from everybody else.
        let mut checked = Vec::new();
        for row in rows {
            if checked.len() == MAX_IMPORT_ROWS {
                return Err(ImportError::TooManyRows);
            }
            checked.push(check(row));
            told.read(checked.len());
        }
        let _alone = self.importing.lock();
        self.rehearse(|change| try_all(change, &mut checked, terms, &mut told))?;
        let kept_out = terms.faulty == FaultyRows::KeepAllOut && told.has_faults();
        if terms.mode == ImportMode::DryRun || kept_out {
            return Ok(told.into_report());
        }
        let mut rows = checked.into_iter().flatten();
        loop {
            // Each piece is dropped once it is kept: the devices take its place
            // in memory.
            let piece: Vec<Row> = rows.by_ref().take(PIECE_ROWS).collect();
            if piece.is_empty() {
                return Ok(told.into_report());
            }
            let kept = self.change(actor, |change| {
                // What was taken away before this change holds for it.
                if told.is_broken_off() {
                    return Err(ImportError::BrokenOff);
                }
                keep_piece(change, &piece, terms, told.kept_rows())
            })?;
            told.kept(kept);
        }
    }
}

/// A row that was read.
struct Row {
    line: u64,
    device: Checked,
}

/// Boxed, since rows without a fault are more.
type CheckedRow = Result<Row, Box<RowError>>;

/// What became of a row that was kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Registered,
    Updated,
    Unchanged,
}

/// Why a row that could be read is not kept.
#[derive(Debug, thiserror::Error)]
enum RowRefused {
    #[error(transparent)]
    Register(#[from] RegisterDeviceError),
    #[error(transparent)]
    Update(#[from] UpdateRowError),
}

/// All rows, one after another, in a change that is not kept. Those that have a
/// fault are told and left out of `rows`.
fn try_all(
    change: &mut Change,
    rows: &mut Vec<CheckedRow>,
    terms: ImportTerms,
    told: &mut Told<impl FnMut(ImportStep<'_>) -> ControlFlow<()>>,
) -> Result<(), StoreError> {
    let mut failed = None;
    rows.retain(|row| {
        if failed.is_some() {
            return false;
        }
        let fault = match row {
            Ok(row) => match keep(change, &row.device, terms.standing) {
                Ok(_) => None,
                Err(refused) => match refused.into_store_error() {
                    Ok(error) => {
                        failed = Some(error);
                        None
                    }
                    Err(refused) => Some(row_error(row.line, &row.device.new.id, &refused)),
                },
            },
            Err(fault) => Some(RowError::clone(fault)),
        };
        change.forget_rows();
        let is_good = fault.is_none();
        told.tried(fault);
        is_good
    });
    failed.map_or(Ok(()), Err)
}

/// Rows that stood the rehearsal. What has changed since can have made one
/// impossible all the same: then it is a fault as others are, or this piece is
/// not kept; `before` rows were.
fn keep_piece(
    change: &mut Change,
    rows: &[Row],
    terms: ImportTerms,
    before: usize,
) -> Result<Vec<Result<Kept, RowError>>, ImportError> {
    let mut outcomes = Vec::with_capacity(rows.len());
    for Row { line, device } in rows {
        outcomes.push(match keep(change, device, terms.standing) {
            Ok(kept) => Ok(kept),
            Err(refused) => {
                let refused = match refused.into_store_error() {
                    Ok(error) => return Err(error.into()),
                    Err(refused) => refused,
                };
                if terms.faulty == FaultyRows::KeepAllOut {
                    return Err(ImportError::Overtaken {
                        line: *line,
                        kept: before,
                    });
                }
                Err(row_error(*line, &device.new.id, &refused))
            }
        });
    }
    Ok(outcomes)
}

/// One row; of one that is refused nothing stays in the change.
fn keep(
    change: &mut Change,
    device: &Checked,
    standing: StandingDevices,
) -> Result<Kept, RowRefused> {
    let found = match standing {
        StandingDevices::AreFaults => None,
        StandingDevices::Update => change.draft.device(device.new.id.as_str()).cloned(),
    };
    match found {
        Some(found) => match change.attempt(|change| update(change, &found, device))? {
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

    fn code(&self) -> &'static str {
        match self {
            Self::Register(error) => error.code(),
            Self::Update(error) => error.code(),
        }
    }

    fn column(&self) -> Option<&'static str> {
        match self {
            Self::Register(error) => error.column(),
            Self::Update(error) => error.column(),
        }
    }

    fn cure(&self) -> &'static str {
        match self {
            Self::Register(error) => error.cure(),
            Self::Update(error) => error.cure(),
        }
    }
}

fn check(row: ImportRow) -> CheckedRow {
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
        Ok(device) => Ok(Row { line, device }),
        Err(error) => Err(Box::new(row_error(line, &id, &error.into()))),
    }
}
