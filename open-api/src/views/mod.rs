//! The shapes that leave the platform: serde of the outside lives here alone.
//!
//! Numbers are JSON numbers, times RFC 3339 with an offset, what is missing is
//! `null`. A position has been through `Viewer::place` before it comes here.

mod agency;
mod aggregate;
mod application;
mod backup;
mod boundary;
mod connection;
mod datastream;
mod device;
mod event;
mod export;
mod frame;
mod latest;
mod model;
mod new_key;
mod observation;
mod place;
mod quarantine;
mod rfc3339;
mod session;
mod summary;
mod thing;

pub(crate) use agency::AgencyView;
pub(crate) use aggregate::{AggregateFunctionName, AggregateList, AggregateListSchema};
pub(crate) use application::{ApplicationView, IssuedKeyView, KeyView, NewApplicationView};
pub(crate) use backup::BackupView;
pub(crate) use boundary::BoundaryView;
pub(crate) use connection::{
    ConnectionView, DeviceConnectionView, GatewayConnectionView, Surroundings, is_disconnect,
    is_error,
};
pub(crate) use datastream::DatastreamView;
pub(crate) use device::{CredentialView, DeviceView, MadePasswordView, PublicKeyView, status};
pub(crate) use event::EventView;
pub(crate) use export::ExportView;
pub(crate) use frame::{FrameObservationView, FrameView, GapView};
pub(crate) use latest::LatestView;
pub(crate) use model::ModelView;
pub(crate) use new_key::{NewKeyView, NewPublicKey};
pub(crate) use observation::{FlagsView, ObservationView, ValueView};
pub(crate) use place::PlaceView;
pub(crate) use quarantine::QuarantinedView;
pub(crate) use rfc3339::Rfc3339;
pub(crate) use session::SessionView;
pub(crate) use summary::SummaryView;
pub(crate) use thing::{ThingDatastreamView, ThingView};

/// A name in English and in Korean.
#[derive(serde::Serialize, utoipa::ToSchema, Debug, Clone, PartialEq, Eq)]
#[schema(as = Title)]
pub(crate) struct TitleView {
    pub(crate) en: String,
    pub(crate) ko: String,
}
