//! Which credential counts, and what is taken out of the address.

use super::*;

#[test]
fn the_key_leaves_the_address() {
    let mut uri: Uri = "/v1/latest?domain=traffic&key=mdk_pub_x&limit=5"
        .parse()
        .unwrap();
    assert_eq!(take_url_key(&mut uri).as_deref(), Some("mdk_pub_x"));
    assert_eq!(uri.to_string(), "/v1/latest?domain=traffic&limit=5");
    let mut alone: Uri = "http://h/v1/latest?key=k".parse().unwrap();
    assert_eq!(take_url_key(&mut alone).as_deref(), Some("k"));
    assert_eq!(alone.to_string(), "http://h/v1/latest");
    assert_eq!(take_url_key(&mut alone), None);
}

fn parts(headers: &[(&'static str, &'static str)]) -> Parts {
    let mut request = axum::http::Request::new(());
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request.into_parts().0
}

#[test]
fn the_first_credential_counts() {
    let bearer = ("authorization", "bearer a ");
    let header = ("x-api-key", "b");
    for (headers, credential) in [
        (&[bearer, header][..], Credential::Bearer("a")),
        (&[header], Credential::Header("b")),
        (&[], Credential::Url("c")),
    ] {
        let parts = parts(headers);
        assert_eq!(Credential::of(&parts, Some("c")).ok(), Some(credential));
    }
    let nothing = parts(&[]);
    assert_eq!(Credential::of(&nothing, None).ok(), Some(Credential::None));
    let basic = parts(&[("authorization", "Basic x")]);
    assert!(Credential::of(&basic, Some("c")).is_err());
}
