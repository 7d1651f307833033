//! Cells of the map, by which places are found without a look at all of them.

use std::ops::RangeInclusive;

use crate::bbox::Bbox;
use crate::location::Location;

/// 0.01 degree of latitude, and 0.004 degree of longitude: whole cells of
/// [`Location::coarse`], so that a place and what the public sees of it share
/// one, and what a look costs tells no more than the coarse place does.
const ROW_E7: i32 = 100_000;
const COLUMN_E7: i32 = 40_000;
const COLUMN_BITS: u32 = 17;
/// Rows and columns are counted from here; 90 and 180 degrees begin one of their own.
const SOUTHMOST_E7: i32 = -900_000_000;
const WESTMOST_E7: i32 = -1_800_000_000;
const LAST_ROW: u32 = (900_000_000 - SOUTHMOST_E7) as u32 / ROW_E7 as u32;
const LAST_COLUMN: u32 = (1_800_000_000_u32 + 1_800_000_000) / COLUMN_E7 as u32;

const E7: f64 = 1e7;
/// Of longitude to each side: what reaches farther goes all around.
const MOST_DEGREES: f64 = 179.0;
const METRES_A_DEGREE: f64 = 111_195.0;

/// In the order of rows from the south, and from the west within one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cell(u32);

impl Cell {
    pub const FIRST: Self = Self(0);

    #[inline]
    pub const fn of(place: Location) -> Self {
        // A difference of two i32 may need 32 bits without a sign.
        let row = place.lat_e7().wrapping_sub(SOUTHMOST_E7) as u32 / ROW_E7 as u32;
        let column = place.lon_e7().wrapping_sub(WESTMOST_E7) as u32 / COLUMN_E7 as u32;
        Self::at(row, column)
    }

    const fn at(row: u32, column: u32) -> Self {
        Self(row << COLUMN_BITS | column)
    }

    const fn row(self) -> u32 {
        self.0 >> COLUMN_BITS
    }

    const fn column(self) -> u32 {
        self.0 & ((1 << COLUMN_BITS) - 1)
    }
}

/// The cells that an area touches: rows, with the same columns of each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cells {
    rows: RangeInclusive<u32>,
    /// Two where it crosses 180 degrees; from the west.
    columns: [Option<RangeInclusive<u32>>; 2],
}

impl Cells {
    /// All within `metres` of `centre`, and some around them.
    pub fn around(centre: Location, metres: f64) -> Self {
        let degrees = metres / METRES_A_DEGREE;
        let (south, north) = (centre.lat() - degrees, centre.lat() + degrees);
        // A degree of longitude is shortest where the circle is nearest to a pole.
        let widest = south.abs().max(north.abs()).min(90.0).to_radians().cos();
        let aside = degrees / widest;
        let (west, east) = (centre.lon() - aside, centre.lon() + aside);
        let all_around = aside >= MOST_DEGREES || aside.is_nan();
        let columns = if all_around {
            [Some(0..=LAST_COLUMN), None]
        } else if west <= -180.0 {
            beyond_180(west + 360.0, east)
        } else if east >= 180.0 {
            beyond_180(west, east - 360.0)
        } else {
            [Some(columns(west, east)), None]
        };
        Self {
            rows: rows(south, north),
            columns,
        }
    }

    pub fn of_box(bbox: &Bbox) -> Self {
        let [west, south, east, north] = <[f64; 4]>::from(*bbox);
        Self {
            rows: rows(south, north),
            columns: if west <= east {
                [Some(columns(west, east)), None]
            } else {
                beyond_180(west, east)
            },
        }
    }

    /// All in the box between two corners.
    pub fn between(south_west: Location, north_east: Location) -> Self {
        let (first, last) = (Cell::of(south_west), Cell::of(north_east));
        Self {
            rows: first.row()..=last.row(),
            columns: [Some(first.column()..=last.column()), None],
        }
    }

    /// The first of them that is not before `cell`.
    pub fn next_from(&self, cell: Cell) -> Option<Cell> {
        let (south, north) = (*self.rows.start(), *self.rows.end());
        let (row, column) = if cell.row() < south {
            (south, 0)
        } else {
            (cell.row(), cell.column())
        };
        if row > north {
            return None;
        }
        let ahead = |range: &&RangeInclusive<u32>| column <= *range.end();
        if let Some(range) = self.columns.iter().flatten().find(ahead) {
            return Some(Cell::at(row, column.max(*range.start())));
        }
        let west = self.columns[0].as_ref()?.start();
        (row < north).then_some(Cell::at(row + 1, *west))
    }
}

