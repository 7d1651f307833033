//! The functions: their names, what they take, and the call of one.
//!
//! A function of null is null, and so is one of a value that it has no meaning
//! for, which an untyped value may turn out to be.

pub(crate) mod cast;
mod number;
mod space;
mod text;
mod time;

pub(crate) use time::{civil, duration_of, instant_of, shifted, zone};

use domain::Timestamp;
use jiff::tz::TimeZone;

use super::types::Type;
use crate::value::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Contains,
    SubstringOf,
    StartsWith,
    EndsWith,
    Length,
    IndexOf,
    Substring,
    ToLower,
    ToUpper,
    Trim,
    Concat,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    FractionalSeconds,
    Date,
    Time,
    TotalOffsetMinutes,
    Now,
    MinDateTime,
    MaxDateTime,
    Interval,
    Round,
    Floor,
    Ceiling,
    Distance,
    GeoLength,
    Intersects,
    StEquals,
    StDisjoint,
    StTouches,
    StWithin,
    StOverlaps,
    StCrosses,
    StIntersects,
    StContains,
    StRelate,
}

/// What may stand in an argument's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    Text,
    Number,
    /// What has a calendar day: of an interval its start.
    Day,
    /// What has a time of day.
    Clock,
    /// What has both, or an ISO 8601 text within JSON.
    Instant,
    InstantOrDuration,
    /// An offset, a name of the time zone database, or an abbreviation.
    Zone,
    Geometry,
    /// Nine signs of the DE-9IM, as a constant.
    Pattern,
}

pub(crate) struct Signature {
    function: Function,
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// How many of the parameters have to be there.
    pub(crate) required: usize,
    pub(crate) result: Type,
}

/// A row of the table: all parameters are required.
const fn row(
    function: Function,
    name: &'static str,
    parameters: &'static [Parameter],
    result: Type,
) -> Signature {
    Signature {
        function,
        name,
        parameters,
        required: parameters.len(),
        result,
    }
}

/// A row whose last parameter may be absent.
const fn row_with_last_optional(
    function: Function,
    name: &'static str,
    parameters: &'static [Parameter],
    result: Type,
) -> Signature {
    Signature {
        function,
        name,
        parameters,
        required: parameters.len() - 1,
        result,
    }
}

/// The names of all functions, `any` and `cast` among them.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    let called = SIGNATURES.iter().map(|signature| signature.name);
    called.chain(["any", "cast"])
}

use Parameter as P;

