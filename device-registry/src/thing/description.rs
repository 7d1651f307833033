//! What people say of a thing, to find it by: for its owners alone, since an
//! address tells more than a coarse place does.

use std::collections::BTreeSet;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use crate::label::{self, LabelError};

/// The longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 1_024;
/// Tags of one thing.
pub const MAX_TAGS: usize = 16;
/// The longest tag, in bytes.
pub const MAX_TAG_BYTES: usize = 64;

/// Address, note and tags; each may be empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Description {
    pub address: String,
    pub note: String,
    /// In order, each once.
    pub tags: Vec<Tag>,
}

/// A word that groups things, in Unicode's composed form (NFC).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tag(Box<str>);

/// What is said anew; what is absent stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewDescription {
    pub address: Option<String>,
    pub note: Option<String>,
    /// All of them, not those to be added.
    pub tags: Option<Vec<String>>,
}

/// Why a description is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    #[error(transparent)]
    Address(#[from] LabelError),
    #[error("`note` is longer than {MAX_NOTE_BYTES} bytes")]
    LongNote,
    #[error(
        "`note` has a control character other than a line's end, or one that hides or turns what is beside it"
    )]
    NoteControl,
    #[error(
        "a tag has 1 to {MAX_TAG_BYTES} bytes, and no space, comma or control character; this one has not: {0:?}"
    )]
    Tag(String),
    #[error("a thing has at most {MAX_TAGS} tags")]
    TooManyTags,
}

impl DescriptionError {
    /// Which part of a description is at fault.
    pub(crate) fn part(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::LongNote | Self::NoteControl => "note",
            Self::Tag(_) | Self::TooManyTags => "tags",
        }
    }
}

impl Tag {
    /// One that somebody gives. Those that stand are read as they are.
    fn new(text: &str) -> Result<Self, DescriptionError> {
        let tag = Self::parse(text)?;
        if tag.0.chars().any(label::misleads) {
            return Err(DescriptionError::Tag(tag.0.to_string()));
        }
        Ok(tag)
    }

    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        let composed: String = text.nfc().collect();
        let sound = (1..=MAX_TAG_BYTES).contains(&composed.len())
            && !composed
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || c == ',');
        if sound {
            Ok(Self(composed.into()))
        } else {
            let start = text.chars().take(MAX_TAG_BYTES).collect();
            Err(DescriptionError::Tag(start))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Description {
    pub(crate) const EMPTY: &'static Self = &Self {
        address: String::new(),
        note: String::new(),
        tags: Vec::new(),
    };

    /// As a thing keeps it: most have none.
    pub(crate) fn kept(self) -> Option<Arc<Self>> {
        (self != *Self::EMPTY).then(|| Arc::new(self))
    }
}

impl NewDescription {
    /// Whether it says nothing new of what stands.
    pub(crate) fn is_said_of(&self, standing: &Description) -> bool {
        self.over(standing).is_ok_and(|after| after == *standing)
    }

    pub(crate) fn check(&self) -> Result<(), DescriptionError> {
        if let Some(address) = &self.address {
            label::optional("address", address)?;
        }
        if let Some(note) = &self.note {
            if note.len() > MAX_NOTE_BYTES {
                return Err(DescriptionError::LongNote);
            }
            if note.chars().any(|c| label::misleads(c) && c != '\n') {
                return Err(DescriptionError::NoteControl);
            }
        }
        self.tags().map(|_| ())
    }

    fn tags(&self) -> Result<Option<Vec<Tag>>, DescriptionError> {
        let Some(texts) = &self.tags else {
            return Ok(None);
        };
        let tags: BTreeSet<Tag> = texts
            .iter()
            .map(|text| Tag::new(text))
            .collect::<Result<_, _>>()?;
        if tags.len() > MAX_TAGS {
            return Err(DescriptionError::TooManyTags);
        }
        Ok(Some(tags.into_iter().collect()))
    }

    /// What is said of the thing after it.
    pub(crate) fn over(&self, standing: &Description) -> Result<Description, DescriptionError> {
        let text = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
        Ok(Description {
            address: text(&self.address, &standing.address),
            note: text(&self.note, &standing.note),
            tags: self.tags()?.unwrap_or_else(|| standing.tags.clone()),
        })
    }
}
