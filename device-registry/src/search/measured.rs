//! What the index costs with 100,000 things: time of a search, time of a change
//! and memory.

use std::time::Instant;

use super::text::SearchText;
use super::*;
use crate::thing::ThingDatastreams;

const THINGS: u64 = 100_000;
const RUNS: u32 = 50;

const DISTRICTS: [&str; 8] = [
    "종로구 세종대로",
    "영등포구 여의동로",
    "송파구 올림픽로",
    "마포구 월드컵로",
    "강서구 공항대로",
    "노원구 동일로",
    "해운대구 해변로",
    "강남구 테헤란로",
];
const KINDS: [&str; 5] = [
    "대기질 측정소",
    "강우량계",
    "한강 수위계",
    "교통량 검지기",
    "주차장",
];
const TAGS: [&str; 4] = ["하천", "도로변", "학교앞", "옥상"];

/// A thing of its own each, as an agency would write it.
fn text(number: u64) -> SearchText {
    let at = |list: &[&'static str], by: u64| list[(number / by % list.len() as u64) as usize];
    let noise = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bytes = noise.to_be_bytes();
    let pairs: Vec<String> = bytes[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    SearchText::of_fields(
        &[
            &format!("sensor-{number}"),
            &format!("{} {}호", at(&KINDS, 1), number % 977),
        ],
        &[
            &pairs.join(":"),
            &format!("서울특별시 {} {}", at(&DISTRICTS, 5), noise % 500),
            at(&TAGS, 40),
        ],
    )
}

/// Memory that the process holds, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

fn index() -> PairIndex {
    let mut index = PairIndex::default();
    for number in 0..THINGS {
        index.put(ThingNumber(number as u32), text(number));
    }
    index
}

/// What is found, by its number.
fn thing(number: u64) -> Thing {
    let id = ThingId::new(format!("sensor-{number}")).unwrap();
    let agency = AgencyId::new("seoul").unwrap();
    Thing {
        datastreams: ThingDatastreams::none(id.clone(), agency.clone()),
        id,
        number,
        agency,
        devices: Box::default(),
        locations: Box::default(),
        owners: Box::default(),
        licence: crate::thing::Licence::default(),
        attribution: Arc::default(),
        visibility: crate::thing::Visibility::Public,
        description: None,
    }
}

#[test]
#[ignore = "it measures; docs/benchmarks.md tells how"]
fn a_hundred_thousand_things() {
    let before = resident();
    let begun = Instant::now();
    let things = index();
    let made = begun.elapsed();
    let bytes = (resident() - before) / THINGS;
    println!("made in {made:.1?}, {bytes} bytes a thing");

    let mut snapshot = Snapshot::default();
    for number in 0..THINGS {
        snapshot.put_thing(thing(number));
    }
    snapshot.search.stale.clear();
    snapshot.search.things = things;
    for query in [
        "한강",
        "강우",
        "대기",
        "강",
        "s",
        "sensor",
        "sensor-99999",
        "sensor-9",
        "한강 수위계 500호",
        "서울특별시 종로구 세종대로 77",
        "여의동로 77",
        "없는말",
        "00:1b",
        "도로변",
        "하천 강우량",
    ] {
        let needle = Needle::new(query).unwrap();
        let mut hits = 0;
        let mut times: Vec<_> = (0..RUNS)
            .map(|_| {
                let begun = Instant::now();
                let page = snapshot.search(&needle, &FoundKind::ALL, None, 100, |_| Sight::Whole);
                hits = page.hits.len();
                begun.elapsed()
            })
            .collect();
        times.sort_unstable();
        let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
        println!("{query}: {hits} hits, median {median:.1?}, longest {longest:.1?}");
    }

    let begun = Instant::now();
    for number in 0..u64::from(RUNS) {
        let mut draft = snapshot.clone();
        let text = text(number + 1);
        draft.search.things.put(ThingNumber(number as u32), text);
        snapshot = draft;
    }
    println!("a change: {:.1?}", begun.elapsed() / RUNS);
}
