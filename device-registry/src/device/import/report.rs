//! What an import has done so far, and what is wrong with its rows.

use std::ops::ControlFlow;

use domain::DeviceId;

use super::row::{Kept, RowRefused};

/// Errors that a report spells out; a watcher hears of all.
pub const MAX_REPORTED_ERRORS: usize = 1_000;
/// Rows between two steps that tell how many are done.
const STEP_ROWS: usize = 1_000;

/// How far an import has come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ImportStep<'a> {
    /// So many rows were read; how many there are is not known yet.
    Read(usize),
    /// So many of all were tried.
    Tried(usize),
    /// What is wrong with one of them, in order of line.
    Fault(&'a RowError),
    /// They are about to be accepted.
    Accepting,
    /// So many are registered, or were so already.
    Kept(usize),
}

/// What an import did, or why it did nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ImportReport {
    pub rows: usize,
    /// 0 after a dry run, and where a row's fault keeps all out.
    pub registered: usize,
    /// Devices that stood, and have changed.
    pub updated: usize,
    /// Devices that were already as their row says.
    pub unchanged: usize,
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
    /// The column or member at fault, where it is one.
    pub column: Option<Box<str>>,
    pub code: &'static str,
    pub message: String,
    /// What to do about it.
    pub cure: &'static str,
}

pub(super) fn row_error(line: u64, device: &DeviceId, refused: &RowRefused) -> RowError {
    RowError {
        line,
        device: Some(device.clone()),
        column: refused.column().map(Into::into),
        code: refused.code(),
        message: refused.to_string(),
        cure: refused.cure(),
    }
}

/// The report as far as it has come, and who hears of each step.
pub(super) struct Told<W> {
    report: ImportReport,
    tried: usize,
    watch: W,
    flow: ControlFlow<()>,
}

impl<W: FnMut(ImportStep<'_>) -> ControlFlow<()>> Told<W> {
    pub(super) fn new(watch: W) -> Self {
        Self {
            report: ImportReport::default(),
            tried: 0,
            watch,
            flow: ControlFlow::Continue(()),
        }
    }

    pub(super) fn read(&mut self, rows: usize) {
        self.report.rows = rows;
        if rows.is_multiple_of(STEP_ROWS) {
            self.flow = (self.watch)(ImportStep::Read(rows));
        }
    }

    pub(super) fn tried(&mut self, fault: Option<RowError>) {
        self.tried += 1;
        if let Some(fault) = fault {
            self.fault(fault);
        }
        if self.tried.is_multiple_of(STEP_ROWS) {
            self.flow = (self.watch)(ImportStep::Tried(self.tried));
        }
    }

    pub(super) fn kept(&mut self, outcomes: Vec<Result<Kept, RowError>>) {
        for outcome in outcomes {
            match outcome {
                Ok(Kept::Registered) => self.report.registered += 1,
                Ok(Kept::Updated) => self.report.updated += 1,
                Ok(Kept::Unchanged) => self.report.unchanged += 1,
                Err(fault) => self.fault(fault),
            }
        }
        let kept = self.kept_rows();
        self.flow = (self.watch)(ImportStep::Kept(kept));
    }

    /// Rows that have nothing to change.
    pub(super) fn unchanged(&mut self, rows: usize) {
        self.report.unchanged += rows;
    }

    fn kept_rows(&self) -> usize {
        let report = &self.report;
        report.registered + report.updated + report.unchanged
    }

    pub(super) fn fault(&mut self, fault: RowError) {
        self.flow = (self.watch)(ImportStep::Fault(&fault));
        if self.report.errors.len() < MAX_REPORTED_ERRORS {
            self.report.errors.push(fault);
        } else {
            self.report.errors_left_off += 1;
        }
    }

    /// Whether the watcher wants none of it, now that it would be accepted.
    pub(super) fn is_broken_off(&mut self) -> bool {
        if self.flow.is_continue() {
            self.flow = (self.watch)(ImportStep::Accepting);
        }
        self.flow.is_break()
    }

    pub(super) fn has_faults(&self) -> bool {
        !self.report.errors.is_empty()
    }

    pub(super) fn into_report(self) -> ImportReport {
        self.report
    }
}
