//! Connections: accepted within limits, by address too; each with a deadline
//! for every head, for a body and for a reply that is not taken; one
//! that is idle gives way where there is no room.

mod bodies;
mod book;
mod frames;
mod moment;
mod place;
mod serve;
mod socket;
mod standing;
mod unsent;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

pub(crate) use self::book::Book;
pub use self::place::{Place, Running};
pub use self::serve::serve;
pub use self::unsent::{Held, NoRoom, Patience, Unsent};

use self::bodies::{Reply, Request};
use self::socket::Socket;
use crate::limits::HttpLimits;
use crate::request::arrival::Peer;

/// The longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// What the connection buffers of a reply before the socket has to take some.
const WRITE_BUFFER_BYTES: usize = 32 * 1024;
/// Header lines of one request.
const MAX_HEADERS: usize = 100;
/// Requests at once on one HTTP/2 connection.
const MAX_H2_STREAMS: u32 = 100;
/// All headers of one HTTP/2 request, in bytes.
const MAX_H2_HEADER_BYTES: u32 = 32 * 1024;
/// Bodies' bytes that wait to be read on one HTTP/2 connection, and on one of
/// its streams.
const H2_CONNECTION_WINDOW: u32 = 256 * 1024;
const H2_STREAM_WINDOW: u32 = 128 * 1024;
/// Bytes of replies that wait on one stream of HTTP/2.
const H2_SEND_BYTES: usize = 64 * 1024;
/// Streams that the caller resets before anybody has looked at them.
const MAX_H2_EARLY_RESETS: usize = 20;
/// Streams that are reset for a fault of the caller's.
const MAX_H2_FAULTS: usize = 256;
/// How often a connection of HTTP/2 is asked whether it lives.
const H2_PING: Duration = Duration::from_secs(30);
/// What a connection that is late may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Does the handshake, if there is one to do.
async fn encrypt(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    place: &Place,
) -> io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    place.has_shaken_hands();
    Ok(stream)
}

/// Does what a connection needs, from accept to its end.
async fn welcome(stream: TcpStream, tls: Option<Arc<ServerConfig>>, router: Router, peer: Peer) {
    let (place, address) = (Arc::clone(&peer.place), peer.address);
    let Some(config) = tls else {
        return attend(stream, router, peer).await;
    };
    let shaken = tokio::select! {
        shaken = encrypt(stream, config, &place) => shaken,
        () = place.ended() => return,
        () = place.is_late() => return,
    };
    match shaken {
        Ok(stream) => attend(stream, router, peer).await,
        Err(error) => tracing::debug!(%address, %error, "a TLS handshake failed"),
    }
}

/// Answers requests until the caller leaves, a deadline passes, it has to give
/// way, or the platform stops; then the running requests are finished.
async fn attend(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    peer: Peer,
) {
    let place = Arc::clone(&peer.place);
    let mut stopping = peer.stopping.clone();
    let service = service_fn(move |request| answer(router.clone(), peer.clone(), request));
    let builder = builder(place.limits());
    let io = TokioIo::new(Socket::new(stream, Arc::clone(&place)));
    let mut connection = std::pin::pin!(builder.serve_connection_with_upgrades(io, service));
    let stopped = async {
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = place.ended() => return,
        () = place.is_late() => {
            connection.as_mut().graceful_shutdown();
            let goodbye = tokio::time::timeout(GOODBYE, connection).await;
            goodbye.unwrap_or(Ok(()))
        }
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = place.ended() => return,
                () = place.is_late() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended");
    }
}

async fn answer(
    router: Router,
    peer: Peer,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Reply>, std::convert::Infallible> {
    let running = Running::begin(&peer.place);
    let mut request = request.map(|body| Body::new(Request::new(body, &running)));
    request.extensions_mut().insert(peer);
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| Reply::new(body, running)))
}

fn builder(limits: &HttpLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.next_request)
        .max_buf_size(WRITE_BUFFER_BYTES.max(MAX_HEAD_BYTES))
        .max_headers(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_H2_STREAMS)
        .max_header_list_size(MAX_H2_HEADER_BYTES)
        .initial_connection_window_size(H2_CONNECTION_WINDOW)
        .initial_stream_window_size(H2_STREAM_WINDOW)
        .max_send_buf_size(H2_SEND_BYTES)
        .max_pending_accept_reset_streams(MAX_H2_EARLY_RESETS)
        .max_local_error_reset_streams(MAX_H2_FAULTS)
        .keep_alive_interval(H2_PING)
        .keep_alive_timeout(H2_PING);
    builder
}
