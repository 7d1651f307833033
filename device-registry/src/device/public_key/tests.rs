//! One key in each of its forms, and why a text is refused as one.

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
