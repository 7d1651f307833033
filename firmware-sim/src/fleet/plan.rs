//! Which devices a fleet has: about Seoul and down the Han river, over all
//! models and two agencies, the same for the same seed.

use domain::{AgencyId, DeviceId, Location, ModelId};

use super::PlannedDevice;
use crate::signal::{chance, mix};

/// Devices of one model among a hundred, and where they stand.
struct Share {
    model: &'static str,
    prefix: &'static str,
    title: &'static str,
    title_ko: &'static str,
    agency: &'static str,
    percent: u32,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    City,
    River,
}

const fn share(
    model: &'static str,
    prefix: &'static str,
    titles: (&'static str, &'static str),
    agency: &'static str,
    percent: u32,
    place: Place,
) -> Share {
    Share {
        model,
        prefix,
        title: titles.0,
        title_ko: titles.1,
        agency,
        percent,
        place,
    }
}

const SEOUL: &str = "seoul";
const RIVER: &str = "hanriver";

const SHARES: [Share; 14] = [
    share(
        "traffic.flow",
        "vds",
        ("Traffic detector", "차량검지기"),
        SEOUL,
        26,
        Place::City,
    ),
    share(
        "safety.air",
        "air",
        ("Air monitor", "대기측정소"),
        SEOUL,
        14,
        Place::City,
    ),
    share(
        "safety.street",
        "sdot",
        ("Street sensor", "도시데이터센서"),
        SEOUL,
        12,
        Place::City,
    ),
    share(
        "disaster.water-level",
        "wl",
        ("Water level gauge", "수위관측소"),
        RIVER,
        10,
        Place::River,
    ),
    share(
        "disaster.rain",
        "rain",
        ("Rain gauge", "강우관측소"),
        RIVER,
        8,
        Place::River,
    ),
    share(
        "traffic.parking",
        "park",
        ("Car park", "주차장"),
        SEOUL,
        7,
        Place::City,
    ),
    share(
        "traffic.signal",
        "sig",
        ("Traffic signal", "교통신호기"),
        SEOUL,
        5,
        Place::City,
    ),
    share(
        "safety.lamp",
        "lamp",
        ("Street lamp", "가로등"),
        SEOUL,
        5,
        Place::City,
    ),
    share(
        "safety.crowd",
        "crowd",
        ("Crowd counter", "인파계수기"),
        SEOUL,
        4,
        Place::City,
    ),
    share(
        "disaster.slope",
        "slope",
        ("Slope sensor", "사면계측기"),
        RIVER,
        2,
        Place::River,
    ),
    share(
        "safety.structure",
        "bridge",
        ("Bridge sensor", "교량계측기"),
        RIVER,
        2,
        Place::River,
    ),
    share(
        "safety.gas",
        "gas",
        ("Gas detector", "가스감지기"),
        SEOUL,
        2,
        Place::City,
    ),
    share(
        "disaster.fire",
        "fire",
        ("Fire detector", "화재감지기"),
        SEOUL,
        2,
        Place::City,
    ),
    share(
        "disaster.seismic",
        "eq",
        ("Seismometer", "지진계"),
        RIVER,
        1,
        Place::City,
    ),
];

/// Districts of Seoul: about their middle, in degrees.
const DISTRICTS: [(&str, &str, f64, f64); 25] = [
    ("Jongno", "종로구", 37.573, 126.979),
    ("Jung", "중구", 37.564, 126.998),
    ("Yongsan", "용산구", 37.532, 126.990),
    ("Seongdong", "성동구", 37.563, 127.037),
    ("Gwangjin", "광진구", 37.538, 127.082),
    ("Dongdaemun", "동대문구", 37.574, 127.040),
    ("Jungnang", "중랑구", 37.606, 127.093),
    ("Seongbuk", "성북구", 37.589, 127.017),
    ("Gangbuk", "강북구", 37.640, 127.026),
    ("Dobong", "도봉구", 37.669, 127.047),
    ("Nowon", "노원구", 37.654, 127.056),
    ("Eunpyeong", "은평구", 37.603, 126.929),
    ("Seodaemun", "서대문구", 37.579, 126.937),
    ("Mapo", "마포구", 37.566, 126.902),
    ("Yangcheon", "양천구", 37.517, 126.867),
    ("Gangseo", "강서구", 37.551, 126.850),
    ("Guro", "구로구", 37.495, 126.888),
    ("Geumcheon", "금천구", 37.457, 126.895),
    ("Yeongdeungpo", "영등포구", 37.526, 126.896),
    ("Dongjak", "동작구", 37.512, 126.940),
    ("Gwanak", "관악구", 37.478, 126.952),
    ("Seocho", "서초구", 37.484, 127.033),
    ("Gangnam", "강남구", 37.517, 127.047),
    ("Songpa", "송파구", 37.515, 127.106),
    ("Gangdong", "강동구", 37.530, 127.124),
];

