//! Which coding is chosen, and bodies there and back.

use super::*;

fn wanted(accept: &'static str) -> Coding {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
    Coding::wanted(&headers)
}

#[test]
fn the_coding_that_is_liked_best_wins() {
    for (accept, coding) in [
        ("", Coding::Identity),
        ("gzip, deflate, br, zstd", Coding::Zstd),
        ("gzip, deflate, br", Coding::Gzip),
        ("GZip", Coding::Gzip),
        ("br", Coding::Identity),
        ("*", Coding::Zstd),
        ("*;q=0", Coding::Identity),
        ("zstd;q=0.5, gzip;Q=0.9", Coding::Gzip),
        ("zstd;q=0, *", Coding::Gzip),
        ("gzip;q=0", Coding::Identity),
        ("gzip;q=nonsense", Coding::Identity),
        ("identity", Coding::Identity),
    ] {
        assert_eq!(wanted(accept), coding, "{accept}");
    }
}

#[test]
fn what_is_encoded_is_read_again_within_the_limit() {
    let text = b"{\"a\": 1}".repeat(10_000);
    for coding in [Coding::Identity, Coding::Gzip, Coding::Zstd] {
        for effort in [Effort::Quick, Effort::Once] {
            let encoded = coding.encode(&text, effort).unwrap();
            assert_eq!(coding.expand(&encoded, text.len()).unwrap(), text);
            if coding != Coding::Identity {
                assert!(encoded.len() < text.len() / 10);
                assert_eq!(coding.expand(&encoded, 100).unwrap().len(), 101);
                let cut = &encoded[..encoded.len() / 2];
                assert!(
                    coding.expand(cut, text.len()).is_err(),
                    "{coding:?} cut off"
                );
            }
        }
    }
}
