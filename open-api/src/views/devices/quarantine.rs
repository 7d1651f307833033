//! What was refused of a device's telemetry, and why.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Rejection;
use domain::payload::PayloadError;
use http_edge::reply::csv::Row;
use ingest::QuarantinedMessage;
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// One message that was refused, in whole or in part.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = QuarantinedMessage, example = json!({
    "offset": 120_346, "time": "2026-05-01T00:00:00Z", "unreadable": null,
    "rejections": [{"index": 0, "field": "pm25", "code": "wrong-type",
        "message": "the value's type is not the model's",
        "cure": "send a number, a boolean or a text, as the model's field says"}],
    "head": "eyJwbTI1IjoibG93In0="
}))]
pub(crate) struct QuarantinedView {
    offset: u64,
    /// When the platform received it.
    #[schema(value_type = String, format = DateTime)]
    time: Rfc3339,
    /// Why nothing of it could be read.
    unreadable: Option<ReasonView>,
    rejections: Vec<RejectionView>,
    /// The first 256 bytes, base64.
    head: String,
}

/// A reason, for programs and for people.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Reason)]
pub(crate) struct ReasonView {
    code: &'static str,
    message: String,
    /// What to do about it.
    cure: &'static str,
}

/// One observation that was refused.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Rejection)]
pub(crate) struct RejectionView {
    /// Its place in the message.
    index: u16,
    field: String,
    code: &'static str,
    message: String,
    /// What to do about it.
    cure: &'static str,
}

impl From<&QuarantinedMessage> for QuarantinedView {
    fn from(message: &QuarantinedMessage) -> Self {
        Self {
            offset: message.offset.get(),
            time: Rfc3339(message.received),
            unreadable: message.unreadable.map(ReasonView::from),
            rejections: message.rejections.iter().map(RejectionView::from).collect(),
            head: STANDARD.encode(&message.original),
        }
    }
}

impl From<PayloadError> for ReasonView {
    fn from(error: PayloadError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            cure: error.cure(),
        }
    }
}

impl From<&Rejection> for RejectionView {
    fn from(rejection: &Rejection) -> Self {
        Self {
            index: rejection.index,
            field: rejection.field.to_string(),
            code: rejection.reason.code(),
            message: rejection.reason.to_string(),
            cure: rejection.reason.cure(),
        }
    }
}

impl Row for QuarantinedView {
    const COLUMNS: &'static [&'static str] =
        &["offset", "time", "unreadable.code", "rejections", "head"];
}
