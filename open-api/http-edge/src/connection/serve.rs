//! The listener: accepts within limits, and stops within a grace time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::middleware::from_fn_with_state;
use rustls::ServerConfig;
use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::book::NoPlace;
use super::place::Place;
use super::standing::Arrives;
use super::welcome;
use crate::edge::Edge;
use crate::middleware::surround;
use crate::request::arrival::Peer;

/// How long running requests may take to finish once the platform stops.
const GRACE: Duration = Duration::from_secs(5);
/// Bytes of a reply that the kernel keeps beyond what is on the network: by
/// itself it takes some megabytes for each reader that does not read.
const KERNEL_BYTES: u32 = 256 * 1024;
/// Rest after a failed accept: mostly the process is out of descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// Between two looks for a place among those who shake hands.
const PLACE_REST: Duration = Duration::from_millis(10);

/// Answers `router` on a bound listener until `shutdown` resolves. With `tls`,
/// each new connection takes the configuration that stands at its time.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ArcSwap<ServerConfig>>>,
    router: Router,
    edge: Arc<Edge>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = router.layer(from_fn_with_state(Arc::clone(&edge), surround));
    let (stop, stopping) = watch::channel(false);
    let mut shutdown = std::pin::pin!(shutdown);
    // Connections inherit both. A kernel that does not know them buffers more,
    // and finds out later that a caller's network is gone: a stream that is
    // silent but for its keep-alives would hold its place for a quarter of an
    // hour.
    let socket = SockRef::from(&listener);
    let _ = socket.set_tcp_notsent_lowat(KERNEL_BYTES);
    let _ = socket.set_tcp_user_timeout(Some(edge.book.limits().stalled));
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, address)) = accepted else {
            // Those who ask for nothing give their file handles back.
            edge.book.shed_idle();
            tokio::time::sleep(ACCEPT_REST).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let arrives = match tls {
            Some(_) => Arrives::WithTls,
            None => Arrives::InPlaintext,
        };
        let counted = !edge.trusted_proxies.trusts(address.ip().to_canonical());
        let place = loop {
            match Place::take(&edge.book, address.ip().to_canonical(), arrives, counted) {
                Ok(place) => break Some(place),
                // Closed without a word: it may not even have spoken.
                Err(NoPlace::Full) => break None,
                Err(NoPlace::Handshakes) => tokio::time::sleep(PLACE_REST).await,
            }
        };
        let Some(place) = place else { continue };
        let peer = Peer {
            address,
            local: stream.local_addr().ok(),
            scheme: if tls.is_some() { "https" } else { "http" },
            stopping: stopping.clone(),
            place,
        };
        let tls = tls.as_ref().map(|tls| tls.load_full());
        tokio::spawn(welcome(stream, tls, router.clone(), peer));
        // A crowd waits to be accepted, and each of it ends a connection: those
        // whose request has come get their turn in between.
        if edge.book.is_full() {
            tokio::task::yield_now().await;
        }
    }
    drop(listener);
    stop.send_replace(true);
    // Each connection, and what it was upgraded to, holds one until it ends.
    drop(stopping);
    if tokio::time::timeout(GRACE, stop.closed()).await.is_err() {
        tracing::warn!("some HTTP connections did not end within the grace time");
    }
    Ok(())
}
