//! Who asks, and what it may.

mod admission;
mod caller;
mod gate;
mod holder;
mod identify;
mod login_delay;
mod long_answer;
mod needs;
mod permitted;
mod rights_changes;
mod viewer;

pub(crate) use admission::Admission;
pub(crate) use caller::{Caller, Holding};
pub(crate) use gate::{guarded, public};
pub(crate) use holder::{LoggedIn, ProvedBy, Session, SessionHolder};
pub(crate) use identify::may_read_names;
pub(crate) use login_delay::{LoginDelays, Proof};
pub(crate) use long_answer::MAX_WORKED_ON;
pub(crate) use needs::{Needs, permit};
pub(crate) use permitted::{Operator, Permitted};
pub(crate) use rights_changes::RightsChanges;
