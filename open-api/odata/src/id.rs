//! The id of an entity, as a URL writes it.

use std::fmt;

use crate::value::Value;

/// Whole numbers stand bare in a URL, texts in single quotes: `Things(1)` is not
/// `Things('1')`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    Number(u64),
    Text(Box<str>),
}

impl Id {
    /// The same as an expression sees it.
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Number(number) => match i64::try_from(*number) {
                Ok(whole) => Value::Int(whole),
                Err(_) => Value::Number(*number as f64),
            },
            Self::Text(text) => Value::Text(text.as_ref().into()),
        }
    }
}

/// As in a URL before its percent-encoding: `1`, `'a''b'`.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
        }
    }
}
