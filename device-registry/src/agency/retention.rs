//! How long data is kept: days of phenomenon time, as the data model says, and
//! as the agency says where it says otherwise. Without a word of either, for
//! ever.
//!
//! The same rule judges what arrives and what the store drops: what lies before
//! [`horizon`] is older than its retention. The store drops a whole day when
//! the day's end lies at or before it, so nothing that is still accepted belongs
//! to a day that is gone.

use domain::{AgencyId, ModelId, Timestamp};

use crate::snapshot::Snapshot;

/// The shortest retention, in days: a day file is the least that goes.
pub const MIN_RETENTION_DAYS: u32 = 1;
/// The longest, in days: a hundred years. What is kept longer says nothing.
pub const MAX_RETENTION_DAYS: u32 = 36_500;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A number that is no retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("retention_days is {MIN_RETENTION_DAYS} to {MAX_RETENTION_DAYS}, not {0}")]
pub struct RetentionError(pub u32);

pub(crate) fn check(days: u32) -> Result<u32, RetentionError> {
    if (MIN_RETENTION_DAYS..=MAX_RETENTION_DAYS).contains(&days) {
        Ok(days)
    } else {
        Err(RetentionError(days))
    }
}

/// What was observed before it is older than a retention of `days`.
pub fn horizon(now: Timestamp, days: u32) -> Timestamp {
    let kept = i64::from(days) * MICROS_PER_DAY;
    Timestamp::from_micros(now.as_micros().saturating_sub(kept))
}

impl Snapshot {
    /// How many days an agency's data of a model is kept; `None`: for ever. What
    /// an agency says in a model of its own is about its own data: a device that it
    /// has handed over keeps the model, and its data is not the former owner's to
    /// take away.
    pub fn retention_days(&self, agency: &AgencyId, model: &ModelId) -> Option<u32> {
        let own = self
            .agency(agency)
            .and_then(|agency| agency.retention_days.get(model).copied());
        let is_of_another = model.agency().is_some_and(|owner| owner != agency.as_str());
        own.or_else(|| {
            let model = self.model_for(agency, model).filter(|_| !is_of_another);
            model.and_then(|model| model.retention_days)
        })
    }
}
