//! Observations and what they belong to.

mod aggregate;
mod datastream;
mod export;
mod frame;
mod hit;
mod latest;
mod observation;
mod ranged;
mod stay;
mod summary;
mod thing;

pub(crate) use aggregate::{AggregateFunctionName, AggregateList, AggregateListSchema};
pub(crate) use datastream::DatastreamView;
pub(crate) use export::ExportView;
pub(crate) use frame::{FrameObservationView, FrameView, GapView};
pub(crate) use hit::{HitView, thing_name};
pub(crate) use latest::{LatestListSchema, LatestPage, LatestView};
pub(crate) use observation::{FlagsView, ObservationView, ValueView};
pub(crate) use ranged::RangedObservationView;
pub(crate) use stay::{Stay, StayView};
pub(crate) use summary::SummaryView;
pub(crate) use thing::{ThingDatastreamView, ThingView};
