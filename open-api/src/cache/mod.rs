//! What is found by a look at the whole registry, kept until it changes.

mod boundary_members;
mod group_members;
mod kept;
mod summaries;

pub(crate) use boundary_members::BoundaryMembers;
pub(crate) use group_members::GroupMembers;
pub(crate) use summaries::Summaries;
