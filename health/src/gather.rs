//! The data that a score is made of, from the store and the registry. A bounded
//! look: hours from rollups where there are any, and some of the newest rows.

use device_registry::{Datastream, Device, Snapshot};
use domain::{DatastreamId, Flags, Qualities, Timestamp, Value};
use ingest::{
    AggregateFunction, AggregateQuery, Bucket, Grouping, Ingest, QueryError, RangePage, RangeQuery,
    StoredObservation,
};

use crate::facts::{LeftOut, SeriesFacts, Why};
use crate::medians::Medians;
use crate::neighbours::Neighbours;
use crate::part::{Part, PartKind};
use crate::score::Health;
use crate::summary::{Hour, Reading, SeriesData, WINDOW_SECONDS};

const HOUR: i64 = 3_600_000_000;
const WINDOW: i64 = WINDOW_SECONDS * 1_000_000;
/// What is usual is told from a week before the window.
const HOURS_LOOKED_AT: i64 = 8 * 24;
/// Of the newest rows, so many are looked at.
const RECENT: usize = 128;

/// Where the data is, and the moment that it is looked at.
#[derive(Clone, Copy)]
pub struct Observer<'a> {
    pub plane: &'a Ingest,
    pub snapshot: &'a Snapshot,
    pub now: Timestamp,
}

/// A device's health with that of its datastreams.
pub struct DeviceHealth<'a> {
    pub health: Health,
    /// Those that were looked at, in the device's order.
    pub datastreams: Vec<(Datastream<'a>, Health)>,
}

impl<'a> Observer<'a> {
    /// When the window begins.
    pub fn from(&self) -> Timestamp {
        Timestamp::from_micros(self.now.as_micros() - WINDOW)
    }

    /// A time ahead of the clock is of the window too.
    pub(crate) fn to(&self) -> Timestamp {
        Timestamp::from_micros(self.now.as_micros() + Timestamp::MAX_AHEAD_MICROS)
    }

    /// Of a device, from those of its datastreams that `sees` lets pass. What was
    /// refused of it is its agency's alone: it counts where `is_own`.
    pub fn device(
        &self,
        device: &'a Device,
        sees: impl Fn(&Datastream<'_>) -> bool,
        is_own: bool,
    ) -> Result<DeviceHealth<'a>, QueryError> {
        self.device_with(device, sees, is_own, &mut Medians::default())
    }

    /// The same, where medians are known from the devices before.
    pub(crate) fn device_with(
        &self,
        device: &'a Device,
        sees: impl Fn(&Datastream<'_>) -> bool,
        is_own: bool,
        medians: &mut Medians,
    ) -> Result<DeviceHealth<'a>, QueryError> {
        medians.next_question();
        let seen: Vec<Datastream<'a>> = device.datastreams.iter().filter(&sees).collect();
        let found = self.datastreams(&seen, is_own, medians)?;
        let datastreams: Vec<_> = seen.iter().copied().zip(found).collect();
        let mut health = together(&datastreams);
        let newest = |field: &str| {
            let own = seen
                .iter()
                .find(|datastream| datastream.field.as_str() == field);
            let stored = own.and_then(|datastream| self.plane.latest(datastream.id));
            match stored.and_then(|stored| stored.value) {
                Some(Value::Number(number)) => Ok(number),
                _ => Err(Why::NotReported),
            }
        };
        let refused = if is_own {
            self.refused(device, &seen)?
        } else {
            Err(Why::NotReported)
        };
        health.add_of_device(refused, newest("battery"), newest("rssi"));
        if !is_own {
            health = health.for_others();
        }
        Ok(DeviceHealth {
            health,
            datastreams,
        })
    }

    /// Of one datastream; `is_own`: to its agency.
    pub fn datastream(
        &self,
        datastream: &Datastream<'_>,
        is_own: bool,
    ) -> Result<Health, QueryError> {
        let mut found = self.datastreams(&[*datastream], is_own, &mut Medians::default())?;
        Ok(found.pop().unwrap_or_default())
    }