/// From `west` eastwards over 180 degrees to `east`.
fn beyond_180(west: f64, east: f64) -> [Option<RangeInclusive<u32>>; 2] {
    let (first, last) = (columns(-180.0, east), columns(west, 180.0));
    if *first.end() >= *last.start() {
        return [Some(0..=LAST_COLUMN), None];
    }
    [Some(first), Some(last)]
}

fn rows(south: f64, north: f64) -> RangeInclusive<u32> {
    span(south, north, SOUTHMOST_E7, ROW_E7, LAST_ROW)
}

fn columns(west: f64, east: f64) -> RangeInclusive<u32> {
    span(west, east, WESTMOST_E7, COLUMN_E7, LAST_COLUMN)
}

/// Degrees may not be whole units: one more to each side holds them surely.
fn span(from: f64, to: f64, origin: i32, side: i32, last: u32) -> RangeInclusive<u32> {
    let step = |e7: f64| ((e7 - f64::from(origin)) / f64::from(side)).floor();
    let bound = |e7: f64| step(e7).clamp(0.0, f64::from(last)) as u32;
    bound((from * E7).floor() - 1.0)..=bound((to * E7).ceil() + 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = Location> {
        let close = (-40_000..=40_000, -40_000..=40_000);
        let corner = prop::sample::select(vec![
            (375_000_000, 1_270_000_000),
            (0, 0),
            (0, 1_800_000_000),
            (10, -1_800_000_000),
            (900_000_000, 100),
            (-900_000_000, 0),
        ]);
        (corner, close, 1..=10_i32).prop_map(|(corner, close, times)| {
            let (north, east): (i32, i32) = close;
            let (lat, lon): (i32, i32) = corner;
            let lat = (lat + north * times).clamp(-900_000_000, 900_000_000);
            let lon = i64::from(lon) + i64::from(east * times);
            Location::from_e7(lat, lon.clamp(-1_800_000_000, 1_800_000_000) as i32)
        })
    }

    fn has(cells: &Cells, place: Location) -> bool {
        cells.next_from(Cell::of(place)) == Some(Cell::of(place))
    }

    proptest! {
        #[test]
        fn a_place_and_its_coarse_one_share_a_cell(place in place()) {
            prop_assert_eq!(Cell::of(place), Cell::of(place.coarse()));
        }

        #[test]
        fn whatever_an_area_contains_lies_in_its_cells(
            places in prop::collection::vec(place(), 1..40),
            corners in (place(), place()),
            metres in 0.0..5_000.0,
        ) {
            let (one, two) = corners;
            let (south, north) = (one.lat().min(two.lat()), one.lat().max(two.lat()));
            let bbox = Bbox::try_from([one.lon(), south, two.lon(), north]).unwrap();
            let (of_box, around) = (Cells::of_box(&bbox), Cells::around(one, metres));
            for place in places {
                prop_assert!(!bbox.contains(place) || has(&of_box, place));
                prop_assert!(one.distance_metres(place) > metres || has(&around, place));
            }
        }

        /// A walk by leaps passes the cells that a walk cell by cell does.
        #[test]
        fn a_leap_leaves_none_out(corners in (place(), place()), places in prop::collection::vec(place(), 0..40)) {
            let (one, two) = corners;
            let (south, north) = (one.lat().min(two.lat()), one.lat().max(two.lat()));
            let bbox = Bbox::try_from([one.lon(), south, two.lon(), north]).unwrap();
            let cells = Cells::of_box(&bbox);
            let mut all: Vec<Cell> = places.into_iter().map(Cell::of).collect();
            all.sort_unstable();
            let mut at = cells.next_from(Cell::FIRST);
            let mut found = Vec::new();
            for cell in &all {
                while let Some(from) = at.filter(|from| from < cell) {
                    at = cells.next_from(*cell);
                    prop_assert!(at.is_none_or(|next| next > from));
                }
                found.extend(at.filter(|from| from == cell));
            }
            all.retain(|cell| cells.next_from(*cell) == Some(*cell));
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn a_small_area_has_few_cells() {
        let cells = Cells::of_box(&"126.97,37.56,126.98,37.57".parse().unwrap());
        let mut count = 0;
        let mut at = cells.next_from(Cell::FIRST);
        while let Some(cell) = at {
            count += 1;
            at = cells.next_from(Cell(cell.0 + 1));
        }
        assert!(count <= 15, "{count}");
    }
}
