//! Keys against RFC 8032, and the tokens that they sign.

use super::*;

/// RFC 8032, section 7.1, test 2.
const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const SIGNATURE_OF_72: &str = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                               085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

fn hex<const N: usize>(text: &str) -> [u8; N] {
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

#[test]
fn a_key_agrees_with_rfc_8032() {
    let key = DeviceKey::from_seed(&hex(SEED));
    assert_eq!(key.public_key().to_bytes(), hex::<32>(PUBLIC));
    assert_eq!(key.sign(&[0x72]), hex::<64>(SIGNATURE_OF_72));
}

#[test]
fn a_key_survives_each_of_its_spellings() {
    let key = DeviceKey::generate().unwrap();
    for again in [
        DeviceKey::from_seed_base64url(&key.seed_base64url()).unwrap(),
        DeviceKey::from_pkcs8_pem(&key.to_pkcs8_pem()).unwrap(),
    ] {
        assert_eq!(again.public_key(), key.public_key());
    }
    let public = PublicKey::from_base64url(&key.public_key_base64url()).unwrap();
    assert!(public.verifies(b"x", &key.sign(b"x")));
    assert!(!public.verifies(b"y", &key.sign(b"x")));
}

#[test]
fn a_weak_point_is_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(matches!(
        PublicKey::from_bytes(&identity),
        Err(KeyError::Point)
    ));
}

#[test]
fn a_token_names_the_device_and_lives_at_most_a_day() {
    let key = DeviceKey::generate().unwrap();
    let device = DeviceId::new("dev-1").unwrap();
    let now = Timestamp::from_micros(1_700_000_000_999_999);
    let token = key.jwt(&device, "madang", now, Duration::from_secs(7 * 86_400));
    let parts: Vec<&str> = token.split('.').collect();
    let claims: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    assert_eq!(
        claims,
        serde_json::json!({"sub": "dev-1", "aud": "madang", "iat": 1_700_000_000, "exp": 1_700_086_400})
    );
    let signed = format!("{}.{}", parts[0], parts[1]);
    let signature = URL_SAFE_NO_PAD
        .decode(parts[2])
        .unwrap()
        .try_into()
        .unwrap();
    assert!(key.public_key().verifies(signed.as_bytes(), &signature));
}
