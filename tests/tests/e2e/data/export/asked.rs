//! Who asks, and for what: the public, and what is no export.

use tests::{TestDevice, TestPlatform, eventually};

use super::{CSV, PARQUET, Reply, get, get_as_operator, lines, observe, publish};
use crate::data::export_content::parquet_lines;

#[test]
fn the_public_gets_what_is_public_and_no_exact_place() {
    let platform = TestPlatform::start();
    let [device, _] = observe(&platform);
    let hidden = TestDevice::unregistered("hidden");
    let registration = sdk::api::NewDevice {
        visibility: None,
        ..hidden.registration("safety.air")
    };
    platform.operator().register_device(&registration).unwrap();
    publish(
        &platform,
        &hidden,
        r#"{"t":"2024-05-01T06:00:00Z","v":{"pm25":7}}"#,
    );

    let exact = get_as_operator(&platform, CSV).expect(200);
    let coarse = get(&platform, CSV).expect(200);
    assert_ne!(exact.header("etag"), coarse.header("etag"));
    assert!(exact.header("cache-control").contains("no-store"));
    assert!(exact.header("content-disposition").contains("-exact.csv"));
    let things = |reply: &Reply| -> Vec<String> {
        let mut things: Vec<String> = lines(&reply.body)
            .into_iter()
            .map(|mut line| line.remove("thing").unwrap())
            .collect();
        things.dedup();
        things
    };
    assert!(things(&exact).contains(&"hidden".to_owned()));
    assert!(!things(&coarse).contains(&"hidden".to_owned()));
    for line in lines(&coarse.body) {
        let place = [line["lat"].as_str(), line["lon"].as_str()];
        let centres = [["37.5665", "126.9775"], ["37.1235", "127.7655"]];
        assert!(centres.contains(&place), "{place:?}");
    }
    assert!(!coarse.text().contains("37.5664123"));
    assert!(exact.text().contains("37.5664123"));
    let parquet = get(&platform, PARQUET).expect(200);
    assert_eq!(parquet_lines(parquet.body), lines(&coarse.body));
    // Each stays what it is, whoever asked before.
    assert_eq!(get(&platform, CSV).expect(200).body, coarse.body);
    assert_eq!(get_as_operator(&platform, CSV).expect(200).body, exact.body);

    // What is made restricted is gone from the next public file.
    let bearer = format!("Bearer {}", platform.token());
    ureq::patch(format!("{}/v1/devices/{}", platform.url(), device.id))
        .header("authorization", &bearer)
        .header("content-type", "application/json")
        .send(r#"{"visibility":"restricted"}"#)
        .unwrap();
    let now = get(&platform, CSV).expect(200);
    assert_eq!(things(&now), ["air-2"]);
}

#[test]
fn what_is_no_export_is_refused_in_words() {
    let platform = TestPlatform::start();
    observe(&platform);
    let today = eventually("a day that does not end under the test", || {
        let now = tests::test_device::now();
        let ends_soon = now.as_micros().rem_euclid(86_400_000_000) > 86_280_000_000;
        (!ends_soon).then(|| now.to_rfc3339()[..10].to_owned())
    });
    for path in [
        format!("/v1/export/{today}"),
        format!("/v1/export/{today}/SHA256SUMS"),
        format!("/v1/export/{today}/safety/seoul.csv"),
        "/v1/export/9998-12-31/safety/seoul.csv".to_owned(),
    ] {
        let problem = get(&platform, &path).expect(409).json();
        assert_eq!(problem["type"], "/problems/not-yet");
        assert!(
            problem["available_from"]
                .as_str()
                .unwrap()
                .ends_with("T00:00:00Z")
        );
    }
    for date in [
        "9999-99-99",
        "2024-02-30",
        "0000-00-00",
        "1899-12-31",
        "2024-5-1",
        "today",
        "%2e%2e",
        "-1",
    ] {
        get(&platform, &format!("/v1/export/{date}")).expect(400);
        get(&platform, &format!("/v1/export/{date}/safety/seoul.csv")).expect(400);
    }
    for path in [
        "2024-05-01/safety/seoul",
        "2024-05-01/safety/seoul.exe",
        "2024-05-01/safety/.csv",
        "2024-05-01/safety/..csv",
        "2024-05-01/safety/...csv",
        "2024-05-01/safety/busan.csv",
        "2024-05-01/traffic/seoul.csv",
        "2024-05-01/%2e%2e/seoul.csv",
        "2024-05-01/safety%2f..%2f..%2fsafety/seoul.csv",
        "2024-05-01/safety/..%2f..%2f..%2fadmin.token",
        "2024-05-01/safety/..%2fseoul.csv",
        "2024-05-01/safety/seoul%00.csv",
        "2023-05-01/safety/seoul.csv",
    ] {
        get(&platform, &format!("/v1/export/{path}")).expect(404);
    }
    get(&platform, &format!("{CSV}?bom=2")).expect(400);
    get(&platform, &format!("{CSV}?format=xlsx")).expect(400);
    let none = get(&platform, "/v1/export/2023-05-01").expect(200).json();
    assert_eq!(none["items"], serde_json::json!([]));
}
