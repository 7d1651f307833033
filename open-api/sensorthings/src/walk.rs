//! A walk over observations, one datastream after another or all by time, that
//! reads no further than it is asked to.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use domain::{DatastreamId, Timestamp};
use ingest::{Order, RangeQuery, StoredObservation, ValueFilter};

use crate::entity::Observed;
use crate::error::Error;
use crate::set::Observations;
use crate::world::World;

/// The most observations that are read of a datastream at once.
const MOST_AT_ONCE: usize = 10_000;

/// Datastreams whose first and last times are looked at for the price of an entity.
const FIRST_LOOKS: u64 = 16;

/// How observations follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sequence {
    /// By datastream, then by time.
    Natural,
    /// By time, then by datastream.
    ByTime(Order),
}

/// Observations in sequence, from where a page ended.
pub(crate) struct Walk<'w, 'a> {
    world: &'w World<'a>,
    of: Observations<'a>,
    order: Order,
    kind: Kind,
}

enum Kind {
    Natural {
        /// The next datastreams, in reverse order.
        rest: Vec<Cursor>,
    },
    ByTime(BinaryHeap<Waiting>),
}

impl<'w, 'a> Walk<'w, 'a> {
    /// Begins after `after`; `hint` is how many are wanted of it.
    pub(crate) fn new(
        world: &'w World<'a>,
        observations: &Observations<'a>,
        sequence: Sequence,
        after: Option<(DatastreamId, Timestamp)>,
        hint: usize,
    ) -> Result<Self, Error> {
        let datastreams = match &observations.datastreams {
            Some(some) => some.clone(),
            None => world.all_datastreams()?,
        };
        let cursor = |datastream| Cursor::new(datastream, observations, hint);
        let (order, kind) = match sequence {
            Sequence::Natural => {
                let start = after.map_or(0, |(datastream, _)| {
                    datastreams.partition_point(|one| *one < datastream)
                });
                let mut rest: Vec<Cursor> = datastreams[start..]
                    .iter()
                    .rev()
                    .copied()
                    .map(cursor)
                    .collect();
                if let (Some((datastream, time)), Some(first)) = (after, rest.last_mut())
                    && first.datastream == datastream
                {
                    first.after = Some(time);
                }
                (Order::Ascending, Kind::Natural { rest })
            }
            Sequence::ByTime(order) => {
                let mut heap = BinaryHeap::with_capacity(datastreams.len());
                world.look_at(datastreams.len() as u64 / FIRST_LOOKS)?;
                let extents = world.ingest.extents(&datastreams);
                for (datastream, extent) in datastreams.into_iter().zip(extents) {
                    let mut cursor = cursor(datastream);
                    if let Some((last, time)) = after {
                        cursor.go_on_after(order, time, datastream > last);
                    }
                    if let Some(at) = cursor.first_possible(extent, order) {
                        heap.push(Waiting::new(order, at, false, cursor));
                    }
                }
                (order, Kind::ByTime(heap))
            }
        };
        Ok(Self {
            world,
            of: observations.clone(),
            order,
            kind,
        })
    }

    pub(crate) fn next(&mut self) -> Result<Option<Observed<'a>>, Error> {
        while let Some(stored) = self.next_stored()? {
            let Some(observed) = Observed::new(self.world, stored) else {
                continue;
            };
            if self.of.is_about(self.world, &observed) {
                return Ok(Some(observed));
            }
        }
        Ok(None)
    }

    /// Whether anything follows: told without reading it where that can be.
    pub(crate) fn has_more(&mut self) -> Result<bool, Error> {
        if self.of.feature.is_none()
            && let Kind::Natural { rest } = &self.kind
            && let [cursor] = &rest[..]
            && let Some(known) = cursor.has_more(self.world, self.order)
        {
            return Ok(known);
        }
        if self.of.feature.is_none()
            && let Kind::ByTime(heap) = &self.kind
            && heap.len() == 1
            && let Some(waiting) = heap.peek()
            && let Some(known) = waiting.cursor.has_more(self.world, self.order)
        {
            return Ok(known);
        }
        Ok(self.next()?.is_some())
    }

    fn next_stored(&mut self) -> Result<Option<StoredObservation>, Error> {
        match &mut self.kind {
            Kind::Natural { rest } => {
                while let Some(cursor) = rest.last_mut() {
                    if let Some(stored) = cursor.next(self.world, self.order)? {
                        return Ok(Some(stored));
                    }
                    // One that has nothing costs a look too.
                    self.world.look_at(1)?;
                    rest.pop();
                }
                Ok(None)
            }
            Kind::ByTime(heap) => loop {
                let Some(Waiting {
                    is_read,
                    mut cursor,
                    ..
                }) = heap.pop()
                else {
                    return Ok(None);
                };
                if !is_read {
                    cursor.fill(self.world, self.order)?;
                    if let Some(next) = cursor.read.front() {
                        let at = next.time;
                        heap.push(Waiting::new(self.order, at, true, cursor));
                    }
                    continue;
                }
                let stored = cursor.next(self.world, self.order)?;
                let following = match cursor.read.front() {
                    Some(next) => Some((next.time, true)),
                    None if cursor.is_ended => None,
                    None => cursor.after.map(|time| (time, false)),
                };
                if let Some((at, is_read)) = following {
                    heap.push(Waiting::new(self.order, at, is_read, cursor));
                }
                return Ok(stored);
            },
        }
    }
}

