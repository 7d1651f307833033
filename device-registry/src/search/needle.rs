//! What is searched for, and how well a text answers it.

use std::fmt;

use memchr::memmem::Finder;

use super::fold::fold;
use super::text::END;

/// The longest text that is searched for, in characters.
pub const MAX_NEEDLE_CHARS: usize = 64;

/// Why a text cannot be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NeedleError {
    #[error("there is nothing to search for")]
    Empty,
    #[error("a search has at most {MAX_NEEDLE_CHARS} characters")]
    TooLong,
}

/// How well a text answers, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rank {
    /// A field is just that.
    Exact,
    /// A field, or a word of it, begins with that.
    Prefix,
    /// Each word of it is somewhere in the fields.
    Contains,
}

impl Rank {
    pub const ALL: [Self; 3] = [Self::Exact, Self::Prefix, Self::Contains];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Contains => "contains",
        }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is searched for, folded.
pub struct Needle {
    phrase: Finder<'static>,
    /// What stands between spaces, where that is not the whole phrase.
    words: Vec<Finder<'static>>,
    text: String,
}

impl Needle {
    pub fn new(text: &str) -> Result<Self, NeedleError> {
        // Before it is folded, which a text of megabytes should not be.
        if text.chars().take(MAX_NEEDLE_CHARS + 1).count() > MAX_NEEDLE_CHARS {
            return Err(NeedleError::TooLong);
        }
        let text = fold(text);
        if text.is_empty() {
            return Err(NeedleError::Empty);
        }
        let finder = |text: &str| Finder::new(text).into_owned();
        let words: Vec<_> = text.split(' ').collect();
        Ok(Self {
            phrase: finder(&text),
            words: match words.as_slice() {
                [_] => Vec::new(),
                words => words.iter().map(|word| finder(word)).collect(),
            },
            text,
        })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How well lines answer; `None`: not at all. Lines stand between [`END`]s.
    pub(super) fn rank(&self, lines: &str) -> Option<Rank> {
        let bytes = lines.as_bytes();
        let neighbour = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied();
        let mut best = None;
        for at in self.phrase.find_iter(bytes) {
            let before = neighbour(at.checked_sub(1));
            let after = neighbour(Some(at + self.text.len()));
            let begins_field = before == Some(END as u8);
            let rank = match (begins_field, after) {
                (true, Some(after)) if after == END as u8 => return Some(Rank::Exact),
                (true, _) => Rank::Prefix,
                (false, _) if before == Some(b' ') => Rank::Prefix,
                (false, _) => Rank::Contains,
            };
            best = Some(best.map_or(rank, |best: Rank| best.min(rank)));
        }
        let has = |word: &Finder<'_>| word.find(bytes).is_some();
        let by_words = || !self.words.is_empty() && self.words.iter().all(has);
        best.or_else(|| by_words().then_some(Rank::Contains))
    }
}
