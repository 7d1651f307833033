//! Rows of sensors and of what they observe.

use std::sync::Arc;

use domain::{SensorId, Timestamp};

use crate::registry::RowChange;
use crate::sensor::{Calibration, Sensor, SensorDescription};
use crate::snapshot::Snapshot;

/// Rows of features.
pub(super) fn samples_of_features(standing: &Snapshot) -> Vec<RowChange> {
    let feature = standing.features().next().unwrap();
    vec![
        RowChange::PutFeature(Arc::clone(feature)),
        RowChange::RemoveFeature(feature.id.clone()),
    ]
}

/// Rows of a device's sensors.
pub(super) fn samples_of_sensors(standing: &Snapshot) -> Vec<RowChange> {
    let device = standing.device("lot-1").unwrap();
    let at = Timestamp::from_micros(2_000);
    let before = Arc::new(Sensor {
        device: device.id.clone(),
        id: SensorId::new(1),
        description: SensorDescription::default(),
        datastreams: device.datastreams.numbers().take(1).collect(),
        installed: at,
        removed: None,
        calibrations: Vec::new(),
    });
    let mut after = Sensor::clone(&before);
    after.removed = Some(Timestamp::from_micros(3_000));
    vec![
        RowChange::AddSensor(Arc::clone(&before)),
        RowChange::ChangeSensor {
            before,
            after: Arc::new(after),
        },
        RowChange::PutCalibration {
            device: device.id.clone(),
            sensor: SensorId::new(1),
            before: None,
            calibration: Arc::new(Calibration {
                at,
                by: "KTL".to_owned(),
                certificate: String::new(),
                valid_until: None,
                result: String::new(),
                note: String::new(),
            }),
        },
    ]
}