/// All functions, in the order in which the standard lists them.
pub(crate) static SIGNATURES: [Signature; 40] = [
    row(
        Function::Contains,
        "contains",
        &[P::Text, P::Text],
        Type::Bool,
    ),
    row(
        Function::SubstringOf,
        "substringof",
        &[P::Text, P::Text],
        Type::Bool,
    ),
    row(
        Function::StartsWith,
        "startswith",
        &[P::Text, P::Text],
        Type::Bool,
    ),
    row(
        Function::EndsWith,
        "endswith",
        &[P::Text, P::Text],
        Type::Bool,
    ),
    row(Function::Length, "length", &[P::Text], Type::Int),
    row(Function::IndexOf, "indexof", &[P::Text, P::Text], Type::Int),
    row_with_last_optional(
        Function::Substring,
        "substring",
        &[P::Text, P::Number, P::Number],
        Type::Text,
    ),
    row(Function::ToLower, "tolower", &[P::Text], Type::Text),
    row(Function::ToUpper, "toupper", &[P::Text], Type::Text),
    row(Function::Trim, "trim", &[P::Text], Type::Text),
    row(Function::Concat, "concat", &[P::Text, P::Text], Type::Text),
    row_with_last_optional(Function::Year, "year", &[P::Day, P::Zone], Type::Int),
    row_with_last_optional(Function::Month, "month", &[P::Day, P::Zone], Type::Int),
    row_with_last_optional(Function::Day, "day", &[P::Day, P::Zone], Type::Int),
    row_with_last_optional(Function::Hour, "hour", &[P::Clock, P::Zone], Type::Int),
    row_with_last_optional(Function::Minute, "minute", &[P::Clock, P::Zone], Type::Int),
    row_with_last_optional(Function::Second, "second", &[P::Clock, P::Zone], Type::Int),
    row_with_last_optional(
        Function::FractionalSeconds,
        "fractionalseconds",
        &[P::Clock, P::Zone],
        Type::Number,
    ),
    row_with_last_optional(Function::Date, "date", &[P::Day, P::Zone], Type::Date),
    row_with_last_optional(
        Function::Time,
        "time",
        &[P::Clock, P::Zone],
        Type::TimeOfDay,
    ),
    row_with_last_optional(
        Function::TotalOffsetMinutes,
        "totaloffsetminutes",
        &[P::Instant, P::Zone],
        Type::Int,
    ),
    row(Function::Now, "now", &[], Type::Time),
    row(Function::MinDateTime, "mindatetime", &[], Type::Time),
    row(Function::MaxDateTime, "maxdatetime", &[], Type::Time),
    row(
        Function::Interval,
        "interval",
        &[P::Instant, P::InstantOrDuration],
        Type::Interval,
    ),
    row(Function::Round, "round", &[P::Number], Type::Number),
    row(Function::Floor, "floor", &[P::Number], Type::Number),
    row(Function::Ceiling, "ceiling", &[P::Number], Type::Number),
    row(
        Function::Distance,
        "geo.distance",
        &[P::Geometry, P::Geometry],
        Type::Number,
    ),
    row(
        Function::GeoLength,
        "geo.length",
        &[P::Geometry],
        Type::Number,
    ),
    row(
        Function::Intersects,
        "geo.intersects",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StEquals,
        "st_equals",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StDisjoint,
        "st_disjoint",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StTouches,
        "st_touches",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StWithin,
        "st_within",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StOverlaps,
        "st_overlaps",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StCrosses,
        "st_crosses",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StIntersects,
        "st_intersects",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StContains,
        "st_contains",
        &[P::Geometry, P::Geometry],
        Type::Bool,
    ),
    row(
        Function::StRelate,
        "st_relate",
        &[P::Geometry, P::Geometry, P::Pattern],
        Type::Bool,
    ),
];

impl Function {
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let found = SIGNATURES.iter().find(|one| one.name == name);
        found.map(|signature| signature.function)
    }

    pub(crate) fn signature(self) -> &'static Signature {
        let found = SIGNATURES.iter().find(|one| one.function == self);
        found.expect("each function is in the table")
    }
}

impl Parameter {
    pub(crate) fn accepts(self, given: Type) -> bool {
        given.is_open()
            || match self {
                // Ids may be texts; of one that is a number a text function is null.
                Self::Text => matches!(given, Type::Text | Type::Id),
                Self::Zone | Self::Pattern => given == Type::Text,
                Self::Number => given.is_number(),
                Self::Day => matches!(given, Type::Time | Type::Interval | Type::Date),
                Self::Clock => matches!(given, Type::Time | Type::Interval | Type::TimeOfDay),
                Self::Instant => matches!(given, Type::Time | Type::Interval | Type::Date),
                Self::InstantOrDuration => Self::Instant.accepts(given) || given == Type::Duration,
                Self::Geometry => given == Type::Geometry,
            }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Text => Type::Text.describe(),
            Self::Number => Type::Number.describe(),
            Self::Day | Self::Clock | Self::Instant => Type::Time.describe(),
            Self::InstantOrDuration => "a time or a duration",
            Self::Zone => "a time zone, as 'Asia/Seoul' or '+09:00'",
            Self::Geometry => Type::Geometry.describe(),
            Self::Pattern => "nine of T, F, *, 0, 1 and 2 in quotes",
        }
    }
}

/// Calls a function with as many arguments as its signature asks for.
pub(crate) fn call<'v>(
    function: Function,
    arguments: &[Value<'v>],
    zone: Option<&TimeZone>,
    now: Timestamp,
) -> Value<'v> {
    let result = match arguments {
        [] => time::constant(function, now),
        _ => text::call(function, arguments)
            .or_else(|| number::call(function, arguments))
            .or_else(|| time::call(function, arguments, zone))
            .or_else(|| space::call(function, arguments)),
    };
    result.unwrap_or(Value::Null)
}
