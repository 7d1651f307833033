//! Questions at random.

use domain::{DatastreamId, Qualities, Quality, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{BEGIN, HOUR, SECOND, SPAN, STEPS};
use crate::query::values::{Interval, ValueFilter};
use crate::query::{AggregateFunction, AggregateQuery, Grouping, Order, RangeQuery};
use crate::tests::received;

pub(in crate::tests) fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Ascending), Just(Order::Descending)]
}

/// Those of a fed store are mostly from -5 to 35; hardly any is 1e200.
pub(in crate::tests) fn values() -> impl Strategy<Value = ValueFilter> {
    let number = prop_oneof![8 => (-6..40i32).prop_map(f64::from), 1 => Just(1e6)];
    let interval = (number.clone(), number).prop_flat_map(|(low, high)| {
        prop_oneof![
            Just(Interval::above(low)),
            Just(Interval::from(low)),
            Just(Interval::below(low)),
            Just(Interval::up_to(low)),
            Just(Interval::only(low)),
            Just(Interval::above(low).and(Interval::up_to(high))),
            Just(Interval::ALL),
        ]
    });
    prop_oneof![
        4 => Just(ValueFilter::All),
        4 => interval.prop_map(ValueFilter::Numbers),
        1 => any::<bool>().prop_map(ValueFilter::Boolean),
        1 => prop_oneof![Just("맑음"), Just("눈")].prop_map(|text| ValueFilter::Text(text.into())),
    ]
}

fn qualities() -> impl Strategy<Value = Qualities> {
    prop_oneof![
        4 => Just(Qualities::ALL),
        2 => Just(Qualities::GOOD),
        1 => Just(Qualities::NONE.with(Quality::Uncertain).with(Quality::Bad)),
        1 => Just(Qualities::GOOD.with(Quality::Missing)),
    ]
}

pub(super) fn range_query() -> impl Strategy<Value = RangeQuery> {
    let time = (-1..SPAN / SECOND + 1).prop_map(|second| BEGIN + second * SECOND);
    let ends = prop_oneof![
        1 => Just((i64::MIN, i64::MAX)),
        4 => (time.clone(), time.clone()),
    ];
    let as_of = prop::option::weighted(0.3, 0..3_000u64);
    let limit = prop_oneof![1..200usize, Just(usize::MAX)];
    let after = prop::option::weighted(0.3, time);
    let page = (limit, order(), after);
    let asked = (
        0..STEPS.len() as u32,
        ends,
        as_of,
        page,
        values(),
        qualities(),
    );
    asked.prop_map(
        |(series, (from, to), as_of, (limit, order, after), values, qualities)| RangeQuery {
            datastream: DatastreamId::new(series),
            from: Timestamp::from_micros(from),
            to: Timestamp::from_micros(to),
            as_of: as_of.map(received),
            limit,
            order,
            after: after.map(Timestamp::from_micros),
            values,
            qualities,
        },
    )
}

pub(super) fn aggregate_query() -> impl Strategy<Value = AggregateQuery> {
    let edges = prop_oneof![
        // Whole hours, with or without a cut at both ends.
        3 => (0..3 * HOUR, 0..HOUR).prop_map(|(from, cut)| {
            let mut edges = vec![BEGIN + from];
            edges.extend((1..4).map(|hour| BEGIN + (from / HOUR + hour) * HOUR));
            edges.push(BEGIN + (from / HOUR + 4) * HOUR + cut);
            edges
        }),
        2 => Just((0..=4).map(|hour| BEGIN + hour * HOUR).collect()),
        2 => (0..40i64).prop_map(|shift| {
            (0..=50).map(|step| BEGIN + (step + shift) * 300 * SECOND).collect()
        }),
        1 => Just(vec![BEGIN - HOUR, BEGIN + SPAN + HOUR]),
        2 => vec(0..SPAN, 2..8).prop_map(|edges| {
            edges.into_iter().map(|edge| BEGIN + edge).collect()
        }),
    ];
    let functions = prop_oneof![
        2 => Just(vec![
            AggregateFunction::Avg,
            AggregateFunction::Min,
            AggregateFunction::Max,
            AggregateFunction::Sum,
            AggregateFunction::Count,
        ]),
        1 => Just(vec![AggregateFunction::Min, AggregateFunction::Count]),
        1 => Just(vec![
            AggregateFunction::Sum,
            AggregateFunction::First,
            AggregateFunction::Last,
            AggregateFunction::Percentile(95),
        ]),
    ];
    let datastreams = vec(0..STEPS.len() as u32, 1..4);
    let qualities = prop_oneof![
        4 => Just(Qualities::GOOD),
        2 => Just(Qualities::GOOD.with(Quality::Uncertain)),
        1 => Just(Qualities::GOOD.with(Quality::Bad)),
        1 => Just(Qualities::NONE.with(Quality::Uncertain)),
        1 => Just(Qualities::ALL),
    ];
    (datastreams, edges, functions, any::<bool>(), qualities).prop_map(
        |(mut datastreams, mut edges, functions, each, qualities): (_, Vec<i64>, _, _, _)| {
            datastreams.sort_unstable();
            datastreams.dedup();
            edges.sort_unstable();
            edges.dedup();
            if edges.len() < 2 {
                edges = vec![BEGIN, BEGIN + HOUR];
            }
            AggregateQuery {
                datastreams: datastreams.into_iter().map(DatastreamId::new).collect(),
                boundaries: edges.into_iter().map(Timestamp::from_micros).collect(),
                functions,
                per_datastream: if each {
                    Grouping::Each
                } else {
                    Grouping::Together
                },
                qualities,
            }
        },
    )
}
