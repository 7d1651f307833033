//! WebSocket frames of a client (RFC 6455, section 5), taken apart in place.
//!
//! MQTT takes no notice of where a frame ends: packets span frames and frames
//! hold several packets. So nothing is put together here: what a frame carries
//! is unmasked where it was read and handed on, and between two reads only an
//! unfinished header or control frame is kept.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// A frame is never held as a whole, so this is no limit on memory: a client
/// that announces more does not speak MQTT. In bytes.
const MAX_FRAME_BYTES: u64 = 16 * 1024 * 1024;
/// RFC 6455, section 5.5, in bytes.
pub(super) const MAX_CONTROL_BYTES: usize = 125;
/// RFC 6455, section 5.2: two bytes, a length of eight, a mask of four.
const MAX_HEADER_BYTES: usize = 14;

/// What a client did that WebSocket, or MQTT on it, does not allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FrameFault {
    #[error("a WebSocket frame of text; MQTT is sent in binary ones")]
    Text,
    #[error("a WebSocket frame that is not masked")]
    Unmasked,
    #[error("a WebSocket frame with an unknown opcode or a reserved bit")]
    Reserved,
    #[error("a WebSocket control frame that is fragmented or too long")]
    Control,
    #[error("WebSocket fragments in a wrong order")]
    Fragments,
    #[error("a WebSocket frame of more than {MAX_FRAME_BYTES} bytes")]
    TooLong,
}

impl FrameFault {
    pub(super) fn close_code(self) -> CloseCode {
        match self {
            Self::Text => CloseCode::Unsupported,
            Self::TooLong => CloseCode::Size,
            _ => CloseCode::Protocol,
        }
    }
}

/// How far the client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    Open,
    /// It has said Close, and is answered with this code.
    Closed(CloseCode),
    Broken(FrameFault),
}

/// What the payload under way belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Data,
    Ping,
    Pong,
    Close,
}

pub(super) struct Frames {
    pub(super) stage: Stage,
    /// The latest ping, until it is answered: earlier ones need no answer.
    pub(super) ping: Option<Box<[u8]>>,
    /// A header whose rest has not come.
    header: [u8; MAX_HEADER_BYTES],
    header_bytes: u8,
    kind: Kind,
    /// Turned so that its first byte is for the next byte of payload.
    mask: [u8; 4],
    /// Payload bytes of the frame under way that have not come.
    left: u64,
    /// A message of several frames has begun and not ended.
    in_message: bool,
    /// Payload of the control frame under way.
    control: Vec<u8>,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Open,
            ping: None,
            header: [0; MAX_HEADER_BYTES],
            header_bytes: 0,
            kind: Kind::Data,
            mask: [0; 4],
            left: 0,
            in_message: false,
            control: Vec::new(),
        }
    }

    /// Takes what has come, and leaves the MQTT in it at its front: so many
    /// bytes. What follows a Close or a fault is not looked at.
    pub(super) fn take(&mut self, bytes: &mut [u8]) -> usize {
        let (mut used, mut kept) = (0, 0);
        while used < bytes.len() && self.stage == Stage::Open {
            if self.left == 0 {
                match self.read_header(&bytes[used..]) {
                    Ok(count) => used += count,
                    Err(fault) => self.stage = Stage::Broken(fault),
                }
                continue;
            }
            let count = (bytes.len() - used).min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let payload = used..used + count;
            self.unmask(&mut bytes[payload.clone()]);
            match self.kind {
                Kind::Data => {
                    bytes.copy_within(payload, kept);
                    kept += count;
                }
                _ => self.control.extend_from_slice(&bytes[payload]),
            }
            used += count;
            self.left -= count as u64;
            self.end_frame_if_complete();
        }
        kept
    }

    /// How many of the bytes belong to the header.
    fn read_header(&mut self, bytes: &[u8]) -> Result<usize, FrameFault> {
        let before = usize::from(self.header_bytes);
        let count = bytes.len().min(MAX_HEADER_BYTES - before);
        self.header[before..before + count].copy_from_slice(&bytes[..count]);
        let mut cursor = Cursor::new(&self.header[..before + count]);
        // An unknown opcode is all that it complains of.
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| FrameFault::Reserved)?;
        let Some((header, length)) = parsed else {
            self.header_bytes = (before + count) as u8;
            return Ok(count);
        };
        let used = cursor.position() as usize - before;
        self.header_bytes = 0;
        self.begin_frame(&header, length)?;
        Ok(used)
    }

    fn begin_frame(&mut self, header: &FrameHeader, length: u64) -> Result<(), FrameFault> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(FrameFault::Reserved);
        }
        self.mask = header.mask.ok_or(FrameFault::Unmasked)?;
        self.kind = match header.opcode {
            OpCode::Data(data) => {
                let continues = match data {
                    Data::Binary => false,
                    Data::Continue => true,
                    Data::Text => return Err(FrameFault::Text),
                    Data::Reserved(_) => return Err(FrameFault::Reserved),
                };
                if continues != self.in_message {
                    return Err(FrameFault::Fragments);
                }
                self.in_message = !header.is_final;
                if length > MAX_FRAME_BYTES {
                    return Err(FrameFault::TooLong);
                }
                Kind::Data
            }
            OpCode::Control(control) => {
                if !header.is_final || length > MAX_CONTROL_BYTES as u64 {
                    return Err(FrameFault::Control);
                }
                match control {
                    Control::Ping => Kind::Ping,
                    Control::Pong => Kind::Pong,
                    Control::Close => Kind::Close,
                    Control::Reserved(_) => return Err(FrameFault::Reserved),
                }
            }
        };
        self.left = length;
        self.end_frame_if_complete();
        Ok(())
    }

    fn end_frame_if_complete(&mut self) {
        if self.left > 0 {
            return;
        }
        match self.kind {
            Kind::Data => return,
            Kind::Ping => self.ping = Some(self.control.as_slice().into()),
            Kind::Pong => {}
            Kind::Close => self.stage = closed(&self.control),
        }
        self.control = Vec::new();
        self.kind = Kind::Data;
    }

    fn unmask(&mut self, payload: &mut [u8]) {
        for (place, byte) in payload.iter_mut().enumerate() {
            *byte ^= self.mask[place % 4];
        }
        self.mask.rotate_left(payload.len() % 4);
    }
}

/// RFC 6455, section 7.4: no body, or a code that may be sent, then text.
fn closed(body: &[u8]) -> Stage {
    match body {
        [] => Stage::Closed(CloseCode::Normal),
        [high, low, ..] => match CloseCode::from(u16::from_be_bytes([*high, *low])) {
            code if code.is_allowed() => Stage::Closed(code),
            _ => Stage::Broken(FrameFault::Control),
        },
        _ => Stage::Broken(FrameFault::Control),
    }
}

/// What frames carry that come in pieces of `size` bytes, the last ping, and
/// how it ended.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_frames(bytes: &[u8], size: usize) -> (Vec<u8>, Option<Box<[u8]>>, String) {
    let mut frames = Frames::new();
    let mut all = Vec::new();
    for piece in bytes.chunks(size) {
        let mut piece = piece.to_vec();
        let kept = frames.take(&mut piece);
        all.extend_from_slice(&piece[..kept]);
        assert!(frames.control.len() <= MAX_CONTROL_BYTES);
    }
    (all, frames.ping, format!("{:?}", frames.stage))
}

#[cfg(test)]
mod tests;
