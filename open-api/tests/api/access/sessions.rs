//! An operator's login from a browser.

use serde_json::json;

use crate::harness::Platform;

pub(crate) fn login(platform: &Platform) -> String {
    let reply = platform.post("/v1/session", &json!({"token": platform.token}));
    assert_eq!(reply.expect(201)["principal"], "operator");
    let cookie = reply.header("set-cookie").unwrap();
    for word in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn a_session_reads_and_ends() {
    let platform = Platform::start();
    platform.get("/v1/session").problem(401, "unauthenticated");
    platform
        .post("/v1/session", &json!({"token": "mdo_wrong"}))
        .problem(401, "unauthenticated");
    let cookie = login(&platform);
    let headers = [("cookie", cookie.as_str())];
    assert!(
        platform
            .send("GET", "/v1/session", &headers, None)
            .expect(200)["expires"]
            .is_string()
    );
    platform
        .send("GET", "/v1/devices", &headers, None)
        .expect(200);
    let own = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(
        platform.send("DELETE", "/v1/session", &own, None).status,
        204
    );
    platform
        .send("GET", "/v1/devices", &headers, None)
        .problem(401, "unauthenticated");
}

#[test]
fn other_sites_cannot_change_things_with_it() {
    let platform = Platform::start();
    let cookie = login(&platform);
    let own = format!("http://{}", platform.address);
    let try_with = |number: usize, more: &[(&str, &str)]| {
        let mut headers = vec![
            ("cookie", cookie.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend_from_slice(more);
        let body = json!({"id": format!("a{number}"), "name": "x"})
            .to_string()
            .into_bytes();
        platform
            .send("POST", "/v1/agencies", &headers, Some(body))
            .status
    };
    let cases: [(&[(&str, &str)], u16); 7] = [
        (&[], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("origin", "http://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("sec-fetch-site", "same-origin")], 201),
        (&[("origin", own.as_str())], 201),
    ];
    for (number, (headers, status)) in cases.iter().enumerate() {
        assert_eq!(try_with(number, headers), *status, "{headers:?}");
    }
}
