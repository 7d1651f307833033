//! Sessions that outlive their connection, wills, limits, and the end of a broker.

mod kept;
pub(crate) mod lifecycle;
mod limits;
mod wills;
