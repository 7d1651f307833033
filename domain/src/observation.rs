//! What a payload says, before the platform has judged it.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::{Assurance, Location, ParsedValue, Quality, TimeError, Timestamp};

/// One message of a device, parsed: what could be read, and what could not.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Telemetry<'a> {
    pub observations: SmallVec<[ParsedObservation<'a>; 4]>,
    /// Observations that the codec itself refused.
    pub rejections: Vec<Rejection>,
    /// The device's own count of its messages (`seq`), where it sent one.
    pub sequence: Option<u64>,
    /// Some time was counted from the receipt: the same payload received again
    /// would tell another one.
    pub relative_times: bool,
}

/// One observation as a payload gave it.
#[derive(Clone, PartialEq, Debug)]
pub struct ParsedObservation<'a> {
    /// Its place in the payload, from 0, rejected ones counted.
    pub index: u16,
    pub field: Cow<'a, str>,
    /// Absent: the platform assigns the receipt time.
    pub time: Option<Timestamp>,
    pub value: ParsedValue<'a>,
    /// As SenML or the device wrote it; absent: the model's unit.
    pub unit: Option<Cow<'a, str>>,
    pub quality: Option<Quality>,
    /// Stored only when sent.
    pub location: Option<Location>,
}

/// An observation that goes to quarantine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    pub index: u16,
    /// Empty where not even a name could be read; at most 64 bytes are kept.
    pub field: Box<str>,
    pub reason: RejectReason,
}

impl Rejection {
    /// Bytes kept of a name, whatever a payload calls itself.
    pub const MAX_FIELD_BYTES: usize = 64;

    pub fn new(index: u16, name: &str, reason: RejectReason) -> Self {
        let end = (0..=Self::MAX_FIELD_BYTES.min(name.len()))
            .rev()
            .find(|end| name.is_char_boundary(*end))
            .unwrap_or(0);
        Self {
            index,
            field: name[..end].into(),
            reason,
        }
    }
}

/// Why an observation is quarantined. Its text tells the way out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[repr(u8)]
pub enum RejectReason {
    #[error("the value's type is not the model's")]
    WrongType = 1,
    #[error("the unit is unknown, or cannot be converted into the model's")]
    UnknownUnit = 2,
    #[error("the value is NaN or infinite")]
    NotFinite = 3,
    #[error("the time has no offset: write 2026-05-01T09:00:00+09:00 or ...Z")]
    TimeWithoutOffset = 4,
    #[error("the time cannot be read: write RFC 3339, or seconds since 1970")]
    UnreadableTime = 5,
    #[error("the time is before 1900-01-01 or more than 10 minutes ahead: set the device's clock")]
    ImpossibleTime = 6,
    #[error("the observation is older than the data model's retention")]
    OlderThanRetention = 7,
    #[error(
        "the name belongs to another device: write the field alone, or {{id}}:field with this device's id"
    )]
    OtherDevice = 8,
    #[error("the field's name is not 1 to 64 of A-Z a-z 0-9 . _ ~ -")]
    BadFieldName = 9,
    #[error("the text is longer than 256 bytes, or no code of the model's enumeration")]
    BadText = 10,
    #[error("the location is not [latitude, longitude] in degrees")]
    BadLocation = 11,
    #[error("the quality is none of good, uncertain, bad, missing")]
    BadQuality = 12,
    #[error("the device has too many fields that its model does not know")]
    TooManyExtraFields = 13,
    #[error("a record has neither a value nor a name that may stand without one")]
    NoValue = 14,
    #[error("a key beside v is none of t, loc, seq, q")]
    UnknownKey = 15,
    #[error(
        "the base name (bn) is not this device's, or names no field: write the device's id and a colon into bn (as dev-1:), and the field into n"
    )]
    BaseName = 16,
    #[error(
        "the device has sent too many fields within the hour that neither it nor its model had"
    )]
    TooManyNewFields = 17,
}

