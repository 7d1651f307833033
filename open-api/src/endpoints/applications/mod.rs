//! Developers' programs and their keys.

pub(crate) mod application;
pub(crate) mod keys;
