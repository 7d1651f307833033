//! Reads back what was acknowledged: value for value after the mapping's
//! conversion, count for count, and explains each row that is not one
//! observation of its own.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use anyhow::Context;
use domain::{Timestamp, Value, units};
use progress::Progress;
use sdk::api::{ApiClient, Datastream, DatastreamFilter, ObservationQuery};

use super::map::Map;
use super::recording::{DeviceRecording, Recording};

/// Observations a page: the API's own limit.
const PAGE: u32 = 10_000;
/// Differences that are told one by one.
const MAX_EXAMPLES: usize = 10;

/// One line of the table: a field of a model.
#[derive(Clone, Default, Debug)]
pub struct Line {
    /// Acknowledged rows of the recording.
    pub rows: u64,
    /// Rows that repeat the value of the row before at the same time.
    pub duplicates: u64,
    /// Rows that repair it: another value, the next revision.
    pub repaired: u64,
    /// Rows whose number stands for no value.
    pub missing_values: u64,
    /// Different times: so many observations are to be there.
    pub expected: u64,
    pub found: u64,
    pub equal: u64,
    /// Observations found of rows that were sent and not acknowledged.
    pub unacknowledged: u64,
}

#[derive(Clone, Default, Debug)]
pub struct Comparison {
    pub lines: BTreeMap<(String, String), Line>,
    /// The first differences.
    pub examples: Vec<String>,
}

impl Comparison {
    /// Nothing compared is nothing equal.
    pub fn is_complete(&self) -> bool {
        let compared: u64 = self.lines.values().map(|line| line.equal).sum();
        compared > 0
            && self.examples.is_empty()
            && self
                .lines
                .values()
                .all(|line| line.equal == line.expected && line.found == line.expected)
    }
}

pub fn compare(
    api: &ApiClient,
    map: &Map,
    recording: &Recording,
    acknowledged: &[u64],
    progress: &Progress,
) -> anyhow::Result<Comparison> {
    let mut comparison = Comparison::default();
    for (device, acknowledged) in recording.devices.iter().zip(acknowledged) {
        let filter = DatastreamFilter {
            device: Some(device.id.to_string()),
            ..DatastreamFilter::default()
        };
        let datastreams = api
            .datastreams(&filter)
            .collect_all()
            .with_context(|| format!("the datastreams of {}", device.id))?;
        for (at, rule) in map.rules.iter().enumerate() {
            let series = Series::of(device, at, rule.missing.as_slice(), *acknowledged as usize);
            if rule.model != device.model || series.is_empty() {
                continue;
            }
            let line = comparison
                .lines
                .entry((rule.model.to_string(), rule.field.to_string()))
                .or_default();
            series.explain(line);
            let Some(datastream) = datastreams.iter().find(|d| d.field == rule.field.as_str())
            else {
                comparison
                    .examples
                    .push(format!("{}: no datastream {}", device.id, rule.field));
                continue;
            };
            one(
                api,
                datastream,
                &series,
                &rule.send,
                line,
                &mut comparison.examples,
            )?;
        }
        progress.add(1);
    }
    comparison.examples.truncate(MAX_EXAMPLES);
    Ok(comparison)
}

/// The rows of one device and rule.
struct Series {
    /// Acknowledged ones, by time and then in the order of the file.
    rows: Vec<(Timestamp, Option<f64>)>,
    /// Times of rows that were not acknowledged: they may be there.
    open: HashSet<Timestamp>,
}

impl Series {
    fn of(device: &DeviceRecording, rule: usize, missing: &[f64], acknowledged: usize) -> Self {
        let mut rows = Vec::new();
        let mut open = HashSet::new();
        for (at, message) in device.messages.iter().enumerate() {
            for (of, value) in device.values(message) {
                if usize::from(*of) != rule {
                    continue;
                }
                if at < acknowledged {
                    rows.push((message.time, (!missing.contains(value)).then_some(*value)));
                } else {
                    open.insert(message.time);
                }
            }
        }
        rows.sort_by_key(|(time, _)| *time);
        Self { rows, open }
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.open.is_empty()
    }

