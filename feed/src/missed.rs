//! Frames that left the log before they were sent, made up from the store.
//!
//! Constraints: reads one state of the store in bounded memory, a part at a
//! time; what was received outside of the gap is passed over. After a failure
//! it begins anew with the gap, since the position stands before it until all
//! of it is acknowledged.

use domain::payload::MAX_OBSERVATIONS;
use domain::{DatastreamId, Offset, Timestamp};
use ingest::{Ingest, Observations, ObservationsQuery, QueryError, StoredObservation};

/// Rows that are looked at before a part is handed over, wanted or not: some
/// tens of milliseconds.
const PART_ROWS: usize = 100_000;

pub(crate) struct Missed {
    rows: Observations,
    from: Offset,
    to: Offset,
    found: u64,
    /// The store could not be read to the end.
    broken: bool,
}

impl Missed {
    /// What the store has of the frames from `from` to `to`, both inclusive.
    pub(crate) fn between(
        ingest: &Ingest,
        datastreams: Vec<DatastreamId>,
        from: Offset,
        to: Offset,
    ) -> Result<Self, QueryError> {
        let rows = ingest.observations(&ObservationsQuery {
            datastreams,
            from: Timestamp::MIN,
            to: Timestamp::MAX,
        })?;
        Ok(Self {
            rows,
            from,
            to,
            found: 0,
            broken: false,
        })
    }

    /// The last frame of the gap.
    pub(crate) fn end(&self) -> Offset {
        self.to
    }

    /// Some more of what the store has; `None` at the end. A part may be empty.
    pub(crate) fn next_part(&mut self) -> Option<Vec<StoredObservation>> {
        if self.broken {
            return None;
        }
        let mut part: Vec<StoredObservation> = Vec::new();
        for _ in 0..PART_ROWS {
            match self.rows.next() {
                Some(Ok(row)) if (self.from..=self.to).contains(&row.offset) => part.push(row),
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(%error, cause, "the feed cannot make up all that it missed");
                    self.broken = true;
                    break;
                }
                None if part.is_empty() => {
                    tracing::info!(
                        observations = self.found,
                        from = %self.from,
                        to = %self.to,
                        "what had left the log was sent from the store"
                    );
                    return None;
                }
                None => break,
            }
            if part.len() == MAX_OBSERVATIONS {
                break;
            }
        }
        self.found += part.len() as u64;
        Some(part)
    }
}
