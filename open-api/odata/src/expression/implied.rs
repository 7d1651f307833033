//! What an expression implies of the rows it holds for, so that an index narrows
//! a search before any row is looked at.
//!
//! Only conjunctions at the top count; what is not understood implies nothing.

use domain::Timestamp;

use crate::id::Id;

/// Bounds of the value at one path. All hold together; a bound that is absent
/// says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Implied {
    /// It is one of these; none at all where no row can be.
    pub ids: Option<Vec<Id>>,
    pub time: TimeBounds,
    /// Not less and not more than these.
    pub number: Option<(f64, f64)>,
    /// Its box meets this one: west, south, east, north.
    pub bbox: Option<[f64; 4]>,
    /// It is this text.
    pub text: Option<String>,
}

/// Where an instant lies, or where an interval starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBounds {
    /// Not before this.
    pub from: Timestamp,
    /// Before this.
    pub to: Timestamp,
}

/// All of time.
impl Default for TimeBounds {
    fn default() -> Self {
        Self {
            from: Timestamp::MIN,
            to: Timestamp::MAX,
        }
    }
}