    /// The first time, and the moment after the last one.
    fn span(&self) -> (Timestamp, Timestamp) {
        let rows = self.rows.iter().map(|(time, _)| time);
        let times = rows.chain(&self.open);
        let first = times.clone().min().copied().unwrap_or(Timestamp::MIN);
        let last = times.max().map_or(i64::MIN, |time| time.as_micros());
        (first, Timestamp::from_micros(last.saturating_add(1)))
    }

    fn explain(&self, line: &mut Line) {
        line.rows += self.rows.len() as u64;
        line.missing_values += self
            .rows
            .iter()
            .filter(|(_, value)| value.is_none())
            .count() as u64;
        for pair in self.rows.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            if pair[0].1 == pair[1].1 {
                line.duplicates += 1;
            } else {
                line.repaired += 1;
            }
        }
        line.expected += self.newest().count() as u64;
    }

    /// The last row of each time.
    fn newest(&self) -> impl Iterator<Item = (Timestamp, Option<f64>)> + '_ {
        let last = |at: usize| {
            self.rows
                .get(at + 1)
                .is_none_or(|next| next.0 != self.rows[at].0)
        };
        (0..self.rows.len())
            .filter(move |at| last(*at))
            .map(|at| self.rows[at])
    }
}

fn one(
    api: &ApiClient,
    datastream: &Datastream,
    series: &Series,
    sent_in: &str,
    line: &mut Line,
    examples: &mut Vec<String>,
) -> anyhow::Result<()> {
    // Only the span of this recording: another one may have filled the rest.
    let (from, to) = series.span();
    let query = ObservationQuery {
        from: Some(from),
        to: Some(to),
        limit: Some(PAGE),
        ..ObservationQuery::default()
    };
    let unit = datastream.unit.as_deref().unwrap_or(sent_in);
    let mut expected = series.newest().peekable();
    let mut tell = |text: String| {
        if examples.len() < MAX_EXAMPLES {
            examples.push(format!(
                "{} {}: {text}",
                datastream.device, datastream.field
            ));
        }
    };
    for observation in api.observations(datastream.id, &query) {
        let observation =
            observation.with_context(|| format!("observations of {}", datastream.id))?;
        let time = observation.phenomenon_time;
        while let Some((gone, value)) = expected.next_if(|(next, _)| *next < time) {
            tell(format!("{gone} {value:?} is not there"));
        }
        if let Some((_, value)) = expected.next_if(|(next, _)| *next == time) {
            line.found += 1;
            let value = value
                .map(|value| units::convert(value, sent_in, unit))
                .transpose()?;
            if observation.value == value.map(Value::Number) {
                line.equal += 1;
            } else if !series.open.contains(&time) {
                tell(format!(
                    "{time} is {:?}, sent was {value:?}",
                    observation.value
                ));
            }
        } else if series.open.contains(&time) {
            line.unacknowledged += 1;
        } else {
            line.found += 1;
            tell(format!("{time} was never sent"));
        }
    }
    for (gone, value) in expected {
        tell(format!("{gone} {value:?} is not there"));
    }
    Ok(())
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<36} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "model and field",
            "rows",
            "duplicates",
            "repaired",
            "no value",
            "expected",
            "found",
            "equal"
        )?;
        for ((model, field), line) in &self.lines {
            writeln!(
                f,
                "{:<36} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}",
                format!("{model} {field}"),
                line.rows,
                line.duplicates,
                line.repaired,
                line.missing_values,
                line.expected,
                line.found,
                line.equal
            )?;
        }
        writeln!(
            f,
            "rows = expected + duplicates (the same value again, counted and not stored) + repaired\n\
             (another value for the same time: the next revision, the newest is shown)"
        )?;
        let open: u64 = self.lines.values().map(|line| line.unacknowledged).sum();
        if open > 0 {
            writeln!(
                f,
                "{open} more observations are there that were never acknowledged"
            )?;
        }
        for example in &self.examples {
            writeln!(f, "DIFFERENT: {example}")?;
        }
        Ok(())
    }
}
