//! Keys in each of their forms, and keys of another kind.

use super::*;

/// RFC 8037, A.1, and RFC 7515, A.3.1.
const OKP: &str = r#"{"kty":"OKP","crv":"Ed25519",
        "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const EC: &str = r#"{"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

#[test]
fn a_key_is_read_from_each_of_its_forms() {
    let ed25519 = PrivateKey::read(OKP).unwrap();
    let public = ed25519.public_key();
    assert_eq!(public.alg, "EdDSA");
    assert_eq!(
        public.public_key,
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    );
    assert_eq!(PrivateKey::read(EC).unwrap().public_key().alg, "ES256");
    let PrivateKey::Ed25519(key) = ed25519 else {
        panic!("an Ed25519 key");
    };
    let from_pem = PrivateKey::read(&key.to_pkcs8_pem()).unwrap();
    assert_eq!(from_pem.public_key(), public);
}

#[test]
fn a_public_key_and_another_curve_are_told_as_that() {
    let public = OKP.replace("\"d\"", "\"other\"");
    assert!(matches!(PrivateKey::read(&public), Err(KeyError::Public)));
    let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
    assert!(matches!(PrivateKey::read(pem), Err(KeyError::Public)));
    let other = OKP.replace("Ed25519", "X25519");
    assert!(matches!(PrivateKey::read(&other), Err(KeyError::Curve)));
    // Another's point: the halves do not belong together.
    let mixed = EC.replace("jpsQ", "jpsR");
    assert!(matches!(PrivateKey::read(&mixed), Err(KeyError::Es256)));
    assert!(PrivateKey::read("hunter2").is_err());
    assert!(matches!(PrivateKey::read("{"), Err(KeyError::Jwk(_))));
}
