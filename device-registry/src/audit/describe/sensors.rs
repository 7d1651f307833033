//! Sensors, for an auditor: with the device that they are part of.

use domain::{DeviceId, SensorId};

use super::Description;
use crate::audit::action::Action;
use crate::audit::fields::{Fields, Value};
use crate::sensor::{Calibration, Sensor};

impl<'a> Description<'a> {
    pub(super) fn add_sensor(&mut self, sensor: &'a Sensor) {
        let object = self.device(&sensor.device, Action::AddSensor);
        let mut fields = Fields::default();
        for (name, value) in sensor_fields(sensor) {
            if value != Value::Null {
                fields.set(name, value);
            }
        }
        object.after.set(sensor_name(sensor.id), fields);
    }

    pub(super) fn change_sensor(&mut self, before: &Sensor, after: &'a Sensor) {
        let object = self.device(&after.device, Action::PatchSensor);
        for ((name, before), (_, new)) in
            sensor_fields(before).into_iter().zip(sensor_fields(after))
        {
            object.changed(format!("{}.{name}", sensor_name(after.id)), before, new);
        }
    }

    pub(super) fn put_calibration(
        &mut self,
        device: &'a DeviceId,
        sensor: SensorId,
        before: Option<&Calibration>,
        calibration: &Calibration,
    ) {
        let object = self.device(device, Action::CalibrateSensor);
        let name = format!("{}.calibration.{}", sensor_name(sensor), calibration.at);
        if let Some(before) = before {
            object
                .before
                .keep(name.clone().into(), calibration_fields(before).into());
        }
        object.after.set(name, calibration_fields(calibration));
    }
}

/// By its number, which is given once.
fn sensor_name(id: SensorId) -> String {
    format!("sensor.{id}")
}

/// Without a value where nobody knows it.
fn sensor_fields(sensor: &Sensor) -> [(&'static str, Value); 10] {
    let said = &sensor.description;
    let datasheet = said.datasheet.as_ref();
    let numbers = sensor.datastreams.iter();
    let numbers = numbers.map(|id| Value::Number(id.get().into())).collect();
    [
        ("name", known(&said.name)),
        ("maker", known(&said.maker)),
        ("model", known(&said.model)),
        ("serial", known(&said.serial)),
        ("note", known(&said.note)),
        ("datasheet", datasheet.map(|it| it.url.as_str()).into()),
        (
            "datasheet_type",
            datasheet.map(|it| it.media_type.as_str()).into(),
        ),
        ("datastreams", Value::List(numbers)),
        ("installed_at", sensor.installed.into()),
        ("removed_at", sensor.removed.into()),
    ]
}

fn calibration_fields(calibration: &Calibration) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in [
        ("by", known(&calibration.by)),
        ("certificate", known(&calibration.certificate)),
        ("valid_until", calibration.valid_until.into()),
        ("result", known(&calibration.result)),
        ("note", known(&calibration.note)),
    ] {
        if value != Value::Null {
            fields.set(name, value);
        }
    }
    fields
}

fn known(text: &str) -> Value {
    Some(text).filter(|text| !text.is_empty()).into()
}
