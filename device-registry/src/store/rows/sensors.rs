//! How sensors and their calibrations are written.

use domain::{DeviceId, SensorId};
use rusqlite::{Connection, params};

use super::{execute, micros};
use crate::sensor::{Calibration, Sensor};
use crate::store::StoreError;

/// A new one, or in the place of what it was.
pub(super) fn put(connection: &Connection, sensor: &Sensor) -> Result<(), StoreError> {
    let said = &sensor.description;
    let datasheet = said.datasheet.as_ref();
    execute(
        connection,
        "write a sensor",
        "INSERT INTO sensor (device, id, name, maker, model, serial, note, datasheet,
             datasheet_type, installed, removed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (device, id) DO UPDATE SET name = excluded.name, maker = excluded.maker,
             model = excluded.model, serial = excluded.serial, note = excluded.note,
             datasheet = excluded.datasheet, datasheet_type = excluded.datasheet_type,
             installed = excluded.installed, removed = excluded.removed",
        params![
            sensor.device.as_str(),
            sensor.id.get(),
            said.name,
            said.maker,
            said.model,
            said.serial,
            said.note,
            datasheet.map(|it| it.url.as_str()),
            datasheet.map(|it| it.media_type.as_str()),
            sensor.installed.as_micros(),
            micros(sensor.removed)
        ],
    )?;
    execute(
        connection,
        "forget what a sensor measured",
        "DELETE FROM sensor_datastream WHERE device = ?1 AND sensor = ?2",
        params![sensor.device.as_str(), sensor.id.get()],
    )?;
    insert_datastreams(connection, sensor)
}

fn insert_datastreams(connection: &Connection, sensor: &Sensor) -> Result<(), StoreError> {
    for datastream in &sensor.datastreams {
        execute(
            connection,
            "tell what a sensor measures",
            "INSERT INTO sensor_datastream (datastream, device, sensor) VALUES (?1, ?2, ?3)",
            params![datastream.get(), sensor.device.as_str(), sensor.id.get()],
        )?;
    }
    Ok(())
}

/// In the place of one of the same time.
pub(super) fn put_calibration(
    connection: &Connection,
    device: &DeviceId,
    sensor: SensorId,
    calibration: &Calibration,
) -> Result<(), StoreError> {
    execute(
        connection,
        "record a calibration",
        "INSERT OR REPLACE INTO calibration (device, sensor, time, calibrated_by, certificate,
             valid_until, result, note)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            device.as_str(),
            sensor.get(),
            calibration.at.as_micros(),
            calibration.by,
            calibration.certificate,
            micros(calibration.valid_until),
            calibration.result,
            calibration.note
        ],
    )
}
