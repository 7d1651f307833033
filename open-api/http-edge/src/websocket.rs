//! The server's half of WebSocket (RFC 6455), as far as a stream needs it: the
//! opening handshake, frames that go out, and the few that a reader sends.
//!
//! What goes out is whole text frames, without a mask and without extensions.
//! What comes in is pings and a close; anything else that a client says is
//! read past. No frame that comes in is kept.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::problem::Problem;

/// The longest frame that a reader may send, in bytes.
const MAX_INCOMING_BYTES: u64 = 4_096;
/// The longest payload of a control frame (RFC 6455, 5.5), in bytes.
const MAX_CONTROL_BYTES: u64 = 125;
/// Header of a masked frame: two bytes, a length of eight, a mask of four.
const MAX_HEADER_BYTES: usize = 14;

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
const FINAL: u8 = 0x80;

/// A ping without a payload: tells proxies that the connection lives.
pub const PING_FRAME: &[u8] = &[FINAL | PING, 0];

/// Why a connection is closed (RFC 6455, 7.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseCode {
    Normal = 1000,
    GoingAway = 1001,
    ProtocolError = 1002,
    TooBig = 1009,
}

/// The answer that begins a WebSocket, or why there is none.
pub fn accept(parts: &Parts) -> Result<Response, Problem> {
    let headers = &parts.headers;
    let wanted = has_word(headers, &header::CONNECTION, "upgrade")
        && has_word(headers, &header::UPGRADE, "websocket");
    let key = headers.get(header::SEC_WEBSOCKET_KEY);
    let (true, Some(key)) = (wanted, key) else {
        return Err(Problem::parameter(
            "This path speaks WebSocket: send Connection: Upgrade, Upgrade: websocket and Sec-WebSocket-Key over HTTP/1.1. /v1/stream is the same as server-sent events.",
        ));
    };
    if headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err(Problem::parameter(
            "Sec-WebSocket-Version: 13 is spoken here.",
        ));
    }
    let proof = HeaderValue::try_from(proof(key.as_bytes()))
        .map_err(|_| Problem::parameter("Sec-WebSocket-Key: 16 bytes in base64."))?;
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, proof);
    Ok(response)
}

/// What shows that the key was read by somebody who knows WebSocket.
fn proof(key: &[u8]) -> String {
    const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let both = [key, GUID].concat();
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &both))
}

fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|found| found.trim().eq_ignore_ascii_case(word))
}

/// Appends one text message.
pub fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(FINAL | TEXT);
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(short @ ..=125), _) => out.push(short),
        (_, Ok(medium)) => {
            out.push(126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(text.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(text);
}

/// The last frame.
pub fn close_frame(code: CloseCode) -> [u8; 4] {
    let [high, low] = (code as u16).to_be_bytes();
    [FINAL | CLOSE, 2, high, low]
}

/// What a reader said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// The answer to a ping, ready to be sent.
    Answer(Vec<u8>),
    Close,
}

/// The frames of one reader, as their bytes come.
#[derive(Default)]
pub struct Incoming {
    /// The frame that is not yet whole.
    bytes: Vec<u8>,
}

impl Incoming {
    /// Takes bytes, and tells what is to be done about those that make a
    /// frame; nothing for most. The error ends the connection.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<Said>, CloseCode> {
        let mut said = Vec::new();
        self.bytes.extend_from_slice(bytes);
        while let Some(frame) = Frame::read(&self.bytes)? {
            let payload = frame.payload(&self.bytes);
            match frame.opcode {
                CLOSE => said.push(Said::Close),
                PING => said.push(Said::Answer(pong(&payload))),
                _ => {}
            }
            self.bytes.drain(..frame.end);
        }
        Ok(said)
    }
}

fn pong(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + payload.len());
    out.extend([FINAL | PONG, payload.len() as u8]);
    out.extend_from_slice(payload);
    out
}

struct Frame {
    opcode: u8,
    mask: [u8; 4],
    /// Where the payload begins and ends.
    start: usize,
    end: usize,
}

impl Frame {
    /// The frame at the start of `bytes`, where it is whole.
    fn read(bytes: &[u8]) -> Result<Option<Self>, CloseCode> {
        let &[first, second, ref rest @ ..] = bytes else {
            return Ok(None);
        };
        let (opcode, short) = (first & 0x0f, second & 0x7f);
        let control = opcode >= CLOSE;
        // No extension was agreed on, and a client masks what it sends.
        if first & 0x70 != 0 || second & 0x80 == 0 || (control && first & FINAL == 0) {
            return Err(CloseCode::ProtocolError);
        }
        let (length, length_bytes) = match (short, rest) {
            (126, &[high, low, ..]) => (u64::from(u16::from_be_bytes([high, low])), 2),
            (127, rest) => match rest.first_chunk::<8>() {
                Some(length) => (u64::from_be_bytes(*length), 8),
                None => return Ok(None),
            },
            (126, _) => return Ok(None),
            (short, _) => (u64::from(short), 0),
        };
        if control && length > MAX_CONTROL_BYTES {
            return Err(CloseCode::ProtocolError);
        }
        if length > MAX_INCOMING_BYTES {
            return Err(CloseCode::TooBig);
        }
        let start = 2 + length_bytes + 4;
        let end = start + length as usize;
        debug_assert!(start <= MAX_HEADER_BYTES, "the longest header");
        match rest.get(length_bytes..).and_then(<[u8]>::first_chunk::<4>) {
            Some(mask) if bytes.len() >= end => Ok(Some(Self {
                opcode,
                mask: *mask,
                start,
                end,
            })),
            _ => Ok(None),
        }
    }

    fn payload(&self, bytes: &[u8]) -> Vec<u8> {
        let masked = bytes[self.start..self.end].iter();
        let mask = self.mask.iter().cycle();
        masked.zip(mask).map(|(byte, mask)| byte ^ mask).collect()
    }
}

#[cfg(test)]
mod tests;
