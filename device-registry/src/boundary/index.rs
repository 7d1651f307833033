//! Edges by the strip of latitude that they lie in, so that a look at one
//! place reads a few of them instead of all.

use domain::Location;

/// Edges that a strip should hold; fewer make more strips than a look saves.
const EDGES_A_STRIP: usize = 8;
/// An edge stands in each strip that it touches: so many entries for each edge
/// at most, on average, or the strips are made taller.
const MOST_ENTRIES_AN_EDGE: usize = 4;

/// Horizontal strips of equal height over the box around all edges.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct EdgeIndex {
    /// The southern end of the first strip.
    south: i64,
    north: i64,
    /// 1 at least.
    height: i64,
    /// Where each strip's edges begin, and after the last one their end.
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

/// From its southern end to its northern one.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Edge {
    south: Location,
    north: Location,
}

impl EdgeIndex {
    pub(super) fn new(edges: impl Iterator<Item = (Location, Location)>) -> Self {
        // A level edge is crossed by no ray to the east.
        let edges: Vec<Edge> = edges
            .filter(|(one, two)| one.lat_e7() != two.lat_e7())
            .map(|(one, two)| {
                if one.lat_e7() < two.lat_e7() {
                    Edge {
                        south: one,
                        north: two,
                    }
                } else {
                    Edge {
                        south: two,
                        north: one,
                    }
                }
            })
            .collect();
        let south = edges.iter().map(|edge| edge.south.lat_e7()).min();
        let north = edges.iter().map(|edge| edge.north.lat_e7()).max();
        let (south, north) = (south.map_or(0, i64::from), north.map_or(0, i64::from));
        let mut index = Self {
            south,
            north,
            height: 1,
            starts: Vec::new(),
            edges: Vec::new(),
        };
        let mut strips = (edges.len() / EDGES_A_STRIP).max(1);
        loop {
            index.height = ((north - south) / strips as i64 + 1).max(1);
            let entries: usize = edges.iter().map(|edge| index.strips_of(edge).count()).sum();
            if entries <= MOST_ENTRIES_AN_EDGE * edges.len() || strips == 1 {
                break;
            }
            strips /= 2;
        }
        index.fill(&edges, strips);
        index
    }

    /// In how many edges a ray from `place` to the east meets, each with its
    /// southern end and without its northern one.
    pub(super) fn crossings(&self, place: Location) -> usize {
        let lat = i64::from(place.lat_e7());
        if lat < self.south || lat >= self.north {
            return 0;
        }
        let strip = self.strip(lat);
        let edges = self.starts[strip] as usize..self.starts[strip + 1] as usize;
        self.edges[edges]
            .iter()
            .filter(|edge| edge.lies_east_of(place))
            .count()
    }

    fn fill(&mut self, edges: &[Edge], strips: usize) {
        let mut by_strip: Vec<Vec<Edge>> = vec![Vec::new(); strips];
        for edge in edges {
            for strip in self.strips_of(edge) {
                by_strip[strip].push(*edge);
            }
        }
        self.starts.push(0);
        for strip in by_strip {
            self.edges.extend(strip);
            self.starts.push(self.edges.len() as u32);
        }
    }

    fn strip(&self, lat: i64) -> usize {
        ((lat - self.south) / self.height) as usize
    }

    fn strips_of(&self, edge: &Edge) -> std::ops::RangeInclusive<usize> {
        let last = i64::from(edge.north.lat_e7()) - 1;
        self.strip(edge.south.lat_e7().into())..=self.strip(last)
    }
}

impl Edge {
    fn lies_east_of(&self, place: Location) -> bool {
        let (lat, lon) = (i64::from(place.lat_e7()), i64::from(place.lon_e7()));
        let (south, north) = (self.south.lat_e7().into(), self.north.lat_e7().into());
        if lat < south || lat >= north {
            return false;
        }
        let foot = i64::from(self.south.lon_e7());
        let run = i64::from(self.north.lon_e7()) - foot;
        (lon - foot) * (north - south) < run * (lat - south)
    }
}
