//! Who asks, and what the role may.

mod caller;
mod cors;
mod gate;
mod identify;
mod same_origin;
mod sessions;

pub(crate) use caller::{Caller, Operator};
pub(crate) use gate::{guarded, public};
pub(crate) use same_origin::holds as is_same_origin;
pub(crate) use sessions::{Sessions, clear_cookie, set_cookie};
