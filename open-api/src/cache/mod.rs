//! What is found by a look at all datastreams, kept until the registry changes.

mod boundary_members;
mod summaries;

pub(crate) use boundary_members::BoundaryMembers;
pub(crate) use summaries::Summaries;
