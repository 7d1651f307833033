//! What of a day can be exported, on its way out.

use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

/// A file of a day.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Export, example = json!({
    "date": "2026-05-01", "domain": "traffic", "agency": "seoul", "format": "parquet",
    "datastreams": 120, "licences": ["KOGL-1"],
    "url": "https://madang.example.kr/v1/export/2026-05-01/traffic/seoul.parquet"
}))]
pub(crate) struct ExportView {
    /// A day in UTC.
    pub(crate) date: String,
    pub(crate) domain: String,
    pub(crate) agency: String,
    /// `csv` or `parquet`.
    pub(crate) format: &'static str,
    /// Those with observations on that day.
    pub(crate) datastreams: usize,
    /// KOGL-1 to KOGL-4, or SPDX identifiers.
    pub(crate) licences: Vec<String>,
    pub(crate) url: String,
}

impl Row for ExportView {
    const COLUMNS: &'static [&'static str] = &[
        "date",
        "domain",
        "agency",
        "format",
        "datastreams",
        "licences",
        "url",
    ];
}
