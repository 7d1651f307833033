//! What the files of both tables have in common: the head, the checksum at the
//! end, and how their fields are read.

use std::io;
use std::path::Path;

use domain::{FolderId, FolderMark, Offset, Timestamp};

use crate::file::replace::replace;

/// Which file it is, and in which form it is written.
pub(super) struct Kind {
    /// Its name in the store's folder.
    pub(super) name: &'static str,
    pub(super) magic: &'static [u8; 8],
    pub(super) version: u32,
}

impl Kind {
    /// A file's head: it goes up to the offset `up_to`.
    pub(super) fn begin(&self, up_to: Offset, mark: FolderMark) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(self.magic);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&FolderId::stamp(mark.id()));
        out.extend_from_slice(&up_to.get().to_le_bytes());
        out
    }

    /// Puts the file, once it has all that follows its head, in the place of the
    /// former one.
    pub(super) fn replace(&self, folder: &Path, mut out: Vec<u8>) -> io::Result<()> {
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        replace(folder, self.name, &out)
    }

    /// What follows the magic number of a sound file of this kind.
    pub(super) fn open<'a>(&self, bytes: &'a [u8]) -> Option<Input<'a>> {
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
            return None;
        }
        content.strip_prefix(self.magic).map(Input)
    }
}

/// What is left of a file.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn text(&mut self, len: usize) -> Option<&'a str> {
        std::str::from_utf8(self.take(len)?).ok()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn time(&mut self) -> Option<Timestamp> {
        self.array()
            .map(i64::from_le_bytes)
            .map(Timestamp::from_micros)
    }
}