    /// Of some datastreams of one thing, in their order.
    fn datastreams(
        &self,
        datastreams: &[Datastream<'_>],
        is_own: bool,
        medians: &mut Medians,
    ) -> Result<Vec<Health>, QueryError> {
        let Some(first) = datastreams.first() else {
            return Ok(Vec::new());
        };
        let newest = datastreams.iter().map(|one| self.plane.latest(one.id));
        let newest: Vec<Option<StoredObservation>> = newest.collect();
        // Few devices send all fields of their model; of the others nothing is read.
        let sent = datastreams.iter().zip(&newest);
        let sent = sent.filter_map(|(one, newest)| newest.as_ref().map(|_| *one));
        let hours = self.hours(&sent.collect::<Vec<_>>())?;
        let thing = self.snapshot.thing(first.thing.as_str());
        let neighbours = thing.map(|thing| Neighbours::of(self.snapshot, thing));
        let mut facts = |datastream: &Datastream<'_>, newest: &StoredObservation| {
            let hours = hours.as_ref().map(|hours| hours_of(hours, datastream.id));
            let around = neighbours.as_ref();
            let around = around.map(|all| all.observing(datastream, is_own));
            let around = around.unwrap_or_default();
            let medians = medians.of(self, datastream.id, &around)?;
            let data = self.data(datastream, newest, hours, medians)?;
            Ok::<_, QueryError>(data.facts())
        };
        let of_each = datastreams.iter().zip(&newest);
        of_each
            .map(|(datastream, newest)| {
                let facts = match newest {
                    Some(newest) => facts(datastream, newest)?,
                    None => SeriesFacts::NEVER,
                };
                let health = Health::of_series(&facts).of_field(datastream.field);
                Ok(if is_own { health } else { health.for_others() })
            })
            .collect()
    }

    fn data(
        &self,
        datastream: &Datastream<'_>,
        newest: &StoredObservation,
        hours: Option<Vec<Hour>>,
        medians: Result<(f64, Vec<f64>), Why>,
    ) -> Result<SeriesData, QueryError> {
        let id = datastream.id;
        let begin = Timestamp::from_micros(self.now.as_micros() - HOURS_LOOKED_AT * HOUR);
        let has_older = self.plane.count(id, begin, self.from())? > 0;
        let since = if has_older {
            self.from()
        } else {
            let first = self.page(id, self.from(), self.to(), 1)?;
            first
                .observations
                .first()
                .map_or(self.from(), |first| first.time)
        };
        let field = datastream.definition;
        Ok(SeriesData {
            now: self.now,
            last_received: Some(newest.received),
            hours,
            recent: self.recent(id, newest.time)?,
            since,
            count: self.plane.count(id, self.from(), self.to())?,
            repeated: self.plane.repeated_since(id, self.from()),
            expected_interval: field.and_then(|field| field.expected_interval_s.map(f64::from)),
            range: field.map_or((None, None), |field| (field.min, field.max)),
            medians,
        })
    }

    /// Some of the newest readings up to `last`.
    fn recent(&self, id: DatastreamId, last: Timestamp) -> Result<Vec<Reading>, QueryError> {
        let end = Timestamp::from_micros(last.as_micros() + 1);
        let day_before = Timestamp::from_micros(last.as_micros() - WINDOW);
        let mut page = self.page(id, day_before, end, RECENT)?;
        if page.more
            && let [first, .., newest] = page.observations.as_slice()
        {
            // The oldest ones of that day: they tell how far back to begin.
            let took = newest.time.as_micros() - first.time.as_micros();
            let from = Timestamp::from_micros(last.as_micros() - took.max(1));
            page = self.page(id, from, end, 2 * RECENT)?;
        }
        let readings = page.observations.iter().map(|stored| Reading {
            time: stored.time,
            received: stored.received,
            own_time: !stored.flags.contains(Flags::TIME_ASSIGNED),
        });
        Ok(readings.collect())
    }

