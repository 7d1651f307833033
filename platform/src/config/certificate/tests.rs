//! Certificates with each fault, and who would refuse them.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, SignatureAlgorithm,
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
