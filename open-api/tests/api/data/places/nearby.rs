//! Questions by place: they find what the whole list has there, no more and no
//! less, by the places that the caller sees.

use std::num::NonZeroU32;

use domain::{Bbox, Location};
use open_api::Quotas;
use serde_json::{Value, json};

use crate::harness::Platform;

const SOUTH_WEST: (f64, f64) = (37.5665, 126.9775);

/// Things on a grid, some restricted. Some say where they are when they observe,
/// and some moved after that.
fn platform() -> Platform {
    let quotas = Quotas {
        anonymous_a_minute: NonZeroU32::MAX,
        ..Quotas::default()
    };
    let platform = Platform::with(quotas, "");
    let agency = platform.agency();
    for number in 0..30_u32 {
        let id = format!("dev-{number:02}");
        let (north, east) = (f64::from(number / 6), f64::from(number % 6));
        let (lat, lon) = (SOUTH_WEST.0 + north * 0.0037, SOUTH_WEST.1 + east * 0.0041);
        let visibility = if number % 5 == 4 {
            "restricted"
        } else {
            "public"
        };
        let more = json!({"visibility": visibility, "location": {"lat": lat, "lon": lon}});
        platform.device(&id, &agency, "traffic.flow", &more);
        let mut payload = json!({"t": "2026-05-01T00:00:00Z", "v": {"speed": number}});
        if number % 4 == 1 {
            payload["loc"] = json!([lat + 0.0123, lon - 0.0071]);
        }
        platform.publish(&id, &payload).expect(200);
        if number % 4 == 2 {
            let to = json!({"lat": lat - 0.0093, "lon": lon + 0.0112});
            let moved = json!({"location": to, "since": "2026-05-02T00:00:00Z"});
            let path = format!("/v1/devices/{id}");
            platform.operator("PATCH", &path, Some(moved)).expect(200);
        }
    }
    platform
}

/// All pages of five items.
fn list(platform: &Platform, is_operator: bool, path: &str, filter: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = Some(format!("{path}?field=speed&limit=5&{filter}"));
    while let Some(url) = next {
        let page = if is_operator {
            platform.operator("GET", &url, None)
        } else {
            platform.get(&url)
        };
        let page = page.expect(200);
        items.extend_from_slice(page["items"].as_array().unwrap());
        next = page["next"].as_str().map(str::to_owned);
    }
    items
}

type Passes<'a> = &'a dyn Fn(&Value) -> bool;

fn place(item: &Value) -> Location {
    let degrees = |axis: &str| item["location"][axis].as_f64().unwrap();
    Location::new(degrees("lat"), degrees("lon")).unwrap()
}

#[test]
fn a_place_finds_what_the_whole_list_has_there() {
    let platform = platform();
    for path in ["/v1/latest", "/v1/datastreams", "/v1/things"] {
        for is_operator in [false, true] {
            let whole = list(&platform, is_operator, path, "");
            assert!(whole.len() >= if is_operator { 30 } else { 24 }, "{path}");
            let mut found_some = 0;
            for number in 0..12_u32 {
                let step = f64::from(number) * 0.003;
                let (west, south) = (SOUTH_WEST.1 - 0.01 + step, SOUTH_WEST.0 - 0.011 + step);
                let words = format!("{west},{south},{},{}", west + 0.0107, south + 0.0121);
                let bbox: Bbox = words.parse().unwrap();
                let centre = Location::new(south, west).unwrap();
                let metres = 300.0 + 150.0 * f64::from(number);
                let near = format!("near={south},{west},{metres}");
                let in_box = |item: &Value| bbox.contains(place(item));
                let is_near = |item: &Value| centre.distance_metres(place(item)) <= metres;
                let questions: [(String, Passes<'_>); 3] = [
                    (format!("bbox={words}"), &in_box),
                    (near.clone(), &is_near),
                    (format!("bbox={words}&{near}"), &|item| {
                        in_box(item) && is_near(item)
                    }),
                ];
                for (filter, passes) in questions {
                    let expected: Vec<Value> =
                        whole.iter().filter(|item| passes(item)).cloned().collect();
                    found_some += usize::from(!expected.is_empty());
                    let found = list(&platform, is_operator, path, &filter);
                    assert_eq!(found, expected, "{path}?{filter}");
                }
            }
            assert!(found_some > 12, "{found_some}");
        }
    }
}
