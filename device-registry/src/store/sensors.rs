//! Sensors and their calibrations, as they are read where somebody asks for them:
//! unlike all else they are not in the snapshot.

use domain::{DatastreamId, DeviceId, SensorId, Timestamp};
use rusqlite::{Connection, Params, Row, params};

use super::StoreError;
use crate::device::{DAY_MICROS, TOLD_DAYS_BEFORE};
use crate::sensor::{Calibration, Datasheet, Sensor, SensorDescription};

/// Ends of calibrations that are read before changes get their turn.
const PAGE: u32 = 1_000;

/// A calibration that runs out.
#[derive(Clone, Debug)]
pub(crate) struct EndingCalibration {
    pub(crate) device: DeviceId,
    pub(crate) sensor: SensorId,
    /// The sensor's.
    pub(crate) name: String,
    pub(crate) until: Timestamp,
}

/// In order of number.
pub(super) fn of_device(
    connection: &Connection,
    device: &DeviceId,
) -> Result<Vec<Sensor>, StoreError> {
    let sql = "SELECT * FROM sensor WHERE device = ?1 ORDER BY id";
    sensors(connection, sql, [device.as_str()])
}

/// In order of installation.
pub(super) fn of_datastream(
    connection: &Connection,
    datastream: DatastreamId,
) -> Result<Vec<Sensor>, StoreError> {
    let sql = "SELECT sensor.* FROM sensor_datastream AS of
               JOIN sensor ON sensor.device = of.device AND sensor.id = of.sensor
               WHERE of.datastream = ?1 ORDER BY sensor.installed, sensor.device, sensor.id";
    sensors(connection, sql, [datastream.get()])
}

/// The newest calibrations of sensors in use that run out after `now` and before
/// the first day on which that is told, a page of those that follow `after`, in
/// order of end.
pub(super) fn ending(
    connection: &Connection,
    now: Timestamp,
    after: Option<&EndingCalibration>,
) -> Result<Vec<EndingCalibration>, StoreError> {
    let days = TOLD_DAYS_BEFORE.into_iter().max().map_or(0, i64::from);
    let sql = "SELECT c.device, c.sensor, s.name, c.valid_until FROM calibration AS c
               JOIN sensor AS s ON s.device = c.device AND s.id = c.sensor
               WHERE (c.valid_until, c.device, c.sensor) > (?1, ?2, ?3) AND c.valid_until <= ?4
                 AND (s.removed IS NULL OR s.removed > ?5)
                 AND NOT EXISTS (SELECT 1 FROM calibration AS next
                     WHERE next.device = c.device AND next.sensor = c.sensor AND next.time > c.time)
               ORDER BY c.valid_until, c.device, c.sensor LIMIT ?6";
    let (until, device, sensor) = after.map_or((now, "", SensorId::new(0)), |after| {
        (after.until, after.device.as_str(), after.sensor)
    });
    let params = params![
        until.as_micros(),
        device,
        sensor.get(),
        now.as_micros().saturating_add(days * DAY_MICROS),
        now.as_micros(),
        PAGE
    ];
    read(connection, sql, params, |row| {
        Ok(EndingCalibration {
            device: device_id(row)?,
            sensor: SensorId::new(row.get("sensor")?),
            name: row.get("name")?,
            until: time(row, "valid_until")?,
        })
    })
}

fn sensors(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<Sensor>, StoreError> {
    let mut sensors = read(connection, sql, params, sensor)?;
    for sensor in &mut sensors {
        let of_sensor = params![sensor.device.as_str(), sensor.id.get()];
        let sql = "SELECT datastream FROM sensor_datastream
                   WHERE device = ?1 AND sensor = ?2 ORDER BY datastream";
        sensor.datastreams = read(connection, sql, of_sensor, |row| {
            row.get("datastream").map(DatastreamId::new)
        })?;
        let sql = "SELECT * FROM calibration WHERE device = ?1 AND sensor = ?2 ORDER BY time";
        sensor.calibrations = read(connection, sql, of_sensor, calibration)?;
    }
    Ok(sensors)
}

fn read<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    each: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let read = || {
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, each)?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().map_err(StoreError::on("read sensors"))
}

/// Without what stands in the other tables.
fn sensor(row: &Row<'_>) -> rusqlite::Result<Sensor> {
    let datasheet: Option<String> = row.get("datasheet")?;
    let media_type: Option<String> = row.get("datasheet_type")?;
    let datasheet = datasheet.zip(media_type);
    Ok(Sensor {
        device: device_id(row)?,
        id: SensorId::new(row.get("id")?),
        description: SensorDescription {
            name: row.get("name")?,
            maker: row.get("maker")?,
            model: row.get("model")?,
            serial: row.get("serial")?,
            note: row.get("note")?,
            datasheet: datasheet.map(|(url, media_type)| Datasheet { url, media_type }),
        },
        datastreams: Vec::new(),
        installed: time(row, "installed")?,
        removed: optional_time(row, "removed")?,
        calibrations: Vec::new(),
    })
}

fn calibration(row: &Row<'_>) -> rusqlite::Result<Calibration> {
    Ok(Calibration {
        at: time(row, "time")?,
        by: row.get("calibrated_by")?,
        certificate: row.get("certificate")?,
        valid_until: optional_time(row, "valid_until")?,
        result: row.get("result")?,
        note: row.get("note")?,
    })
}

fn device_id(row: &Row<'_>) -> rusqlite::Result<DeviceId> {
    let text: String = row.get("device")?;
    DeviceId::new(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_micros)
}

fn optional_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}
