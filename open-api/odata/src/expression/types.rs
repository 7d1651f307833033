//! What is known of an expression's value before any row is read, and which types
//! can meet.

use super::ast::{Arithmetic, CastType, Comparison, Literal};
use crate::schema::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// Known only row by row: `result`, and what lies within JSON.
    Any,
    Null,
    Bool,
    /// A whole number.
    Int,
    Number,
    Text,
    Id,
    Time,
    /// An interval, or an instant in its place.
    Interval,
    Date,
    TimeOfDay,
    Duration,
    Geometry,
    /// An object or an array.
    Json,
}

impl Type {
    pub(crate) fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Id => Self::Id,
            Kind::Text => Self::Text,
            Kind::Time => Self::Time,
            Kind::Interval => Self::Interval,
            Kind::Json => Self::Json,
            Kind::Geometry => Self::Geometry,
            Kind::Any => Self::Any,
        }
    }

    pub(crate) fn of_literal(literal: &Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(_) => Self::Bool,
            Literal::Int(_) => Self::Int,
            Literal::Number(_) => Self::Number,
            Literal::Text(_) => Self::Text,
            Literal::Time(_) => Self::Time,
            Literal::Interval(..) => Self::Interval,
            Literal::Date(_) => Self::Date,
            Literal::TimeOfDay(_) => Self::TimeOfDay,
            Literal::Duration(_) => Self::Duration,
            Literal::Geometry(_) => Self::Geometry,
        }
    }

    pub(crate) fn of_cast(cast: CastType) -> Self {
        match cast {
            CastType::Text => Self::Text,
            CastType::Whole => Self::Int,
            CastType::Number => Self::Number,
            CastType::Bool => Self::Bool,
            CastType::Time => Self::Time,
            CastType::Date => Self::Date,
            CastType::TimeOfDay => Self::TimeOfDay,
            CastType::Duration => Self::Duration,
        }
    }

    /// As an error calls it.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Null => "null",
            Self::Bool => "a condition",
            Self::Int | Self::Number => "a number",
            Self::Text => "a text in quotes",
            Self::Id => "an id",
            Self::Time | Self::Interval => "a time, as 2026-05-01T09:00:00Z",
            Self::Date => "a date, as 2026-05-01",
            Self::TimeOfDay => "a time of day, as 09:00:00",
            Self::Duration => "a duration, as duration'PT5M'",
            Self::Geometry => "a geometry, as geography'POINT (127.0 37.5)'",
            Self::Json => "an object",
        }
    }

    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Any | Self::Null)
    }

    pub(crate) fn is_condition(self) -> bool {
        self == Self::Bool || self.is_open()
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Number) || self.is_open()
    }

    /// An instant, an interval, or a day, which begins at 00:00Z.
    fn is_time(self) -> bool {
        matches!(self, Self::Time | Self::Interval | Self::Date)
    }

    pub(crate) fn has_order(self) -> bool {
        !matches!(self, Self::Geometry | Self::Json)
    }

    /// Whether values of these types are ever equal, or ordered.
    pub(crate) fn compares(self, comparison: Comparison, other: Self) -> bool {
        let have_order = self.has_order() && other.has_order();
        if !have_order && !comparison.is_equality() {
            return false;
        }
        if self.is_open() || other.is_open() || self == other {
            return true;
        }
        let is_numeric = |one| matches!(one, Self::Int | Self::Number);
        let is_clock = |one: Self| one == Self::TimeOfDay;
        match (self, other) {
            (Self::Id, value) | (value, Self::Id) => is_numeric(value) || value == Self::Text,
            // An example of 2.0 compares `time(resultTime)` with an interval.
            (one, another) if is_clock(one) || is_clock(another) => {
                matches!(one, Self::Time | Self::Interval)
                    || matches!(another, Self::Time | Self::Interval)
            }
            _ => (is_numeric(self) && is_numeric(other)) || (self.is_time() && other.is_time()),
        }
    }

    /// What an operation of arithmetic comes to; `None` where it never comes to
    /// anything.
    pub(crate) fn combined(self, operation: Arithmetic, other: Self) -> Option<Self> {
        use Arithmetic::{Add, Divide, DivideWhole, Modulo, Multiply, Subtract};
        let is_open = |one: Self| one.is_open() || one == Self::Id;
        if is_open(self) || is_open(other) {
            let known = if is_open(self) { other } else { self };
            let possible = match known {
                Self::Any | Self::Null | Self::Id | Self::Int | Self::Number => true,
                Self::Time | Self::Interval | Self::Date => operation.is_additive(),
                Self::Duration => operation != Modulo,
                _ => false,
            };
            return possible.then_some(Self::Any);
        }
        match (self, operation, other) {
            (Self::Int, _, Self::Int) => Some(Self::Int),
            (Self::Int | Self::Number, _, Self::Int | Self::Number) => Some(Self::Number),
            (Self::Time | Self::Interval | Self::Date, Add | Subtract, Self::Duration) => {
                Some(self)
            }
            (Self::Duration, Add, Self::Time | Self::Interval | Self::Date) => Some(other),
            (Self::Duration, Add | Subtract, Self::Duration) => Some(self),
            (Self::Time, Subtract, Self::Time | Self::Date)
            | (Self::Date, Subtract, Self::Time | Self::Date)
            | (Self::Interval, Subtract, Self::Time | Self::Date)
            | (Self::Time | Self::Date, Subtract, Self::Interval)
            | (Self::Interval, Subtract, Self::Interval) => Some(Self::Duration),
            (Self::Duration, Multiply | Divide | DivideWhole, Self::Int | Self::Number) => {
                Some(self)
            }
            (Self::Int | Self::Number, Multiply, Self::Duration) => Some(other),
            _ => None,
        }
    }
}
