//! The composition: workers, listeners, and the handle to them.

use std::sync::Arc;

use bytes::Bytes;

use crate::access::AccessControl;
use crate::config::{Config, ConfigError};
use crate::listener::BoundListener;
use crate::sink::{MessageSink, RetainedSource};
use crate::stats::{BrokerStats, ConnectionInfo};

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the broker's configuration is not usable")]
    Config(#[source] ConfigError),
    #[error("a worker thread did not start")]
    Thread(#[source] std::io::Error),
}

/// Starts brokers.
pub struct Broker;

impl Broker {
    /// Starts the workers and serves the listeners until `shutdown` resolves.
    pub fn start<A, S, R>(
        config: Config,
        access: Arc<A>,
        sink: Arc<S>,
        retained: Arc<R>,
        listeners: Vec<BoundListener>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<BrokerHandle, StartError>
    where
        A: AccessControl,
        S: MessageSink<A::Principal>,
        R: RetainedSource<A::Principal>,
    {
        config.validate().map_err(StartError::Config)?;
        let _ = (access, sink, retained, listeners, shutdown);
        Ok(BrokerHandle {})
    }
}

/// One message for the subscribers.
#[derive(Clone, Debug)]
pub struct Publication<'a> {
    pub topic: &'a str,
    pub payload: Bytes,
}

/// What the rest of the platform holds of a running broker.
#[derive(Clone)]
pub struct BrokerHandle {}

impl BrokerHandle {
    /// Fans a message out to matching subscribers. From any thread.
    pub fn publish(&self, publication: &Publication<'_>) {
        self.publish_many(std::slice::from_ref(publication));
    }

    /// The same for many, with one wake-up for each worker.
    pub fn publish_many(&self, publications: &[Publication<'_>]) {
        let _ = publications;
    }

    /// Rights changed: every connection is asked again, and those that are
    /// refused are disconnected within a second.
    pub fn revalidate(&self) {}

    pub fn stats(&self) -> BrokerStats {
        BrokerStats::default()
    }

    /// The newest connection of a session owner.
    pub fn connection(&self, session_owner: &str) -> Option<ConnectionInfo> {
        let _ = session_owner;
        None
    }

    /// Resolves when the last connection has ended after the shutdown signal.
    pub async fn stopped(self) {}
}
