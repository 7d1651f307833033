//! Where a thing stood, and since when.

use domain::{Location, Timestamp};

use super::Thing;
use crate::registry::RowChange;

/// Where a thing is from a time on; `None`: nowhere that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocationSince {
    /// [`Timestamp::MIN`]: from the beginning.
    pub since: Timestamp,
    pub location: Option<Location>,
}

/// A move to another place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Move {
    pub(crate) to: Option<Location>,
    /// `None`: now; or from the beginning, where no place was known before,
    /// since what is delivered late was observed there too.
    pub(crate) since: Option<Timestamp>,
}

impl Thing {
    /// Where it is now.
    pub fn location(&self) -> Option<Location> {
        self.locations.last()?.location
    }

    /// Where it was at `time`: the place of an observation that brought none.
    pub fn location_at(&self, time: Timestamp) -> Option<Location> {
        let after = self.locations.partition_point(|entry| entry.since <= time);
        self.locations.get(after.checked_sub(1)?)?.location
    }

    /// The thing stands there from the move's time until the next move that is
    /// known. Answers with the rows of what changed in its history.
    pub(crate) fn relocate(&mut self, moved: Move, now: Timestamp) -> Vec<RowChange> {
        let since = match (moved.since, self.locations.last()) {
            // No observation is earlier.
            (Some(since), _) if since <= Timestamp::EARLIEST => Timestamp::MIN,
            (Some(since), _) => since,
            (None, None) => Timestamp::MIN,
            (None, Some(last)) if last.location == moved.to => return Vec::new(),
            // A clock that was set back must not turn the history round.
            (None, Some(last)) => now.max(Timestamp::from_micros(
                last.since.as_micros().saturating_add(1),
            )),
        };
        let before = self.locations.partition_point(|entry| entry.since < since);
        let mut after = before;
        let mut rows = Vec::new();
        // Another entry of that very time gives way, and so does a later move to
        // the same place: it was there already.
        while let Some(entry) = self.locations.get(after)
            && (entry.since == since || entry.location == moved.to)
        {
            rows.push(RowChange::RemoveLocation {
                thing: self.id.clone(),
                since: entry.since,
            });
            after += 1;
        }
        let standing = before
            .checked_sub(1)
            .and_then(|at| self.locations[at].location);
        let entry = LocationSince {
            since,
            location: moved.to,
        };
        let new = (standing != moved.to).then_some(entry);
        let mut all = std::mem::take(&mut self.locations).into_vec();
        all.splice(before..after, new);
        self.locations = all.into();
        rows.extend(new.map(|entry| RowChange::AddLocation {
            thing: self.id.clone(),
            entry,
        }));
        rows
    }
}

#[cfg(test)]
mod tests;
