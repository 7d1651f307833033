//! The thread that looks at all devices over and over, and leaves the machine to
//! others.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use device_registry::Registry;
use ingest::{Clock, Ingest, be_less_urgent};
use supervisor::Scope;

use super::kept::Fleet;
use super::pass::Pass;
use crate::gather::Observer;

/// Devices of one step: whoever ends the platform waits for one.
const STEP: usize = 8;
/// It works a tenth of the time at most, whatever the interval.
const REST: u32 = 9;
/// Where there are few devices a new one does not wait for the whole interval.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How far its thread stands back: as far as that of an export.
const NICE: i32 = 10;

/// Whom it looks at.
pub struct Watched {
    pub registry: Arc<Registry>,
    pub plane: Ingest,
    pub clock: Arc<dyn Clock>,
}

/// The running thread. It ends soon after this is dropped.
pub struct FleetWatch {
    /// Dropping it tells the thread to end.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    scope: Scope,
}

impl FleetWatch {
    /// Looks at each device once in `interval`, spread over it: more often where they
    /// are few, and less often where a tenth of one core is not enough. The first
    /// pass is not spread.
    pub fn start(
        watched: Watched,
        fleet: Arc<Fleet>,
        interval: Duration,
        scope: Scope,
    ) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = scope.thread("devices", move || {
            be_less_urgent(NICE);
            let mut spread = Duration::ZERO;
            while watched.look_at_all(&fleet, spread, &stopped) {
                spread = interval;
            }
        })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
            scope,
        })
    }
}

impl FleetWatch {
    /// Ends it once the devices of its step are looked at. Blocks.
    pub fn stop(mut self) {
        self.tell_it_to_end();
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }

    fn tell_it_to_end(&mut self) {
        self.scope.close();
        self.stop = None;
    }
}

impl Drop for FleetWatch {
    fn drop(&mut self) {
        self.tell_it_to_end();
    }
}

impl Watched {
    /// One pass, spread over `interval`. False where it is told to end.
    fn look_at_all(&self, fleet: &Fleet, interval: Duration, stopped: &Receiver<()>) -> bool {
        let mut pass = Pass::begin(fleet);
        loop {
            let began = Instant::now();
            let snapshot = self.registry.snapshot();
            let observer = Observer {
                plane: &self.plane,
                snapshot: &snapshot,
                now: self.clock.now(),
            };
            let more = pass.step(&observer, STEP);
            let steps = snapshot.device_count() / STEP + 1;
            // Not held over the pause: changes would have to copy what it shares.
            drop(snapshot);
            let worked = began.elapsed();
            let share = interval / u32::try_from(steps).unwrap_or(u32::MAX);
            let spread = share.saturating_sub(worked).min(LONGEST_PAUSE);
            let pause = spread.max(worked * REST);
            if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                return false;
            }
            if !more {
                return true;
            }
        }
    }
}
