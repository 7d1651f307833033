//! Connections before an accepted CONNECT, by the address that they come from.
//!
//! Nobody is known yet, so an address is all that there is to share by. Behind
//! one there may be a city's sensors (a carrier's gateway), which all come back
//! at once after a power cut: so only a part of the handshakes may be of one
//! address at a time, and its others wait, up to a limit. Once a connection is
//! served its address no longer counts.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::Config;

/// Who shares a limit: an IPv4 address, or the /64 that a site or a host is
/// given of IPv6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Network(IpAddr);

impl Network {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let host = u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !host))
            }
        })
    }
}

#[derive(Default)]
pub(crate) struct PendingLogins {
    by_network: Arc<Mutex<HashMap<Network, NetworkLogins>>>,
}

struct NetworkLogins {
    count: usize,
    places: Arc<Semaphore>,
}

/// One connection among those of its address, until it is served or gone.
pub(crate) struct PendingLogin {
    network: Network,
    by_network: Arc<Mutex<HashMap<Network, NetworkLogins>>>,
    places: Arc<Semaphore>,
}

impl PendingLogins {
    /// `None`: too many of that address are here.
    pub(crate) fn enter(&self, address: IpAddr, config: &Config) -> Option<PendingLogin> {
        let network = Network::of(address);
        let mut by_network = self.by_network.lock();
        let logins = by_network.entry(network).or_insert_with(|| NetworkLogins {
            count: 0,
            places: Arc::new(Semaphore::new(config.handshakes_per_address)),
        });
        // One that was just made has room, so no empty one stays.
        if logins.count >= config.pending_logins_per_address.max(1) {
            return None;
        }
        logins.count += 1;
        Some(PendingLogin {
            network,
            by_network: self.by_network.clone(),
            places: logins.places.clone(),
        })
    }
}

impl PendingLogin {
    /// A place among the handshakes of its address, where one is free.
    pub(crate) fn try_place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Waits for a place among the handshakes of its address.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.places.clone().acquire_owned().await.ok()
    }
}

impl Drop for PendingLogin {
    fn drop(&mut self) {
        let mut by_network = self.by_network.lock();
        if let Some(logins) = by_network.get_mut(&self.network) {
            logins.count -= 1;
            if logins.count == 0 {
                by_network.remove(&self.network);
            }
        }
    }
}

/// Between two lines about the same thing.
const COMPLAINT_PERIOD: Duration = Duration::from_secs(60);

/// Warnings that peers can provoke before they have logged in: each is logged
/// at most once a minute, with how often it has happened.
#[derive(Default)]
pub(crate) struct Complaints {
    /// The system lets no connection in, as without file handles.
    pub(crate) cannot_accept: Complaint,
    /// `max_connections` stand.
    pub(crate) full: Complaint,
    /// `pending_logins_per_address` of one address are here.
    pub(crate) crowded: Complaint,
}

#[derive(Default)]
pub(crate) struct Complaint(Mutex<Told>);

#[derive(Default)]
struct Told {
    last: Option<Instant>,
    since: u64,
}

impl Complaint {
    /// It happened; how often since it was last told, where it is to be told
    /// now.
    pub(crate) fn due(&self, now: Instant) -> Option<u64> {
        let told = &mut *self.0.lock();
        told.since += 1;
        let is_new = told
            .last
            .is_none_or(|last| now.duration_since(last) >= COMPLAINT_PERIOD);
        is_new.then(|| {
            told.last = Some(now);
            std::mem::take(&mut told.since)
        })
    }
}

#[cfg(test)]
mod tests;
