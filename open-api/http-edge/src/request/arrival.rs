//! Where a request comes from, and on which connection.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::Request;
use tokio::sync::watch;

use crate::connection::Place;
use crate::edge::Edge;

/// The connection that a request came on.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// The address of ours that it came to.
    pub(crate) local: Option<SocketAddr>,
    pub(crate) scheme: &'static str,
    /// Becomes true when the platform stops.
    pub(crate) stopping: watch::Receiver<bool>,
    /// Its place among all connections: whoever takes it over holds it.
    pub(crate) place: Arc<Place>,
}

/// What is known of a request's way here.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The caller's address, whatever proxies are between.
    pub client: IpAddr,
    /// As the caller used it: `http` or `https`.
    pub scheme: &'static str,
    /// The address of ours that it came to.
    pub(crate) local: Option<SocketAddr>,
    /// How the outside world reaches the platform, where that was configured.
    pub(crate) public_url: Option<Arc<str>>,
    /// Becomes true when the platform stops.
    pub stopping: watch::Receiver<bool>,
    /// Its connection's place among all: whoever takes it over holds it.
    pub place: Arc<Place>,
}

impl Arrival {
    /// That of a request which `serve` has handed in.
    pub(crate) fn of(edge: &Edge, request: &Request) -> Option<Self> {
        let peer = request.extensions().get::<Peer>()?;
        let proxies = &edge.trusted_proxies;
        let scheme = match proxies.forwarded_scheme(peer.address, request.headers()) {
            Some("https") => "https",
            Some(_) => "http",
            None => peer.scheme,
        };
        Some(Self {
            client: proxies.client(peer.address, request.headers()),
            scheme,
            local: peer.local,
            public_url: edge.public_url.clone(),
            stopping: peer.stopping.clone(),
            place: Arc::clone(&peer.place),
        })
    }
}
