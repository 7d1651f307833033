//! Who has sent what did not verify. A check costs a signature (60 us), and
//! anybody can name a device and sign with a key of his own.
//!
//! Constraints:
//! - Whoever fails is slowed by his address, before the next check.
//! - An address that has proved itself for a device is judged by that alone: no
//!   stranger's failures under the device's name, from however many addresses,
//!   keep it out.
//! - A stranger under a name that many failed under gets a check while more
//!   than half of what all strangers together have is left.
//!
//! An address is an IPv4 address or an IPv6 /64. Senders of UDP can forge it,
//! so an address alone decides nothing for good.

use std::net::IpAddr;
use std::time::Instant;

use domain::DeviceId;
use rustc_hash::FxHashSet;

use super::Buckets;
use crate::config::Config;

type Pair = (IpAddr, DeviceId);

pub(crate) struct FailedChecks {
    by_source: Buckets<IpAddr>,
    by_device: Buckets<DeviceId>,
    by_pair: Buckets<Pair>,
    all: Buckets<()>,
    half: f64,
    proved: Proved,
    told: Buckets<IpAddr>,
}

impl FailedChecks {
    pub(crate) fn new(config: &Config) -> Self {
        let (sources, devices) = (config.tracked_sources, config.tracked_devices);
        Self {
            by_source: Buckets::new(config.failed_rate, config.failed_burst, sources),
            by_device: Buckets::new(
                config.failed_rate_of_device,
                config.failed_burst_of_device,
                devices,
            ),
            by_pair: Buckets::new(config.failed_rate, config.failed_burst, sources),
            all: Buckets::new(config.failed_rate_of_all, config.failed_burst_of_all, 1),
            half: f64::from(config.failed_burst_of_all) / 2.0,
            proved: Proved::new(config.proved_pairs),
            told: Buckets::new(1.0 / config.told_every.as_secs_f64(), 1, sources),
        }
    }

    /// Whether a message of `source` in the name of `device` is checked.
    pub(crate) fn admits(&self, source: IpAddr, device: &DeviceId, now: Instant) -> bool {
        let pair = (source, device.clone());
        if self.proved.contains(&pair) {
            return self.by_pair.level(&pair, now) >= 1.0;
        }
        let wanted = if self.by_device.level(device, now) >= 1.0 {
            1.0
        } else {
            self.half
        };
        self.by_source.level(&source, now) >= 1.0 && self.all.level(&(), now) >= wanted
    }

    /// It did not verify, or came before. `registered`: there is such a device,
    /// so that a signature was checked.
    pub(crate) fn failed(
        &mut self,
        source: IpAddr,
        device: &DeviceId,
        registered: bool,
        now: Instant,
    ) {
        let pair = (source, device.clone());
        if self.proved.contains(&pair) {
            self.by_pair.take(pair, now);
            return;
        }
        self.by_source.take(source, now);
        if registered {
            self.all.take((), now);
            self.by_device.take(pair.1, now);
        }
    }

    /// It verified, and was new: what others send again proves nothing.
    pub(crate) fn proved(&mut self, source: IpAddr, device: &DeviceId) {
        self.proved.insert((source, device.clone()));
    }

    /// Whether the operator is told now that `source` is not checked: not at
    /// each datagram.
    pub(crate) fn tell(&mut self, source: IpAddr, now: Instant) -> bool {
        self.told.take(source, now)
    }
}

/// Addresses and the devices that they proved to be, the latest ones: two sets
/// that take turns, so that none has to be searched for its oldest.
struct Proved {
    limit: usize,
    current: FxHashSet<Pair>,
    before: FxHashSet<Pair>,
}

impl Proved {
    fn new(limit: usize) -> Self {
        Self {
            limit: limit.div_ceil(2),
            current: FxHashSet::default(),
            before: FxHashSet::default(),
        }
    }

    fn contains(&self, pair: &Pair) -> bool {
        self.current.contains(pair) || self.before.contains(pair)
    }

    fn insert(&mut self, pair: Pair) {
        if self.current.contains(&pair) {
            return;
        }
        if self.current.len() >= self.limit {
            self.before = std::mem::take(&mut self.current);
        }
        self.current.insert(pair);
    }
}