    fn page(
        &self,
        datastream: DatastreamId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<RangePage, QueryError> {
        self.plane.range(&RangeQuery {
            limit,
            ..RangeQuery::new(datastream, from, to)
        })
    }

    /// The hours of all of them; `None` where there are too many rows.
    fn hours(&self, datastreams: &[Datastream<'_>]) -> Result<Option<Vec<Bucket>>, QueryError> {
        if datastreams.is_empty() {
            return Ok(Some(Vec::new()));
        }
        if datastreams.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let last = self.to().as_micros().div_euclid(HOUR) + 1;
        let boundaries = (last - HOURS_LOOKED_AT - 1..=last)
            .map(|hour| Timestamp::from_micros(hour * HOUR))
            .collect();
        let answer = self.plane.aggregate(&AggregateQuery {
            datastreams: datastreams.iter().map(|datastream| datastream.id).collect(),
            boundaries,
            functions: vec![
                AggregateFunction::Count,
                AggregateFunction::Min,
                AggregateFunction::Max,
            ],
            per_datastream: Grouping::Each,
            qualities: Qualities::GOOD,
        });
        unless_too_much(answer)
    }

    /// The share of the window's messages of which something was refused, as far
    /// as the quarantine holds them.
    fn refused(
        &self,
        device: &Device,
        datastreams: &[Datastream<'_>],
    ) -> Result<Result<f64, Why>, QueryError> {
        let kept = self.plane.quarantine(&device.id);
        let from = self.from();
        let refused = kept
            .iter()
            .filter(|message| message.received >= from)
            .count() as f64;
        // A message has at most one reading of a field and time.
        let mut messages = 0;
        for datastream in datastreams {
            messages = messages.max(self.plane.count(datastream.id, from, self.to())?);
        }
        if messages == 0 && refused == 0.0 {
            return Ok(Err(Why::NoReadings));
        }
        Ok(Ok(refused / (refused + messages as f64)))
    }
}

/// What is too much for one request is left out.
fn unless_too_much(
    answer: Result<Vec<Bucket>, QueryError>,
) -> Result<Option<Vec<Bucket>>, QueryError> {
    match answer {
        Ok(buckets) => Ok(Some(buckets)),
        Err(QueryError::TooMuch { .. } | QueryError::TooManyValues { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn hours_of(buckets: &[Bucket], id: DatastreamId) -> Vec<Hour> {
    let own = buckets
        .iter()
        .filter(|bucket| bucket.datastream == Some(id));
    own.map(|bucket| {
        let value = |at: usize| bucket.values.get(at).copied().flatten();
        Hour {
            start: bucket.start,
            good: value(0).unwrap_or_default() as u64,
            left_out: bucket.left_out,
            min_max: value(1).zip(value(2)),
        }
    })
    .collect()
}

/// A device's health from its datastreams': it is there as long as any of them
/// comes, its clock is the best one of them, and of all else it has the mean. One
/// that never came does not count: few devices report all of their model.
fn together(datastreams: &[(Datastream<'_>, Health)]) -> Health {
    let mut health = Health::default();
    for kind in PartKind::ALL {
        let parts = datastreams
            .iter()
            .filter_map(|(_, health)| health.part(kind).cloned());
        let parts: Vec<Part> = parts.collect();
        let by_score = |one: &&Part, other: &&Part| one.score.total_cmp(&other.score);
        let part = if matches!(kind, PartKind::Seen | PartKind::Clock) {
            // Which field it was says nothing of a device.
            let best = parts.iter().max_by(by_score);
            best.map(|best| Part {
                field: None,
                ..best.clone()
            })
        } else {
            let mean = parts.iter().map(|part| part.score).sum::<f64>() / parts.len() as f64;
            let worst = parts.iter().min_by(by_score);
            worst.map(|worst| Part {
                score: mean,
                ..worst.clone()
            })
        };
        match part {
            Some(part) => health.parts.push(part),
            None => health.left_out.extend(why(datastreams, kind)),
        }
    }
    health
}

/// Why no datastream has the part: what the first one says that ever came.
fn why(datastreams: &[(Datastream<'_>, Health)], kind: PartKind) -> Option<LeftOut> {
    let reasons = || {
        let all = datastreams.iter().flat_map(|(_, health)| &health.left_out);
        all.filter(move |left_out| left_out.part == kind)
    };
    let of_readings = reasons().find(|left_out| left_out.why != Why::NoReadings);
    of_readings.or_else(|| reasons().next()).copied()
}
