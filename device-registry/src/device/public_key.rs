//! Public keys of devices, as an operator hands them in.
//!
//! `alg` is `EdDSA` or, of RFC 9864, `Ed25519`, or `ES256` (ECDSA on P-256 with
//! SHA-256), as in JOSE; it may be left out, since each form below tells. The
//! key is base64url of the raw 32 bytes or of the uncompressed point (65 bytes,
//! SEC 1), a PEM with a SubjectPublicKeyInfo (RFC 5280; the algorithms'
//! identifiers are those of RFC 8410 and RFC 5480), or a JSON Web Key.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::VerifyingKey;
use ring::agreement;
use ring::rand::SystemRandom;

use super::{CredentialProof, jwk};

/// The longest text of a public key, in bytes; a PEM of P-256 has 178, a JWK
/// with a certificate in it (`x5c`) a good thousand.
pub(crate) const MAX_PUBLIC_KEY_BYTES: usize = 4_096;

/// A public key as the API takes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// `EdDSA`, `Ed25519` or `ES256`; empty where the key itself is to tell.
    pub alg: String,
    /// base64url, PEM, or the text of a JWK.
    pub public_key: String,
    pub expires: Option<domain::Timestamp>,
}

/// Why a public key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    #[error("`alg` is EdDSA or Ed25519 (both are Ed25519), or ES256 (ECDSA on P-256)")]
    Algorithm,
    #[error(
        "`public_key` is base64url of the raw key (32 bytes for EdDSA, the uncompressed point of 65 bytes for ES256), a PEM that begins with BEGIN PUBLIC KEY, or a JWK"
    )]
    Form,
    #[error("the JWK cannot be read: {0}")]
    Jwk(&'static str),
    #[error(
        "that is a private key; send the public one, and make a new pair: this one is known now"
    )]
    Private,
    #[error("the key is of another algorithm than `alg` says")]
    OtherAlgorithm,
    #[error("the key is not a point of its curve, or one that proves nothing (of small order)")]
    Weak,
}

/// What a key signs with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Algorithm {
    Ed25519,
    Es256,
}

impl Algorithm {
    /// By its names in JOSE and COSE.
    pub(crate) fn parse(name: &str) -> Result<Self, PublicKeyError> {
        match name {
            "EdDSA" | "Ed25519" => Ok(Self::Ed25519),
            "ES256" | "ESP256" => Ok(Self::Es256),
            _ => Err(PublicKeyError::Algorithm),
        }
    }
}

/// RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }.
const ED25519_SPKI: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// RFC 5480: SEQUENCE { SEQUENCE { OID 1.2.840.10045.2.1, OID
/// 1.2.840.10045.3.1.7 }, BIT STRING of 65 bytes }.
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

impl NewKey {
    /// The key, checked to be one that proves something.
    pub fn parse(&self) -> Result<CredentialProof, PublicKeyError> {
        let wanted = match self.alg.as_str() {
            "" => None,
            named => Some(Algorithm::parse(named)?),
        };
        if self.public_key.len() > MAX_PUBLIC_KEY_BYTES {
            return Err(PublicKeyError::Form);
        }
        let (algorithm, raw) = raw_key(self.public_key.trim())?;
        if wanted.is_some_and(|wanted| wanted != algorithm) {
            return Err(PublicKeyError::OtherAlgorithm);
        }
        match algorithm {
            Algorithm::Ed25519 => ed25519(&raw),
            Algorithm::Es256 => p256(&raw),
        }
    }
}

/// The key in a SubjectPublicKeyInfo, if it is of a kind that is taken. It is
/// compared with registered ones only, so it is not checked to be a sound one.
pub(crate) fn of_spki(der: &[u8]) -> Option<CredentialProof> {
    if let Some(raw) = der.strip_prefix(ED25519_SPKI) {
        let public_key = raw.try_into().ok()?;
        return Some(CredentialProof::Ed25519 { public_key });
    }
    let raw: [u8; 65] = der.strip_prefix(P256_SPKI)?.try_into().ok()?;
    Some(CredentialProof::Es256 {
        public_key: Box::new(raw),
    })
}

fn raw_key(text: &str) -> Result<(Algorithm, Vec<u8>), PublicKeyError> {
    if text.starts_with('{') {
        return jwk::read(text);
    }
    if text.starts_with("-----") {
        return pem(text);
    }
    let raw = URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| PublicKeyError::Form)?;
    match raw.len() {
        32 => Ok((Algorithm::Ed25519, raw)),
        65 => Ok((Algorithm::Es256, raw)),
        _ => Err(PublicKeyError::Form),
    }
}

