//! What a call may answer instead.

use serde::Deserialize;

/// The body of a refused request: RFC 9457 problem+json.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// A stable reference, as `/problems/not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    pub request_id: String,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{method} {url}: {} {}: {} (request {})", .problem.status, .problem.title, .problem.detail, .problem.request_id)]
    Refused {
        method: &'static str,
        url: String,
        problem: Box<Problem>,
    },
    #[error("{method} {url}: the platform cannot be reached")]
    Transport {
        method: &'static str,
        url: String,
        #[source]
        cause: Box<ureq::Error>,
    },
    #[error("{method} {url}: the answer cannot be read")]
    Answer {
        method: &'static str,
        url: String,
        #[source]
        cause: serde_json::Error,
    },
    #[error("{url}: the answer broke off")]
    Stream {
        url: String,
        #[source]
        cause: std::io::Error,
    },
    /// Work that was begun and told of did not come to its end.
    #[error("{url}: {detail} ({code})")]
    BrokenOff {
        url: String,
        code: String,
        detail: String,
    },
    #[error("{url}: the answer has no {name}")]
    Header { url: String, name: &'static str },
    #[error("the certificate of the configuration is not a PEM")]
    Certificate(#[source] Box<ureq::Error>),
}

impl ApiError {
    /// The HTTP status, where the platform answered at all.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { problem, .. } => Some(problem.status),
            _ => None,
        }
    }

    /// 409: it exists already.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// 404: there is none, or none that this credential may see.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }
}
