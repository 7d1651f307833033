//! A range on its way out as a table or as lines, piece by piece.
//!
//! Constraints: one piece is in the making, one waits and one is being sent;
//! each holds its room among what waits for all callers. The turn to read files
//! is held while a piece is made, and never while the reader is waited for; the
//! connection ends a reader that takes nothing. What breaks off does not pass for
//! the whole.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use device_registry::Snapshot;
use http_edge::reply::csv::{Row, write_header};
use http_edge::reply::{NDJSON, json_bytes};
use http_edge::{Patience, Place, Problem};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::super::observations::query_problem;
use super::walk::{Found, Taken, Walk};
use crate::access::Admission;
use crate::params::Selected;
use crate::permits::asked_by;
use crate::quota::Account;
use crate::state::{ApiState, Shared};
use crate::views::RangedObservationView;

/// Bytes after which a piece is full; it ends with the line that fills it.
const PIECE_BYTES: usize = 64 << 10;
/// The longest line, more or less.
const LINE_BYTES: usize = 4 << 10;

/// How a stream is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lines {
    Csv,
    /// A JSON object a line.
    Json,
}

impl Lines {
    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => NDJSON,
        }
    }

    fn write(self, out: &mut Vec<u8>, view: &RangedObservationView<'_>) {
        match self {
            Self::Csv => {
                view.write(out);
                out.extend_from_slice(b"\r\n");
            }
            Self::Json => {
                out.extend_from_slice(&json_bytes(view));
                out.push(b'\n');
            }
        }
    }
}

/// Who reads.
pub(super) struct Reader {
    pub(super) state: ApiState,
    pub(super) place: Arc<Place>,
    pub(super) admission: Admission,
    pub(super) account: Account,
}

/// A piece of the answer, and what is left of the walk after it.
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// `None`: it is the last one.
    pub(super) rest: Option<Walk>,
}

impl Piece {
    pub(super) fn begin(lines: Lines) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PIECE_BYTES + LINE_BYTES);
        if lines == Lines::Csv {
            write_header(&mut bytes, RangedObservationView::COLUMNS);
        }
        bytes
    }

    /// Fills `bytes`. Blocks for file I/O.
    pub(super) fn make(
        mut walk: Walk,
        lines: Lines,
        mut bytes: Vec<u8>,
        shared: &Shared,
        snapshot: &Snapshot,
    ) -> Result<Self, Problem> {
        let take = |selected: Selected<'_>, found: Found| {
            let datastream = selected.datastream;
            let view = RangedObservationView::new(datastream, &found.stored, found.place);
            lines.write(&mut bytes, &view);
            if bytes.len() < PIECE_BYTES {
                Taken::GoOn
            } else {
                Taken::Enough
            }
        };
        let is_over = walk
            .go_on(shared, snapshot, take)
            .map_err(|error| query_problem(&error))?;
        Ok(Self {
            bytes,
            rest: (!is_over).then_some(walk),
        })
    }
}

/// Answers with `first` and what comes after it.
pub(super) fn reply(reader: Reader, lines: Lines, first: Piece) -> Result<Response, Problem> {
    let mut response = if let Some(walk) = first.rest {
        let place = reader.state.downloads.place()?;
        body(reader, lines, first.bytes, walk, place).into_response()
    } else {
        first.bytes.into_response()
    };
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static(lines.media_type());
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

fn body(
    reader: Reader,
    lines: Lines,
    first: Vec<u8>,
    walk: Walk,
    place: OwnedSemaphorePermit,
) -> Body {
    let (pieces, read) = mpsc::channel(1);
    let account = reader.account.clone();
    tokio::spawn(asked_by(account, async move {
        let _place = place;
        let gone = reader.admission.gone(&reader.state);
        let mut gone = std::pin::pin!(gone);
        let mut rest = Some(Rest::Made(first, walk));
        while let Some(next) = rest.take() {
            let piece = tokio::select! {
                piece = hold(next, lines, &reader) => piece,
                () = &mut gone => Err(io::ErrorKind::PermissionDenied.into()),
            };
            let (piece, walk) = match piece {
                Ok((piece, walk)) => (Ok(piece), walk),
                Err(error) => (Err(error), None),
            };
            let sent = tokio::select! {
                sent = pieces.send(piece) => sent.is_ok(),
                () = &mut gone => false,
            };
            if !sent {
                return;
            }
            rest = walk.map(Rest::ToMake);
        }
    }));
    Body::from_stream(ReceiverStream::new(read))
}

/// What of the answer is not sent yet.
enum Rest {
    /// A piece that is made already, and what comes after it.
    Made(Vec<u8>, Walk),
    ToMake(Walk),
}

/// The next piece, which holds its room.
async fn hold(rest: Rest, lines: Lines, reader: &Reader) -> io::Result<(Bytes, Option<Walk>)> {
    let unsent = reader.state.edge.unsent();
    let held = unsent
        .hold(&reader.place, PIECE_BYTES + LINE_BYTES, Patience::OfSource)
        .await
        .map_err(|_| io::ErrorKind::OutOfMemory)?;
    let walk = match rest {
        Rest::Made(bytes, walk) => return Ok((held.wrap(bytes, ()), Some(walk))),
        Rest::ToMake(walk) => walk,
    };
    let made = reader.state.reading(move |shared| {
        let snapshot = shared.registry.snapshot();
        let bytes = Vec::with_capacity(PIECE_BYTES + LINE_BYTES);
        Piece::make(walk, lines, bytes, shared, &snapshot)
    });
    let piece = made.await.and_then(|made| made);
    let piece = piece.map_err(|_| io::Error::other("the range could not be read on"))?;
    Ok((held.wrap(piece.bytes, ()), piece.rest))
}