fn pem(text: &str) -> Result<(Algorithm, Vec<u8>), PublicKeyError> {
    if text.contains("PRIVATE KEY") {
        return Err(PublicKeyError::Private);
    }
    let body = text
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|text| text.strip_suffix("-----END PUBLIC KEY-----"))
        .ok_or(PublicKeyError::Form)?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| PublicKeyError::Form)?;
    match (der.strip_prefix(ED25519_SPKI), der.strip_prefix(P256_SPKI)) {
        (Some(raw), _) => Ok((Algorithm::Ed25519, raw.to_vec())),
        (_, Some(raw)) => Ok((Algorithm::Es256, raw.to_vec())),
        // RSA, another curve.
        _ => Err(PublicKeyError::Algorithm),
    }
}

fn ed25519(raw: &[u8]) -> Result<CredentialProof, PublicKeyError> {
    let public_key: [u8; 32] = raw.try_into().map_err(|_| PublicKeyError::Form)?;
    let key = VerifyingKey::from_bytes(&public_key).map_err(|_| PublicKeyError::Weak)?;
    // With a key of small order, one signature fits every message.
    if key.is_weak() {
        return Err(PublicKeyError::Weak);
    }
    Ok(CredentialProof::Ed25519 { public_key })
}

fn p256(raw: &[u8]) -> Result<CredentialProof, PublicKeyError> {
    let public_key: [u8; 65] = raw.try_into().map_err(|_| PublicKeyError::Form)?;
    if public_key[0] != 4 {
        return Err(PublicKeyError::Form);
    }
    // A key agreement checks that the peer's point lies on the curve, which a
    // signature's verification would tell only at the device's first login.
    let own = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &SystemRandom::new())
        .map_err(|_| PublicKeyError::Weak)?;
    let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, &public_key);
    agreement::agree_ephemeral(own, &peer, |_| ()).map_err(|_| PublicKeyError::Weak)?;
    Ok(CredentialProof::Es256 {
        public_key: Box::new(public_key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(alg: &str, public_key: &str) -> Result<CredentialProof, PublicKeyError> {
        NewKey {
            alg: alg.into(),
            public_key: public_key.into(),
            expires: None,
        }
        .parse()
    }

    /// The key of RFC 8410, section 10.1.
    const ED25519_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";

    #[test]
    fn pem_and_raw_give_the_same_key() {
        let from_pem = parse("EdDSA", ED25519_PEM).unwrap();
        let from_raw = parse("EdDSA", "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE").unwrap();
        assert_eq!(from_pem, from_raw);
        assert_eq!(
            parse("ES256", ED25519_PEM),
            Err(PublicKeyError::OtherAlgorithm)
        );
    }

    #[test]
    fn a_point_of_p256_is_taken_and_one_beside_the_curve_is_not() {
        // Key pair of RFC 6979, A.2.5.
        let mut point = vec![4];
        for half in [
            "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
            "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        ] {
            for pair in half.as_bytes().chunks(2) {
                let digits = std::str::from_utf8(pair).unwrap();
                point.push(u8::from_str_radix(digits, 16).unwrap());
            }
        }
        let text = URL_SAFE_NO_PAD.encode(&point);
        assert!(matches!(
            parse("ES256", &text),
            Ok(CredentialProof::Es256 { .. })
        ));
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
            STANDARD.encode([P256_SPKI, point.as_slice()].concat())
        );
        assert_eq!(parse("ES256", &pem), parse("ES256", &text));
        point[64] ^= 1;
        let beside = URL_SAFE_NO_PAD.encode(&point);
        assert_eq!(parse("ES256", &beside), Err(PublicKeyError::Weak));
    }

    #[test]
    fn weak_and_wrong_keys_are_refused() {
        let raw = |bytes: [u8; 32]| URL_SAFE_NO_PAD.encode(bytes);
        let mut identity = [0; 32];
        identity[0] = 1;
        // The identity, a point of order 4, and one that is not on the curve.
        assert_eq!(parse("EdDSA", &raw(identity)), Err(PublicKeyError::Weak));
        assert_eq!(parse("EdDSA", &raw([0; 32])), Err(PublicKeyError::Weak));
        let mut beside = [0; 32];
        beside[0] = 2;
        assert_eq!(parse("EdDSA", &raw(beside)), Err(PublicKeyError::Weak));
        assert_eq!(parse("EdDSA", "AAAA"), Err(PublicKeyError::Form));
        assert_eq!(parse("EdDSA", "!"), Err(PublicKeyError::Form));
        assert_eq!(parse("HS256", "AAAA"), Err(PublicKeyError::Algorithm));
        assert_eq!(parse("none", ""), Err(PublicKeyError::Algorithm));
        let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        assert_eq!(parse("EdDSA", private), Err(PublicKeyError::Private));
    }

    /// RFC 8037, A.2.
    const OKP: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// RFC 7515, A.3.1, without its private half.
    const EC: &str = r#"{"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    #[test]
    fn a_jwk_is_the_key_that_it_holds() {
        let raw = parse("EdDSA", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert!(raw.is_ok());
        for alg in ["", "EdDSA", "Ed25519"] {
            assert_eq!(parse(alg, OKP), raw, "{alg}");
        }
        for alg in ["", "ES256"] {
            let key = parse(alg, EC);
            assert!(matches!(key, Ok(CredentialProof::Es256 { .. })), "{key:?}");
        }
        let adorned = OKP.replace(
            '{',
            r#"{"kid":"a","use":"sig","alg":"Ed25519","ext":true,"key_ops":["verify"],"#,
        );
        assert_eq!(parse("EdDSA", &adorned), raw);
        assert_eq!(parse("ES256", OKP), Err(PublicKeyError::OtherAlgorithm));
        assert_eq!(parse("Ed25519", EC), Err(PublicKeyError::OtherAlgorithm));
        let claims = OKP.replace('{', r#"{"alg":"ES256","#);
        assert_eq!(parse("", &claims), Err(PublicKeyError::OtherAlgorithm));
    }

    #[test]
    fn a_jwk_that_cannot_be_used_says_why() {
        let with = |jwk: &str, more: &str| jwk.replacen('{', &format!("{{{more},"), 1);
        for private in [
            with(OKP, r#""d":"AAAA""#),
            r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
        ] {
            assert_eq!(
                parse("", &private),
                Err(PublicKeyError::Private),
                "{private}"
            );
        }
        let beside = EC.replace("x_FEz", "x_FEy");
        assert_eq!(parse("", &beside), Err(PublicKeyError::Weak));
        for text in [
            "{",
            "{}",
            r#"{"keys":[]}"#,
            r#"{"kty":7}"#,
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
            &OKP.replace("Ed25519", "X25519"),
            &EC.replace("P-256", "P-384"),
            &OKP.replace("11qY", ""),
            &EC.replace("\"y\"", "\"z\""),
            &with(OKP, r#""use":"enc""#),
            &with(OKP, r#""kty":"OKP""#),
        ] {
            assert!(
                matches!(parse("", text), Err(PublicKeyError::Jwk(_))),
                "{text}"
            );
        }
        assert_eq!(
            parse("", &with(OKP, r#""alg":"HS256""#)),
            Err(PublicKeyError::Algorithm)
        );
        let long = with(OKP, &format!(r#""kid":"{}""#, "x".repeat(5_000)));
        assert_eq!(parse("", &long), Err(PublicKeyError::Form));
    }

    proptest::proptest! {
        /// A JSON object with any members, and any text, is taken or refused.
        #[test]
        fn any_text_is_a_key_or_is_refused(
            members in proptest::collection::btree_map(
                "kty|crv|x|y|d|k|alg|use|keys|[a-z]{1,3}",
                "OKP|EC|Ed25519|P-256|sig|EdDSA|[A-Za-z0-9_-]{0,44}",
                0..8,
            ),
            text in ".{0,120}",
        ) {
            let jwk = serde_json::to_string(&members).unwrap();
            for alg in ["", "Ed25519", "ES256"] {
                if let Ok(proof) = parse(alg, &jwk) {
                    proptest::prop_assert!(!members.contains_key("d"));
                    let kind = matches!(proof, CredentialProof::Ed25519 { .. });
                    proptest::prop_assert_eq!(kind, members["kty"] == "OKP");
                }
                let _ = parse(alg, &text);
            }
        }

        /// Any sound key is the same key in each of its forms.
        #[test]
        fn a_key_is_the_same_in_each_form(seed in proptest::array::uniform32(0u8..)) {
            let raw = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
            let x = URL_SAFE_NO_PAD.encode(raw);
            let pem = STANDARD.encode([ED25519_SPKI, &raw].concat());
            let expected = Ok(CredentialProof::Ed25519 { public_key: raw });
            for form in [
                x.clone(),
                format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n"),
                format!(r#"{{"x":"{x}","kty":"OKP","crv":"Ed25519"}}"#),
            ] {
                proptest::prop_assert_eq!(&parse("", &form), &expected);
                proptest::prop_assert_eq!(&parse("Ed25519", &form), &expected);
            }
        }
    }

    #[test]
    fn the_form_of_a_key_tells_its_algorithm_where_none_is_named() {
        assert_eq!(parse("", ED25519_PEM), parse("EdDSA", ED25519_PEM));
        assert_eq!(parse("Ed25519", ED25519_PEM), parse("EdDSA", ED25519_PEM));
        let raw = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
        assert_eq!(parse("", raw), parse("EdDSA", raw));
        assert_eq!(parse("ES256", raw), Err(PublicKeyError::OtherAlgorithm));
        // A SubjectPublicKeyInfo of P-384, without its point.
        let other = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
            STANDARD.encode([0x30, 0x76, 0x30, 0x10, 0x06, 0x07])
        );
        assert_eq!(parse("", &other), Err(PublicKeyError::Algorithm));
    }
}
