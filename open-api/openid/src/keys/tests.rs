//! Tokens of each algorithm, and a provider that is slow with its keys.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::json;

use super::*;

/// Only a failure ever waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Signs, and is told in JSON.
enum Signer {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Signer {
    fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap())
    }

    fn p256() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap())
    }

    fn jwk(&self) -> serde_json::Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ed25519(pair) => {
                let x = text(pair.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": x})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (text(&point[1..33]), text(&point[33..]));
                json!({"kty": "EC", "crv": "P-256", "kid": "p256", "x": x, "y": y})
            }
        }
    }

    fn token(&self, kid: &str) -> String {
        let alg = match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
        };
        let header = json!({"alg": alg, "kid": kid}).to_string();
        let signed = format!("{}.e30", URL_SAFE_NO_PAD.encode(header));
        let signature = match self {
            Self::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
            Self::P256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), signed.as_bytes());
                signature.unwrap().as_ref().to_vec()
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Answers a question for keys each time that it is told to. Its address, what
/// tells of a question, and what lets it answer one.
fn provider(keys: serde_json::Value) -> (String, Receiver<()>, Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/keys", listener.local_addr().unwrap());
    let (tell, asked) = channel();
    let (answer, may_answer) = channel::<()>();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let _head = lines
                .map_while(Result::ok)
                .take_while(|it| !it.is_empty())
                .count();
            if tell.send(()).is_err() || may_answer.recv().is_err() {
                return;
            }
            let body = keys.to_string();
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length:";
            write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    (address, asked, answer)
}

fn verify(keys: &Keys, address: &str, from: Source, text: &str) -> Result<(), String> {
    let token = Token::split("the token", text).unwrap();
    let verified = keys.verify(&Http::new(), address, from, &token);
    verified.map_err(|error| error.to_string())
}

#[test]
fn each_algorithm_is_verified_by_its_own_key() {
    let (ed, p256) = (Signer::ed25519(), Signer::p256());
    let (address, _asked, answer) = provider(json!({"keys": [ed.jwk(), p256.jwk(), {}]}));
    answer.send(()).unwrap();
    let keys = Keys::default();
    let ask = |text: &str| verify(&keys, &address, Source::Provider, text);
    assert_eq!(ask(&ed.token("ed")), Ok(()));
    assert_eq!(ask(&p256.token("p256")), Ok(()));
    let (p256, ed) = (p256.token("p256"), ed.token("ed"));
    let (signed, _) = p256.rsplit_once('.').unwrap();
    let (_, signature) = ed.rsplit_once('.').unwrap();
    assert!(
        ask(&format!("{signed}.{signature}"))
            .unwrap_err()
            .contains("signature")
    );
}

/// A stranger's token of an unknown key has them fetched again, from a provider
/// that takes its time.
#[test]
fn a_known_key_waits_for_no_fetch() {
    let ed = Signer::ed25519();
    let (address, asked, answer) = provider(json!({"keys": [ed.jwk()]}));
    let keys = Arc::new(Keys::default());
    answer.send(()).unwrap();
    verify(&keys, &address, Source::Provider, &ed.token("ed")).unwrap();
    asked.recv_timeout(PATIENCE).unwrap();
    let stranger = {
        let (keys, address, text) = (Arc::clone(&keys), address, ed.token("strange"));
        std::thread::spawn(move || verify(&keys, &address, Source::Anybody, &text))
    };
    asked.recv_timeout(PATIENCE).unwrap();
    let (tell, verified) = channel();
    {
        let (keys, text) = (Arc::clone(&keys), ed.token("ed"));
        std::thread::spawn(move || tell.send(verify(&keys, "", Source::Provider, &text)));
    }
    // The provider answers only after that, or gives up after its deadline.
    assert_eq!(verified.recv_timeout(Duration::from_secs(5)), Ok(Ok(())));
    answer.send(()).unwrap();
    assert!(stranger.join().unwrap().is_err());
}
