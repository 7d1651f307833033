//! Every error is a problem that tells the way out.

use crate::harness::Platform;

#[test]
fn what_is_not_there_is_a_problem_too() {
    let platform = Platform::start();
    for path in [
        "/v1",
        "/v1/rules",
        "/v1/alarms",
        "/v1/export/2026-05-01/x",
        "/sta/v3.0/Things",
        "/nothing",
        "/v1/devices/",
    ] {
        platform
            .operator("GET", path, None)
            .problem(404, "not-found");
    }
    let wrong = platform.send("DELETE", "/v1/latest", &[], None);
    wrong.problem(405, "method-not-allowed");
    assert!(wrong.header("allow").unwrap().contains("GET"));
}

#[test]
fn a_body_of_another_kind_is_refused() {
    let platform = Platform::start();
    let token = format!("Bearer {}", platform.token);
    let form = [
        ("authorization", token.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let reply = platform.send("POST", "/v1/agencies", &form, Some(b"id=seoul".to_vec()));
    reply.problem(415, "unsupported-media-type");
    let json = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    let reply = platform.send("POST", "/v1/agencies", &json, Some(vec![b' '; 300 * 1024]));
    reply.problem(413, "too-large");
}

#[test]
fn parameters_are_refused_by_name() {
    let platform = Platform::start();
    for (path, word) in [
        ("/v1/latest?domian=traffic", "domian"),
        ("/v1/latest?limit=0", "limit"),
        ("/v1/latest?limit=10001", "limit"),
        ("/v1/latest?bbox=1,2,3", "west,south,east,north"),
        ("/v1/latest?near=91,0,5", "lat,lon,metres"),
        ("/v1/latest?cursor=%21%21", "cursor"),
        ("/v1/latest?agency=a/b", "agency"),
        ("/v1/latest?limit=1&limit=2", "limit"),
        ("/v1/latest?domain", "domain"),
        ("/v1/datastreams?near=1", "near"),
        ("/v1/aggregate?bucket=7m&fn=avg&field=speed", "bucket"),
        ("/v1/aggregate?bucket=5m&fn=median&field=speed", "median"),
        ("/v1/aggregate?bucket=5m&fn=p101&field=speed", "p101"),
        ("/v1/aggregate?bucket=5m&fn=avg,avg&field=speed", "twice"),
        ("/v1/aggregate?bucket=5m&fn=avg", "datastream="),
        ("/v1/aggregate?fn=avg&field=speed", "bucket"),
        (
            "/v1/aggregate?bucket=5m&fn=avg&field=speed&tz=Mars/Base",
            "tz",
        ),
        ("/v1/stream?from_offset=x", "from_offset"),
        ("/v1/stream?from_offset=99", "from_offset"),
    ] {
        let problem = platform.get(path).problem(400, "invalid-parameter");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{path}: {detail}");
    }
    let long = format!("/v1/latest?domain={}", "x".repeat(9_000));
    platform.get(&long).problem(414, "uri-too-long");
}

#[test]
fn each_kind_has_a_page_in_both_languages() {
    let platform = Platform::start();
    let problem = platform.get("/v1/nothing").problem(404, "not-found");
    let kind = problem["type"].as_str().unwrap();
    let help = platform.get(kind).expect(200);
    assert!(!help["en"]["help"].as_str().unwrap().is_empty());
    assert!(!help["ko"]["help"].as_str().unwrap().is_empty());
    let page = platform.send("GET", kind, &[("accept", "text/html")], None);
    assert!(page.text.contains("찾을 수 없습니다"), "{}", page.text);
    platform
        .get("/problems/unheard-of")
        .problem(404, "not-found");
}
