//! Why a request has no answer, with the status and words that its caller gets.

use ingest::QueryError;
use odata::{OptionsError, OptionsErrorKind, PathError, RowError};

/// Each tells the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("there is no {0}")]
    NoEntity(String),
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// An option that makes no sense there.
    #[error("{option} {why}")]
    Option {
        option: &'static str,
        why: &'static str,
    },
    /// An option that only exists elsewhere, or is left to others by the standard.
    #[error("{0} is not supported")]
    NotSupported(&'static str),
    #[error("$skiptoken is none that this platform gave: follow a next link as it is")]
    Token,
    #[error(transparent)]
    TooCostly(#[from] TooCostly),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("the value cannot be written")]
    Write(#[source] serde_json::Error),
    #[error("an entity cannot be read")]
    Row(#[source] RowError),
}

/// A question that would take more than one request may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooCostly {
    #[error(
        "the question would look at {cost} entities, and {limit} is the most: narrow it, as by a Datastream, by bounds of phenomenonTime or by a place"
    )]
    Estimate { cost: u64, limit: u64 },
    #[error(
        "the question looks at more than {0} entities: narrow it, as by a Datastream, by bounds of phenomenonTime or by a place"
    )]
    Looked(u64),
    #[error(
        "the answer would have more than {0} entities: ask for fewer with $top, also within $expand"
    )]
    Answer(u64),
    #[error("$skip and $top of an ordered set come to more than {0}: follow the next links")]
    Skipped(u64),
}

impl Error {
    /// HTTP's.
    pub fn status(&self) -> u16 {
        match self {
            Self::Path(_) | Self::NoEntity(_) => 404,
            Self::NotSupported(_) => 501,
            Self::Options(error) if matches!(error.kind, OptionsErrorKind::Unsupported) => 501,
            Self::Options(_) | Self::Option { .. } | Self::Token | Self::TooCostly(_) => 400,
            Self::Query(QueryError::Read(_)) | Self::Write(_) | Self::Row(_) => 500,
            Self::Query(_) => 400,
        }
    }

    /// What of the request it is about: an option.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Options(error) => Some(&error.option),
            Self::Option { option, .. } => Some(option),
            Self::Token => Some("$skiptoken"),
            _ => None,
        }
    }

    /// What an expression came upon.
    pub(crate) fn of_row(error: RowError) -> Self {
        match error.downcast() {
            Ok(own) => *own,
            Err(other) => Self::Row(other),
        }
    }
}
