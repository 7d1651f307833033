//! Values and their quality.

use std::borrow::Cow;

/// The longest text value, in bytes.
pub const MAX_TEXT_BYTES: usize = 256;

/// What was observed, as it is stored.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Number(f64),
    Boolean(bool),
    /// At most [`MAX_TEXT_BYTES`].
    Text(Box<str>),
}

/// A value as a payload gave it.
#[derive(Clone, PartialEq, Debug)]
pub enum ParsedValue<'a> {
    /// Finite: the codecs reject NaN and the infinities.
    Number(f64),
    Boolean(bool),
    Text(Cow<'a, str>),
    /// JSON's `null`: quality `missing`.
    Null,
}

/// How far a value can be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Quality {
    Good = 0,
    Uncertain = 1,
    Bad = 2,
    Missing = 3,
}

impl Quality {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Uncertain => "uncertain",
            Self::Bad => "bad",
            Self::Missing => "missing",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Good, Self::Uncertain, Self::Bad, Self::Missing]
            .into_iter()
            .find(|quality| quality.as_str() == text)
    }

    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Good),
            1 => Some(Self::Uncertain),
            2 => Some(Self::Bad),
            3 => Some(Self::Missing),
            _ => None,
        }
    }

    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// A set of qualities: which observations a question is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Qualities(u8);

impl Qualities {
    pub const NONE: Self = Self(0);
    /// What statistics are made of where nobody says otherwise.
    pub const GOOD: Self = Self::NONE.with(Quality::Good);
    pub const ALL: Self = Self(0b1111);

    #[must_use]
    pub const fn with(self, quality: Quality) -> Self {
        Self(self.0 | 1 << quality.code())
    }

    pub const fn contains(self, quality: Quality) -> bool {
        self.0 & 1 << quality.code() != 0
    }
}
