//! Topics and topic filters: what is well formed, and what matches.
//!
//! MQTT 5.0, 4.7: `/` separates levels, `+` stands for one whole level, `#`
//! for any number of levels at the end, and a filter that begins with a
//! wildcard does not reach topics that begin with `$`.

use memchr::{memchr, memchr2};

/// A well formed filter, without the `$share` before it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TopicFilter(Box<str>);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TopicFilterError {
    #[error("a topic filter must not be empty")]
    Empty,
    #[error("a topic filter must not hold a NUL")]
    Nul,
    #[error("'#' stands alone at the end of a topic filter")]
    MultiLevel,
    #[error("'+' takes a whole level of a topic filter")]
    SingleLevel,
    #[error("the topic filter has more bytes than allowed")]
    TooLong,
    #[error("the topic filter has more levels than allowed")]
    TooDeep,
    #[error("a shared subscription is $share/, a name without wildcards, / and a topic filter")]
    Shared,
}

/// How large a topic or filter may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TopicLimits {
    pub bytes: usize,
    pub levels: usize,
}

impl TopicFilter {
    /// Checks the form only.
    pub fn new(text: &str) -> Result<Self, TopicFilterError> {
        check_filter(text)?;
        Ok(Self(text.into()))
    }

    /// Checks the form and the size. A shared subscription is its inner
    /// filter and the name of its group.
    pub fn within(
        text: &str,
        limits: TopicLimits,
    ) -> Result<(Self, Option<&str>), TopicFilterError> {
        if text.len() > limits.bytes {
            return Err(TopicFilterError::TooLong);
        }
        let (filter, group) = split_shared(text)?;
        check_filter(filter)?;
        if filter.split('/').count() > limits.levels {
            return Err(TopicFilterError::TooDeep);
        }
        Ok((Self(filter.into()), group))
    }

    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[inline]
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    #[inline]
    pub fn has_wildcard(&self) -> bool {
        // They stand for whole levels, so nowhere else.
        memchr2(b'+', b'#', self.0.as_bytes()).is_some()
    }

    /// Whether a message on `topic` reaches a subscription to this filter.
    #[inline]
    pub fn matches(&self, topic: &str) -> bool {
        if topic.starts_with('$') && matches!(self.0.as_bytes()[0], b'+' | b'#') {
            return false;
        }
        let mut levels = topic.split('/');
        for wanted in self.levels() {
            if wanted == "#" {
                return true;
            }
            match levels.next() {
                Some(level) if wanted == "+" || wanted == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}

/// MQTT 5.0, 4.8.2: `$share/{group}/{filter}`.
fn split_shared(text: &str) -> Result<(&str, Option<&str>), TopicFilterError> {
    if text == "$share" {
        return Err(TopicFilterError::Shared);
    }
    let Some(rest) = text.strip_prefix("$share/") else {
        return Ok((text, None));
    };
    match rest.split_once('/') {
        Some((group, filter)) if !group.is_empty() && !group.contains(['+', '#', '\0']) => {
            Ok((filter, Some(group)))
        }
        _ => Err(TopicFilterError::Shared),
    }
}

fn check_filter(text: &str) -> Result<(), TopicFilterError> {
    if text.is_empty() {
        return Err(TopicFilterError::Empty);
    }
    if memchr(0, text.as_bytes()).is_some() {
        return Err(TopicFilterError::Nul);
    }
    let mut levels = text.split('/').peekable();
    while let Some(level) = levels.next() {
        let last = levels.peek().is_none();
        if level.contains('#') && (level.len() > 1 || !last) {
            return Err(TopicFilterError::MultiLevel);
        }
        if level.contains('+') && level.len() > 1 {
            return Err(TopicFilterError::SingleLevel);
        }
    }
    Ok(())
}

/// Whether a message may be published on it: not empty, no wildcard, no NUL,
/// within the limits.
#[inline]
pub fn is_publishable(topic: &str, limits: TopicLimits) -> bool {
    let bytes = topic.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= limits.bytes
        && memchr2(b'+', b'#', bytes).is_none()
        && memchr(0, bytes).is_none()
        && bytes.iter().filter(|byte| **byte == b'/').count() < limits.levels
}

#[cfg(test)]
mod tests;
