//! One sensor at a time measures a datastream.

use domain::{DatastreamId, DeviceId, SensorId, Timestamp};

use super::{MAX_SENSORS_OF_DATASTREAM, Sensor};
use crate::snapshot::Snapshot;

/// Why a sensor cannot measure these datastreams in that time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("`removed_at` is not after `installed_at`")]
    EndsBefore,
    #[error("a sensor measures at least one datastream of its device")]
    NoDatastream,
    #[error("device {device} has no datastream {datastream}; GET /v1/devices/{device} lists them")]
    NotItsDatastream {
        device: DeviceId,
        datastream: DatastreamId,
    },
    #[error(
        "datastream {0} has had {MAX_SENSORS_OF_DATASTREAM} sensors; correct one of them (PATCH) rather than add another"
    )]
    Full(DatastreamId),
    #[error(
        "sensor {sensor} of device {device} measures datastream {datastream} in that time; let the one end (`removed_at`) before the other begins (`installed_at`)"
    )]
    Measured {
        datastream: DatastreamId,
        device: DeviceId,
        sensor: SensorId,
    },
    #[error(
        "sensor {sensor} of device {device} measures datastream {datastream} too, which the new one does not; name it as well, or take sensor {sensor} away first (PATCH with `removed_at`)"
    )]
    MeasuresMore {
        datastream: DatastreamId,
        device: DeviceId,
        sensor: SensorId,
    },
}

impl Snapshot {
    /// When the sensor measured last: it was removed, or its device went out of
    /// service. `None`: it measures now.
    pub fn sensor_end(&self, sensor: &Sensor) -> Option<Timestamp> {
        let device = self.device(sensor.device.as_str());
        let decommissioned = device.and_then(|device| device.decommissioned);
        // One that was entered after its device had gone was there before.
        let decommissioned = decommissioned.filter(|end| *end > sensor.installed);
        [sensor.removed, decommissioned].into_iter().flatten().min()
    }

    /// The device's own of these, in order, each once.
    pub(super) fn measured_by(
        &self,
        device: &DeviceId,
        mut datastreams: Vec<DatastreamId>,
    ) -> Result<Vec<DatastreamId>, PeriodError> {
        datastreams.sort_unstable();
        datastreams.dedup();
        let standing = self.device(device.as_str());
        let is_its = |id: DatastreamId| {
            let mut all = standing
                .iter()
                .flat_map(|device| device.datastreams.numbers());
            all.any(|number| number == id)
        };
        if datastreams.is_empty() {
            return Err(PeriodError::NoDatastream);
        }
        match datastreams.iter().find(|id| !is_its(**id)) {
            Some(foreign) => Err(PeriodError::NotItsDatastream {
                device: device.clone(),
                datastream: *foreign,
            }),
            None => Ok(datastreams),
        }
    }

    /// Whether nothing else measures what `sensor` does in its time. `others` are
    /// all that measured one of its datastreams at any time; those that have just
    /// `ended` gave way.
    pub(super) fn check_period(
        &self,
        sensor: &Sensor,
        others: &[Sensor],
        ended: &[&Sensor],
    ) -> Result<(), PeriodError> {
        let end = sensor.removed.unwrap_or(Timestamp::MAX);
        if end <= sensor.installed {
            return Err(PeriodError::EndsBefore);
        }
        for id in &sensor.datastreams {
            let measured = |other: &&Sensor| other.datastreams.contains(id) && !other.is(sensor);
            if others.iter().filter(measured).count() >= MAX_SENSORS_OF_DATASTREAM {
                return Err(PeriodError::Full(*id));
            }
        }
        let rest = others.iter().filter(|other| !ended.contains(other));
        for other in rest {
            if let Some(datastream) = self.clash(sensor, other) {
                return Err(PeriodError::Measured {
                    datastream,
                    device: other.device.clone(),
                    sensor: other.id,
                });
            }
        }
        Ok(())
    }

    /// The sensors that `new` takes the place of, each with its end: it was put in
    /// while they were there.
    pub(super) fn give_way(
        &self,
        new: &Sensor,
        others: &[Sensor],
    ) -> Result<Vec<(Sensor, Sensor)>, PeriodError> {
        let mut ended = Vec::new();
        for other in others {
            let stands = self.sensor_end(other).is_none() && other.installed < new.installed;
            if new.removed.is_some() || !stands || self.clash(new, other).is_none() {
                continue;
            }
            let mut measured = other.datastreams.iter();
            if let Some(more) = measured.find(|id| !new.datastreams.contains(id)) {
                return Err(PeriodError::MeasuresMore {
                    datastream: *more,
                    device: other.device.clone(),
                    sensor: other.id,
                });
            }
            let after = Sensor {
                removed: Some(new.installed),
                ..other.clone()
            };
            ended.push((other.clone(), after));
        }
        Ok(ended)
    }

    /// A datastream that both measure at one time.
    fn clash(&self, one: &Sensor, other: &Sensor) -> Option<DatastreamId> {
        if one.is(other) {
            return None;
        }
        let end = |sensor| self.sensor_end(sensor).unwrap_or(Timestamp::MAX);
        if one.installed >= end(other) || other.installed >= end(one) {
            return None;
        }
        let mut measured = one.datastreams.iter();
        measured.find(|id| other.datastreams.contains(id)).copied()
    }
}
