//! Which devices a fleet has: in the districts of an invented city and down its
//! river, over all models and two agencies, the same for the same seed.

use domain::{AgencyId, DeviceId, Location, ModelId};

use super::PlannedDevice;
use super::city::{self, City, Corner};
use crate::signal::{Site, chance, mix};

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

/// The agencies of a fleet: id and name.
pub const AGENCIES: [(&str, &str); 2] = [
    (CITY, "Gaon City · 가온시"),
    (RIVER, "Neoul River Office · 너울강관리소"),
];
const CITY: &str = "gaon";
const RIVER: &str = "neoul";

const SHARES: [Share; 14] = [
    share(
        "traffic.flow",
        "vds",
        ("Traffic detector", "차량검지기"),
        CITY,
        26,
        Place::City,
    ),
    share(
        "safety.air",
        "air",
        ("Air monitor", "대기측정소"),
        CITY,
        14,
        Place::City,
    ),
    share(
        "safety.street",
        "sdot",
        ("Street sensor", "도시데이터센서"),
        CITY,
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
        CITY,
        7,
        Place::City,
    ),
    share(
        "traffic.signal",
        "sig",
        ("Traffic signal", "교통신호기"),
        CITY,
        5,
        Place::City,
    ),
    share(
        "safety.lamp",
        "lamp",
        ("Street lamp", "가로등"),
        CITY,
        5,
        Place::City,
    ),
    share(
        "safety.crowd",
        "crowd",
        ("Crowd counter", "인파계수기"),
        CITY,
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
        CITY,
        2,
        Place::City,
    ),
    share(
        "disaster.fire",
        "fire",
        ("Fire detector", "화재감지기"),
        CITY,
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

/// About degrees that a device of the river lies from its gauge.
const RIVER_SPREAD: f64 = 0.003;
/// Draws until a place lies within its district: each has a third of its box
/// at least, so that more are never needed.
const MAX_DRAWS: u64 = 64;

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

/// The share that lacks most of its percentage.
fn next_share(total: u32, taken: &[u32; SHARES.len()]) -> usize {
    let lacking = |at: &usize| {
        i64::from(SHARES[*at].percent) * i64::from(total) - i64::from(taken[*at]) * 100
    };
    (0..SHARES.len())
        .max_by_key(|at| (lacking(at), std::cmp::Reverse(*at)))
        .unwrap_or_default()
}

fn device(seed: u64, share: &Share, number: u32) -> PlannedDevice {
    let id = format!("{}-{number:03}", share.prefix);
    let hash = id
        .bytes()
        .fold(mix(seed), |hash, byte| mix(hash ^ u64::from(byte)));
    let city = city::gaon();
    let (en, ko, [lon, lat]) = match share.place {
        Place::City => in_a_district(city, hash),
        // One after another down the river.
        Place::River => at_the_river(city, hash, number as usize - 1),
    };
    PlannedDevice {
        name: format!(
            "{en} {} {number} · {ko} {} {number}",
            share.title, share.title_ko
        ),
        id: DeviceId::new(id).expect("a prefix and a number"),
        agency: AgencyId::new(share.agency).expect("a constant id"),
        model: ModelId::new(share.model).expect("a constant id"),
        location: Location::new(lat, lon).expect("in the city"),
        site: Site {
            hash,
            up: city.up([lon, lat]),
        },
        hash,
    }
}

/// English and Korean name of where it is, and the place.
type Placed = (&'static str, &'static str, Corner);

fn in_a_district(city: &'static City, hash: u64) -> Placed {
    let district = &city.districts[(hash % city.districts.len() as u64) as usize];
    let [west, south, east, north] = district.bounds();
    let drawn = (0..MAX_DRAWS).map(|draw| {
        let part = |salt: u64| chance(mix(hash ^ salt).wrapping_add(draw));
        [
            west + (east - west) * part(1),
            south + (north - south) * part(2),
        ]
    });
    let within = drawn.into_iter().find(|place| district.contains(*place));
    (
        &district.en,
        &district.ko,
        within.unwrap_or(district.ring[0]),
    )
}

fn at_the_river(city: &'static City, hash: u64, number: usize) -> Placed {
    let gauge = &city.gauges[number % city.gauges.len()];
    let away = |salt: u64| (chance(hash ^ salt) + chance(hash ^ salt ^ 0xff) - 1.0) * RIVER_SPREAD;
    let [lon, lat] = gauge.at;
    (&gauge.en, &gauge.ko, [lon + away(1), lat + away(2)])
}

#[cfg(test)]
mod tests;
