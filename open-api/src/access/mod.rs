//! Who asks, and what it may.

mod admission;
mod caller;
mod gate;
mod identify;
mod long_answer;
mod needs;
mod permitted;
mod rights_changes;

pub(crate) use admission::Admission;
pub(crate) use caller::Caller;
pub(crate) use gate::{guarded, public};
pub(crate) use identify::may_read_names;
pub(crate) use long_answer::MAX_WORKED_ON;
pub(crate) use needs::{Needs, permit};
pub(crate) use permitted::{Operator, Permitted};
pub(crate) use rights_changes::RightsChanges;
