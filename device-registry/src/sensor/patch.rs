//! What is known of a sensor is corrected, or it is taken away.

use std::sync::Arc;

use domain::{DatastreamId, DeviceId, SensorId, Timestamp};

use super::{Datasheet, PeriodError, Sensor, SensorTextError};
use crate::device::Patch;
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// The changes; what is absent stays.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SensorPatch {
    pub name: Option<String>,
    pub maker: Option<String>,
    pub model: Option<String>,
    pub serial: Option<String>,
    pub note: Option<String>,
    pub datasheet: Patch<Datasheet>,
    /// All that it measured, from its installation on.
    pub datastreams: Option<Vec<DatastreamId>>,
    pub installed: Option<Timestamp>,
    pub removed: Patch<Timestamp>,
}

/// Why a sensor was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PatchSensorError {
    #[error("device {device} has no sensor {sensor}")]
    Unknown { device: DeviceId, sensor: SensorId },
    #[error(transparent)]
    Text(#[from] SensorTextError),
    #[error(transparent)]
    Period(#[from] PeriodError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for PatchSensorError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-sensor",
            Self::Text(_) => "invalid-sensor",
            Self::Period(error) => error.code(),
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown { .. } => ErrorClass::NotFound,
            Self::Text(_) => ErrorClass::Invalid,
            Self::Period(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    pub fn patch_sensor(
        &self,
        actor: &Actor,
        device: &DeviceId,
        id: SensorId,
        patch: SensorPatch,
    ) -> Result<Sensor, PatchSensorError> {
        let _sensors = self.sensors.lock();
        let own = self.sensors_of_device(device)?;
        let before = own.into_iter().find(|sensor| sensor.id == id);
        let before = before.ok_or_else(|| PatchSensorError::Unknown {
            device: device.clone(),
            sensor: id,
        })?;
        let mut after = before.clone();
        let said = &mut after.description;
        for (text, new) in [
            (&mut said.name, patch.name),
            (&mut said.maker, patch.maker),
            (&mut said.model, patch.model),
            (&mut said.serial, patch.serial),
            (&mut said.note, patch.note),
        ] {
            if let Some(new) = new {
                *text = new;
            }
        }
        said.datasheet = patch.datasheet.over(said.datasheet.take());
        said.check()?;
        after.installed = patch.installed.unwrap_or(before.installed);
        after.removed = patch.removed.over(before.removed);
        let snapshot = self.snapshot();
        if let Some(datastreams) = patch.datastreams {
            after.datastreams = snapshot.measured_by(device, datastreams)?;
        }
        let touched = [&before.datastreams[..], &after.datastreams[..]].concat();
        let others = self.sensors_of_datastreams(&touched)?;
        self.change(actor, |change| {
            change.draft.check_period(&after, &others, &[])?;
            if before == after {
                change.discard();
                return Ok(after);
            }
            let measured = |id: &DatastreamId| {
                let mut others = others.iter().filter(|other| **other != before);
                others.any(|other| other.datastreams.contains(id))
            };
            let left = before.datastreams.iter().filter(|id| !measured(id));
            change.draft.forget_measured(left);
            change.draft.note_measured(&after.datastreams);
            change.write(RowChange::ChangeSensor {
                before: Arc::new(before),
                after: Arc::new(after.clone()),
            });
            Ok(after)
        })
    }
}
