//! The thread that looks at all devices over and over, and leaves the machine to
//! others.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use device_registry::{Registry, Snapshot};
use domain::DeviceId;
use ingest::{Clock, Ingest, be_less_urgent};
use supervisor::Scope;

use super::pass::Pass;
use super::table::Fleet;
use crate::gather::Observer;

/// Devices of one step: whoever ends the platform waits for one.
const STEP: usize = 8;
/// It works a fiftieth of the time at most, whatever the interval.
const REST: u32 = 49;
/// A tenth where devices have to be looked at before it is their turn.
const REST_FOR_UNKNOWN: u32 = 9;
/// Half of it until each device has a score.
const REST_AT_FIRST: u32 = 1;
/// How long a device may be silent beyond what is usual before it is told.
const BETWEEN_SILENCES: Duration = Duration::from_secs(60);
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
    /// Looks closely at each device once in `interval`, spread over it: more often
    /// where they are few, and less often where a fiftieth of one core is not enough.
    /// The first pass is not spread. Silence is looked for each minute.
    pub fn start(
        watched: Watched,
        fleet: Arc<Fleet>,
        interval: Duration,
        scope: Scope,
    ) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = scope.thread("devices", move || {
            be_less_urgent(NICE);
            watched.look(&fleet, interval, &stopped);
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
    /// Looks over and over, until it is told to end.
    fn look(&self, fleet: &Fleet, interval: Duration, stopped: &Receiver<()>) {
        let mut looks = Looks {
            fleet,
            interval,
            pass: Pass::begin(fleet),
            is_first: true,
            unknown: Vec::new(),
            heard: Instant::now(),
        };
        while stopped.recv_timeout(looks.step(self)) == Err(RecvTimeoutError::Timeout) {}
    }
}

/// How far the looks have come.
struct Looks<'f> {
    fleet: &'f Fleet,
    interval: Duration,
    pass: Pass<'f>,
    is_first: bool,
    /// Those that are looked at before it is their turn.
    unknown: Vec<DeviceId>,
    /// When silence was looked for.
    heard: Instant,
}

impl Looks<'_> {
    /// Looks at some devices; how long to rest then.
    fn step(&mut self, watched: &Watched) -> Duration {
        let began = Instant::now();
        // Not held over the pause: changes would have to copy what it shares.
        let snapshot = watched.registry.snapshot();
        let observer = Observer {
            plane: &watched.plane,
            snapshot: &snapshot,
            now: watched.clock.now(),
        };
        let between = BETWEEN_SILENCES.min(self.interval);
        if !self.is_first && self.heard.elapsed() >= between {
            self.heard = began;
            self.unknown = self.fleet.look_for_silence(&observer);
        }
        let rest_of_unknown = self.unknown.len().saturating_sub(STEP);
        let first = self.unknown.split_off(rest_of_unknown);
        let (rest, spread) = if !first.is_empty() {
            self.pass.look_first_at(&observer, &first);
            (REST_FOR_UNKNOWN, Duration::ZERO)
        } else if self.pass.step(&observer, STEP) {
            self.pace(&snapshot)
        } else {
            self.pass = Pass::begin(self.fleet);
            self.is_first = false;
            self.pace(&snapshot)
        };
        let worked = began.elapsed();
        spread.saturating_sub(worked).max(worked * rest)
    }

    /// What to rest for the time that was worked, and from one step to the next.
    fn pace(&self, snapshot: &Snapshot) -> (u32, Duration) {
        if self.is_first {
            return (REST_AT_FIRST, Duration::ZERO);
        }
        let steps = snapshot.device_count() / STEP + 1;
        let spread = self.interval / u32::try_from(steps).unwrap_or(u32::MAX);
        (REST, spread.min(LONGEST_PAUSE))
    }
}
