//! Peers that open a connection and let it hang: half a word of HTTP, half of
//! HTTP/2's preface, a TLS handshake that never goes on.

use std::io::Write;
use std::time::Duration;

use tests::{Start, TestPlatform};

use crate::witness::{Witness, attacker, connect_from};

const EACH: usize = 500;
const SILENT_TLS: usize = 300;
const MOST_GROWN_KIB: i64 = 64 * 1_024;

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn half_a_request_holds_up_nobody() {
    let platform = TestPlatform::start();
    let http = platform.address("http");
    let witness = Witness::start(&platform);
    let mut standing = Vec::new();
    for number in 0..EACH {
        for words in [
            b"".as_slice(),
            b"P",
            b"PRI * HTTP/2.0\r\n",
            b"GET /v1/latest HTTP/1.1\r\nHost: x\r\nX-",
            b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        ] {
            let Ok(mut stream) = connect_from(attacker(number), http) else {
                continue;
            };
            let _ = stream.write_all(words);
            standing.push(stream);
        }
    }
    std::thread::sleep(Duration::from_secs(3));
    witness.finish(&platform, MOST_GROWN_KIB);
    drop(standing);
}

#[test]
#[ignore = "apart from other suites, run by .ci/run"]
fn silent_tls_handshakes_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let flags = [
        "--tls-cert",
        cert.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let platform = TestPlatform::start_with(&Start {
        flags: flags.map(String::from).to_vec(),
        ..Start::default()
    });
    let https = platform.address("https");
    let witness = Witness::start(&platform);
    let standing: Vec<_> = (0..SILENT_TLS)
        .filter_map(|number| connect_from(attacker(number), https).ok())
        .collect();
    let client = sdk::api::ApiClient::new(&sdk::api::ApiConfig {
        base_url: format!("https://localhost:{}", https.port()),
        credential: sdk::api::ApiCredential::None,
        root_certificate_pem: Some(made.cert.pem()),
    })
    .unwrap();
    for _ in 0..50 {
        client.readyz().unwrap();
    }
    witness.finish(&platform, MOST_GROWN_KIB);
    drop(standing);
}
