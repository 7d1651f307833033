//! What a model says of itself beside its fields.

use crate::thing::Licence;

/// The longest interval between readings that a model may expect: 31 days.
pub(super) const MAX_INTERVAL_S: u32 = 31 * 86_400;

#[derive(Clone, PartialEq, Debug, Default)]
pub struct ModelDetails {
    pub purpose: Option<Purpose>,
    /// Who answers for the model, in words.
    pub owner: Option<String>,
    /// Of what its devices send, where they say nothing else when they are
    /// registered.
    pub licence: Option<Licence>,
    /// Seconds from one reading of a field to the next, where the field says
    /// nothing else.
    pub expected_interval_s: Option<u32>,
}

/// What the model is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Purpose {
    pub en: String,
    pub ko: String,
}

/// A number of seconds that no interval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected_interval_s is 1 to {MAX_INTERVAL_S}, not {0}")]
pub struct IntervalError(pub u32);

pub(super) fn check_interval(seconds: u32) -> Result<u32, IntervalError> {
    if (1..=MAX_INTERVAL_S).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(IntervalError(seconds))
    }
}
