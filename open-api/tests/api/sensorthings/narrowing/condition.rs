//! Random conditions: made of what the entities have and of what is close to it,
//! so that indexes are asked about their edges.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::evaluate::{Cell, Comparison};
use super::tables::{Kind, Path, Table};

/// A condition before it is known of which set.
#[derive(Clone, Debug)]
pub(super) enum Seed {
    All(Vec<Seed>),
    Some(Vec<Seed>),
    Not(Box<Seed>),
    Leaf(LeafSeed),
}

#[derive(Clone, Debug)]
pub(super) struct LeafSeed {
    path: Index,
    form: u8,
    values: Vec<(Index, u8)>,
}

pub(super) fn seed() -> impl Strategy<Value = Seed> {
    let values = vec((any::<Index>(), any::<u8>()), 1..4);
    let leaf = (any::<Index>(), any::<u8>(), values);
    let leaf = leaf.prop_map(|(path, form, values)| Seed::Leaf(LeafSeed { path, form, values }));
    let leaf = leaf.boxed();
    let joined = leaf.clone().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 2..4).prop_map(Seed::All),
            2 => vec(inner.clone(), 2..4).prop_map(Seed::Some),
            1 => inner.prop_map(|inner| Seed::Not(Box::new(inner))),
        ]
    });
    // The less stands beside it, the more an index has to say.
    prop_oneof![leaf, joined]
}

pub(super) enum Condition {
    All(Vec<Condition>),
    Some(Vec<Condition>),
    Not(Box<Condition>),
    Leaf(Leaf),
}

pub(super) struct Leaf {
    path: &'static Path,
    test: Test,
}

enum Test {
    Compare {
        comparison: Comparison,
        with: Literal,
        mirrored: bool,
    },
    In(Vec<Literal>),
    Distance {
        comparison: Comparison,
        point: [f64; 2],
        degrees: f64,
        mirrored: bool,
    },
    Within([f64; 4]),
}

/// A constant, and how it is written.
struct Literal {
    cell: Cell,
    text: String,
}

/// Degrees to one side of a place, that lead into its cell, over its edge, and to
/// the next ones.
const STEPS: [f64; 8] = [
    -0.0113, -0.0013, -0.0006, -0.0002, 0.0001, 0.0007, 0.0014, 0.0121,
];
const DISTANCES: [f64; 8] = [-1.0, 0.000_3, 0.000_9, 0.001_6, 0.012_3, 0.5, 3.3, 400.0];

/// Less than places are told by, in degrees.
const EDGE: f64 = 0.000_000_05;

impl Condition {
    pub(super) fn of(seed: &Seed, table: &'static Table, values: &[Vec<Cell>]) -> Self {
        let all = |seeds: &[Seed]| {
            seeds
                .iter()
                .map(|one| Self::of(one, table, values))
                .collect()
        };
        match seed {
            Seed::All(seeds) => Self::All(all(seeds)),
            Seed::Some(seeds) => Self::Some(all(seeds)),
            Seed::Not(seed) => Self::Not(Box::new(Self::of(seed, table, values))),
            Seed::Leaf(seed) => {
                let at = seed.path.index(table.paths.len());
                Self::Leaf(Leaf::of(seed, &table.paths[at], &values[at]))
            }
        }
    }

    /// How many of its parts lead through a set.
    pub(super) fn sets(&self) -> usize {
        match self {
            Self::All(parts) | Self::Some(parts) => parts.iter().map(Self::sets).sum(),
            Self::Not(part) => part.sets(),
            Self::Leaf(leaf) => usize::from(!leaf.path.set.is_empty()),
        }
    }

    /// As a filter; a path through a set is plain where it is the only one.
    pub(super) fn text(&self) -> String {
        self.written(self.sets() == 1)
    }

    fn written(&self, plain: bool) -> String {
        let joined = |parts: &[Self], word: &str| {
            let parts: Vec<_> = parts.iter().map(|part| part.written(plain)).collect();
            format!("({})", parts.join(word))
        };
        match self {
            Self::All(parts) => joined(parts, " and "),
            Self::Some(parts) => joined(parts, " or "),
            Self::Not(part) => format!("not ({})", part.written(plain)),
            Self::Leaf(leaf) => leaf.written(plain),
        }
    }

    pub(super) fn holds(&self, entity: &Value) -> bool {
        self.truth(entity) == Some(true)
    }

