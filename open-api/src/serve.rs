//! The listener: accepts within limits, and stops within a grace time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::connection::{attend, encrypt};
use crate::envelope::Peer;
use crate::router::router;
use crate::state::ApiState;

/// Connections of one listener at once, where the process may hold as many.
pub const MAX_CONNECTIONS: usize = 10_000;
/// TLS handshakes of one listener at once.
const MAX_HANDSHAKES: usize = 256;
/// How long running requests may take to finish once the platform stops.
const GRACE: Duration = Duration::from_secs(5);
/// Rest after a failed accept: mostly the process is out of descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Answers HTTP on a bound listener until `shutdown` resolves. With `tls`,
/// each new connection takes the configuration that stands at its time.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ArcSwap<ServerConfig>>>,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let most = state.max_connections;
    let router = router(state);
    let (stop, stopping) = watch::channel(false);
    let connections = Arc::new(Semaphore::new(most));
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let Ok((stream, address, permit)) = accepted else {
            tokio::time::sleep(ACCEPT_REST).await;
            continue;
        };
        let peer = Peer {
            address,
            scheme: if tls.is_some() { "https" } else { "http" },
            stopping: stopping.clone(),
            place: Arc::new(permit),
        };
        let router = router.clone();
        let config = tls.as_ref().map(|tls| tls.load_full());
        let handshakes = Arc::clone(&handshakes);
        tokio::spawn(async move {
            let Some(config) = config else {
                return attend(stream, router, peer).await;
            };
            let Ok(handshake) = handshakes.try_acquire_owned() else {
                return;
            };
            match encrypt(stream, config).await {
                Ok(stream) => {
                    drop(handshake);
                    attend(stream, router, peer).await;
                }
                Err(error) => tracing::debug!(%address, %error, "a TLS handshake failed"),
            }
        });
    }
    drop(listener);
    stop.send_replace(true);
    // All permits are back once the last connection has ended.
    let ended = connections.acquire_many(most as u32);
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!("some HTTP connections did not end within the grace time");
    }
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(
    TcpStream,
    std::net::SocketAddr,
    tokio::sync::OwnedSemaphorePermit,
)> {
    let permit = Arc::clone(connections)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, address, permit))
}
