//! How many items a page has.

use std::str::FromStr;

/// Items on a page where the caller does not say.
const DEFAULT_LIMIT: usize = 100;
/// The most items on a page.
const MAX_LIMIT: usize = 10_000;

/// `limit=`: 1 to [`MAX_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("limit is a whole number from 1 to 10000")]
pub struct LimitError;

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        match text.parse() {
            Ok(number) if (1..=MAX_LIMIT).contains(&number) => Ok(Self(number)),
            _ => Err(LimitError),
        }
    }
}
