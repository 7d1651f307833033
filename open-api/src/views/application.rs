//! Applications and their API keys on their way out.

use device_registry::{ApiKey, Application};
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use super::Rfc3339;

/// A private developer's program.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Application)]
pub(crate) struct ApplicationView {
    id: String,
    name: String,
    contact: String,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    keys: Vec<KeyView>,
}

/// An API key without its secret.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = ApiKey)]
pub(crate) struct KeyView {
    id: String,
    /// `secret` or `publishable`.
    kind: &'static str,
    origins: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Rfc3339>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked: Option<Rfc3339>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used: Option<Rfc3339>,
}

/// A new key. Its text is shown this once.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = IssuedApiKey)]
pub(crate) struct IssuedKeyView {
    id: String,
    /// The secret itself.
    #[schema(example = "mdk_...")]
    key: String,
    kind: &'static str,
    origins: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Rfc3339>,
}

/// A new application with its first key.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = NewApplication)]
pub(crate) struct NewApplicationView {
    id: String,
    name: String,
    contact: String,
    #[schema(value_type = String, format = DateTime)]
    created: Rfc3339,
    key: IssuedKeyView,
}

impl ApplicationView {
    pub(crate) fn new<'a>(
        application: &Application,
        keys: impl Iterator<Item = &'a std::sync::Arc<ApiKey>>,
    ) -> Self {
        Self {
            id: application.id.to_string(),
            name: application.name.clone(),
            contact: application.contact.clone(),
            created: Rfc3339(application.created),
            keys: keys.map(|key| KeyView::from(key.as_ref())).collect(),
        }
    }
}

impl From<&ApiKey> for KeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            kind: key.kind.as_str(),
            origins: origins(key),
            created: Rfc3339(key.created),
            expires: key.expires.map(Rfc3339),
            revoked: key.revoked.map(Rfc3339),
            last_used: key.last_used().map(Rfc3339),
        }
    }
}

impl IssuedKeyView {
    pub(crate) fn new(key: &ApiKey, text: String) -> Self {
        Self {
            id: key.id.to_string(),
            key: text,
            kind: key.kind.as_str(),
            origins: origins(key),
            created: Rfc3339(key.created),
            expires: key.expires.map(Rfc3339),
        }
    }
}

impl NewApplicationView {
    pub(crate) fn new(application: &Application, key: IssuedKeyView) -> Self {
        Self {
            id: application.id.to_string(),
            name: application.name.clone(),
            contact: application.contact.clone(),
            created: Rfc3339(application.created),
            key,
        }
    }
}

fn origins(key: &ApiKey) -> Vec<String> {
    key.origins
        .iter()
        .map(|origin| origin.to_string())
        .collect()
}

impl Row for KeyView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "kind",
        "origins",
        "created",
        "expires",
        "revoked",
        "last_used",
    ];
}
