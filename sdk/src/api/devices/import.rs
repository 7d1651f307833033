//! `POST /v1/devices/import`: many devices in one request.

use std::io::{BufRead as _, BufReader};

use serde::Deserialize;

use super::NewDevice;
use crate::api::client::{ApiClient, Call, Query, unreadable};
use crate::api::error::ApiError;

const PATH: &str = "/v1/devices/import";
const NDJSON: &str = "application/x-ndjson";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportMode {
    /// All or none.
    Apply,
    /// Tells the faults, changes nothing.
    DryRun,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct ImportReport {
    /// `utf-8` or `cp949`: what the file was written in.
    #[serde(default)]
    pub encoding: String,
    pub rows: u64,
    pub created: u64,
    #[serde(default)]
    pub updated: u64,
    #[serde(default)]
    pub unchanged: u64,
    /// Rows that cannot be registered.
    #[serde(default)]
    pub faults: u64,
    /// The first 1,000 of them; none where each was told on its own.
    pub errors: Vec<ImportFault>,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct ImportFault {
    pub line: u64,
    #[serde(default)]
    pub column: Option<String>,
    pub code: String,
    pub message: String,
    #[serde(default)]
    pub cure: String,
}

/// A file of devices, as it lies on the disk.
#[derive(Clone, Copy, Debug)]
pub struct ImportFile<'a> {
    pub content: &'a [u8],
    pub form: ImportForm<'a>,
    pub mode: ImportMode,
    /// Rows without a fault come in, whatever is with the others.
    pub good_rows: bool,
    /// A row whose device stands changes it.
    pub upsert: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportForm<'a> {
    /// One JSON object a line.
    Lines,
    /// CSV; without a charset the platform finds out.
    Table { charset: Option<&'a str> },
}

/// How far an import has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImportStep {
    Read(u64),
    Checked(u64),
    Registered(u64),
    Fault(ImportFault),
}

/// One line of the answer.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Progress(Progress),
    Error(ImportFault),
    Report(ImportReport),
    Problem { code: String, detail: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Progress {
    Read(u64),
    Checked(u64),
    Registered(u64),
}

impl ApiClient {
    /// Sends all in one request, one JSON object a line; the platform takes at
    /// most 64 MiB.
    pub fn import_devices<'a>(
        &self,
        devices: impl IntoIterator<Item = &'a NewDevice>,
        mode: ImportMode,
    ) -> Result<ImportReport, ApiError> {
        let path = match mode {
            ImportMode::Apply => "/v1/devices/import?dry_run=false",
            ImportMode::DryRun => "/v1/devices/import?dry_run=true",
        };
        let mut lines = Vec::new();
        for device in devices {
            serde_json::to_writer(&mut lines, device)
                .map_err(|cause| unreadable("POST", path, cause))?;
            lines.push(b'\n');
        }
        self.json(&Call {
            method: "POST",
            path,
            body: Some((NDJSON, &lines)),
            headers: &[],
        })
    }

    /// Sends a file and tells each step and each fault as it comes.
    pub fn import_file(
        &self,
        file: &ImportFile<'_>,
        mut watch: impl FnMut(ImportStep),
    ) -> Result<ImportReport, ApiError> {
        let mut query = Query::new(PATH);
        query
            .add("dry_run", Some(file.mode == ImportMode::DryRun))
            .add("mode", file.good_rows.then_some("good"))
            .add("upsert", Some(file.upsert));
        let path = query.finish();
        let kind = match file.form {
            ImportForm::Lines => NDJSON.to_owned(),
            ImportForm::Table { charset: None } => "text/csv".to_owned(),
            ImportForm::Table {
                charset: Some(charset),
            } => format!("text/csv; charset={charset}"),
        };
        let response = self.send(&Call {
            method: "POST",
            path: &path,
            body: Some((&kind, file.content)),
            headers: &[("accept", NDJSON)],
        })?;
        let body = response.into_body().into_with_config().limit(u64::MAX);
        let url = self.address(&path);
        for line in BufReader::new(body.reader()).lines() {
            let line = line.map_err(|cause| ApiError::Stream {
                url: url.clone(),
                cause,
            })?;
            let line =
                serde_json::from_str(&line).map_err(|cause| unreadable("POST", &url, cause))?;
            watch(match line {
                Line::Progress(Progress::Read(rows)) => ImportStep::Read(rows),
                Line::Progress(Progress::Checked(rows)) => ImportStep::Checked(rows),
                Line::Progress(Progress::Registered(rows)) => ImportStep::Registered(rows),
                Line::Error(fault) => ImportStep::Fault(fault),
                Line::Report(report) => return Ok(report),
                Line::Problem { code, detail } => {
                    return Err(ApiError::BrokenOff { url, code, detail });
                }
            });
        }
        Err(ApiError::BrokenOff {
            url,
            code: "connection-lost".to_owned(),
            detail: "the answer ended before the import did; send the file again with upsert"
                .to_owned(),
        })
    }
}
