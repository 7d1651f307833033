//! Place.

/// WGS 84, in units of 1e-7 degree: about 1 cm.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Location {
    lat_e7: i32,
    lon_e7: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a location is latitude -90..90 and longitude -180..180 in degrees")]
pub struct LocationError;

const E7: f64 = 1e7;
/// 0.001 degree, about 100 m.
const CELL_E7: i32 = 10_000;

impl Location {
    pub fn new(lat: f64, lon: f64) -> Result<Self, LocationError> {
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
            return Err(LocationError);
        }
        Ok(Self {
            lat_e7: (lat * E7).round() as i32,
            lon_e7: (lon * E7).round() as i32,
        })
    }

    pub const fn from_e7(lat_e7: i32, lon_e7: i32) -> Self {
        Self { lat_e7, lon_e7 }
    }

    pub const fn lat_e7(self) -> i32 {
        self.lat_e7
    }

    pub const fn lon_e7(self) -> i32 {
        self.lon_e7
    }

    /// Degrees north.
    pub fn lat(self) -> f64 {
        f64::from(self.lat_e7) / E7
    }

    /// Degrees east.
    pub fn lon(self) -> f64 {
        f64::from(self.lon_e7) / E7
    }

    /// What the public sees of it: the centre of its 0.001 degree cell. Filters
    /// and distances use this too: otherwise a box that is moved step by step
    /// would find the exact place.
    #[must_use]
    pub fn coarse(self) -> Self {
        let centre = |e7: i32| e7.div_euclid(CELL_E7) * CELL_E7 + CELL_E7 / 2;
        Self {
            lat_e7: centre(self.lat_e7).clamp(-900_000_000, 900_000_000),
            lon_e7: centre(self.lon_e7).clamp(-1_800_000_000, 1_800_000_000),
        }
    }

    /// Great-circle distance in metres, on a sphere of 6,371,008.8 m (the mean
    /// radius of WGS 84, IUGG).
    pub fn distance_metres(self, other: Self) -> f64 {
        const RADIUS: f64 = 6_371_008.8;
        let (lat_a, lat_b) = (self.lat().to_radians(), other.lat().to_radians());
        let half_lat = (lat_b - lat_a) / 2.0;
        let half_lon = (other.lon() - self.lon()).to_radians() / 2.0;
        let a = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
        2.0 * RADIUS * a.sqrt().min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_sees_the_centre_of_a_cell() {
        let exact = Location::new(37.566_412_3, 126.977_968_9).unwrap();
        let coarse = exact.coarse();
        assert_eq!((coarse.lat(), coarse.lon()), (37.5665, 126.9775));
        let south_west = Location::new(-0.000_1, -0.000_1).unwrap();
        assert_eq!(south_west.coarse().lat(), -0.0005);
    }

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let a = Location::new(37.0, 127.0).unwrap();
        let b = Location::new(38.0, 127.0).unwrap();
        assert!((a.distance_metres(b) - 111_195.0).abs() < 1.0);
    }
}
