//! The tree of a checked expression: names are resolved, types agree as far as
//! they are known, and its height is bounded.

use domain::Timestamp;
use geo_types::Geometry;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::functions::Function;
use crate::schema::{Attribute, Relation};

/// Which of the rows in hand: 0 is the row that the expression is about, each
/// quantifier adds one.
pub(crate) type Slot = u8;

/// The slot of the row that the expression is about.
pub(crate) const ROOT: Slot = 0;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Literal(Literal),
    Path(AttributePath),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// Two or more.
    And(Vec<Node>),
    /// Two or more.
    Or(Vec<Node>),
    Compare(Comparison, Box<[Node; 2]>),
    Arithmetic(Arithmetic, Box<[Node; 2]>),
    /// One of a list of one or more.
    In(Box<Node>, Vec<Node>),
    /// One of the elements of a JSON array.
    InArray(Box<[Node; 2]>),
    Call(Call),
    Cast(Box<Node>, CastType),
    Some(Box<Quantifier>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(String),
    Time(Timestamp),
    Interval(Timestamp, Timestamp),
    Date(Date),
    TimeOfDay(Time),
    Duration(SignedDuration),
    Geometry(Box<Geometry<f64>>),
}

/// From a row in hand along relations to one entity each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowPath {
    pub(crate) start: Slot,
    pub(crate) relations: Vec<&'static Relation>,
}

/// An attribute of a row, or what lies within its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AttributePath {
    pub(crate) row: RowPath,
    pub(crate) attribute: &'static Attribute,
    pub(crate) members: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// Of two that are known to be whole: `7 div 2` is 3.
    DivideWhole,
    Modulo,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) arguments: Vec<Node>,
    /// Of an argument that names a zone as a constant.
    pub(crate) zone: Option<TimeZone>,
}

/// Whether the body holds for some row of a set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantifier {
    /// The slot of the row at hand, in the body.
    pub(crate) slot: Slot,
    pub(crate) source: RowPath,
    pub(crate) relation: &'static Relation,
    /// `any(variable: ...)`; `None` where a plain path leads through the set.
    pub(crate) variable: Option<String>,
    /// `None` asks whether there is any row.
    pub(crate) body: Option<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CastType {
    Text,
    Whole,
    Number,
    Bool,
    Time,
    Date,
    TimeOfDay,
    Duration,
}

impl Comparison {
    const WORDS: [(&'static str, Self); 6] = [
        ("eq", Self::Equal),
        ("ne", Self::NotEqual),
        ("gt", Self::Greater),
        ("ge", Self::GreaterOrEqual),
        ("lt", Self::Less),
        ("le", Self::LessOrEqual),
    ];

    pub(crate) fn by_word(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, comparison)| *comparison)
    }

    pub(crate) fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, one)| *one == self);
        found.expect("each has its word").0
    }

    /// Whether it asks for equality or its opposite, so that nothing need be
    /// ordered.
    pub(crate) fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// The same with its sides exchanged.
    pub(crate) fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
        }
    }
}

impl Arithmetic {
    /// `div` is that of numbers in general.
    pub(crate) fn by_word(word: &str) -> Option<Self> {
        Some(match word {
            "add" => Self::Add,
            "sub" => Self::Subtract,
            "mul" => Self::Multiply,
            "div" => Self::Divide,
            "mod" => Self::Modulo,
            _ => return None,
        })
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "sub",
            Self::Multiply => "mul",
            Self::Divide | Self::DivideWhole => "div",
            Self::Modulo => "mod",
        }
    }

    pub(crate) fn is_additive(self) -> bool {
        matches!(self, Self::Add | Self::Subtract)
    }
}

impl CastType {
    /// OData's names of what can be cast to; of those for one type the first is
    /// printed.
    const NAMES: [(&'static str, Self); 13] = [
        ("Edm.String", Self::Text),
        ("Edm.Int64", Self::Whole),
        ("Edm.Int32", Self::Whole),
        ("Edm.Int16", Self::Whole),
        ("Edm.Byte", Self::Whole),
        ("Edm.Double", Self::Number),
        ("Edm.Decimal", Self::Number),
        ("Edm.Single", Self::Number),
        ("Edm.Boolean", Self::Bool),
        ("Edm.DateTimeOffset", Self::Time),
        ("Edm.Date", Self::Date),
        ("Edm.TimeOfDay", Self::TimeOfDay),
        ("Edm.Duration", Self::Duration),
    ];

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, cast)| *cast)
    }

    pub(crate) fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, one)| *one == self);
        found.expect("each has its name").0
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().map(|(name, _)| *name)
    }
}
