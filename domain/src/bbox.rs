//! `bbox=west,south,east,north`, in degrees, as GeoJSON orders it.

use std::fmt;
use std::str::FromStr;

use crate::location::Location;

/// A box on the map. West may be greater than east: it then crosses 180.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bbox is west,south,east,north in degrees, as 126.7,37.4,127.2,37.7")]
pub struct BboxError;

impl Bbox {
    /// Whether the place lies in it, or on its edge.
    pub fn contains(&self, location: Location) -> bool {
        let (lat, lon) = (location.lat(), location.lon());
        let between = if self.west <= self.east {
            (self.west..=self.east).contains(&lon)
        } else {
            lon >= self.west || lon <= self.east
        };
        between && (self.south..=self.north).contains(&lat)
    }
}

impl TryFrom<[f64; 4]> for Bbox {
    type Error = BboxError;

    fn try_from([west, south, east, north]: [f64; 4]) -> Result<Self, BboxError> {
        let sound = (-180.0..=180.0).contains(&west)
            && (-180.0..=180.0).contains(&east)
            && (-90.0..=90.0).contains(&south)
            && (-90.0..=90.0).contains(&north)
            && south <= north;
        sound
            .then_some(Self {
                west,
                south,
                east,
                north,
            })
            .ok_or(BboxError)
    }
}

impl From<Bbox> for [f64; 4] {
    fn from(bbox: Bbox) -> Self {
        [bbox.west, bbox.south, bbox.east, bbox.north]
    }
}

impl fmt::Display for Bbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{},{},{},{}",
            self.west, self.south, self.east, self.north
        )
    }
}

impl FromStr for Bbox {
    type Err = BboxError;

    fn from_str(text: &str) -> Result<Self, BboxError> {
        numbers(text).ok_or(BboxError)?.try_into()
    }
}

/// Exactly `N` finite numbers between commas.
pub fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let mut out = [0.0_f64; N];
    let mut parts = text.split(',');
    for slot in &mut out {
        *slot = parts.next()?.trim().parse().ok()?;
        if !slot.is_finite() {
            return None;
        }
    }
    parts.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_may_cross_the_date_line() {
        let bbox: Bbox = "179,-20,-179,20".parse().unwrap();
        assert!(bbox.contains(Location::new(0.0, 179.5).unwrap()));
        assert!(bbox.contains(Location::new(0.0, -179.5).unwrap()));
        assert!(!bbox.contains(Location::new(0.0, 0.0).unwrap()));
    }

    #[test]
    fn what_is_no_box_is_refused() {
        for bad in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "1,5,2,4",
            "200,0,201,1",
            "a,b,c,d",
            "NaN,0,1,1",
        ] {
            assert!(bad.parse::<Bbox>().is_err(), "{bad}");
        }
    }
}
