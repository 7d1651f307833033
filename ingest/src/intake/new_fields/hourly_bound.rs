//! How many datastreams the unknown fields of one device make within an hour of
//! the clock: a device that names its fields by chance is found out before it
//! has used up all that it may ever have.
//!
//! Kept in memory: a start begins with an hour in which nothing was made.

use std::sync::Arc;

use domain::DeviceId;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::clock::Clock;

const HOUR_MICROS: i64 = 3_600 * 1_000_000;

pub(crate) struct HourlyBound {
    most: usize,
    clock: Arc<dyn Clock>,
    made: Mutex<Made>,
}

/// What was made within one hour, of those devices that made any.
#[derive(Default)]
struct Made {
    /// Counted from 1970. A clock that is set back begins another hour too.
    hour: i64,
    by_device: FxHashMap<DeviceId, usize>,
}

impl HourlyBound {
    pub(crate) fn new(most: usize, clock: Arc<dyn Clock>) -> Self {
        Self {
            most,
            clock,
            made: Mutex::default(),
        }
    }

    /// How many the device may still have made in this hour.
    pub(crate) fn left(&self, device: &DeviceId) -> usize {
        let hour = self.hour();
        let made = self.made.lock();
        let count = if made.hour == hour {
            made.by_device.get(device).copied().unwrap_or(0)
        } else {
            0
        };
        self.most.saturating_sub(count)
    }

    /// One of the device's was made.
    pub(crate) fn count(&self, device: &DeviceId) {
        let hour = self.hour();
        let mut made = self.made.lock();
        if made.hour != hour {
            *made = Made {
                hour,
                by_device: FxHashMap::default(),
            };
        }
        *made.by_device.entry(device.clone()).or_default() += 1;
    }

    fn hour(&self) -> i64 {
        self.clock.now().as_micros().div_euclid(HOUR_MICROS)
    }
}
