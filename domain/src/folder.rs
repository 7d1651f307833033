//! Which data folder a file belongs to.
//!
//! A platform's data lies in parts that only make sense together. Each tells
//! the random number of the folder that it was made in, so that one which was
//! copied from another folder is known at its opening.

use std::fmt;
use std::str::FromStr;

/// Bytes of a [`FolderId`].
pub const FOLDER_ID_BYTES: usize = 16;

/// The random number of a data folder; never all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FolderId([u8; FOLDER_ID_BYTES]);

impl FolderId {
    /// `None` for zeros, which stand where a file tells no folder.
    pub fn from_bytes(bytes: [u8; FOLDER_ID_BYTES]) -> Option<Self> {
        (bytes != [0; FOLDER_ID_BYTES]).then_some(Self(bytes))
    }

    pub fn to_bytes(self) -> [u8; FOLDER_ID_BYTES] {
        self.0
    }

    /// As it stands in a file: zeros where there is none.
    pub fn stamp(id: Option<Self>) -> [u8; FOLDER_ID_BYTES] {
        id.map_or([0; FOLDER_ID_BYTES], Self::to_bytes)
    }
}

impl fmt::Display for FolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FolderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FolderId({self})")
    }
}

/// The text is no id of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a folder's id has {} hexadecimal digits", 2 * FOLDER_ID_BYTES)]
pub struct FolderIdError;

impl FromStr for FolderId {
    type Err = FolderIdError;

    fn from_str(text: &str) -> Result<Self, FolderIdError> {
        let digits = text.as_bytes();
        if digits.len() != 2 * FOLDER_ID_BYTES {
            return Err(FolderIdError);
        }
        let mut bytes = [0; FOLDER_ID_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
            let (Some(high), Some(low)) = (high, low) else {
                return Err(FolderIdError);
            };
            // Two digits of four bits.
            *byte = (high << 4 | low) as u8;
        }
        Self::from_bytes(bytes).ok_or(FolderIdError)
    }
}

/// What a part of a data folder is held against when it is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FolderMark {
    id: Option<FolderId>,
    adopts: bool,
}

/// Why a part does not belong to the folder that it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("it is of another data folder")]
    Foreign,
    #[error("it is of an older version than the folder around it")]
    Unmarked,
}

impl FolderMark {
    /// Of a room by itself: its part may be of any folder, and may be missing.
    pub const ANY: Self = Self {
        id: None,
        adopts: true,
    };

    /// Of a folder that is being made, or that gets its id now: parts that are
    /// missing are made, and those without an id get it.
    pub fn first(id: FolderId) -> Self {
        Self {
            id: Some(id),
            adopts: true,
        }
    }

    /// Of a folder that has lived: every part is there and tells its id.
    pub fn of(id: FolderId) -> Self {
        Self {
            id: Some(id),
            adopts: false,
        }
    }

    pub fn id(self) -> Option<FolderId> {
        self.id
    }

    /// Whether a missing part may be made and one without an id gets it.
    pub fn adopts(self) -> bool {
        self.adopts
    }

    /// Holds what a part tells against the folder.
    pub fn check(self, told: Option<FolderId>) -> Result<(), Misfit> {
        match (self.id, told) {
            (None, _) => Ok(()),
            (Some(id), Some(told)) if id == told => Ok(()),
            (Some(_), Some(_)) => Err(Misfit::Foreign),
            (Some(_), None) if self.adopts => Ok(()),
            (Some(_), None) => Err(Misfit::Unmarked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_shown() {
        let id = FolderId::from_bytes([7; FOLDER_ID_BYTES]).unwrap();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("".parse::<FolderId>(), Err(FolderIdError));
        assert_eq!("zz".repeat(16).parse::<FolderId>(), Err(FolderIdError));
        assert_eq!("00".repeat(16).parse::<FolderId>(), Err(FolderIdError));
    }

    #[test]
    fn a_part_belongs_to_the_folder_whose_id_it_tells() {
        let [one, other] =
            [1, 2].map(|byte| FolderId::from_bytes([byte; FOLDER_ID_BYTES]).unwrap());
        assert_eq!(FolderMark::of(one).check(Some(one)), Ok(()));
        for mark in [FolderMark::of(one), FolderMark::first(one)] {
            assert_eq!(mark.check(Some(other)), Err(Misfit::Foreign));
        }
        assert_eq!(FolderMark::of(one).check(None), Err(Misfit::Unmarked));
        assert_eq!(FolderMark::first(one).check(None), Ok(()));
        assert_eq!(FolderMark::ANY.check(Some(other)), Ok(()));
    }
}
