//! Any text as a device's public key, under any name of an algorithm; and every
//! key that is taken, which comes back the same from each of its other forms.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use device_registry::{CredentialProof, NewKey, PublicKeyError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let alg = ["", "EdDSA", "Ed25519", "ES256", "HS256"][usize::from(kind % 5)];
    let Ok(proof) = parse(alg, text) else {
        return;
    };
    let (raw, jwk) = match &proof {
        CredentialProof::Ed25519 { public_key } => {
            let x = URL_SAFE_NO_PAD.encode(public_key);
            let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
            (x, jwk)
        }
        CredentialProof::Es256 { public_key } => {
            let half = |range| URL_SAFE_NO_PAD.encode(&public_key[range]);
            let (x, y) = (half(1..33), half(33..65));
            let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
            (URL_SAFE_NO_PAD.encode(public_key.as_slice()), jwk)
        }
        // Its hash tells nothing of it.
        CredentialProof::Certificate { .. } => return,
        CredentialProof::Password { .. } => panic!("a public key is no password"),
    };
    for form in [raw, jwk] {
        assert_eq!(parse("", &form), Ok(proof.clone()));
    }
});

fn parse(alg: &str, public_key: &str) -> Result<CredentialProof, PublicKeyError> {
    NewKey {
        alg: alg.to_owned(),
        public_key: public_key.to_owned(),
        expires: None,
    }
    .parse()
}
