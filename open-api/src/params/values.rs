//! `value=gt:50,le:80`: observations of which values.

use std::str::FromStr;

use ingest::{Interval, ValueFilter};

/// Conditions of one query; all of them must hold.
const MAX_CONDITIONS: usize = 4;

/// `gt`, `ge`, `lt`, `le` and `eq` with a number, with commas between; or `eq`
/// alone with `true`, `false` or a text in quotes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueConditions(pub(crate) ValueFilter);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueConditionsError {
    #[error(
        "value is gt:, ge:, lt:, le: or eq: and a number, with commas between, as gt:50,le:80; \
         or eq:true, eq:false or eq:\"text\" alone"
    )]
    Form,
    #[error("value has {MAX_CONDITIONS} conditions at most")]
    TooMany,
}

impl FromStr for ValueConditions {
    type Err = ValueConditionsError;

    fn from_str(text: &str) -> Result<Self, ValueConditionsError> {
        if let Some(alone) = text.strip_prefix("eq:").and_then(of_another_kind) {
            return Ok(Self(alone));
        }
        if text.split(',').count() > MAX_CONDITIONS {
            return Err(ValueConditionsError::TooMany);
        }
        let mut conditions = text.split(',').map(|one| interval(one.trim()));
        let all = conditions.try_fold(Interval::ALL, |all, one| Some(all.and(one?)));
        all.map(|all| Self(ValueFilter::Numbers(all)))
            .ok_or(ValueConditionsError::Form)
    }
}

/// A value that is no number.
fn of_another_kind(text: &str) -> Option<ValueFilter> {
    match text {
        "true" => Some(ValueFilter::Boolean(true)),
        "false" => Some(ValueFilter::Boolean(false)),
        text => {
            let text = text.strip_prefix('"')?.strip_suffix('"')?;
            Some(ValueFilter::Text(text.into()))
        }
    }
}

fn interval(condition: &str) -> Option<Interval> {
    let (word, number) = condition.split_once(':')?;
    let number: f64 = number
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())?;
    Some(match word {
        "gt" => Interval::above(number),
        "ge" => Interval::from(number),
        "lt" => Interval::below(number),
        "le" => Interval::up_to(number),
        "eq" => Interval::only(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Result<ValueFilter, ValueConditionsError> {
        text.parse().map(|ValueConditions(filter)| filter)
    }

    #[test]
    fn conditions_hold_together() {
        let numbers = |interval| Ok(ValueFilter::Numbers(interval));
        assert_eq!(filter("gt:50"), numbers(Interval::above(50.0)));
        assert_eq!(filter("eq:-0.5"), numbers(Interval::only(-0.5)));
        let both = Interval::from(1.0).and(Interval::below(2e3));
        assert_eq!(filter("ge:1, lt:2e3"), numbers(both));
        assert_eq!(filter("eq:true"), Ok(ValueFilter::Boolean(true)));
        let text = ValueFilter::Text("a, \"b\"".into());
        assert_eq!(filter("eq:\"a, \"b\"\""), Ok(text));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in [
            "",
            "50",
            "gt",
            "gt:",
            "gt:x",
            "ne:5",
            "gt:50,",
            "gt:nan",
            "gt:inf",
            "gt:1e999",
            "eq:true,gt:5",
            "gt:true",
            "eq:word",
            "eq:\"word",
        ] {
            assert_eq!(filter(text), Err(ValueConditionsError::Form), "{text}");
        }
        let many = ["gt:1"; MAX_CONDITIONS + 1].join(",");
        assert_eq!(filter(&many), Err(ValueConditionsError::TooMany));
    }
}
