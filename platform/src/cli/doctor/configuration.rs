//! A configuration file, read as `serve` reads it.

use std::path::Path;

use domain::Timestamp;

use super::certificate;
use super::report::Report;
use crate::config::{ConfigError, ServeArgs, Settings};

pub(super) fn check(path: &Path, now: Timestamp, report: &mut Report) {
    let args = |data: Option<&str>| ServeArgs {
        config: Some(path.to_owned()),
        data: data.map(Into::into),
        ..ServeArgs::default()
    };
    let settings = match Settings::from_args(args(None)) {
        // The folder may be given elsewhere: what else is wrong?
        Err(ConfigError::NoData) => Settings::from_args(args(Some("."))),
        other => other,
    };
    match settings {
        Ok(settings) => {
            report.looked_at(format!("{}: a configuration", path.display()));
            if let Some(files) = settings.tls.as_ref().map(|tls| tls.files()) {
                certificate::check(&files.certificate, &files.key, now, report);
            }
        }
        Err(error) => report.find(
            path,
            error.to_string(),
            "correct the file: madang serve would not start",
        ),
    }
}
