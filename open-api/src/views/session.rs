//! An operator's session on its way out.

use serde::Serialize;
use utoipa::ToSchema;

use super::Rfc3339;

/// Who is logged in, and until when.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = OperatorSession, example = json!({"principal": "operator", "expires": "2026-05-01T12:00:00Z"}))]
pub(crate) struct SessionView {
    pub(crate) principal: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) expires: Option<Rfc3339>,
}
