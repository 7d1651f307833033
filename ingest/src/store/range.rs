//! The observations of one datastream between two times.

use domain::Timestamp;

use super::cursor::Columns;
use super::merge::{Resolved, Scan, Wanted};
use super::view::View;
use crate::query::{QueryError, RangePage, RangeQuery};

/// Answers `query` from `view`. Reads only as far as the page goes.
pub(super) fn range(view: &View, query: &RangeQuery) -> Result<RangePage, QueryError> {
    let from = match query.after {
        Some(after) => query.from.max(just_behind(after)),
        None => query.from,
    };
    let mut page = RangePage::default();
    if from >= query.to || query.limit == 0 {
        return Ok(page);
    }
    let wanted = Wanted {
        datastreams: vec![query.datastream],
        from,
        to: query.to,
        columns: Columns::All,
    };
    let mut observations = Resolved::new(Scan::new(view, wanted)?, query.as_of);
    while let Some(observation) = observations.next()? {
        if page.observations.len() == query.limit {
            page.more = true;
            break;
        }
        page.observations.push(observation);
    }
    Ok(page)
}

fn just_behind(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.as_micros().saturating_add(1))
}