    /// `None` is what is neither true nor false.
    fn truth(&self, entity: &Value) -> Option<bool> {
        let joined = |parts: &[Self], decisive: bool| {
            let truths: Vec<_> = parts.iter().map(|part| part.truth(entity)).collect();
            match truths.contains(&Some(decisive)) {
                true => Some(decisive),
                false if truths.contains(&None) => None,
                false => Some(!decisive),
            }
        };
        match self {
            Self::All(parts) => joined(parts, false),
            Self::Some(parts) => joined(parts, true),
            Self::Not(part) => part.truth(entity).map(|truth| !truth),
            Self::Leaf(leaf) => leaf.truth(entity),
        }
    }
}

impl Leaf {
    fn of(seed: &LeafSeed, path: &'static Path, values: &[Cell]) -> Self {
        let mirrored = seed.form & 1 == 1;
        let form = usize::from(seed.form / 2);
        let literal = |(index, change): &(Index, u8)| {
            if values.is_empty() {
                return Literal::null();
            }
            Literal::near(&values[index.index(values.len())], path.kind, *change)
        };
        let comparison = Comparison::ALL[form % Comparison::ALL.len()];
        if path.kind == Kind::Place {
            return Self {
                path,
                test: near_place(seed, values, mirrored),
            };
        }
        let test = match form % 5 {
            0 | 1 => Test::In(seed.values.iter().map(literal).collect()),
            _ => Test::Compare {
                comparison,
                with: literal(&seed.values[0]),
                mirrored,
            },
        };
        Self { path, test }
    }

    fn written(&self, plain: bool) -> String {
        match (self.path.set, plain) {
            ("", _) | (_, true) => self.test.written(&self.path.to_string()),
            (set, false) => {
                let within = format!("x/{}", self.path.names);
                format!("{set}/any(x: {})", self.test.written(&within))
            }
        }
    }

    fn truth(&self, entity: &Value) -> Option<bool> {
        let cells = self.path.cells(entity);
        match self.path.set {
            "" => self.test.truth(&cells[0]),
            _ => Some(cells.iter().any(|cell| self.test.truth(cell) == Some(true))),
        }
    }
}

/// A circle or a box about where something is, or a little beside it.
fn near_place(seed: &LeafSeed, values: &[Cell], mirrored: bool) -> Test {
    let (index, change) = &seed.values[0];
    let places: Vec<[f64; 2]> = values
        .iter()
        .filter_map(|cell| match cell {
            Cell::Place(points) => points.first().copied(),
            _ => None,
        })
        .collect();
    let [x, y] = places[index.index(places.len())];
    let change = usize::from(*change);
    let point = [
        rounded(x + STEPS[change % 8]),
        rounded(y + STEPS[change / 8 % 8]),
    ];
    let form = usize::from(seed.form / 2);
    // Half of them have the place just within, or just not.
    let closeness = change / 64;
    if form.is_multiple_of(3) {
        let (width, height) = (DISTANCES[1 + form % 7], DISTANCES[1 + form / 7 % 7]);
        let [east, north] = [point[0] + width, point[1] + height];
        let [west, south, east, north] = match closeness {
            0 => [x - EDGE, y - EDGE, beside(east), beside(north)],
            1 => [beside(x - width), beside(y - height), x + EDGE, y + EDGE],
            2 => [x + EDGE, y - EDGE, beside(east), beside(north)],
            _ => [
                beside(point[0]),
                beside(point[1]),
                beside(east),
                beside(north),
            ],
        };
        let (w, e) = (west.min(east), west.max(east));
        let (s, n) = (south.min(north), south.max(north));
        return Test::Within([w, s, e, n]);
    }
    let away = (point[0] - x).hypot(point[1] - y);
    Test::Distance {
        comparison: [
            Comparison::Less,
            Comparison::LessOrEqual,
            Comparison::Less,
            Comparison::Greater,
        ][form % 4],
        point,
        degrees: match closeness {
            0 => away * 1.001,
            1 => away * 0.999,
            _ => DISTANCES[form % 8],
        },
        mirrored,
    }
}

/// Where no place lies: they have a digit less.
fn beside(degrees: f64) -> f64 {
    rounded(degrees) + EDGE
}

/// Degrees as they are kept: seven digits.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

