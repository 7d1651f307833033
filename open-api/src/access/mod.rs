//! Who asks, and what the role may.

mod admission;
mod caller;
mod cors;
mod gate;
mod identify;
mod same_origin;
mod sessions;

pub(crate) use admission::{Admission, Rights};
pub(crate) use caller::{Caller, Operator};
pub(crate) use gate::{AdmittedBy, guarded, public};
pub(crate) use identify::may_read_names;
pub(crate) use same_origin::holds as is_same_origin;
pub(crate) use sessions::{Session, Sessions, clear_cookie, set_cookie};
