//! Statistics computed the plain way.

use domain::Timestamp;

use crate::file::rollup::sum::ExactSum;
use crate::query::AggregateFunction;

/// One statistic of numbers that stand by datastream, then by time.
pub(super) fn plain(function: AggregateFunction, numbers: &[(Timestamp, f64)]) -> Option<f64> {
    if numbers.is_empty() {
        return (function == AggregateFunction::Count).then_some(0.0);
    }
    let mut sum = ExactSum::default();
    numbers.iter().for_each(|(_, number)| sum.add(*number));
    let mut sorted: Vec<f64> = numbers.iter().map(|(_, number)| *number).collect();
    sorted.sort_by(f64::total_cmp);
    let value = match function {
        AggregateFunction::Avg => sum.value() / numbers.len() as f64,
        AggregateFunction::Sum => sum.value(),
        AggregateFunction::Count => numbers.len() as f64,
        AggregateFunction::Min => sorted[0],
        AggregateFunction::Max => sorted[sorted.len() - 1],
        // `min_by_key` takes the first of several, `max_by_key` the last.
        AggregateFunction::First => numbers.iter().min_by_key(|(time, _)| *time)?.1,
        AggregateFunction::Last => numbers.iter().max_by_key(|(time, _)| *time)?.1,
        AggregateFunction::Percentile(percent) => {
            let place = (sorted.len() - 1) as f64 * f64::from(percent) / 100.0;
            let (low, high) = (
                sorted[place.floor() as usize],
                sorted[place.ceil() as usize],
            );
            low + (high - low) * place.fract()
        }
    };
    Some(value)
}
