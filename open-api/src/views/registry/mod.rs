//! Agencies, boundaries, groups, models and shares.

mod agency;
mod audit;
mod boundary;
mod feature;
mod group;
mod model;
mod share;

pub(crate) use agency::AgencyView;
pub(crate) use audit::{AuditEntryView, AuditHeadView};
pub(crate) use boundary::BoundaryView;
pub(crate) use feature::FeatureView;
pub(crate) use group::GroupView;
pub(crate) use model::{ModelVersionView, ModelView, RefinementView, kind_name};
pub(crate) use share::ShareView;
