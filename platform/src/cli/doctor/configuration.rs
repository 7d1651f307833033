//! A configuration file, read as `serve` reads it.

use std::path::Path;

use domain::Timestamp;

use super::certificate;
use super::report::Report;
use crate::config::{AdminToken, ConfigError, Given};

pub(super) fn check(path: &Path, now: Timestamp, report: &mut Report) {
    let given = Given::default().with("config", path);
    let settings = match given.clone().settings() {
        // The folder may be given elsewhere: what else is wrong?
        Err(ConfigError::NoData) => given.with("data", ".").settings(),
        other => other,
    };
    match settings {
        Ok(settings) => {
            report.looked_at(format!("{}: a configuration", path.display()));
            report.note(match settings.login.admin_token {
                AdminToken::On => "admin.token opens the platform (--admin-token on)",
                AdminToken::Off => "admin.token opens nothing (--admin-token off)",
            });
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
