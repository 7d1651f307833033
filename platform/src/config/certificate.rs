//! Who will refuse the server's certificate, and why. Rustls serves any pair
//! that fits together; what clients make of it shows only in the field.

use domain::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::time::Time;
use x509_cert::{Certificate, TbsCertificate};

/// So long before its end a certificate should be renewed.
const RENEW_DAYS: i64 = 21;
const MICROS_A_DAY: i64 = 86_400_000_000;
/// RFC 8410.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What is wrong with a chain, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFault {
    pub what: String,
    pub cure: &'static str,
}

/// Looks at a chain as a client would, its own certificate first.
pub fn chain_faults(chain: &[CertificateDer<'_>], now: Timestamp) -> Vec<ChainFault> {
    let mut read = Vec::new();
    let mut faults = Vec::new();
    for (place, der) in chain.iter().enumerate() {
        match Certificate::from_der(der) {
            Ok(certificate) => read.push(certificate),
            Err(error) => faults.push(ChainFault {
                what: format!(
                    "certificate {} of the chain cannot be read: {error}",
                    place + 1
                ),
                cure: "give the file as the authority issued it, PEM",
            }),
        }
    }
    let chain: Vec<&TbsCertificate> = read.iter().map(Certificate::tbs_certificate).collect();
    faults.extend(chain.first().into_iter().flat_map(|leaf| of_the_leaf(leaf)));
    faults.extend(
        chain
            .iter()
            .enumerate()
            .filter_map(|(place, it)| date(place, it, now)),
    );
    faults.extend(order(&chain));
    faults
}

/// The first and the last moment at which a certificate is valid.
pub(super) fn validity(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let read = Certificate::from_der(certificate).ok()?;
    let validity = read.tbs_certificate().validity();
    Some((moment(validity.not_before), moment(validity.not_after)))
}

fn moment(time: Time) -> Timestamp {
    let micros = i64::try_from(time.to_unix_duration().as_micros());
    micros.map_or(Timestamp::MAX, Timestamp::from_micros)
}

fn of_the_leaf(leaf: &TbsCertificate) -> Vec<ChainFault> {
    let mut faults = Vec::new();
    let key = leaf.subject_public_key_info().algorithm.oid;
    if key == ED25519 || leaf.signature().oid == ED25519 {
        faults.push(ChainFault {
            what: "it is an Ed25519 certificate: browsers (Chromium and Edge) and the device SDKs \
                   of AWS refuse it, mosquitto and rustls take it"
                .to_owned(),
            cure: "use a certificate with an ECDSA P-256 key",
        });
    }
    if !matches!(leaf.get_extension::<SubjectAltName>(), Ok(Some(_))) {
        faults.push(ChainFault {
            what: "it names no host as a subject alternative name: current clients refuse it, \
                   whatever its common name is"
                .to_owned(),
            cure: "have it issued with the host's name as a subject alternative name",
        });
    }
    faults
}

fn date(place: usize, certificate: &TbsCertificate, now: Timestamp) -> Option<ChainFault> {
    let validity = certificate.validity();
    let (from, to) = (moment(validity.not_before), moment(validity.not_after));
    let left = (to.as_micros().saturating_sub(now.as_micros())).div_euclid(MICROS_A_DAY);
    let what = if now < from {
        format!("is valid only from {} on", from.to_rfc3339())
    } else if now > to {
        format!("was valid until {}", to.to_rfc3339())
    } else if left < RENEW_DAYS {
        format!("ends in {left} days, at {}", to.to_rfc3339())
    } else {
        return None;
    };
    Some(ChainFault {
        what: format!("certificate {} of the chain {what}", place + 1),
        cure: "renew it; the platform reads the files again by itself",
    })
}

/// Each certificate is followed by its issuer's; the root may be left out.
fn order(chain: &[&TbsCertificate]) -> Option<ChainFault> {
    for (place, pair) in chain.windows(2).enumerate() {
        let [certificate, next] = pair else { continue };
        if certificate.issuer() == next.subject() {
            continue;
        }
        let elsewhere = chain.iter().any(|it| it.subject() == certificate.issuer());
        let what = format!(
            "certificate {} of the chain is issued by \"{}\", and the next one is \"{}\": clients \
             that do not sort chains refuse it",
            place + 1,
            certificate.issuer(),
            next.subject()
        );
        let cure = if elsewhere && certificate.issuer() != certificate.subject() {
            "put each issuer's certificate directly after the one it issued"
        } else {
            "put the issuer's certificate in, and take out what does not belong there"
        };
        return Some(ChainFault { what, cure });
    }
    let [alone] = chain else { return None };
    (alone.issuer() != alone.subject()).then(|| ChainFault {
        what: format!(
            "the certificate of its issuer \"{}\" is not in the file: clients that do not have \
             that one already refuse the connection, and browsers may hide it by fetching it",
            alone.issuer()
        ),
        cure: "append the intermediate certificates (often called fullchain.pem), unless every \
               client is given that issuer itself",
    })
}

#[cfg(test)]
mod tests;
