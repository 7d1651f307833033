//! Counts the frames of HTTP/2 that cost work and ask for nothing, below the
//! library: SETTINGS and PING that must be answered, PRIORITY, RST_STREAM,
//! WINDOW_UPDATE, empty DATA, and types that nobody knows (RFC 9113, 10.5).
//!
//! What is counted is weighed against what the caller has a use for: each
//! request and what is replied to it give credit. Only headers of frames are
//! looked at; what HTTP/1.1 sends passes by. The library itself ends floods of
//! CONTINUATION, of one-byte DATA, and of streams that are wrong.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What a caller of HTTP/2 says first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Of a frame: a length of three bytes, type, flags, a stream of four.
const HEADER_BYTES: usize = 9;

/// Frames without a use that a connection may send at once.
const MAX_FRAMES_AT_ONCE: u32 = 500;
/// And in a second, for as long as it stands.
const FRAMES_A_SECOND: u32 = 20;
/// A request gives credit for so many: WINDOW_UPDATEs, a PING beside it.
const FRAMES_A_REQUEST: u32 = 4;
/// A piece of a reply gives credit for so many, and for each of so many bytes
/// one more: some clients widen their windows at each read.
pub(super) const FRAMES_A_PIECE: u64 = 4;
pub(super) const BYTES_A_FRAME: u64 = 1_024;
/// Requests that a connection may take back at once: a page that is left.
const MAX_RESETS_AT_ONCE: u32 = 200;
/// And in a second.
const RESETS_A_SECOND: u32 = 20;
/// DATA shorter than this is counted, unless it ends its stream.
const SHORT_DATA_BYTES: u32 = 64;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const END_STREAM: u8 = 0x1;

/// More frames came than anybody has a use for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a flood of HTTP/2 frames that ask for nothing")]
pub(super) struct Flood;

/// The meter of one connection.
pub(super) struct Frames {
    state: State,
    useless: Bucket,
    resets: Bucket,
}

enum State {
    /// So many bytes were those of the preface.
    Preface(usize),
    /// The header of the next frame, as far as it has come.
    Header([u8; HEADER_BYTES], usize),
    /// Bytes of payload that are to come.
    Payload(u32),
    /// It is not HTTP/2.
    Other,
}

impl Frames {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            state: State::Preface(0),
            useless: Bucket::new(MAX_FRAMES_AT_ONCE, FRAMES_A_SECOND, now),
            resets: Bucket::new(MAX_RESETS_AT_ONCE, RESETS_A_SECOND, now),
        }
    }

    /// Looks at bytes that came. `replied` is the credit that replies have
    /// given since it was last taken.
    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        now: Instant,
        replied: &AtomicU64,
    ) -> Result<(), Flood> {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Other => return Ok(()),
                State::Preface(at) => {
                    let length = bytes.len().min(PREFACE.len() - *at);
                    if bytes[..length] != PREFACE[*at..*at + length] {
                        self.state = State::Other;
                        return Ok(());
                    }
                    *at += length;
                    bytes = &bytes[length..];
                    if *at == PREFACE.len() {
                        self.state = State::Header([0; HEADER_BYTES], 0);
                    }
                }
                State::Header(header, at) => {
                    let length = bytes.len().min(HEADER_BYTES - *at);
                    header[*at..*at + length].copy_from_slice(&bytes[..length]);
                    *at += length;
                    bytes = &bytes[length..];
                    if *at == HEADER_BYTES {
                        let header = *header;
                        let payload = u32::from_be_bytes([0, header[0], header[1], header[2]]);
                        self.state = match payload {
                            0 => State::Header([0; HEADER_BYTES], 0),
                            more => State::Payload(more),
                        };
                        self.count(header[3], header[4], payload, now, replied)?;
                    }
                }
                State::Payload(left) => {
                    let length = bytes.len().min(*left as usize);
                    bytes = &bytes[length..];
                    *left -= length as u32;
                    if *left == 0 {
                        self.state = State::Header([0; HEADER_BYTES], 0);
                    }
                }
            }
        }
        Ok(())
    }

    fn count(
        &mut self,
        kind: u8,
        flags: u8,
        payload: u32,
        now: Instant,
        replied: &AtomicU64,
    ) -> Result<(), Flood> {
        match kind {
            HEADERS => {
                self.useless.give(FRAMES_A_REQUEST);
                Ok(())
            }
            DATA if payload >= SHORT_DATA_BYTES || flags & END_STREAM != 0 => Ok(()),
            RST_STREAM => self.resets.take(now, None),
            _ => self.useless.take(now, Some(replied)),
        }
    }
}

/// Frames of one kind that may still come.
struct Bucket {
    credit: u32,
    most: u32,
    a_second: u32,
    refilled: Instant,
}

impl Bucket {
    fn new(most: u32, a_second: u32, now: Instant) -> Self {
        Self {
            credit: most,
            most,
            a_second,
            refilled: now,
        }
    }

    fn take(&mut self, now: Instant, replied: Option<&AtomicU64>) -> Result<(), Flood> {
        // Looked at only where credit has run out.
        if self.credit == 0 {
            let seconds = now.saturating_duration_since(self.refilled).as_secs_f64();
            let of_time = (seconds * f64::from(self.a_second)) as u32;
            if of_time > 0 {
                self.refilled = now;
            }
            let replied = replied.map_or(0, |credit| credit.swap(0, Ordering::Relaxed));
            let replied = u32::try_from(replied).unwrap_or(u32::MAX);
            self.give(of_time.saturating_add(replied));
        }
        self.credit = self.credit.checked_sub(1).ok_or(Flood)?;
        Ok(())
    }

    fn give(&mut self, frames: u32) {
        self.credit = self.credit.saturating_add(frames).min(self.most);
    }
}

#[cfg(test)]
mod tests;
