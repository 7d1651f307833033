//! All rows are tried beside the registry, in a change of which nothing is kept.

use std::ops::ControlFlow;

use super::concerns::Concerns;
use super::report::{RowError, Told, row_error};
use super::row::{CheckedRow, Kept, Row, keep};
use super::staged::{ComingDevices, StagedText};
use super::update::{StandingSensors, UpdateRowError};
use super::{ImportStep, StandingDevices};
use crate::registry::{Change, Registry};
use crate::sensor::Sensor;
use crate::snapshot::Snapshot;
use crate::store::StoreError;

/// Rows that have no fault.
pub(super) struct Tried {
    /// Those that would change something.
    pub(super) rows: Vec<StagedText>,
    pub(super) coming: ComingDevices,
    pub(super) concerns: Concerns,
    /// What they were tried on.
    pub(super) at: Snapshot,
    /// How many would not.
    pub(super) unchanged: usize,
}

impl Tried {
    fn at(at: Snapshot) -> Self {
        Self {
            rows: Vec::new(),
            coming: ComingDevices::default(),
            concerns: Concerns::default(),
            at,
            unchanged: 0,
        }
    }

    fn note(&mut self, text: StagedText, row: &Row, outcome: &Result<Kept, RowError>) {
        match outcome {
            Ok(Kept::Unchanged) => self.unchanged += 1,
            Ok(Kept::Registered | Kept::Updated) => {
                self.coming.add(row);
                self.concerns.add(row);
                self.rows.push(text);
            }
            Err(_) => {}
        }
    }

    /// A rehearsal puts in no sensor: that one row names the sensor of a device that
    /// another row registers or changes too would be found after it was accepted.
    fn sensor_twice(&self, row: &Row, standing: StandingDevices) -> Option<RowError> {
        let new = &row.device.new;
        let is_twice = standing == StandingDevices::Update
            && new.sensor_serial.is_some()
            && self.coming.has(&new.id);
        is_twice.then(|| {
            row_error(
                row.line,
                &new.id,
                &UpdateRowError::OtherSensor(new.id.clone()).into(),
            )
        })
    }
}

/// One row of a change that is not kept.
pub(super) fn try_row(
    change: &mut Change,
    row: &Row,
    standing: StandingDevices,
    sensors: StandingSensors<'_>,
) -> Result<Result<Kept, RowError>, StoreError> {
    let outcome = keep(change, row, standing, sensors);
    change.forget_rows();
    outcome
}

impl Registry {
    /// All rows, one after another, in a change that is not kept. Those that have a
    /// fault are told.
    pub(super) fn try_all(
        &self,
        checked: Vec<CheckedRow>,
        standing: StandingDevices,
        told: &mut Told<impl FnMut(ImportStep<'_>) -> ControlFlow<()>>,
    ) -> Result<Tried, StoreError> {
        self.rehearse(|change| {
            let mut tried = Tried::at(change.draft.clone());
            for row in checked {
                let outcome = match row {
                    Ok(text) => {
                        let row = text.read()?;
                        let sensors = self.standing_sensors(&row, standing)?;
                        let sensors = StandingSensors::Are(&sensors);
                        let outcome = match tried.sensor_twice(&row, standing) {
                            Some(fault) => Err(fault),
                            None => try_row(change, &row, standing, sensors)?,
                        };
                        tried.note(text, &row, &outcome);
                        outcome
                    }
                    Err(fault) => Err(*fault),
                };
                told.tried(outcome.err());
            }
            Ok(tried)
        })
    }

    /// The sensors of the row's device, where it names one and the device may stand.
    pub(super) fn standing_sensors(
        &self,
        row: &Row,
        standing: StandingDevices,
    ) -> Result<Vec<Sensor>, StoreError> {
        let new = &row.device.new;
        if standing == StandingDevices::AreFaults || new.sensor_serial.is_none() {
            return Ok(Vec::new());
        }
        self.sensors_of_device(&new.id)
    }
}
