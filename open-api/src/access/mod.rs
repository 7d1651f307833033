//! Who asks, and what the role may.

mod admission;
mod caller;
mod gate;
mod identify;
mod long_answer;
mod rights;

pub(crate) use admission::Admission;
pub(crate) use caller::{Caller, Operator};
pub(crate) use gate::{guarded, public};
pub(crate) use identify::may_read_names;
pub(crate) use long_answer::MAX_WORKED_ON;
pub(crate) use rights::Rights;
