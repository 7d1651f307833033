//! A sensor is put into a device, in the place of the one that was there.

use std::sync::Arc;

use domain::{DatastreamId, DeviceId, SensorId, Timestamp};

use super::{MAX_SENSORS_OF_DEVICE, PeriodError, Sensor, SensorDescription, SensorTextError};
use crate::device::Device;
use crate::registry::{Actor, Change, ErrorClass, OperationError, Registry, RowChange};
use crate::store::StoreError;

/// What a sensor is made from.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NewSensor {
    pub description: SensorDescription,
    /// What it measures, of its device.
    pub datastreams: Vec<DatastreamId>,
    /// `None`: now.
    pub installed: Option<Timestamp>,
    pub removed: Option<Timestamp>,
}

/// Why a sensor was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddSensorError {
    #[error("no device {0}")]
    UnknownDevice(DeviceId),
    #[error(
        "device {0} has had {MAX_SENSORS_OF_DEVICE} sensors; register a new device on its thing (POST /v1/devices/{0}/replace)"
    )]
    Full(DeviceId),
    #[error(transparent)]
    Text(#[from] SensorTextError),
    #[error(transparent)]
    Period(#[from] PeriodError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OperationError for AddSensorError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownDevice(_) => "unknown-device",
            Self::Full(_) => "too-many-sensors",
            Self::Text(_) => "invalid-sensor",
            Self::Period(error) => error.code(),
            Self::Store(_) => "registry-fault",
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownDevice(_) => ErrorClass::NotFound,
            Self::Full(_) => ErrorClass::Conflict,
            Self::Text(_) => ErrorClass::Invalid,
            Self::Period(error) => error.class(),
            Self::Store(_) => ErrorClass::Fault,
        }
    }
}

impl PeriodError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::EndsBefore => "invalid-period",
            Self::Full(_) => "too-many-sensors",
            Self::NoDatastream | Self::NotItsDatastream { .. } => "unknown-datastream",
            Self::Measured { .. } | Self::MeasuresMore { .. } => "datastream-measured",
        }
    }

    pub(super) fn class(&self) -> ErrorClass {
        match self {
            Self::EndsBefore | Self::NoDatastream | Self::NotItsDatastream { .. } => {
                ErrorClass::Invalid
            }
            Self::Full(_) | Self::Measured { .. } | Self::MeasuresMore { .. } => {
                ErrorClass::Conflict
            }
        }
    }
}

/// A sensor that measures all datastreams of a device from now on, of which none was
/// measured by any. It has the name of the device's model. `former` are those that
/// the device had for datastreams that are another's now.
pub(crate) fn put_only_sensor(
    change: &mut Change,
    device: &Device,
    serial: String,
    former: &[Sensor],
) {
    // A rehearsal makes no datastreams, and keeps no sensor.
    if change.is_rehearsal() {
        return;
    }
    let mut datastreams: Vec<_> = device.datastreams.iter().map(|one| one.id).collect();
    datastreams.sort_unstable();
    change.draft.note_measured(&datastreams);
    change.write(RowChange::AddSensor(Arc::new(Sensor {
        device: device.id.clone(),
        id: next_number(former),
        description: SensorDescription {
            name: device.model.title_en.clone(),
            serial,
            ..SensorDescription::default()
        },
        datastreams,
        installed: change.now,
        removed: None,
        calibrations: Vec::new(),
    })));
}

/// After those of the device, which are in their order.
fn next_number(own: &[Sensor]) -> SensorId {
    SensorId::new(own.last().map_or(1, |last| last.id.get() + 1))
}

impl Registry {
    /// From its installation on it measures the datastreams; a sensor that stands
    /// and measures nothing else ends there.
    pub fn add_sensor(
        &self,
        actor: &Actor,
        device: &DeviceId,
        new: NewSensor,
    ) -> Result<Sensor, AddSensorError> {
        new.description.check()?;
        let _sensors = self.sensors.lock();
        let own = self.sensors_of_device(device)?;
        let others = self.sensors_of_datastreams(&new.datastreams)?;
        self.change(actor, |change| {
            let draft = &change.draft;
            let Some(standing) = draft.device(device.as_str()) else {
                return Err(AddSensorError::UnknownDevice(device.clone()));
            };
            if own.len() >= MAX_SENSORS_OF_DEVICE {
                return Err(AddSensorError::Full(device.clone()));
            }
            let sensor = Sensor {
                device: standing.id.clone(),
                id: next_number(&own),
                description: new.description,
                datastreams: draft.measured_by(device, new.datastreams)?,
                installed: new.installed.unwrap_or(change.now),
                removed: new.removed,
                calibrations: Vec::new(),
            };
            let ended = draft.give_way(&sensor, &others)?;
            let gone: Vec<&Sensor> = ended.iter().map(|(before, _)| before).collect();
            draft.check_period(&sensor, &others, &gone)?;
            change.write_all(
                ended
                    .into_iter()
                    .map(|(before, after)| RowChange::ChangeSensor {
                        before: Arc::new(before),
                        after: Arc::new(after),
                    }),
            );
            change.draft.note_measured(&sensor.datastreams);
            change.write(RowChange::AddSensor(Arc::new(sensor.clone())));
            Ok(sensor)
        })
    }
}
