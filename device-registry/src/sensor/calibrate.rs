//! A calibration is recorded.

use std::sync::Arc;

use domain::{DeviceId, SensorId};

use super::{Calibration, CalibrationError, MAX_CALIBRATIONS, Sensor};
use crate::registry::{Actor, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// Why a calibration was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateSensorError {
    #[error("device {device} has no sensor {sensor}")]
    Unknown { device: DeviceId, sensor: SensorId },
    #[error(
        "sensor {0} has {MAX_CALIBRATIONS} calibrations; enter it as a new sensor, with the end of this one as its beginning"
    )]
    Full(SensorId),
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for CalibrateSensorError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-sensor",
            Self::Full(_) => "too-many-calibrations",
            Self::Calibration(_) => "invalid-calibration",
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown { .. } => ErrorClass::NotFound,
            Self::Full(_) => ErrorClass::Conflict,
            Self::Calibration(_) => ErrorClass::Invalid,
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl Registry {
    /// Records a calibration, in the place of one of the same time: so a mistake is
    /// corrected. Answers with the sensor after it.
    pub fn calibrate_sensor(
        &self,
        actor: &Actor,
        device: &DeviceId,
        id: SensorId,
        calibration: Calibration,
    ) -> Result<Sensor, CalibrateSensorError> {
        calibration.check()?;
        let _sensors = self.sensors.lock();
        let own = self.sensors_of_device(device)?;
        let sensor = own.into_iter().find(|sensor| sensor.id == id);
        let mut sensor = sensor.ok_or_else(|| CalibrateSensorError::Unknown {
            device: device.clone(),
            sensor: id,
        })?;
        let place = sensor
            .calibrations
            .binary_search_by_key(&calibration.at, |one| one.at);
        let before = match place {
            Ok(at) => Some(std::mem::replace(
                &mut sensor.calibrations[at],
                calibration.clone(),
            )),
            Err(_) if sensor.calibrations.len() >= MAX_CALIBRATIONS => {
                return Err(CalibrateSensorError::Full(id));
            }
            Err(at) => {
                sensor.calibrations.insert(at, calibration.clone());
                None
            }
        };
        self.change(actor, |change| {
            if before.as_ref() == Some(&calibration) {
                change.discard();
            }
            change.write(RowChange::PutCalibration {
                device: sensor.device.clone(),
                sensor: id,
                before: before.map(Arc::new),
                calibration: Arc::new(calibration),
            });
            Ok(sensor)
        })
    }
}
