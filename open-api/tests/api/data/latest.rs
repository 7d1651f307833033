//! The latest observation of each datastream.

use serde_json::json;

use crate::harness::Platform;

#[test]
fn latest_is_the_newest_by_its_own_time() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    platform
        .publish(
            "dev-1",
            &json!({"t": "2026-05-01T10:00:00Z", "v": {"speed": 50}}),
        )
        .expect(200);
    let late = platform
        .publish(
            "dev-1",
            &json!({"t": "2026-05-01T09:00:00Z", "v": {"speed": 40}}),
        )
        .expect(200);
    for filter in [
        "domain=traffic",
        "model=flow",
        "model=traffic.flow",
        "field=speed",
        "device=dev-1",
        "bbox=126.9,37.5,127,37.6",
        "near=37.5665,126.9775,500",
    ] {
        let list = platform.get(&format!("/v1/latest?{filter}")).expect(200);
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{filter}");
        let item = &items[0];
        assert_eq!(
            (&item["thing"], &item["field"], &item["unit"]),
            (&json!("dev-1"), &json!("speed"), &json!("km/h"))
        );
        assert_eq!(
            (&item["value"], &item["phenomenon_time"]),
            (&json!(50.0), &json!("2026-05-01T10:00:00Z"))
        );
        assert_eq!(item["id"], platform.datastream("dev-1", "speed"));
        assert_eq!(list["offset"], late["offset"]);
    }
    for filter in [
        "domain=safety",
        "model=air",
        "field=volume",
        "device=other",
        "bbox=0,0,1,1",
        "near=0,0,10",
    ] {
        let list = platform.get(&format!("/v1/latest?{filter}")).expect(200);
        assert_eq!(list["items"], json!([]), "{filter}");
    }
    // An empty word is no filter that passes for all.
    platform
        .get("/v1/latest?device=&domain=traffic")
        .problem(400, "invalid-parameter");
}
