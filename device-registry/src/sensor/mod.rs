//! Sensors: which part of a device measures a datastream, from when to when, and
//! how it was calibrated.
//!
//! Of all this the snapshot has only which datastreams have a sensor; the rest is
//! read from the store where it is asked for, since it is needed seldom and grows
//! with each year.

mod add;
mod calibrate;
mod calibration;
mod description;
mod endings;
mod patch;
mod periods;
mod read;

use domain::{DatastreamId, DeviceId, SensorId, Timestamp};

pub(crate) use add::put_only_sensor;
pub use add::{AddSensorError, NewSensor};
pub use calibrate::CalibrateSensorError;
pub use calibration::{Calibration, CalibrationError, MAX_CALIBRATION_TEXT_BYTES};
pub use description::{Datasheet, MAX_URL_BYTES, SensorDescription, SensorTextError};
pub use endings::CalibrationsTold;
pub use patch::{PatchSensorError, SensorPatch};
pub use periods::PeriodError;

/// Sensors of one device, those that were removed among them.
pub const MAX_SENSORS_OF_DEVICE: usize = 100;
/// Sensors that measured one datastream, one after the other.
pub const MAX_SENSORS_OF_DATASTREAM: usize = 100;
/// Calibrations of one sensor.
pub const MAX_CALIBRATIONS: usize = 200;

/// What measures one or several datastreams of a device.
#[derive(Clone, PartialEq, Debug)]
pub struct Sensor {
    pub device: DeviceId,
    pub id: SensorId,
    pub description: SensorDescription,
    /// In order, each once; at least one.
    pub datastreams: Vec<DatastreamId>,
    pub installed: Timestamp,
    /// It measured until then; without an end it does so still, as long as its
    /// device is in service.
    pub removed: Option<Timestamp>,
    /// In order of time.
    pub calibrations: Vec<Calibration>,
}

impl Sensor {
    /// Whether it is that one, whatever is known of it.
    fn is(&self, other: &Self) -> bool {
        (&self.device, self.id) == (&other.device, other.id)
    }

    /// The calibration that was in force at `time`: the newest by then, whether it
    /// still held or not.
    pub fn calibration_at(&self, time: Timestamp) -> Option<&Calibration> {
        let after = self.calibrations.partition_point(|one| one.at <= time);
        self.calibrations.get(after.checked_sub(1)?)
    }
}