impl Test {
    fn written(&self, path: &str) -> String {
        match self {
            Self::Compare {
                comparison,
                with,
                mirrored: false,
            } => {
                format!("{path} {} {}", comparison.word(), with.text)
            }
            Self::Compare {
                comparison,
                with,
                mirrored: true,
            } => {
                format!("{} {} {path}", with.text, comparison.mirrored().word())
            }
            Self::In(items) => {
                let items: Vec<_> = items.iter().map(|item| item.text.as_str()).collect();
                format!("{path} in ({})", items.join(","))
            }
            Self::Distance {
                comparison,
                point: [x, y],
                degrees,
                mirrored,
            } => {
                let point = format!("geography'POINT ({x} {y})'");
                match mirrored {
                    true => format!(
                        "{degrees} {} geo.distance({point}, {path})",
                        comparison.mirrored().word()
                    ),
                    false => format!(
                        "geo.distance({path}, {point}) {} {degrees}",
                        comparison.word()
                    ),
                }
            }
            Self::Within([w, s, e, n]) => {
                format!(
                    "st_within({path}, geography'POLYGON (({w} {s}, {e} {s}, {e} {n}, {w} {n}, {w} \
                        {s}))')"
                )
            }
        }
    }

    fn truth(&self, cell: &Cell) -> Option<bool> {
        match self {
            Self::Compare {
                comparison, with, ..
            } => Some(comparison.holds(cell, &with.cell)),
            Self::In(items) => Some(items.iter().any(|item| item.cell == *cell)),
            Self::Distance {
                comparison,
                point,
                degrees,
                ..
            } => {
                let distance = cell.distance(*point).map_or(Cell::Null, Cell::Number);
                Some(comparison.holds(&distance, &Cell::Number(*degrees)))
            }
            Self::Within(area) => cell.is_within(*area),
        }
    }
}

impl Literal {
    fn null() -> Self {
        Self {
            cell: Cell::Null,
            text: "null".to_owned(),
        }
    }

    /// The value, or one beside it, in one of the ways to write it.
    fn near(cell: &Cell, kind: Kind, change: u8) -> Self {
        match cell {
            Cell::Null | Cell::Place(_) => Self::null(),
            Cell::Bool(truth) => Self {
                cell: cell.clone(),
                text: truth.to_string(),
            },
            Cell::Number(number) => Self::number(*number, change),
            Cell::Text(text) => match change % 6 {
                0 => {
                    Self::text(&text[..text.len() - text.chars().last().map_or(0, char::len_utf8)])
                }
                1 => Self::text(&format!("{text}!")),
                2 if kind == Kind::Any => Self::number(1.0, change),
                _ => Self::text(text),
            },
            Cell::Time(from, to) => Self::time(*from, *to, change),
        }
    }

    fn text(text: &str) -> Self {
        let quoted = text
            .replace('%', "%25")
            .replace('\'', "''")
            .replace('&', "%26");
        Self {
            cell: Cell::Text(text.to_owned()),
            text: format!("'{quoted}'"),
        }
    }

    fn number(number: f64, change: u8) -> Self {
        if change % 7 == 6 {
            return Self::text(&number.to_string());
        }
        let number = number + [0.0, 0.0, 0.0, 1.0, -1.0, 0.5][usize::from(change % 6)];
        Self {
            cell: Cell::Number(number),
            // 5, and 5.0.
            text: if change > 127 {
                format!("{number:?}")
            } else {
                number.to_string()
            },
        }
    }

    fn time(from: i64, to: i64, change: u8) -> Self {
        const MINUTE: i64 = 60_000_000;
        if change % 8 == 7 {
            return Self {
                cell: Cell::Time(from, to),
                text: format!("{}/{}", written(from), written(to)),
            };
        }
        let time = if change & 1 == 1 { from } else { to };
        let time = time + [0, 0, 0, 1, -1, MINUTE, -MINUTE / 2][usize::from(change % 7)];
        let text = match change / 8 % 4 {
            0 => format!("{} sub duration'PT1M'", written(time + MINUTE)),
            1 => {
                let seoul = written(time + 540 * MINUTE);
                format!("{}%2B09:00", seoul.trim_end_matches('Z'))
            }
            _ => written(time),
        };
        Self {
            cell: Cell::Time(time, time),
            text,
        }
    }
}

fn written(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .unwrap()
        .to_string()
}