impl RejectReason {
    pub const ALL: [Self; 17] = [
        Self::WrongType,
        Self::UnknownUnit,
        Self::NotFinite,
        Self::TimeWithoutOffset,
        Self::UnreadableTime,
        Self::ImpossibleTime,
        Self::OlderThanRetention,
        Self::OtherDevice,
        Self::BadFieldName,
        Self::BadText,
        Self::BadLocation,
        Self::BadQuality,
        Self::TooManyExtraFields,
        Self::NoValue,
        Self::UnknownKey,
        Self::BaseName,
        Self::TooManyNewFields,
    ];

    /// A short stable word for metrics and the API, as `wrong-type`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongType => "wrong-type",
            Self::UnknownUnit => "unknown-unit",
            Self::NotFinite => "not-finite",
            Self::TimeWithoutOffset => "time-without-offset",
            Self::UnreadableTime => "unreadable-time",
            Self::ImpossibleTime => "impossible-time",
            Self::OlderThanRetention => "older-than-retention",
            Self::OtherDevice => "other-device",
            Self::BadFieldName => "bad-field-name",
            Self::BadText => "bad-text",
            Self::BadLocation => "bad-location",
            Self::BadQuality => "bad-quality",
            Self::TooManyExtraFields => "too-many-extra-fields",
            Self::NoValue => "no-value",
            Self::UnknownKey => "unknown-key",
            Self::BaseName => "base-name",
            Self::TooManyNewFields => "too-many-new-fields",
        }
    }

    /// What to do about it.
    pub const fn cure(self) -> &'static str {
        match self {
            Self::WrongType => "send a number, a boolean or a text, as the model's field says",
            Self::UnknownUnit => "name the model's unit, or one that converts into it, or none",
            Self::NotFinite => "send null where there is no value",
            Self::TimeWithoutOffset => "add the offset to the time: Z, or +09:00",
            Self::UnreadableTime => "write RFC 3339, or seconds since 1970 as a number",
            Self::ImpossibleTime => {
                "set the device's clock, or leave the time out: the platform assigns it"
            }
            Self::OlderThanRetention => {
                "send it sooner, or keep the model's data for longer (the agency's retention)"
            }
            Self::OtherDevice => "write the field alone, or this device's id before it",
            Self::BadFieldName => "name the field with 1 to 64 of A-Z a-z 0-9 . _ ~ -",
            Self::BadText => "send a text of at most 256 bytes that the model's enumeration has",
            Self::BadLocation => "send \"loc\": [latitude, longitude] in degrees",
            Self::BadQuality => "send good, uncertain, bad or missing, or no quality",
            Self::TooManyExtraFields => {
                "add the fields to the model, or send only those that it knows"
            }
            Self::NoValue => "give each record a value: v, vb or vs",
            Self::UnknownKey => "put fields into v; beside it only t, loc, seq and q",
            Self::BaseName => "write the device's id and a colon into bn, and the field into n",
            Self::TooManyNewFields => {
                "name the same fields in each message, or send new ones from the next hour on"
            }
        }
    }

    /// The number a frame stores; fixed for good.
    pub const fn number(self) -> u8 {
        self as u8
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.number() == number)
    }
}

impl From<TimeError> for RejectReason {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::NoOffset => Self::TimeWithoutOffset,
            TimeError::Form => Self::UnreadableTime,
            TimeError::Range => Self::ImpossibleTime,
        }
    }
}

/// Marks on a stored observation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(u8);

impl Flags {
    pub const NONE: Self = Self(0);
    /// The value lies outside the model's plausible range.
    pub const OUT_OF_RANGE: Self = Self(1);
    /// The model does not know the field.
    pub const EXTRA: Self = Self(2);
    /// The platform assigned the time.
    pub const TIME_ASSIGNED: Self = Self(4);
    /// A gateway published it for the device.
    pub const GATEWAY: Self = Self(8);
    /// Bits 4 and 5 are the code of the sender's [`Assurance`].
    const ASSURANCE_SHIFT: u8 = 4;

    pub const fn of(assurance: Assurance) -> Self {
        Self(assurance.code() << Self::ASSURANCE_SHIFT)
    }

    /// How strongly the sender had proved who it is.
    pub const fn assurance(self) -> Option<Assurance> {
        Assurance::from_code(self.0 >> Self::ASSURANCE_SHIFT & 3)
    }

    pub const fn bits(self) -> u8 {
        self.0
    }

    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
