//! How logins went: how strongly each connected device has proved who it is,
//! and how many were refused, or their connections ended, and why.
//!
//! Counts are by listener and reason, both from short lists in the program, so
//! what strangers send adds no row.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use device_registry::DeviceLogin;
use domain::{Assurance, DeviceId};
use parking_lot::Mutex;
use text_formats::prometheus::{Exposition, Kind};
use transport::{Admission, ConnectionEvent, EventKind, Listener, Refusal};

use super::principal::Principal;

/// Shared by the listeners.
#[derive(Default)]
pub(crate) struct LoginBook {
    /// The newest login of each device: at most one entry for each registered
    /// one. Kept alive by its connection, not by this.
    logins: Mutex<HashMap<DeviceId, Weak<DeviceLogin>>>,
    refused: Counts,
    ended: Counts,
}

/// By listener and reason.
#[derive(Default)]
struct Counts(Mutex<HashMap<(Listener, &'static str), u64>>);

impl Counts {
    fn add(&self, listener: Listener, reason: &'static str) {
        *self.0.lock().entry((listener, reason)).or_default() += 1;
    }

    fn metrics(&self, page: &mut Exposition, name: &str, help: &str) {
        let mut rows: Vec<_> = self
            .0
            .lock()
            .iter()
            .map(|((listener, reason), count)| (listener.as_str(), *reason, *count))
            .collect();
        rows.sort_unstable();
        let mut metric = page.metric(name, Kind::Counter, help);
        for (listener, reason, count) in rows {
            metric.sample(&[("listener", listener), ("reason", reason)], count);
        }
    }
}

impl LoginBook {
    /// Writes down how a login ended, and passes it on.
    pub(crate) fn outcome(
        &self,
        listener: Listener,
        outcome: Result<Admission<Principal>, Refusal>,
    ) -> Result<Admission<Principal>, Refusal> {
        let admission = self.refusal(listener, outcome)?;
        if let Principal::Device(login) = &admission.principal {
            let newest = Arc::downgrade(login);
            self.logins.lock().insert(login.id().clone(), newest);
        }
        Ok(admission)
    }

    /// The same for a step on the way to it.
    pub(crate) fn refusal<T>(
        &self,
        listener: Listener,
        step: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        step.inspect_err(|refusal| self.refused.add(listener, refusal.kind.as_str()))
    }

    /// An event at a listener, which may be a connection's end.
    pub(crate) fn event(&self, event: &ConnectionEvent<'_>) {
        if let Some(reason) = end_reason(event) {
            self.ended.add(event.listener, reason);
        }
    }

    /// How the device on a standing connection proved who it is.
    pub(crate) fn assurance(&self, device: &DeviceId) -> Option<Assurance> {
        let login = self.logins.lock().get(device)?.upgrade()?;
        Some(login.assurance())
    }

    /// Appends the counts.
    pub(crate) fn metrics(&self, page: &mut Exposition) {
        self.refused.metrics(
            page,
            "madang_logins_refused_total",
            "Logins refused, by listener and reason",
        );
        self.ended.metrics(
            page,
            "madang_disconnects_total",
            "Connections that ended, by listener and reason",
        );
    }
}

/// Why a connection ended; `None` where it goes on, or never was one.
fn end_reason(event: &ConnectionEvent<'_>) -> Option<&'static str> {
    match event.kind {
        EventKind::Disconnected if event.cure.is_empty() => Some("goodbye"),
        EventKind::Disconnected => Some("lost"),
        EventKind::ProtocolError
        | EventKind::TakenOver
        | EventKind::Kicked
        | EventKind::TlsFailed
        | EventKind::ConnectTimeout
        | EventKind::KeepAliveTimeout
        | EventKind::WriteTimeout
        | EventKind::SinkFault => Some(event.kind.as_str()),
        EventKind::Connected
        | EventKind::Refused
        | EventKind::PublishDenied
        | EventKind::SubscribeDenied
        | EventKind::TooLarge => None,
    }
}

#[cfg(test)]
mod tests;
