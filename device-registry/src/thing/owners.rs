//! Whose a thing was, at which time.

use domain::{AgencyId, Timestamp};

use super::Thing;
use crate::registry::RowChange;

/// Whose a thing is from a time on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnerSince {
    pub since: Timestamp,
    pub agency: AgencyId,
}

impl Thing {
    /// From `now` on the thing is `agency`'s; the rows. Who owned it before stays
    /// known.
    pub(crate) fn transfer_to(&mut self, agency: AgencyId, now: Timestamp) -> Vec<RowChange> {
        let mut entries = Vec::with_capacity(2);
        let since = match self.owners.last() {
            None => {
                entries.push(OwnerSince {
                    since: Timestamp::MIN,
                    agency: self.agency.clone(),
                });
                now
            }
            // A clock that was set back must not turn the history round.
            Some(last) => now.max(Timestamp::from_micros(
                last.since.as_micros().saturating_add(1),
            )),
        };
        entries.push(OwnerSince {
            since,
            agency: agency.clone(),
        });
        self.agency = agency;
        self.owners = [&self.owners, &entries[..]].concat().into();
        let row = |entry| RowChange::AddOwner {
            thing: self.id.clone(),
            entry,
        };
        entries.into_iter().map(row).collect()
    }
}
