//! What a query of a range asks, and what answering it would cost.

use std::borrow::Cow;
use std::collections::VecDeque;

use device_registry::Snapshot;
use domain::{DatastreamId, Qualities, Timestamp};
use http_edge::Problem;
use http_edge::reply::read_cursor;
use ingest::{MAX_ROWS_READ, RangeQuery, ValueFilter};

use super::walk::{Cursor, Walk, rows_at_once};
use super::{OrderName, RangeParameters};
use crate::params::{DatastreamFilter, Viewer, qualities};
use crate::state::Shared;

/// A range over the datastreams that pass.
pub(super) struct Question {
    /// Without a datastream, which is put in on the way.
    range: RangeQuery,
    cursor: Option<Cursor>,
    filter: DatastreamFilter,
    viewer: Viewer,
}

/// How much of the answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Amount {
    Page(usize),
    Whole,
}

impl Question {
    pub(super) fn new(
        query: &RangeParameters,
        filter: DatastreamFilter,
        viewer: Viewer,
        snapshot: &Snapshot,
    ) -> Result<Self, Problem> {
        if (query.from.is_none() || query.to.is_none()) && filter.named(snapshot).is_none() {
            return Err(Problem::parameter(
                "from and to are needed where no thing, device or group is named: name one, or say \
                 from which time to before which",
            ));
        }
        let from = query.from.map_or(Timestamp::MIN, |time| time.0);
        let to = query.to.map_or(Timestamp::MAX, |time| time.0);
        if from > to {
            return Err(Problem::parameter("from lies after to"));
        }
        let order = query.order.unwrap_or(OrderName::Asc);
        let values = query.value.as_ref().map(|value| value.0.0.clone());
        Ok(Self {
            range: RangeQuery {
                order: order.into(),
                values: values.unwrap_or_default(),
                qualities: qualities(query.quality.as_ref(), Qualities::ALL),
                ..RangeQuery::new(DatastreamId::new(0), from, to)
            },
            cursor: read_cursor(query.cursor.as_deref())?,
            filter,
            viewer,
        })
    }

    /// Begins to answer, unless that would read too much.
    pub(super) fn walk(
        self,
        shared: &Shared,
        snapshot: &Snapshot,
        amount: Amount,
    ) -> Result<Walk, Problem> {
        let datastreams = self.datastreams(shared, snapshot);
        let reads_all = amount == Amount::Whole
            || self.range.values != ValueFilter::All
            || self.range.qualities != Qualities::ALL
            || self.filter.names_place();
        if reads_all {
            let rows = shared
                .ingest
                .estimate(&datastreams, self.range.from, self.range.to);
            check_cost(rows)?;
        }
        let most = match amount {
            // One more tells whether there is another page.
            Amount::Page(limit) => limit + 1,
            Amount::Whole => usize::MAX,
        };
        let mut range = RangeQuery {
            limit: rows_at_once(most),
            ..self.range
        };
        if let Some(cursor) = self.cursor
            && datastreams.first() == Some(&cursor.datastream)
        {
            range.after = Some(cursor.time);
        }
        let datastreams = VecDeque::from(datastreams);
        Ok(Walk::new(datastreams, range, self.filter, self.viewer))
    }

    /// Those that may have something to show, in order of number, from the
    /// cursor on. None that the viewer does not see is among them, so that it
    /// learns of none by what an answer costs.
    fn datastreams(&self, shared: &Shared, snapshot: &Snapshot) -> Vec<DatastreamId> {
        let first = self.cursor.map_or(DatastreamId::new(0), |at| at.datastream);
        let nearby = self
            .filter
            .ever_observed_nearby(snapshot, &shared.ingest, &self.viewer);
        let passes = |id: &DatastreamId| {
            let datastream = snapshot.datastream(*id);
            *id >= first
                && datastream.is_some_and(|datastream| {
                    self.viewer.sees(&datastream) && self.filter.names(&datastream)
                })
        };
        let some = self.filter.named(snapshot);
        match some.or(nearby.map(Cow::Owned)) {
            Some(some) => some.iter().copied().filter(passes).collect(),
            None => {
                let all = snapshot.datastreams(first).map(|datastream| datastream.id);
                all.filter(passes).collect()
            }
        }
    }
}

fn check_cost(rows: u64) -> Result<(), Problem> {
    if rows <= MAX_ROWS_READ {
        return Ok(());
    }
    Err(Problem::parameter(format!(
        "the request would read about {rows} observations, and {MAX_ROWS_READ} is the most: ask for a \
         shorter time or fewer datastreams (domain, agency, model, field, thing, bbox); whole days are \
         files at /v1/export"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_reads_too_much_is_told_how_to_ask_for_less() {
        assert!(check_cost(MAX_ROWS_READ).is_ok());
        let refused = format!("{:?}", check_cost(MAX_ROWS_READ + 1).err());
        assert!(refused.contains("10000001 observations"), "{refused}");
        assert!(refused.contains("a shorter time"), "{refused}");
    }
}
