//! Identities. Each is a newtype, so that no signature carries a bare string
//! or integer for one.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest id of a device, thing or agency, in bytes.
pub const MAX_ID_BYTES: usize = 64;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("{kind} is empty")]
    Empty { kind: &'static str },
    #[error("{kind} is longer than {MAX_ID_BYTES} bytes")]
    TooLong { kind: &'static str },
    #[error("{kind} has {character:?}; allowed are {allowed}")]
    Character {
        kind: &'static str,
        character: char,
        allowed: &'static str,
    },
    #[error("{kind} must not be '.' or '..'")]
    Dots { kind: &'static str },
    #[error(
        "a model's id reads 'domain.model', as traffic.flow, or 'domain.model~agency' where it is an agency's own"
    )]
    ModelForm,
}

/// The characters that a kind of id may have.
struct Alphabet {
    /// As an error tells them.
    shown: &'static str,
    has: fn(char) -> bool,
}

const ID_ALPHABET: Alphabet = Alphabet {
    shown: "A-Z a-z 0-9 . _ ~ -",
    has: |c| matches!(c, 'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '~' | '-'),
};
const MODEL_ALPHABET: Alphabet = Alphabet {
    shown: "a-z 0-9 -",
    has: |c| matches!(c, 'a'..='z' | '0'..='9' | '-'),
};
/// Without capitals, so that no two people's names differ by case alone.
const LOGIN_ALPHABET: Alphabet = Alphabet {
    shown: "a-z 0-9 . _ -",
    has: |c| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-'),
};

fn check(kind: &'static str, text: &str, allowed: &Alphabet) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { kind });
    }
    if text.len() > MAX_ID_BYTES {
        return Err(IdError::TooLong { kind });
    }
    match text.chars().find(|c| !(allowed.has)(*c)) {
        Some(character) => Err(IdError::Character {
            kind,
            character,
            allowed: allowed.shown,
        }),
        None if text == "." || text == ".." => Err(IdError::Dots { kind }),
        None => Ok(()),
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        text_id!($(#[$doc])* $name, $kind, ID_ALPHABET);
    };
    ($(#[$doc:meta])* $name:ident, $kind:literal, $alphabet:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the alphabet and the length.
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
                let text = text.as_ref();
                check($kind, text, &$alphabet)?;
                Ok(Self(Arc::from(text)))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id!(
    /// Hardware with an identity that connects.
    DeviceId,
    "a device id"
);
text_id!(
    /// A monitored real-world object; its id is that of its first device.
    ThingId,
    "a thing id"
);
text_id!(
    /// The public body that owns things and data: the boundary of isolation.
    AgencyId,
    "an agency id"
);
text_id!(
    /// One field of a data model, and the last level of an `open/` topic.
    FieldName,
    "a field name"
);
text_id!(
    /// A private developer's program.
    ApplicationId,
    "an application id"
);
text_id!(
    /// The public half of an API key.
    ApiKeyId,
    "an API key id"
);
text_id!(
    /// The right to put one device into service.
    ClaimId,
    "a claim id"
);
text_id!(
    /// A credential that enrols many devices.
    BatchId,
    "a batch id"
);
text_id!(
    /// An area on the map that an operator has drawn.
    BoundaryName,
    "a boundary's name"
);
text_id!(
    /// Somebody who logs in.
    PersonId,
    "a person's id",
    LOGIN_ALPHABET
);
text_id!(
    /// The public half of a service token.
    ServiceTokenId,
    "a service token's id"
);
text_id!(
    /// Devices of one agency under one name.
    GroupId,
    "a group id"
);
text_id!(
    /// What one agency lets another read.
    ShareId,
    "a share's id"
);

text_id!(
    /// What datastreams are about: a feature of interest.
    FeatureId,
    "a feature's id"
);

text_id!(
    /// A picture of a thing.
    PhotoId,
    "a photo id"
);

impl From<DeviceId> for ThingId {
    fn from(device: DeviceId) -> Self {
        Self(device.0)
    }
}

/// A data model, `domain.model`, as `traffic.flow`; an agency's own one names the
/// agency, as `traffic.flow~seoul`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId {
    text: Arc<str>,
    dot: u8,
}

/// Stands between a model's name, which has none, and its agency.
const OWNER_MARK: char = '~';

impl ModelId {
    pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
        let text = text.as_ref();
        let (domain, model) = text.split_once('.').ok_or(IdError::ModelForm)?;
        let (name, agency) = match model.split_once(OWNER_MARK) {
            Some((name, agency)) => (name, Some(agency)),
            None => (model, None),
        };
        check("a model's domain", domain, &MODEL_ALPHABET)?;
        check("a model's name", name, &MODEL_ALPHABET)?;
        if let Some(agency) = agency {
            check("an agency id", agency, &ID_ALPHABET)?;
        }
        Ok(Self {
            text: Arc::from(text),
            dot: domain.len() as u8,
        })
    }

    /// The part before the dot, as `traffic`.
    pub fn domain(&self) -> &str {
        &self.text[..usize::from(self.dot)]
    }

    /// The agency whose own model it is; none for the platform's.
    pub fn agency(&self) -> Option<&str> {
        let (_, agency) = self.name().split_once(OWNER_MARK)?;
        Some(agency)
    }

    /// The part after the dot, as `flow` or `flow~seoul`.
    pub fn name(&self) -> &str {
        &self.text[usize::from(self.dot) + 1..]
    }

    /// Both, as `traffic.flow`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelId({})", self.text)
    }
}

impl FromStr for ModelId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name($inner);

        impl $name {
            pub const fn new(number: $inner) -> Self {
                Self(number)
            }

            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// Thing x sensor x field with one unit. Never reused; small and dense, so
    /// that tables may be indexed by it.
    DatastreamId(u32)
);
number_id!(
    /// What a device proves itself with.
    CredentialId(u64)
);
number_id!(
    /// A sensor among those of its device, counted from 1. Never used again.
    SensorId(u32)
);
number_id!(
    /// The number of a frame in the log. Never used again once durable. The
    /// first frame has offset 1, so 0 stands for "before everything".
    Offset(u64)
);
number_id!(
    /// Offset x 1024 + the observation's index in its frame.
    ObservationId(u64)
);

impl Offset {
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl ObservationId {
    /// Observations one frame can number; [`crate::payload::MAX_OBSERVATIONS`] stays below it.
    pub const PER_FRAME: u64 = 1024;

    pub const fn of(offset: Offset, index: u16) -> Self {
        Self(offset.0 * Self::PER_FRAME + index as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_a_topic_could_not_carry() {
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a+b",
            "#",
            "$x",
            "a\0",
            "한강",
            &"x".repeat(65),
        ] {
            assert!(DeviceId::new(bad).is_err(), "{bad:?}");
        }
        for good in ["dev-1", "a.b_c~d-E", "...", &"x".repeat(64)] {
            assert!(DeviceId::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn people_are_told_apart_without_regard_to_case() {
        for bad in ["", "..", "Kim", "kim~1", "kim@seoul", "김", &"x".repeat(65)] {
            assert!(PersonId::new(bad).is_err(), "{bad:?}");
        }
        for good in ["kim", "j.kim_2-a", &"x".repeat(64)] {
            assert!(PersonId::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_model_has_a_domain_and_a_name() {
        let model = ModelId::new("disaster.water-level").unwrap();
        assert_eq!((model.domain(), model.name()), ("disaster", "water-level"));
        for bad in [
            "traffic",
            "traffic.",
            ".flow",
            "a.b.c",
            "Traffic.flow",
            "a~b.c",
            "a.b~",
            "a.~b",
            "a.b~..",
            "a.b~c/d",
        ] {
            assert!(ModelId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_model_of_an_agency_names_it_whatever_the_agency_is_called() {
        assert_eq!(ModelId::new("traffic.flow").unwrap().agency(), None);
        for agency in ["seoul", "Jung-gu.Seoul", "a~b", "a_1"] {
            let own = ModelId::new(format!("traffic.flow~{agency}")).unwrap();
            assert_eq!(own.agency(), Some(agency));
            assert_eq!(own.domain(), "traffic");
            assert_eq!(own.name(), format!("flow~{agency}"));
        }
    }
}
