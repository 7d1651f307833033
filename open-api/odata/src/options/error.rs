//! Why a query is refused.

use std::fmt;

use crate::cursor::Fault;

/// One plain sentence that names the option and the place in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct OptionsError {
    /// As `$filter`; of a nested one its own name.
    pub option: String,
    /// The byte in the option's decoded value where it went wrong; of a nested
    /// option, in the value of the outermost one.
    pub position: usize,
    pub kind: OptionsErrorKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionsErrorKind {
    /// What stands there is not what may stand there: 400.
    Unexpected { found: String, expected: String },
    /// More than a limit allows: 400.
    Limit(String),
    /// An option of the standard's or OData's that is not offered: 501.
    Unsupported,
    /// The same option twice: 400.
    Twice,
    /// Bytes that are no percent-encoded UTF-8: 400.
    Encoding,
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            option, position, ..
        } = self;
        match &self.kind {
            OptionsErrorKind::Unexpected { found, expected } => write!(
                f,
                "{option} has {found} at position {position}, where {expected} is expected"
            ),
            OptionsErrorKind::Limit(limit) => {
                write!(f, "{option} is too much at position {position}: {limit}")
            }
            OptionsErrorKind::Unsupported => write!(f, "{option} is not supported"),
            OptionsErrorKind::Twice => write!(f, "{option} is given twice"),
            OptionsErrorKind::Encoding => write!(
                f,
                "{option} is not percent-encoded UTF-8 at position {position}"
            ),
        }
    }
}

impl Fault {
    /// The error of a query's option.
    pub(super) fn of(self, option: &str) -> OptionsError {
        OptionsError {
            option: self.option.unwrap_or_else(|| option.to_owned()),
            position: self.position,
            kind: self.kind,
        }
    }
}
