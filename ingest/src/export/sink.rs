//! The file that an export is written into, summed up as it grows.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The byte order mark of UTF-8, by which Excel knows the encoding.
pub(super) const BOM: &[u8; 3] = b"\xef\xbb\xbf";

/// Bytes read at once for a checksum.
const CHECK_BYTES: usize = 1 << 20;

/// A SHA-256; shown in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Checksum(pub [u8; 32]);

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Checksum {
    /// Of all that is left to read.
    pub(super) fn of(mut file: impl Read) -> io::Result<Self> {
        let mut buffer = vec![0; CHECK_BYTES];
        let mut sum = Sha256::new();
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(Self(sum.finalize().into())),
                read => sum.update(&buffer[..read]),
            }
        }
    }
}

/// A file, its SHA-256, and the SHA-256 of a BOM followed by it.
pub(super) struct Sink {
    file: File,
    bytes: u64,
    plain: Sha256,
    with_bom: Option<Sha256>,
}

/// What was written.
pub(super) struct Sums {
    pub(super) bytes: u64,
    pub(super) sha256: Checksum,
    pub(super) sha256_with_bom: Option<Checksum>,
}

impl Sink {
    pub(super) fn new(file: File, is_text: bool) -> Self {
        Self {
            file,
            bytes: 0,
            plain: Sha256::new(),
            with_bom: is_text.then(|| Sha256::new().chain_update(BOM)),
        }
    }

    /// Makes it durable.
    pub(super) fn finish(self) -> io::Result<Sums> {
        self.file.sync_all()?;
        Ok(Sums {
            bytes: self.bytes,
            sha256: Checksum(self.plain.finalize().into()),
            sha256_with_bom: self.with_bom.map(|sum| Checksum(sum.finalize().into())),
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.plain.update(&bytes[..written]);
        if let Some(sum) = &mut self.with_bom {
            sum.update(&bytes[..written]);
        }
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
