//! Addresses and tokens that are refused before anything starts.

use super::*;

#[test]
fn a_path_prefix_is_kept_and_names_are_encoded() {
    let target = Target::new("https://proxy.example.kr:8443/influx/")
        .unwrap()
        .with_org("서울 A&B".to_owned())
        .unwrap()
        .with_bucket("city/air".to_owned())
        .unwrap();
    assert_eq!(
        target.write_url(),
        "https://proxy.example.kr:8443/influx/api/v2/write?bucket=city%2Fair\
         &org=%EC%84%9C%EC%9A%B8%20A%26B&precision=us"
    );
    assert_eq!(
        target.metrics_url(),
        "https://proxy.example.kr:8443/influx/metrics"
    );
}

#[test]
fn what_is_no_address_of_a_store_is_refused() {
    for bad in [
        "",
        "influx",
        "influx:8086",
        "ftp://influx",
        "http://",
        "http:///x",
        "http://me:secret@influx",
        "http://influx?db=x",
        "http://influx/#top",
        "http://influx/api/v2/write",
        "http://in flux",
    ] {
        assert!(Target::new(bad).is_err(), "{bad:?}");
    }
    for good in [
        "http://[::1]:8428",
        "https://influx/",
        "http://10.0.0.1/a/b",
    ] {
        assert!(Target::new(good).is_ok(), "{good:?}");
    }
}

#[test]
fn loopback_and_tls_are_read_by_nobody_else() {
    for (url, crosses) in [
        ("http://10.0.0.1:8086", true),
        ("http://influx.example.kr/x", true),
        ("https://influx.example.kr", false),
        ("http://127.0.0.1:8428", false),
        ("http://localhost:8428/a", false),
        ("http://[::1]:8428", false),
    ] {
        let target = Target::new(url).unwrap();
        assert_eq!(target.crosses_a_network_in_plaintext(), crosses, "{url}");
    }
}

#[test]
fn a_token_is_one_printable_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    for (content, good) in [
        ("abc==\n", true),
        ("  abc\r\n", true),
        ("", false),
        ("two words", false),
        ("two\nlines", false),
        ("토큰", false),
    ] {
        std::fs::write(&path, content).unwrap();
        assert_eq!(
            TokenFile::checked(path.clone()).is_ok(),
            good,
            "{content:?}"
        );
    }
    assert!(TokenFile::checked(folder.path().join("absent")).is_err());
}
