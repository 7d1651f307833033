//! Aggregates over the days of a time zone.

use serde_json::json;

use super::readings::send_minutes;
use crate::harness::Platform;

#[test]
fn aggregates_follow_the_days_of_a_zone() {
    let platform = Platform::start();
    platform.public_device("dev-1", "traffic.flow");
    platform.public_device("dev-2", "traffic.flow");
    send_minutes(&platform, "dev-1", 120);
    send_minutes(&platform, "dev-2", 120);
    let id = platform.datastream("dev-1", "speed");
    let range = "from=2020-08-06T00:00:00%2B09:00&to=2020-08-07T00:00:00%2B09:00&tz=Asia/Seoul";
    let hourly = platform.get(&format!("/v1/aggregate?datastream={id}&bucket=1h&fn=avg,min,max,count,sum,first,last,p50&{range}")).expect(200);
    let items = hourly["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["start"], "2020-08-06T00:00:00+09:00");
    assert_eq!(items[0]["end"], "2020-08-06T01:00:00+09:00");
    assert_eq!(items[0]["datastream"], id);
    // Minutes 0 to 59 have 0.5 to 59.5.
    for (name, value) in [
        ("avg", 30.0),
        ("min", 0.5),
        ("max", 59.5),
        ("sum", 1_800.0),
        ("first", 0.5),
        ("last", 59.5),
        ("p50", 30.0),
    ] {
        assert_eq!(items[0][name], value, "{name}");
    }
    assert_eq!(items[0]["count"], 60);
    assert_eq!(hourly["unit"], "km/h");

    let together = platform
        .get(&format!(
            "/v1/aggregate?field=speed&domain=traffic&bucket=1d&fn=count&{range}"
        ))
        .expect(200);
    assert_eq!(
        together["items"],
        json!([{"start": "2020-08-06T00:00:00+09:00", "end": "2020-08-07T00:00:00+09:00", "count": 240, "left_out": 0}])
    );
    // Without times: the buckets up to the newest observation.
    let newest = platform
        .get(&format!("/v1/aggregate?datastream={id}&bucket=1h&fn=count"))
        .expect(200);
    assert_eq!(
        newest["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["count"].as_u64().unwrap())
            .sum::<u64>(),
        120
    );
    // A question may begin and end within a bucket.
    let cut = platform.get(&format!("/v1/aggregate?datastream={id}&bucket=1h&fn=count&from=2020-08-06T00:30:00%2B09:00&to=2020-08-06T01:10:00%2B09:00&tz=Asia/Seoul")).expect(200);
    assert_eq!(cut["items"][0]["start"], "2020-08-06T00:30:00+09:00");
    assert_eq!(
        (&cut["items"][0]["count"], &cut["items"][1]["count"]),
        (&json!(30), &json!(10))
    );
    platform
        .get(&format!(
            "/v1/aggregate?datastream={id}&bucket=1s&fn=avg&{range}"
        ))
        .problem(400, "invalid-parameter");
    platform
        .get("/v1/aggregate?datastream=99999&bucket=1h&fn=avg")
        .problem(404, "not-found");
}
