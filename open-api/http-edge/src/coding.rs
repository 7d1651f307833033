//! Content codings (RFC 9110, 8.4): bodies that come compressed, within a bound
//! of what they become, and replies that leave so.

use std::io::{self, Read, Write};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;

use crate::problem::{Problem, ProblemKind};

/// Above it a body is decoded on a thread that may be slow.
const INLINE_BYTES: usize = 256 * 1024;
/// The largest window that a body may ask for, as a power of two: 8 MiB
/// (RFC 8878, 3.1.1.1.2).
const MAX_WINDOW_LOG: u32 = 23;
/// What is read here, for who asks with something else.
const READ_HERE: &str = "gzip, zstd";

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Identity),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// That of a request's body.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut lines = headers.get_all(header::CONTENT_ENCODING).iter();
        let (first, more) = (lines.next(), lines.next());
        let Some(first) = first else {
            return Ok(Self::Identity);
        };
        let known = first.to_str().ok().filter(|_| more.is_none());
        known.and_then(Self::parse).ok_or_else(|| {
            Problem::new(
                ProblemKind::UNSUPPORTED_MEDIA_TYPE,
                "Content-Encoding: a body may come as gzip or zstd, or as it is; nothing was stored.",
            )
            .accepting(READ_HERE)
        })
    }

    /// What the body was before; of at most `limit` bytes.
    pub(crate) async fn decode(self, bytes: Bytes, limit: usize) -> Result<Bytes, Problem> {
        let decoded = if limit <= INLINE_BYTES {
            self.expand(&bytes, limit)
        } else {
            tokio::task::spawn_blocking(move || self.expand(&bytes, limit))
                .await
                .map_err(|panic| Problem::internal(&panic))?
        };
        let decoded = decoded.map_err(|error| {
            Problem::body(format!("The body is no {}: {error}.", self.as_str()))
        })?;
        if decoded.len() > limit {
            return Err(Problem::new(
                ProblemKind::TOO_LARGE,
                format!("The body may have {limit} bytes here, once it is decompressed."),
            ));
        }
        Ok(decoded.into())
    }

    /// At most a byte more than the limit, whatever the body would become.
    fn expand(self, bytes: &[u8], limit: usize) -> io::Result<Vec<u8>> {
        let most = limit as u64 + 1;
        let mut out = Vec::new();
        match self {
            Self::Identity => out.extend_from_slice(bytes),
            Self::Gzip => {
                let decoder = flate2::read::MultiGzDecoder::new(bytes);
                decoder.take(most).read_to_end(&mut out)?;
            }
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
                decoder.window_log_max(MAX_WINDOW_LOG)?;
                decoder.take(most).read_to_end(&mut out)?;
            }
        }
        Ok(out)
    }

    /// The one of `offered` that the caller likes best (RFC 9110, 12.5.3); of
    /// equals the one that stands first.
    pub fn wanted(headers: &HeaderMap) -> Self {
        let offers = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let (mut gzip, mut zstd, mut any) = (None, None, None);
        for offer in offers {
            let mut parts = offer.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = weight(parts);
            match name.as_str() {
                "gzip" | "x-gzip" => gzip = Some(weight),
                "zstd" => zstd = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        let (zstd, gzip) = (zstd.or(any), gzip.or(any));
        match (zstd.unwrap_or(0.0), gzip.unwrap_or(0.0)) {
            (zstd, gzip) if zstd > 0.0 && zstd >= gzip => Self::Zstd,
            (_, gzip) if gzip > 0.0 => Self::Gzip,
            _ => Self::Identity,
        }
    }

    /// The bytes in this coding.
    pub fn encode(self, bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(bytes.to_vec()),
            Self::Gzip => {
                let level = flate2::Compression::new(match effort {
                    Effort::Quick => 1,
                    Effort::Once => 9,
                });
                let room = Vec::with_capacity(bytes.len() / 4);
                let mut encoder = flate2::write::GzEncoder::new(room, level);
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(
                bytes,
                match effort {
                    Effort::Quick => 1,
                    Effort::Once => 19,
                },
            ),
        }
    }
}

/// How much work a coding is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// For one reply.
    Quick,
    /// For what is kept.
    Once,
}

/// The weight among a range's parameters; 1 where there is none.
pub(crate) fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    parameters
        .find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
        })
        .map_or(1.0, |weight| weight.parse().unwrap_or(0.0))
}

/// A reply that was encoded, or that could have been.
pub fn tell(headers: &mut HeaderMap, coding: Coding) {
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if coding != Coding::Identity {
        let name = HeaderValue::from_static(coding.as_str());
        headers.insert(header::CONTENT_ENCODING, name);
        headers.remove(header::CONTENT_LENGTH);
        weaken(headers);
    }
}

/// The same content in other bytes has no strong validator (RFC 9110, 8.8.1).
fn weaken(headers: &mut HeaderMap) {
    let weak = headers.get(header::ETAG).and_then(|etag| {
        let strong = etag.to_str().ok().filter(|etag| !etag.starts_with("W/"))?;
        HeaderValue::try_from(format!("W/{strong}")).ok()
    });
    if let Some(weak) = weak {
        headers.insert(header::ETAG, weak);
    }
}

#[cfg(test)]
mod tests;
