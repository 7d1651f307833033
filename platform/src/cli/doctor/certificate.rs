//! A certificate chain and its key, read as `serve` reads them.

use std::path::Path;

use domain::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::report::Report;
use super::secrets;
use crate::config::{ReloadingTls, TlsFiles, chain_faults};

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
    for fault in chain_faults(&chain, now) {
        report.find(certificate, fault.what, fault.cure);
    }
    report.looked_at(format!(
        "{}: a chain of {} certificates",
        certificate.display(),
        chain.len()
    ));
}
