//! `near=lat,lon,metres`.

use std::fmt;
use std::str::FromStr;

use domain::bbox::numbers;
use domain::{Cells, Location};

/// A circle on the map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Near {
    centre: Location,
    metres: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("near is lat,lon,metres, as 37.5665,126.978,500")]
pub(crate) struct NearError;

impl Near {
    pub(crate) fn contains(&self, location: Location) -> bool {
        self.centre.distance_metres(location) <= self.metres
    }

    /// The cells that it touches.
    pub(crate) fn cells(&self) -> Cells {
        Cells::around(self.centre, self.metres)
    }
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lat, lon) = (self.centre.lat(), self.centre.lon());
        write!(f, "{lat},{lon},{}", self.metres)
    }
}

impl FromStr for Near {
    type Err = NearError;

    fn from_str(text: &str) -> Result<Self, NearError> {
        let [lat, lon, metres] = numbers(text).ok_or(NearError)?;
        if metres < 0.0 {
            return Err(NearError);
        }
        let centre = Location::new(lat, lon).map_err(|_| NearError)?;
        Ok(Self { centre, metres })
    }
}
