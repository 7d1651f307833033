//! Everything that was acknowledged, read back through the open API and
//! compared: count for count, value for value.

use std::collections::HashMap;
use std::fmt;

use anyhow::Context;
use domain::{AgencyId, DatastreamId, Value};
use progress::{Progress, Unit};
use sdk::api::{ApiClient, DatastreamFilter, ObservationQuery};
use serde::Serialize;

use super::telemetry::{FIELDS, Telemetry};

/// Observations a page: the API's own limit.
const PAGE: u32 = 10_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Readback {
    pub expected: u64,
    pub found: u64,
    /// Observations with another value than was sent.
    pub wrong: u64,
    /// Acknowledged observations that are not there.
    pub missing: u64,
    /// Observations that stand twice, or that nobody sent.
    pub strange: u64,
}

impl Readback {
    /// Nothing found is nothing read back.
    pub fn is_complete(&self) -> bool {
        self.found > 0 && self.wrong == 0 && self.missing == 0 && self.strange == 0
    }
}

impl fmt::Display for Readback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            return write!(f, "all {} observations, value for value", self.found);
        }
        write!(
            f,
            "NOT EQUAL: {} expected, {} found, {} missing, {} wrong, {} twice or foreign",
            self.expected, self.found, self.missing, self.wrong, self.strange
        )
    }
}

/// `acknowledged` tells for each device (by its id) its number and how many of
/// its messages, from the first on, were acknowledged; of `sent` beyond them
/// nobody can say whether they are there.
pub fn compare(
    api: &ApiClient,
    agency: &AgencyId,
    telemetry: &Telemetry,
    acknowledged: &HashMap<String, Acknowledged>,
) -> anyhow::Result<Readback> {
    let mut sum = Readback {
        expected: acknowledged
            .values()
            .map(|device| device.acknowledged * telemetry.fields as u64)
            .sum(),
        ..Readback::default()
    };
    let filter = DatastreamFilter {
        agency: Some(agency.to_string()),
        limit: Some(PAGE),
        ..DatastreamFilter::default()
    };
    let progress = Progress::new(
        "reading back",
        Unit::Of("datastreams"),
        (acknowledged.len() * telemetry.fields) as u64,
    );
    for datastream in api.datastreams(&filter) {
        let datastream = datastream.context("the list of datastreams")?;
        let field = FIELDS
            .iter()
            .take(telemetry.fields)
            .position(|(name, _)| *name == datastream.field);
        if let (Some(field), Some(device)) = (field, acknowledged.get(&datastream.device)) {
            one(api, datastream.id, telemetry, *device, field, &mut sum)?;
            progress.add(1);
        }
    }
    sum.missing = sum
        .expected
        .saturating_sub(sum.found - sum.strange.min(sum.found));
    Ok(sum)
}

/// What is known of one device's messages.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledged {
    pub device: u64,
    pub acknowledged: u64,
    pub sent: u64,
}

fn one(
    api: &ApiClient,
    id: DatastreamId,
    telemetry: &Telemetry,
    device: Acknowledged,
    field: usize,
    sum: &mut Readback,
) -> anyhow::Result<()> {
    let query = ObservationQuery {
        limit: Some(PAGE),
        ..ObservationQuery::default()
    };
    // Oldest first, one row a time: the next acknowledged one has this number.
    let mut next = 0;
    for observation in api.observations(id, &query) {
        let observation = observation.with_context(|| format!("observations of {id}"))?;
        let number = telemetry.number(observation.phenomenon_time);
        match number.filter(|number| (next..device.sent).contains(number)) {
            None => {
                sum.found += 1;
                sum.strange += 1;
            }
            // Sent, and not acknowledged: it may be there.
            Some(number) if number >= device.acknowledged => next = number + 1,
            Some(number) => {
                sum.found += 1;
                next = number + 1;
                let expected = Value::Number(telemetry.value(device.device, number, field));
                sum.wrong += u64::from(observation.value != Some(expected));
            }
        }
    }
    Ok(())
}
