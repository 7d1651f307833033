//! The city that the fleet stands in: invented, on an invented island in open
//! sea, so that nobody takes its values for those of a place or an agency that
//! exists. `city/gaon.json` is drawn by hand; the pages draw the same file
//! under a platform that says it is simulated.

use std::sync::OnceLock;

use serde::Deserialize;

/// Degrees east, then north, as in GeoJSON.
pub type Corner = [f64; 2];

#[derive(Debug, Deserialize)]
pub struct City {
    pub river: River,
    /// Down the river, from the dam to the harbour.
    pub gauges: Vec<Spot>,
    pub districts: Vec<District>,
}

#[derive(Debug, Deserialize)]
pub struct River {
    pub course: Vec<Corner>,
}

#[derive(Debug, Deserialize)]
pub struct Spot {
    pub en: String,
    pub ko: String,
    pub at: Corner,
}

#[derive(Debug, Deserialize)]
pub struct District {
    /// Its name as a boundary.
    pub id: String,
    pub en: String,
    pub ko: String,
    /// Its outline; the last corner is the first.
    pub ring: Vec<Corner>,
}

/// The one that comes along.
pub fn gaon() -> &'static City {
    static CITY: OnceLock<City> = OnceLock::new();
    CITY.get_or_init(|| {
        serde_json::from_str(include_str!("../../city/gaon.json")).expect("the city is readable")
    })
}

impl District {
    /// By the even-odd rule.
    pub fn contains(&self, [x, y]: Corner) -> bool {
        self.ring.windows(2).fold(false, |inside, edge| {
            let ([ax, ay], [bx, by]) = (edge[0], edge[1]);
            let crosses = (ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax;
            inside != crosses
        })
    }

    /// West, south, east, north.
    pub fn bounds(&self) -> [f64; 4] {
        let start = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
        self.ring.iter().fold(start, |[w, s, e, n], [x, y]| {
            [w.min(*x), s.min(*y), e.max(*x), n.max(*y)]
        })
    }
}

impl City {
    /// How far up the valley a place lies: 1 at the river's source, 0 at its
    /// mouth, by the straight line between the two.
    pub fn up(&self, [x, y]: Corner) -> f64 {
        let (Some([sx, sy]), Some([mx, my])) =
            (self.river.course.first(), self.river.course.last())
        else {
            return 0.0;
        };
        let (dx, dy) = (sx - mx, sy - my);
        (((x - mx) * dx + (y - my) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_river_runs_through_the_districts_from_top_to_bottom() {
        let city = gaon();
        assert_eq!((city.districts.len(), city.gauges.len()), (8, 12));
        let ups: Vec<f64> = city.gauges.iter().map(|gauge| city.up(gauge.at)).collect();
        assert!(ups.windows(2).all(|pair| pair[0] > pair[1]), "{ups:?}");
        for gauge in &city.gauges {
            let within = city.districts.iter().filter(|d| d.contains(gauge.at));
            assert_eq!(within.count(), 1, "{}", gauge.en);
        }
        for district in &city.districts {
            assert_eq!(district.ring.first(), district.ring.last());
        }
    }
}
