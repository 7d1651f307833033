//! The shapes that leave the platform: serde of the outside lives here alone.
//!
//! Numbers are JSON numbers, times RFC 3339 with an offset, what is missing is
//! `null`. A position has been through `ReadScope::place` before it comes here.

mod application;
mod backup;
mod data;
mod devices;
mod health;
mod json;
mod kept_health;
mod people;
mod place;
mod qr;
mod registry;
mod rfc3339;
mod session;

pub(crate) use application::{ApplicationView, IssuedKeyView, KeyView, NewApplicationView};
pub(crate) use backup::BackupView;
pub(crate) use data::{
    AggregateFunctionName, AggregateList, AggregateListSchema, DatastreamView, ExportView,
    FlagsView, FrameObservationView, FrameView, GapView, HitView, LatestListSchema, LatestPage,
    LatestView, ObservationView, RangedObservationView, Stay, StayView, SummaryView,
    ThingDatastreamView, ThingView, ValueView, thing_name,
};
pub(crate) use devices::{
    CalibrationView, ConnectionView, CredentialView, DeviceConnectionView, DeviceView, EventView,
    GatewayConnectionView, MadePasswordView, NewKeyView, NewPublicKey, PhotoView, PublicKeyView,
    QuarantinedView, SensorView, Surroundings, is_disconnect, is_error, status,
};
pub(crate) use health::{DatastreamHealthView, DeviceHealthView};
pub(crate) use kept_health::{AgencyHealthView, KeptHealthView};
pub(crate) use people::{IssuedServiceTokenView, PersonView, ServiceTokenView};
pub(crate) use place::PlaceView;
use qr::qr_svg;
pub(crate) use registry::{
    AgencyView, AuditEntryView, AuditHeadView, BoundaryView, FeatureView, GroupView,
    ModelVersionView, ModelView, RefinementView, ShareView, kind_name,
};
pub(crate) use rfc3339::Rfc3339;
pub(crate) use session::{
    AcceptedInvitationView, InvitationView, LoggedOutView, OpenInvitationView, SessionEntryView,
    SessionView,
};

/// A name in English and in Korean.
#[derive(serde::Serialize, utoipa::ToSchema, Debug, Clone, PartialEq, Eq)]
#[schema(as = Title)]
pub(crate) struct TitleView {
    pub(crate) en: String,
    pub(crate) ko: String,
}
