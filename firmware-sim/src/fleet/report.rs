//! What a fleet did, counted.

use std::cell::Cell;

/// The sums over all devices of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FleetReport {
    /// Messages that devices made.
    pub made: u64,
    /// Messages that the platform acknowledged.
    pub acknowledged: u64,
    /// Connections that stood, and logins or requests that were refused.
    pub connected: u64,
    pub refused: u64,
    /// Messages that a full store of a device had to give up.
    pub lost: u64,
}

/// Shared by the tasks of one thread.
#[derive(Default)]
pub(super) struct Counters(Cell<FleetReport>);

impl Counters {
    pub(super) fn count(&self, change: impl FnOnce(&mut FleetReport)) {
        let mut report = self.0.get();
        change(&mut report);
        self.0.set(report);
    }

    pub(super) fn sum(&self) -> FleetReport {
        self.0.get()
    }
}
