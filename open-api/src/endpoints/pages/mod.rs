//! What a browser opens.

pub(crate) mod page;
pub(crate) mod problems;
