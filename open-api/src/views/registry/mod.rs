//! Agencies, boundaries and models.

mod agency;
mod boundary;
mod model;

pub(crate) use agency::AgencyView;
pub(crate) use boundary::BoundaryView;
pub(crate) use model::{ModelView, kind_name};
