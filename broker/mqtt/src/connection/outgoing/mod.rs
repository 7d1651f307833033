//! What goes to the client: messages as they are published, of the log, and
//! retained ones.

mod catch_up;
mod deliver;
mod retained;

pub(super) use retained::Looks;
