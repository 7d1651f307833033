//! The request of a WebSocket handshake: what is asked of it, and the answers.

use httparse::{EMPTY_HEADER, Header, Request, Status};
use tungstenite::handshake::derive_accept_key;

/// Headers of a request; a browser sends about fifteen.
const MAX_HEADERS: usize = 64;
/// The name of a page's origin, in bytes: a scheme, a host name of 253, a port.
const MAX_ORIGIN_BYTES: usize = 512;
/// Where MQTT is: what clients ask for by themselves, and what they are usually
/// told to.
const PATHS: [&str; 2] = ["/", "/mqtt"];
/// Best first: MQTT's own name of both versions, and an older one of 3.1.1.
const SUBPROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];
/// The one version that there is.
const VERSION: &str = "13";

/// A request that is granted.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Accepted {
    accept_key: String,
    subprotocol: &'static str,
    /// The page that asked; programs that are no browser send none.
    pub(super) origin: Option<Box<str>>,
}

impl Accepted {
    pub(super) fn answer(&self) -> String {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
            self.accept_key, self.subprotocol
        )
    }
}

/// A request that is not. The words are for the peer and the operator alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("this is no request of HTTP/1.1; MQTT over WebSocket is spoken here")]
    NotHttp,
    #[error("the request's head is too long")]
    TooLong,
    #[error("a client waits for the answer before it sends frames")]
    TooEarly,
    #[error("there is nothing at this path; MQTT over WebSocket is at /mqtt")]
    Path,
    #[error("a WebSocket is asked for by GET")]
    Method,
    #[error("this port speaks MQTT over WebSocket only; the open API has another")]
    NoUpgrade,
    #[error("WebSocket of version 13 is spoken here (RFC 6455)")]
    Version,
    #[error("Sec-WebSocket-Key must be 16 bytes in base64, once")]
    Key,
    #[error("the client must offer the subprotocol mqtt (Sec-WebSocket-Protocol)")]
    Subprotocol,
    #[error("Origin must be one short text")]
    Origin,
}

impl Refused {
    const fn status(self) -> &'static str {
        match self {
            Self::NotHttp | Self::TooEarly | Self::Key | Self::Subprotocol | Self::Origin => {
                "400 Bad Request"
            }
            Self::Path => "404 Not Found",
            Self::Method => "405 Method Not Allowed",
            Self::NoUpgrade | Self::Version => "426 Upgrade Required",
            Self::TooLong => "431 Request Header Fields Too Large",
        }
    }

    /// A header that the status asks for.
    const fn header(self) -> &'static str {
        match self {
            Self::Method => "Allow: GET\r\n",
            Self::NoUpgrade => "Upgrade: websocket\r\n",
            Self::Version => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
            _ => "",
        }
    }

    pub(super) fn answer(self) -> String {
        let body = format!("{self}\n");
        format!(
            "HTTP/1.1 {}\r\n{}Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.status(),
            self.header(),
            body.len()
        )
    }
}

/// Reads a head that is whole.
pub(super) fn read(head: &[u8]) -> Result<Accepted, Refused> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(head) {
        Ok(Status::Complete(_)) if request.version == Some(1) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refused::TooLong),
        _ => return Err(Refused::NotHttp),
    }
    let path = request.path.and_then(|path| path.split('?').next());
    if !path.is_some_and(|path| PATHS.contains(&path)) {
        return Err(Refused::Path);
    }
    if request.method != Some("GET") {
        return Err(Refused::Method);
    }
    let headers = Headers(request.headers);
    if !headers.lists("Upgrade", "websocket") || !headers.lists("Connection", "Upgrade") {
        return Err(Refused::NoUpgrade);
    }
    if headers.only("Sec-WebSocket-Version") != Some(VERSION) {
        return Err(Refused::Version);
    }
    let key = headers.only("Sec-WebSocket-Key").ok_or(Refused::Key)?;
    if !is_key(key) {
        return Err(Refused::Key);
    }
    let subprotocol = SUBPROTOCOLS
        .into_iter()
        .find(|name| headers.lists("Sec-WebSocket-Protocol", name))
        .ok_or(Refused::Subprotocol)?;
    Ok(Accepted {
        accept_key: derive_accept_key(key.as_bytes()),
        subprotocol,
        origin: headers.origin()?,
    })
}

/// 16 bytes in base64: 22 characters and two of padding.
fn is_key(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.len() == 24 && text.ends_with("==") && text.bytes().take(22).all(known)
}

struct Headers<'a>(&'a [Header<'a>]);

impl<'a> Headers<'a> {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value)
    }

    /// The value of a header that may stand there once only.
    fn only(&self, name: &'static str) -> Option<&'a str> {
        let mut all = self.all(name);
        match (all.next(), all.next()) {
            (Some(value), None) => std::str::from_utf8(value).ok().map(str::trim),
            _ => None,
        }
    }

    /// Whether a word is in the list that a header, or several of it, hold.
    fn lists(&self, name: &'static str, word: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|item| item.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    }

    fn origin(&self) -> Result<Option<Box<str>>, Refused> {
        if self.all("Origin").next().is_none() {
            return Ok(None);
        }
        match self.only("Origin") {
            Some(origin) if origin.len() <= MAX_ORIGIN_BYTES => Ok(Some(origin.into())),
            _ => Err(Refused::Origin),
        }
    }
}

#[cfg(test)]
mod tests;
