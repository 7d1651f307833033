//! What a request asks for: checked options, the device of its path, its
//! block. No I/O, no state.
//!
//! An option of another length than its definition counts as one that is not
//! understood, and so does the repetition of one that may stand once (RFC
//! 7252, 5.4.3 and 5.4.5): with an odd number that is 4.02.

use domain::{DeviceTopic, TopicClass};
use smallvec::SmallVec;

use crate::message::{Code, Message, option, uint};

/// `application/cose; cose-type="cose-sign1"`.
pub(crate) const COSE_SIGN1: u32 = 18;

/// A block of a body (RFC 7959): its number has 20 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Block {
    pub(crate) number: u32,
    pub(crate) more: bool,
    /// 16 to 1,024 bytes are 0 to 6.
    pub(crate) size_exponent: u8,
}

impl Block {
    /// Reads the option's value; 7 is reserved over UDP.
    pub(crate) fn decode(value: &[u8]) -> Option<Self> {
        let bits = uint(value, 3)?;
        let size_exponent = (bits & 7) as u8;
        (size_exponent < 7).then_some(Self {
            number: bits >> 4,
            more: bits & 8 != 0,
            size_exponent,
        })
    }

    pub(crate) const fn bits(self) -> u32 {
        self.number << 4 | (self.more as u32) << 3 | self.size_exponent as u32
    }

    /// Bytes of a whole block.
    pub(crate) const fn size(self) -> usize {
        16 << self.size_exponent
    }

    /// Where the block begins in the body.
    pub(crate) const fn start(self) -> usize {
        self.number as usize * self.size()
    }
}

/// The longest Request-Tag, in bytes (RFC 9175, 3.2.1); a longer one is none.
const MAX_TAG_BYTES: usize = 8;

/// What tells apart the transfers of one endpoint to one path (RFC 9175): all
/// Request-Tags of a request in order, each after its length. No tag and an
/// empty one are two things.
pub(crate) type RequestTags = SmallVec<[u8; 16]>;

/// Telemetry for one device, or a part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TelemetryRequest<'a> {
    /// The path's middle segment.
    pub(crate) device: &'a str,
    pub(crate) block: Option<Block>,
    pub(crate) request_tags: RequestTags,
    /// What the sender says that the whole body has, in bytes.
    pub(crate) announced_size: Option<u32>,
}

/// A request that is not served, and how it is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rejection {
    pub(crate) code: Code,
    /// For a developer's eyes; sent where it fits.
    pub(crate) diagnostic: &'static str,
}

const fn reject(code: Code, diagnostic: &'static str) -> Rejection {
    Rejection { code, diagnostic }
}

/// Reads a request. The checks come in the order in which the answer helps most.
pub(crate) fn read<'a>(message: &'a Message<'_>) -> Result<TelemetryRequest<'a>, Rejection> {
    check_options(message)?;
    let topic = DeviceTopic::from_levels(message.values(option::URI_PATH));
    let Some(DeviceTopic {
        device,
        child: None,
        class: TopicClass::Telemetry,
    }) = topic
    else {
        return Err(reject(Code::NOT_FOUND, "POST /devices/{id}/telemetry"));
    };
    if message.code != Code::POST {
        return Err(reject(Code::METHOD_NOT_ALLOWED, "POST"));
    }
    if message.values(option::URI_QUERY).next().is_some() {
        return Err(reject(Code::BAD_REQUEST, "no query"));
    }
    let number = |number| {
        message
            .values(number)
            .next()
            .and_then(|value| uint(value, 4))
    };
    if number(option::CONTENT_FORMAT).is_some_and(|format| format != COSE_SIGN1) {
        return Err(reject(Code::UNSUPPORTED_CONTENT_FORMAT, "COSE_Sign1, 18"));
    }
    if number(option::ACCEPT).is_some_and(|format| format != COSE_SIGN1) {
        return Err(reject(Code::NOT_ACCEPTABLE, "COSE_Sign1, 18"));
    }
    let block = match message.values(option::BLOCK1).next() {
        Some(value) => Some(Block::decode(value).ok_or(reject(Code::BAD_REQUEST, "Block1"))?),
        None => None,
    };
    Ok(TelemetryRequest {
        device,
        block,
        request_tags: request_tags(message),
        announced_size: number(option::SIZE1),
    })
}

fn request_tags(message: &Message<'_>) -> RequestTags {
    let mut tags = RequestTags::new();
    for tag in message.values(option::REQUEST_TAG) {
        if tag.len() <= MAX_TAG_BYTES {
            tags.push(tag.len() as u8);
            tags.extend_from_slice(tag);
        }
    }
    tags
}

fn check_options(message: &Message<'_>) -> Result<(), Rejection> {
    let mut before = None;
    for found in &message.options {
        let length = found.value.len();
        let repeated = before == Some(found.number);
        before = Some(found.number);
        let understood = match found.number {
            option::PROXY_URI | option::PROXY_SCHEME => {
                return Err(reject(Code::PROXYING_NOT_SUPPORTED, "no proxy"));
            }
            option::URI_HOST => (1..=255).contains(&length) && !repeated,
            option::URI_PORT | option::ACCEPT => length <= 2 && !repeated,
            option::URI_PATH | option::URI_QUERY => length <= 255,
            option::BLOCK1 => length <= 3 && !repeated,
            // Answers fit one block, whatever size the client would like.
            option::BLOCK2 => length <= 3 && !repeated,
            _ => false,
        };
        let critical = found.number & 1 == 1;
        if critical && !understood {
            return Err(reject(Code::BAD_OPTION, "critical option"));
        }
    }
    Ok(())
}