/// A place in one datastream.
struct Cursor {
    datastream: DatastreamId,
    from: Timestamp,
    to: Timestamp,
    values: ValueFilter,
    after: Option<Timestamp>,
    /// Read and not yet given.
    read: VecDeque<StoredObservation>,
    /// How many are read next.
    at_once: usize,
    is_ended: bool,
}

impl Cursor {
    fn new(datastream: DatastreamId, of: &Observations<'_>, hint: usize) -> Self {
        Self {
            datastream,
            from: of.from,
            to: of.to,
            values: of.values.clone(),
            after: None,
            read: VecDeque::new(),
            at_once: hint.clamp(1, MOST_AT_ONCE),
            is_ended: false,
        }
    }

    /// Leaves out what came before or at `time`; with `and_at`, only before.
    fn go_on_after(&mut self, order: Order, time: Timestamp, and_at: bool) {
        let next = |time: Timestamp| Timestamp::from_micros(time.as_micros().saturating_add(1));
        match order {
            Order::Ascending => self.from = self.from.max(if and_at { time } else { next(time) }),
            Order::Descending => self.to = self.to.min(if and_at { next(time) } else { time }),
        }
    }

    /// A time that none of its observations precedes in the order; `None` where it
    /// has none between the first and the last of `extent`.
    fn first_possible(
        &self,
        extent: Option<(Timestamp, Timestamp)>,
        order: Order,
    ) -> Option<Timestamp> {
        let (first, last) = extent?;
        if last < self.from || first >= self.to {
            return None;
        }
        Some(match order {
            Order::Ascending => first.max(self.from),
            Order::Descending => last.min(self.to),
        })
    }

    /// Whether something follows what was given, where memory tells it.
    fn has_more(&self, world: &World<'_>, order: Order) -> Option<bool> {
        if !self.read.is_empty() {
            return Some(true);
        }
        if self.is_ended {
            return Some(false);
        }
        if self.values != ValueFilter::All {
            return None;
        }
        let (first, last) = world.extent(self.datastream)?;
        let after = self.after?;
        match order {
            Order::Ascending if self.to == Timestamp::MAX => Some(last > after),
            Order::Descending if self.from == Timestamp::MIN => Some(first < after),
            _ => None,
        }
    }

    fn next(
        &mut self,
        world: &World<'_>,
        order: Order,
    ) -> Result<Option<StoredObservation>, Error> {
        if self.read.is_empty() {
            self.fill(world, order)?;
        }
        let next = self.read.pop_front();
        if let Some(next) = &next {
            self.after = Some(next.time);
        }
        Ok(next)
    }

    fn fill(&mut self, world: &World<'_>, order: Order) -> Result<(), Error> {
        if self.is_ended || !self.read.is_empty() {
            return Ok(());
        }
        // The newest one is in memory.
        if order == Order::Descending
            && self.values == ValueFilter::All
            && self.after.is_none()
            && let Some(latest) = world.ingest.latest(self.datastream)
            && (self.from..self.to).contains(&latest.time)
        {
            world.look_at(1)?;
            self.read.push_back(latest);
            return Ok(());
        }
        let page = world.ingest.range(&RangeQuery {
            limit: self.at_once,
            after: self.after,
            order,
            values: self.values.clone(),
            ..RangeQuery::new(self.datastream, self.from, self.to)
        })?;
        world.look_at(1 + page.observations.len() as u64)?;
        self.is_ended = !page.more;
        self.read.extend(page.observations);
        self.at_once = (self.at_once * 2).min(MOST_AT_ONCE);
        Ok(())
    }
}

/// A datastream that waits for its turn.
struct Waiting {
    /// What comes first in the order is greatest.
    turn: Turn,
    is_read: bool,
    cursor: Cursor,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Earliest(Reverse<Timestamp>, Reverse<DatastreamId>),
    Latest(Timestamp, Reverse<DatastreamId>),
}

impl Waiting {
    fn new(order: Order, at: Timestamp, is_read: bool, cursor: Cursor) -> Self {
        let datastream = Reverse(cursor.datastream);
        let turn = match order {
            Order::Ascending => Turn::Earliest(Reverse(at), datastream),
            Order::Descending => Turn::Latest(at, datastream),
        };
        Self {
            turn,
            is_read,
            cursor,
        }
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.turn == other.turn
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.turn.cmp(&other.turn)
    }
}
