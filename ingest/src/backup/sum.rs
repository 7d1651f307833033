//! Checksums of a backup's files.
//!
//! SHA-256 of what is copied. A data file of the store, which may be a hard
//! link and hundreds of megabytes long, keeps the CRC-32C that the manifest has
//! of it: a backup need not read it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes read at once.
const READ_BYTES: usize = 1 << 20;

/// Of one whole file. Its text is `sha256:` or `crc32c:` and hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checksum {
    Sha256([u8; 32]),
    Crc32c(u32),
}

impl Checksum {
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::Sha256(Sha256::digest(bytes).into())
    }

    /// `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, digits) = text.split_once(':')?;
        // `from_str_radix` would take a sign.
        let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (kind, digits.len()) {
            ("crc32c", 8) if plain => u32::from_str_radix(digits, 16).ok().map(Self::Crc32c),
            ("sha256", 64) if plain => {
                let mut bytes = [0; 32];
                for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
                    *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
                }
                Some(Self::Sha256(bytes))
            }
            _ => None,
        }
    }

    /// The same kind of sum, of nothing yet.
    pub(super) fn again(self) -> Summing {
        match self {
            Self::Sha256(_) => Summing::sha256(),
            Self::Crc32c(_) => Summing::crc32c(),
        }
    }

    /// Bytes and sum, of the same kind, of what the file `path` holds now.
    pub fn of_file(self, path: &Path) -> io::Result<(u64, Self)> {
        let mut file = File::open(path)?;
        let mut sum = self.again();
        let mut buffer = vec![0; READ_BYTES];
        let mut bytes = 0;
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok((bytes, sum.finish())),
                read => {
                    sum.add(&buffer[..read]);
                    bytes += read as u64;
                }
            }
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crc32c(crc) => write!(f, "crc32c:{crc:08x}"),
            Self::Sha256(bytes) => {
                f.write_str("sha256:")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// A sum on its way.
pub(super) enum Summing {
    Sha256(Sha256),
    Crc32c(u32),
}

impl Summing {
    pub(super) fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    pub(super) fn crc32c() -> Self {
        Self::Crc32c(0)
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(sum) => sum.update(bytes),
            Self::Crc32c(crc) => *crc = crc32c::crc32c_append(*crc, bytes),
        }
    }

    pub(super) fn finish(self) -> Checksum {
        match self {
            Self::Sha256(sum) => Checksum::Sha256(sum.finalize().into()),
            Self::Crc32c(crc) => Checksum::Crc32c(crc),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_back_and_a_changed_one_is_another_or_none() {
        for sum in [Checksum::sha256(b"one"), Checksum::Crc32c(0x00ab_cdef)] {
            let text = sum.to_string();
            assert_eq!(Checksum::parse(&text), Some(sum));
            for at in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1;
                let changed = String::from_utf8(bytes).unwrap();
                assert_ne!(Checksum::parse(&changed), Some(sum), "{changed}");
            }
        }
        assert_eq!(Checksum::parse("crc32c:+0abcde0"), None);
    }

    #[test]
    fn a_file_has_the_sum_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"one").unwrap();
        let sha = Checksum::sha256(b"one");
        assert_eq!(sha.of_file(&path).unwrap(), (3, sha));
        let crc = Checksum::Crc32c(crc32c::crc32c(b"one"));
        assert_eq!(Checksum::Crc32c(0).of_file(&path).unwrap(), (3, crc));
    }
}
