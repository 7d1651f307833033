//! How a stream's events are written: as server-sent events, or as messages
//! of WebSocket.

use std::io::Write;

use domain::Offset;
use http_edge::websocket;
use serde::Serialize;

use crate::views::{FrameView, GapView};

/// Tells a browser how soon to come back, in milliseconds, and that it is in. No
/// empty line ends it: the first event does, since some clients deliver an empty
/// event for a block without data.
const GREETING: &[u8] = b"retry: 2000\n: welcome\n";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wire {
    ServerSentEvents,
    WebSocket,
}

impl Wire {
    /// What comes first; a WebSocket's answer is greeting enough.
    pub(super) const fn greeting(self) -> &'static [u8] {
        match self {
            Self::ServerSentEvents => GREETING,
            Self::WebSocket => b"",
        }
    }

    pub(super) const fn keep_alive(self) -> &'static [u8] {
        match self {
            Self::ServerSentEvents => b": keep-alive\n",
            Self::WebSocket => websocket::PING_FRAME,
        }
    }

    pub(super) fn frame(self, chunk: &mut Vec<u8>, view: &FrameView<'_>) {
        match self {
            Self::ServerSentEvents => write_event(chunk, None, Offset::new(view.offset), view),
            Self::WebSocket => websocket::write_text(chunk, &json(view)),
        }
    }

    /// `last` is the last offset that is gone: a reader resumes after it.
    pub(super) fn gap(self, chunk: &mut Vec<u8>, last: Offset, view: &GapView) {
        match self {
            Self::ServerSentEvents => write_event(chunk, Some("gap"), last, view),
            Self::WebSocket => {
                #[derive(Serialize)]
                struct Message<'a> {
                    gap: &'a GapView,
                }
                websocket::write_text(chunk, &json(&Message { gap: view }));
            }
        }
    }
}

fn write_event(chunk: &mut Vec<u8>, event: Option<&str>, id: Offset, view: &impl Serialize) {
    if let Some(event) = event {
        writeln!(chunk, "event: {event}").expect("a Vec takes all bytes");
    }
    write!(chunk, "id: {id}\ndata: ").expect("a Vec takes all bytes");
    serde_json::to_writer(&mut *chunk, view).expect("views have string keys and finite numbers");
    chunk.extend_from_slice(b"\n\n");
}

fn json(view: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(view).expect("views have string keys and finite numbers")
}
