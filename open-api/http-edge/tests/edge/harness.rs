//! A listener of its own, and a client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::Router;
use axum::routing::{get, post};
use http_edge::limits::HttpLimits;
use http_edge::request::JsonBody;
use http_edge::{Edge, EdgeConfig, Problem, serve};
use rustls::ServerConfig;
use text_formats::prometheus::Exposition;
use tokio::sync::oneshot;

use crate::peer::DEADLINE;

/// Bytes of the long answer.
pub(crate) const LONG_BYTES: usize = 600 << 10;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    edge: Arc<Edge>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::limited(HttpLimits::default())
    }

    pub(crate) fn limited(limits: HttpLimits) -> Self {
        Self::new(limits, None)
    }

    pub(crate) fn new(limits: HttpLimits, tls: Option<Arc<ArcSwap<ServerConfig>>>) -> Self {
        let edge = Edge::new(EdgeConfig {
            limits,
            ..EdgeConfig::default()
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let of_all = Arc::clone(&edge);
        let served = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let shutdown = async {
                    let _ = stopped.await;
                };
                serve(listener, tls, router(), of_all, shutdown)
                    .await
                    .unwrap();
            });
        });
        Self {
            address,
            edge,
            stop: Some(stop),
            served: Some(served),
        }
    }

    /// The status of an answer that was read whole.
    pub(crate) fn get(&self, path: &str) -> u16 {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(DEADLINE))
            .build()
            .new_agent();
        let mut reply = agent
            .get(format!("http://{}{path}", self.address))
            .call()
            .unwrap();
        reply.body_mut().read_to_vec().unwrap();
        reply.status().as_u16()
    }

    /// One figure of those that the edge tells.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let mut page = Exposition::default();
        self.edge.reply_metrics(&mut page);
        self.edge.connection_metrics(&mut page);
        let text = page.into_text();
        let line = text.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(served) = self.served.take() {
            let _ = served.join();
        }
    }
}

fn router() -> Router {
    Router::new()
        .route("/short", get(async || "short"))
        .route("/long", get(async || vec![b'x'; LONG_BYTES]))
        .route(
            "/body",
            post(async |JsonBody(body): JsonBody<Vec<u32>>| format!("{}", body.len())),
        )
        .fallback(async || Problem::not_found("Nothing is here.").with("hint", "/short"))
}

pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
