//! What agencies, models and boundaries there are, what agencies share, and who
//! changed what.

pub(crate) mod agencies;
pub(crate) mod audit;
pub(crate) mod boundaries;
pub(crate) mod features;
pub(crate) mod groups;
pub(crate) mod models;
pub(crate) mod refinements;
pub(crate) mod shares;
