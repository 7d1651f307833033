//! Random expressions over a Datastream, and their text.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;

use super::rows::{KEYS, minutes, name};

#[derive(Debug, Clone)]
pub(crate) enum Condition {
    Literal(Option<bool>),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Numbers(&'static str, Number, Number),
    Texts(&'static str, Text, Text),
    Times(&'static str, Time, Time),
    /// An untyped value and a constant, either way round.
    Untyped(&'static str, Untyped, Constant, bool),
    IsTrue(Untyped),
    IsNull(&'static str, Untyped),
    Id(&'static str, u8),
    IdIn(Vec<u8>),
    In(Untyped, Vec<Constant>),
    /// A function of texts that is a condition.
    Has(&'static str, Text, Text),
    Any(Box<Condition>),
    AnyAtAll,
}

#[derive(Debug, Clone)]
pub(crate) enum Number {
    Whole(i8),
    /// So many halves.
    Halves(i8),
    Untyped(Untyped),
    Length(Text),
    Negative(Box<Number>),
    Arithmetic(&'static str, Box<Number>, Box<Number>),
    Rounded(&'static str, Box<Number>),
}

#[derive(Debug, Clone)]
pub(crate) enum Text {
    Literal(String),
    Name,
    ThingName,
    Concat(Box<Text>, Box<Text>),
    Lower(Box<Text>),
    Substring(Box<Text>, i8),
}

#[derive(Debug, Clone)]
pub(crate) enum Time {
    At(u8),
    Between(u8, u8),
    Null,
    Phenomenon,
    Start,
    End,
    /// So many minutes later.
    Later(Box<Time>, i8),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Untyped {
    Property(usize),
    /// Of the Observation within `any`.
    Result,
}

#[derive(Debug, Clone)]
pub(crate) enum Constant {
    Null,
    Bool(bool),
    Whole(i8),
    Text(String),
}

pub(crate) const COMPARISONS: [&str; 6] = ["eq", "ne", "gt", "ge", "lt", "le"];

fn comparison() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&COMPARISONS[..])
}

fn property() -> BoxedStrategy<Untyped> {
    (0..KEYS.len()).prop_map(Untyped::Property).boxed()
}

/// What may be of any type, in an `any` too the result.
fn untyped(is_within_any: bool) -> BoxedStrategy<Untyped> {
    if is_within_any {
        prop_oneof![property(), Just(Untyped::Result), Just(Untyped::Result)].boxed()
    } else {
        property()
    }
}

fn constant() -> impl Strategy<Value = Constant> {
    prop_oneof![
        Just(Constant::Null),
        any::<bool>().prop_map(Constant::Bool),
        (-3..4_i8).prop_map(Constant::Whole),
        name().prop_map(Constant::Text),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    let leaf = prop_oneof![
        name().prop_map(Text::Literal),
        Just(Text::Name),
        Just(Text::ThingName),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Text::Concat(a.into(), b.into())),
            inner.clone().prop_map(|text| Text::Lower(text.into())),
            (inner, -1..3_i8).prop_map(|(text, from)| Text::Substring(text.into(), from)),
        ]
    })
}

fn number(is_within_any: bool) -> impl Strategy<Value = Number> {
    let leaf = prop_oneof![
        (-20..21_i8).prop_map(Number::Whole),
        (-5..6_i8).prop_map(Number::Halves),
        untyped(is_within_any).prop_map(Number::Untyped),
        text().prop_map(Number::Length),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let operation = prop::sample::select(&["add", "sub", "mul", "div", "mod"][..]);
        let rounding = prop::sample::select(&["round", "floor", "ceiling"][..]);
        prop_oneof![
            inner
                .clone()
                .prop_map(|number| Number::Negative(number.into())),
            (operation, inner.clone(), inner.clone()).prop_map(|(word, a, b)| Number::Arithmetic(
                word,
                a.into(),
                b.into()
            )),
            (rounding, inner).prop_map(|(word, number)| Number::Rounded(word, number.into())),
        ]
    })
}

fn time() -> impl Strategy<Value = Time> {
    let leaf = prop_oneof![
        (0..8_u8).prop_map(Time::At),
        (0..6_u8, 0..3_u8).prop_map(|(start, length)| Time::Between(start, start + length)),
        Just(Time::Null),
        Just(Time::Phenomenon),
        Just(Time::Phenomenon),
        Just(Time::Start),
        Just(Time::End),
    ];
    leaf.prop_recursive(1, 2, 1, |inner| {
        (inner, -2..3_i8).prop_map(|(time, minutes)| Time::Later(time.into(), minutes))
    })
}

fn simple(is_within_any: bool) -> impl Strategy<Value = Condition> {
    let untyped = || untyped(is_within_any);
    let function = prop::sample::select(&["contains", "substringof", "startswith", "endswith"][..]);
    let equality = prop::sample::select(&COMPARISONS[..2]);
    prop_oneof![
        prop::option::of(any::<bool>()).prop_map(Condition::Literal),
        (comparison(), number(is_within_any), number(is_within_any))
            .prop_map(|(word, a, b)| Condition::Numbers(word, a, b)),
        (comparison(), text(), text()).prop_map(|(word, a, b)| Condition::Texts(word, a, b)),
        (comparison(), time(), time()).prop_map(|(word, a, b)| Condition::Times(word, a, b)),
        (comparison(), untyped(), constant(), any::<bool>())
            .prop_map(|(word, a, b, mirrored)| Condition::Untyped(word, a, b, mirrored)),
        untyped().prop_map(Condition::IsTrue),
        (equality, untyped()).prop_map(|(word, a)| Condition::IsNull(word, a)),
        (comparison(), 0..5_u8).prop_map(|(word, id)| Condition::Id(word, id)),
        vec(0..5_u8, 1..3).prop_map(Condition::IdIn),
        (untyped(), vec(constant(), 1..3)).prop_map(|(a, list)| Condition::In(a, list)),
        (function, text(), text()).prop_map(|(word, a, b)| Condition::Has(word, a, b)),
    ]
}

fn connected(
    leaf: impl Strategy<Value = Condition> + 'static,
    with_not: bool,
) -> BoxedStrategy<Condition> {
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let and = vec(inner.clone(), 2..4).prop_map(Condition::And);
        let or = vec(inner.clone(), 2..4).prop_map(Condition::Or);
        if with_not {
            let not = inner.prop_map(|condition| Condition::Not(condition.into()));
            prop_oneof![3 => and, 2 => or, 2 => not].boxed()
        } else {
            prop_oneof![and, or].boxed()
        }
    })
    .boxed()
}

pub(crate) fn condition() -> BoxedStrategy<Condition> {
    let within = connected(simple(true), true).prop_map(|body| Condition::Any(body.into()));
    let leaf = prop_oneof![8 => simple(false), 1 => within, 1 => Just(Condition::AnyAtAll)];
    // No more sets than may be searched.
    connected(leaf, true)
        .prop_filter("too many sets", |condition| {
            condition.to_string().matches("any(").count() <= odata::limits::MAX_QUANTIFIERS
        })
        .boxed()
}

/// Conditions of which each part names the result of an Observation.
pub(crate) fn about_observations() -> BoxedStrategy<Condition> {
    let leaf = (comparison(), constant(), any::<bool>()).prop_map(|(word, constant, mirrored)| {
        Condition::Untyped(word, Untyped::Result, constant, mirrored)
    });
    // At least two parts, so that the whole is what names it.
    vec(connected(leaf, false), 2..4)
        .prop_map(Condition::And)
        .boxed()
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(Some(truth)) => write!(f, "{truth}"),
            Self::Literal(None) => f.write_str("null"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::And(all) => joined(f, all, " and "),
            Self::Or(all) => joined(f, all, " or "),
            Self::Numbers(word, a, b) => write!(f, "{a} {word} {b}"),
            Self::Texts(word, a, b) => write!(f, "{a} {word} {b}"),
            Self::Times(word, a, b) => write!(f, "{a} {word} {b}"),
            Self::Untyped(word, a, b, false) => write!(f, "{a} {word} {b}"),
            Self::Untyped(word, a, b, true) => write!(f, "{b} {word} {a}"),
            Self::IsTrue(a) => write!(f, "{a}"),
            Self::IsNull(word, a) => write!(f, "{a} {word} null"),
            Self::Id(word, id) => write!(f, "id {word} {id}"),
            Self::IdIn(ids) => {
                let ids: Vec<_> = ids.iter().map(u8::to_string).collect();
                write!(f, "id in ({})", ids.join(", "))
            }
            Self::In(a, list) => {
                let list: Vec<_> = list.iter().map(Constant::to_string).collect();
                write!(f, "{a} in ({})", list.join(","))
            }
            Self::Has(function, a, b) => write!(f, "{function}({a}, {b})"),
            Self::Any(body) => write!(f, "Observations/any(o: {body})"),
            Self::AnyAtAll => f.write_str("Observations/any()"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, all: &[Condition], between: &str) -> fmt::Result {
    let all = all.iter().map(|one| match one {
        Condition::And(_) | Condition::Or(_) => format!("({one})"),
        _ => one.to_string(),
    });
    f.write_str(&all.collect::<Vec<_>>().join(between))
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Halves(halves) => write!(f, "{:?}", f64::from(*halves) / 2.0),
            Self::Untyped(untyped) => write!(f, "{untyped}"),
            Self::Length(text) => write!(f, "length({text})"),
            Self::Negative(number) => write!(f, "-({number})"),
            Self::Arithmetic(word, a, b) => write!(f, "({a} {word} {b})"),
            Self::Rounded(word, number) => write!(f, "{word}({number})"),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => write!(f, "'{text}'"),
            Self::Name => f.write_str("name"),
            Self::ThingName => f.write_str("Thing/name"),
            Self::Concat(a, b) => write!(f, "concat({a},{b})"),
            Self::Lower(text) => write!(f, "tolower({text})"),
            Self::Substring(text, from) => write!(f, "substring({text}, {from})"),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => f.write_str(&minutes(*at)),
            Self::Between(start, end) => write!(f, "{}/{}", minutes(*start), minutes(*end)),
            Self::Null => f.write_str("null"),
            Self::Phenomenon => f.write_str("phenomenonTime"),
            Self::Start => f.write_str("phenomenonTime/start"),
            Self::End => f.write_str("phenomenonTime/end"),
            Self::Later(time, minutes) if *minutes < 0 => {
                write!(f, "({time} sub duration'PT{}M')", -minutes)
            }
            Self::Later(time, minutes) => write!(f, "({time} add duration'PT{minutes}M')"),
        }
    }
}

impl fmt::Display for Untyped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(key) => write!(f, "properties/{}", KEYS[*key]),
            Self::Result => f.write_str("o/result"),
        }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Text(text) => write!(f, "'{text}'"),
        }
    }
}
