//! Tokens of an identity provider, which anybody may post: any text, and any
//! header and claims (a line feed between), both as a logout token and as an ID
//! token. Signatures are left out, so that what comes after them is reached.

#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use openid::ClientConfig;
use openid::fuzzing::{read_id_token, read_logout_token};

/// 2026-09-21T13:33:20Z.
const NOW: i64 = 1_790_000_000;

static CLIENT: LazyLock<ClientConfig> = LazyLock::new(|| {
    let mut client = ClientConfig::new("https://login.example.kr").expect("an issuer");
    client.client_id = "madang".to_owned();
    client.groups_claim = "groups".to_owned();
    client
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read(text);
    }
    let at = bytes.iter().position(|byte| *byte == b'\n');
    let (header, claims) = bytes.split_at(at.unwrap_or(bytes.len()));
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let claims = claims.get(1..).unwrap_or_default();
    read(&format!("{}.{}.AAAA", part(header), part(claims)));
});

fn read(text: &str) {
    if let Ok(whom) = read_logout_token(text, &CLIENT, NOW) {
        assert!(whom.subject.is_some() || whom.session.is_some());
    }
    if let Ok((proved, groups)) = read_id_token(text, &CLIENT, "n", NOW) {
        assert!(proved <= NOW && groups.len() <= 1_000);
    }
}
