//! A certificate chain and its key, read as `serve` reads them.

use std::path::Path;

use domain::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::report::Report;
use super::{der, secrets};
use crate::config::{ReloadingTls, TlsFiles};

/// So long before its end a certificate should be renewed.
const RENEW_DAYS: i64 = 21;
const MICROS_A_DAY: i64 = 86_400_000_000;

pub(super) fn check(certificate: &Path, key: &Path, now: Timestamp, report: &mut Report) {
    secrets::check_mode(key, report);
    let files = TlsFiles {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
    };
    if let Err(error) = ReloadingTls::load(files) {
        let cure = "give the certificate chain and the private key that belongs to its first certificate, both PEM";
        return report.find(certificate, error.to_string(), cure);
    }
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .unwrap_or_default();
    for (at, one) in chain.iter().enumerate() {
        let number = at + 1;
        match der::validity(one) {
            Some((from, to)) => {
                if let Some(what) = fault(from, to, now) {
                    let what = format!("certificate {number} of the chain {what}");
                    report.find(
                        certificate,
                        what,
                        "renew it; the platform reads the files again by itself",
                    );
                }
            }
            None => report.note(format!(
                "the dates of certificate {number} of {} cannot be read",
                certificate.display()
            )),
        }
    }
    report.looked_at(format!(
        "{}: a chain of {} certificates",
        certificate.display(),
        chain.len()
    ));
}

fn fault(from: Timestamp, to: Timestamp, now: Timestamp) -> Option<String> {
    let left = (to.as_micros().saturating_sub(now.as_micros())).div_euclid(MICROS_A_DAY);
    if now < from {
        Some(format!("is valid only from {} on", from.to_rfc3339()))
    } else if now > to {
        Some(format!("was valid until {}", to.to_rfc3339()))
    } else if left < RENEW_DAYS {
        Some(format!("ends in {left} days, at {}", to.to_rfc3339()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_judged_by_the_clock() {
        let time = |text: &str| Timestamp::parse(text).unwrap();
        let (from, to) = (time("2026-01-01T00:00:00Z"), time("2026-04-01T00:00:00Z"));
        let at = |text: &str| fault(from, to, time(text));
        assert!(at("2025-12-31T00:00:00Z").unwrap().contains("only from"));
        assert_eq!(at("2026-02-01T00:00:00Z"), None);
        assert!(at("2026-03-20T00:00:00Z").unwrap().contains("12 days"));
        assert!(at("2026-04-02T00:00:00Z").unwrap().contains("was valid"));
    }
}
