//! `/v1/stream/ws`: the stream as messages of WebSocket.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http_edge::access::is_same_origin;
use http_edge::request::Arrival;
use http_edge::websocket::{self, CloseCode, Incoming, Said, close_frame};
use http_edge::{Problem, ProblemKind, Running};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::events::{StreamQuery, filter, start};
use super::task::{StreamReader, StreamTask};
use super::wire::Wire;
use crate::access::{Admission, Caller};
use crate::params::{FilterQuery, Filtered, Viewer};
use crate::quota::Account;
use crate::state::ApiState;

/// Bytes of a reader's that are read at once: it has little to say.
const READ_BYTES: usize = 1_024;

/// The same as `/v1/stream` on WebSocket: a text message is what an event's
/// `data` is there, and what is gone from the log comes as `{"gap": {...}}`.
/// Who comes back asks with `from_offset` after the last `offset`.
#[utoipa::path(get, path = "/v1/stream/ws", tag = "data", params(FilterQuery, StreamQuery),
    responses((status = 101, description = "Messages follow, as {\"offset\":120345,\"device\":\"dev-1\",...,\"observations\":[...]} or {\"gap\":{\"from_offset\":3,\"to_offset\":9,...}}")))]
pub(crate) async fn follow(
    State(state): State<ApiState>,
    Extension(arrival): Extension<Arrival>,
    Extension(account): Extension<Account>,
    caller: Caller,
    (viewer, admission): (Viewer, Admission),
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let answer = websocket::accept(&parts)?;
    // A page of another site gets no preflight here, and the cookie comes along.
    let by_session = matches!(
        caller,
        Caller::Operator { session: Some(_) } | Caller::Person { .. }
    );
    if by_session && !is_same_origin(&parts, &arrival) {
        return Err(Problem::new(
            ProblemKind::FORBIDDEN,
            "A session opens a WebSocket only from the platform's own pages.",
        ));
    }
    let Filtered(words, query): Filtered<StreamQuery> =
        Filtered::from_request_parts(&mut parts, &state).await?;
    let start = start(&state, &query, &parts.headers)?;
    let filter = filter(&state, &viewer, &words, &query).await?;
    let Some(upgrade) = parts.extensions.remove::<OnUpgrade>() else {
        return Err(Problem::parameter("WebSocket needs HTTP/1.1 here."));
    };
    let place = state.streams.take(account, arrival.client)?;
    // The request ends with its answer; what it was upgraded to goes on.
    let running = Running::begin(&arrival.place);
    state.ingest.caught_up().await;
    let frames = state.ingest.stream(start);
    let reader = StreamReader::new(viewer, admission, &words);
    let (task, events) = StreamTask::new(state.clone(), frames, reader, filter, Wire::WebSocket);
    tokio::spawn(async move {
        // The listener ends after the last who holds this.
        let (_running, _stands) = (running, arrival.stopping.clone());
        // The reader has gone before the answer reached it.
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        let connection = Arc::clone(&arrival.place);
        let both = async {
            tokio::join!(
                task.run(place, arrival),
                attend(TokioIo::new(upgraded), events)
            )
        };
        let (_, written) = tokio::select! {
            both = both => both,
            () = connection.ended() => return,
        };
        if let Err(error) = written {
            tracing::debug!(%error, "a WebSocket ended");
        }
    });
    Ok(answer)
}

/// Writes what the task gives, and answers the reader, until one of them ends.
async fn attend(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    mut events: mpsc::Receiver<Result<Bytes, Infallible>>,
) -> io::Result<()> {
    let mut incoming = Incoming::default();
    let mut bytes = [0; READ_BYTES];
    let code = 'open: loop {
        tokio::select! {
            chunk = events.recv() => match chunk {
                Some(Ok(chunk)) => io.write_all(&chunk).await?,
                None => break CloseCode::GoingAway,
            },
            count = io.read(&mut bytes) => {
                let count = count?;
                if count == 0 {
                    return Ok(());
                }
                match incoming.take(&bytes[..count]) {
                    Ok(all) => for said in all {
                        match said {
                            Said::Answer(pong) => io.write_all(&pong).await?,
                            Said::Close => break 'open CloseCode::Normal,
                        }
                    },
                    Err(code) => break code,
                }
            }
        }
    };
    io.write_all(&close_frame(code)).await?;
    io.shutdown().await
}
