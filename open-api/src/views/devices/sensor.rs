//! A Sensor on its way out.

use device_registry::{Calibration, Sensor};
use domain::{DatastreamId, Timestamp};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// What measures one or several datastreams of a device.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Sensor, example = json!({
    "id": 2, "device": "dev-1", "name": "PM sensor", "maker": "Sensirion", "model": "SPS30",
    "serial": "0A2B33", "note": null, "datasheet": "https://sensor.example/sps30.pdf",
    "datasheet_type": "application/pdf", "datastreams": [5, 6],
    "installed_at": "2026-05-01T00:00:00Z", "removed_at": null,
    "calibration": {"at": "2026-04-20T00:00:00Z", "by": "KTL", "certificate": "26-0042",
        "valid_until": "2027-04-20T00:00:00Z", "expired": false, "result": "gain 1.02", "note": null}
}))]
pub(crate) struct SensorView {
    /// Among those of its device; never used again.
    id: u32,
    device: String,
    name: String,
    maker: Option<String>,
    /// The maker's designation.
    model: Option<String>,
    /// For who reads its agency's devices.
    serial: Option<String>,
    /// For who reads its agency's devices.
    note: Option<String>,
    /// Where it is described.
    datasheet: Option<String>,
    /// The datasheet's media type.
    datasheet_type: Option<String>,
    /// The numbers of those that it measures, as far as the caller may read them.
    datastreams: Vec<u32>,
    #[schema(value_type = String, format = DateTime)]
    installed_at: Rfc3339,
    /// When it measured last: it was taken away, or its device went out of
    /// service. Null: it measures now.
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Rfc3339>,
    /// The newest one of its time.
    calibration: Option<CalibrationView>,
    /// All, the oldest first; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    calibrations: Option<Vec<CalibrationView>>,
}

/// What was found when a sensor was calibrated.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Calibration)]
pub(crate) struct CalibrationView {
    #[schema(value_type = String, format = DateTime)]
    at: Rfc3339,
    /// The person or the laboratory; for who reads the agency's devices, as all
    /// that follows but for `valid_until` and `expired`.
    by: Option<String>,
    /// Its number.
    certificate: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Rfc3339>,
    /// Whether it has run out, or had at the time that was asked about.
    expired: bool,
    /// Coefficients or deviations, in the words of whoever calibrated.
    result: Option<String>,
    note: Option<String>,
}

impl SensorView {
    /// The sensor, which measured until `end`, as it was at `at`.
    pub(crate) fn at(sensor: &Sensor, end: Option<Timestamp>, at: Timestamp) -> Self {
        let said = &sensor.description;
        let datasheet = said.datasheet.as_ref();
        let at = end.map_or(at, |end| at.min(end));
        let calibration = sensor.calibration_at(at);
        Self {
            id: sensor.id.get(),
            device: sensor.device.to_string(),
            name: said.name.clone(),
            maker: known(&said.maker),
            model: known(&said.model),
            serial: known(&said.serial),
            note: known(&said.note),
            datasheet: datasheet.map(|it| it.url.clone()),
            datasheet_type: datasheet.map(|it| it.media_type.clone()),
            datastreams: sensor.datastreams.iter().map(|id| id.get()).collect(),
            installed_at: Rfc3339(sensor.installed),
            removed_at: end.map(Rfc3339),
            calibration: calibration.map(|one| CalibrationView::at(one, at)),
            calibrations: None,
        }
    }

    /// With all of its calibrations.
    pub(crate) fn whole(sensor: &Sensor, end: Option<Timestamp>, now: Timestamp) -> Self {
        let all = sensor.calibrations.iter();
        Self {
            calibrations: Some(all.map(|one| CalibrationView::at(one, now)).collect()),
            ..Self::at(sensor, end, now)
        }
    }

    /// What everybody may know of it who reads one of the datastreams that it
    /// measures; of the others nothing but those that `reads` lets pass.
    pub(crate) fn for_others(mut self, reads: impl Fn(DatastreamId) -> bool) -> Self {
        self.datastreams
            .retain(|number| reads(DatastreamId::new(*number)));
        Self {
            serial: None,
            note: None,
            calibration: self.calibration.map(CalibrationView::for_others),
            calibrations: None,
            ..self
        }
    }
}

impl CalibrationView {
    pub(crate) fn at(calibration: &Calibration, at: Timestamp) -> Self {
        Self {
            at: Rfc3339(calibration.at),
            by: known(&calibration.by),
            certificate: known(&calibration.certificate),
            valid_until: calibration.valid_until.map(Rfc3339),
            expired: calibration.has_run_out(at),
            result: known(&calibration.result),
            note: known(&calibration.note),
        }
    }

    fn for_others(self) -> Self {
        Self {
            by: None,
            certificate: None,
            result: None,
            note: None,
            ..self
        }
    }
}

fn known(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl Row for SensorView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "device",
        "name",
        "maker",
        "model",
        "serial",
        "note",
        "datasheet",
        "datasheet_type",
        "datastreams",
        "installed_at",
        "removed_at",
        "calibration.at",
        "calibration.by",
        "calibration.certificate",
        "calibration.valid_until",
        "calibration.expired",
        "calibration.result",
        "calibration.note",
    ];
}
