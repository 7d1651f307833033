//! Many devices in one go: all of them or none, or those without a fault; and
//! the line, the column, the reason and the cure of each that has one.
//!
//! All rows are tried first, beside the registry, so that nobody waits for that
//! and nothing is written where one of them keeps all out. Then they are staged,
//! where nobody sees them, and accepted by one change: from there on their ids
//! are taken, and all of them come in, a piece at a time. A revocation, or a
//! device's new field, comes in between two pieces. A process that is killed
//! brings in at its next start what was accepted, before anything else, and
//! drops what was not.

mod concerns;
mod report;
mod row;
mod staged;
mod tried;
mod update;

use std::ops::ControlFlow;
use std::sync::Arc;

use super::new_device::NewDevice;
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry, RowChange};
use crate::sensor::Sensor;
use crate::store::StoreError;

use report::Told;
pub use report::{ImportReport, ImportStep, MAX_REPORTED_ERRORS, RowError};
pub(crate) use row::Kept;
use row::{Row, check, keep};
pub(crate) use staged::{AcceptedImport, ComingDevices, ImportPiece, StagedImport};
use tried::{Tried, try_row};
use update::StandingSensors;

/// Rows of one import.
pub const MAX_IMPORT_ROWS: usize = 100_000;
/// Rows of one change: some tens of milliseconds.
const PIECE_ROWS: usize = 256;
/// Pieces that are staged by one change.
const STAGED_PIECES: usize = 16;

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
    #[error(
        "the import was broken off: who asked for it may not import any more; nothing was registered"
    )]
    BrokenOff,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for ImportError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooManyRows => "too-many-rows",
            Self::BrokenOff => "import-broken-off",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::TooManyRows => ErrorClass::Invalid,
            Self::BrokenOff => ErrorClass::Conflict,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// `watch` hears of each step, and may break off until the rows are accepted:
    /// it is asked while the registry can be changed by nobody else. Only other
    /// imports wait for this one.
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
        // One that a full disk has stopped.
        self.finish_import(|_| {})?;
        let tried = self.try_all(checked, terms.standing, &mut told)?;
        let unchanged = tried.unchanged;
        let kept_out = terms.faulty == FaultyRows::KeepAllOut && told.has_faults();
        if terms.mode == ImportMode::DryRun || kept_out {
            return Ok(told.into_report());
        }
        let accepted = self.accept(actor, tried, terms, &mut told);
        if matches!(accepted, Ok(true)) {
            told.unchanged(unchanged);
        }
        // What was accepted comes in, and what was not is dropped.
        self.finish_import(|outcomes| told.kept(outcomes))?;
        accepted.map(|_| told.into_report())
    }

    /// Stages the rows and accepts them, unless what has changed since they were
    /// tried is in the way of one that keeps all out. Whether they were accepted.
    fn accept(
        &self,
        actor: &Actor,
        tried: Tried,
        terms: ImportTerms,
        told: &mut Told<impl FnMut(ImportStep<'_>) -> ControlFlow<()>>,
    ) -> Result<bool, ImportError> {
        let Tried {
            rows,
            coming,
            concerns,
            at,
            ..
        } = tried;
        if rows.is_empty() {
            return Ok(true);
        }
        let mut pieces = (0..).zip(rows.chunks(PIECE_ROWS)).peekable();
        while pieces.peek().is_some() {
            self.change(actor, |change| {
                for (number, rows) in pieces.by_ref().take(STAGED_PIECES) {
                    let piece = ImportPiece::of(number, rows);
                    change.write(RowChange::Import(StagedImport::Stage(piece)));
                }
                Ok::<_, StoreError>(())
            })?;
        }
        self.change(actor, |change| {
            // What was taken away before this change holds for it.
            if told.is_broken_off() {
                return Err(ImportError::BrokenOff);
            }
            if terms.faulty == FaultyRows::KeepAllOut
                && concerns.are_touched(&coming, &at, &change.draft)
            {
                let sensors = StandingSensors::NotLookedAt;
                change.rehearse(|change| {
                    for row in &rows {
                        if let Err(fault) = try_row(change, &row.read()?, terms.standing, sensors)?
                        {
                            told.fault(fault);
                        }
                    }
                    Ok::<_, StoreError>(())
                })?;
                if told.has_faults() {
                    change.discard();
                    return Ok(false);
                }
            }
            change.draft.coming = Arc::new(coming);
            change.write(RowChange::Import(StagedImport::Accept(AcceptedImport {
                actor: actor.clone(),
                standing: terms.standing,
            })));
            Ok(true)
        })
    }

    /// Brings in what was accepted and is not in yet, and drops what was staged
    /// and not accepted. `each` hears what became of the rows of each piece.
    pub(crate) fn finish_import(
        &self,
        mut each: impl FnMut(Vec<Result<Kept, RowError>>),
    ) -> Result<(), StoreError> {
        let next = || self.store().next_import_piece();
        let accepted = self.store().accepted_import()?;
        let mut piece = next()?;
        let Some(import) = accepted else {
            return match piece {
                Some(_) => self.end_import(&Actor::CLOCK),
                None => Ok(()),
            };
        };
        while let Some(staged) = piece {
            let rows = staged.read()?;
            let names_sensor = |row: &Row| row.device.new.sensor_serial.is_some();
            let _sensors = rows.iter().any(names_sensor).then(|| self.sensors.lock());
            let mut of_rows = Vec::with_capacity(rows.len());
            for row in rows {
                let sensors = self.standing_sensors(&row, import.standing)?;
                of_rows.push((row, sensors));
            }
            let outcomes = self.change(&import.actor, |change| {
                keep_piece(change, staged.number, &of_rows, import.standing)
            })?;
            each(outcomes);
            piece = next()?;
        }
        self.end_import(&import.actor)
    }

    fn end_import(&self, actor: &Actor) -> Result<(), StoreError> {
        self.change(actor, |change| {
            change.draft.coming = Arc::default();
            change.write(RowChange::Import(StagedImport::End));
            Ok(())
        })
    }
}

/// Rows that were accepted. What others have changed since can keep one of them
/// out all the same, as one whose gateway was revoked: it is told.
fn keep_piece(
    change: &mut Change,
    number: u32,
    rows: &[(Row, Vec<Sensor>)],
    standing: StandingDevices,
) -> Result<Vec<Result<Kept, RowError>>, StoreError> {
    let coming = std::mem::take(&mut change.draft.coming);
    let outcomes = rows
        .iter()
        .map(|(row, sensors)| keep(change, row, standing, StandingSensors::Are(sensors)))
        .collect::<Result<_, _>>()?;
    change.draft.coming = coming;
    change.write(RowChange::Import(StagedImport::EndPiece(number)));
    Ok(outcomes)
}