/// Points of the Han river from the dam to the sea, in its order.
const RIVER_POINTS: [(&str, &str, f64, f64); 12] = [
    ("Paldang", "팔당", 37.527, 127.279),
    ("Misa", "미사", 37.563, 127.192),
    ("Gangdong bridge", "강동대교", 37.575, 127.159),
    ("Gwangjin bridge", "광진교", 37.544, 127.115),
    ("Cheongdam bridge", "청담대교", 37.526, 127.064),
    ("Jungnangcheon", "중랑천", 37.546, 127.036),
    ("Jamsu bridge", "잠수교", 37.514, 126.996),
    ("Hangang bridge", "한강대교", 37.518, 126.959),
    ("Wonhyo bridge", "원효대교", 37.525, 126.942),
    ("Yanghwa bridge", "양화대교", 37.543, 126.903),
    ("Haengju bridge", "행주대교", 37.598, 126.810),
    ("Gimpo bridge", "김포대교", 37.614, 126.793),
];

/// About degrees that devices lie from their district's or point's middle.
const CITY_SPREAD: f64 = 0.022;
const RIVER_SPREAD: f64 = 0.004;

/// `count` devices. A fleet with more of them holds one with fewer, so a demo
/// that grows keeps its devices.
pub fn plan(seed: u64, count: usize) -> Vec<PlannedDevice> {
    let mut of_share = [0u32; SHARES.len()];
    (0..count)
        .map(|n| {
            let which = next_share(n as u32 + 1, &of_share);
            of_share[which] += 1;
            device(seed, &SHARES[which], of_share[which])
        })
        .collect()
}

/// The share that lies furthest behind its percentage.
fn next_share(total: u32, taken: &[u32; SHARES.len()]) -> usize {
    let behind = |at: &usize| {
        i64::from(SHARES[*at].percent) * i64::from(total) - i64::from(taken[*at]) * 100
    };
    (0..SHARES.len())
        .max_by_key(|at| (behind(at), std::cmp::Reverse(*at)))
        .unwrap_or_default()
}

fn device(seed: u64, share: &Share, number: u32) -> PlannedDevice {
    let id = format!("{}-{number:03}", share.prefix);
    let hash = id
        .bytes()
        .fold(mix(seed), |hash, byte| mix(hash ^ u64::from(byte)));
    let (points, spread): (&[_], f64) = match share.place {
        Place::City => (&DISTRICTS, CITY_SPREAD),
        Place::River => (&RIVER_POINTS, RIVER_SPREAD),
    };
    let at = match share.place {
        Place::City => (hash % points.len() as u64) as usize,
        // One after another down the river.
        Place::River => (number as usize - 1) % points.len(),
    };
    let (en, ko, lat, lon) = points[at];
    let away = |salt: u64| (chance(hash ^ salt) + chance(hash ^ salt ^ 0xff) - 1.0) * spread;
    PlannedDevice {
        name: format!(
            "{} {} {number} · {} {ko} {number}",
            en, share.title, share.title_ko
        ),
        id: DeviceId::new(id).expect("a prefix and a number"),
        agency: AgencyId::new(share.agency).expect("a constant id"),
        model: ModelId::new(share.model).expect("a constant id"),
        location: Location::new(lat + away(1), lon + away(2)).expect("near Seoul"),
        hash,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_plan_is_repeatable_and_grows_without_changing() {
        let small = plan(7, 100);
        let large = plan(7, 300);
        assert_eq!(&large[..100], &small[..]);
        assert_ne!(small, plan(8, 100));
        let ids: HashSet<_> = large.iter().map(|device| &device.id).collect();
        assert_eq!(ids.len(), 300);
    }

    #[test]
    fn it_covers_all_models_and_both_agencies_about_seoul() {
        assert_eq!(SHARES.iter().map(|share| share.percent).sum::<u32>(), 100);
        let devices = plan(7, 300);
        let models: HashSet<_> = devices.iter().map(|device| device.model.as_str()).collect();
        assert_eq!(models.len(), SHARES.len());
        let agencies: HashSet<_> = devices
            .iter()
            .map(|device| device.agency.as_str())
            .collect();
        assert_eq!(agencies, HashSet::from([SEOUL, RIVER]));
        for device in &devices {
            assert!((37.4..37.75).contains(&device.location.lat()), "{device:?}");
            assert!(
                (126.7..127.35).contains(&device.location.lon()),
                "{device:?}"
            );
        }
    }
}
