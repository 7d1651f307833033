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
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair,
        PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm,
    };

    use super::*;

    const NOW: &str = "2026-05-01T00:00:00Z";

    fn key(kind: &'static SignatureAlgorithm) -> KeyPair {
        KeyPair::generate_for(kind).unwrap()
    }

    fn parameters(name: &str, host: bool) -> CertificateParams {
        let hosts = if host {
            vec!["localhost".to_owned()]
        } else {
            Vec::new()
        };
        let mut parameters = CertificateParams::new(hosts).unwrap();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2027, 1, 1);
        parameters
    }

    fn faults(chain: &[CertificateDer<'_>]) -> Vec<String> {
        let now = Timestamp::parse(NOW).unwrap();
        chain_faults(chain, now)
            .into_iter()
            .map(|it| it.what)
            .collect()
    }

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut parameters = parameters(name, false);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(parameters, key(&PKCS_ECDSA_P256_SHA256)).unwrap()
    }

    #[test]
    fn a_current_certificate_of_its_own_is_sound() {
        let own = key(&PKCS_ECDSA_P256_SHA256);
        let made = parameters("madang", true).self_signed(&own).unwrap();
        assert_eq!(faults(&[made.der().clone()]), Vec::<String>::new());
    }

    #[test]
    fn who_refuses_an_ed25519_certificate_is_named() {
        let made = parameters("madang", true)
            .self_signed(&key(&PKCS_ED25519))
            .unwrap();
        let said = faults(&[made.der().clone()]);
        assert!(said.len() == 1 && said[0].contains("Chromium"), "{said:?}");
    }

    #[test]
    fn a_certificate_without_a_host_is_told() {
        let own = key(&PKCS_ECDSA_P256_SHA256);
        let made = parameters("madang", false).self_signed(&own).unwrap();
        assert!(faults(&[made.der().clone()])[0].contains("subject alternative name"));
    }

    #[test]
    fn a_missing_and_a_misplaced_issuer_are_told_apart() {
        let (root, other) = (authority("City Root"), authority("Another Root"));
        let own = key(&PKCS_ECDSA_P256_SHA256);
        let leaf = parameters("madang", true).signed_by(&own, &root).unwrap();
        let (leaf, root, other) = (leaf.der(), root.der(), other.der());
        let whole = [leaf, root].map(Clone::clone);
        assert_eq!(faults(&whole), Vec::<String>::new());
        let said = faults(std::slice::from_ref(leaf));
        assert!(
            said.len() == 1 && said[0].contains("City Root\" is not in the file"),
            "{said:?}"
        );
        let now = Timestamp::parse(NOW).unwrap();
        let misplaced = chain_faults(&[leaf, other, root].map(Clone::clone), now);
        assert!(
            misplaced[0].cure.contains("directly after"),
            "{misplaced:?}"
        );
        let strange = chain_faults(&[leaf, other].map(Clone::clone), now);
        assert!(strange[0].cure.contains("take out"), "{strange:?}");
    }

    #[test]
    fn dates_are_judged_by_the_clock() {
        let own = key(&PKCS_ECDSA_P256_SHA256);
        let made = parameters("madang", true).self_signed(&own).unwrap();
        let chain = [made.der().clone()];
        let at = |time: &str| {
            let found = chain_faults(&chain, Timestamp::parse(time).unwrap());
            found.into_iter().map(|it| it.what).next()
        };
        assert!(at("2025-12-31T00:00:00Z").unwrap().contains("only from"));
        assert_eq!(at("2026-12-01T00:00:00Z"), None);
        assert!(
            at("2026-12-20T00:00:00Z")
                .unwrap()
                .contains("ends in 12 days")
        );
        assert!(
            at("2027-01-02T00:00:00Z")
                .unwrap()
                .contains("was valid until")
        );
        let (from, to) = validity(&chain[0]).unwrap();
        assert_eq!(from.to_rfc3339(), "2026-01-01T00:00:00Z");
        assert_eq!(to.to_rfc3339(), "2027-01-01T00:00:00Z");
    }

    #[test]
    fn what_is_no_certificate_is_told_and_nothing_panics() {
        let own = key(&PKCS_ECDSA_P256_SHA256);
        let made = parameters("madang", true).self_signed(&own).unwrap();
        let whole = made.der().to_vec();
        for end in 0..whole.len() {
            let said = faults(&[CertificateDer::from(whole[..end].to_vec())]);
            assert!(said[0].contains("cannot be read"), "{end} bytes: {said:?}");
        }
    }
}
