//! The platform's clock, as everybody reads it: one look at the counting clock
//! and one addition. A thread looks at the system's clock some times a second.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::Timestamp;
use parking_lot::{Condvar, Mutex};
use supervisor::Scope;

use super::course::{ClockReport, Course, Look, Past, Told};
use super::file::{self, Kept};
use super::{Clock, Spread, SystemClocks, TimeSource};

/// Between two looks at the system's clock.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Looks between two times that it is written down what the clock knows: a
/// minute.
const LOOKS_BETWEEN_NOTES: u32 = 300;
/// Two clocks that were not read within this are read again: the thread was
/// held up between them.
const READ_TOGETHER: Duration = Duration::from_millis(20);
/// So often at most; then the last reading counts.
const READINGS: usize = 50;

/// Whether the system's clock is right whatever the folder says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClockTrust {
    #[default]
    AsItGoes,
    /// Somebody has looked at it.
    Trusted,
}

/// The clock of a running platform.
pub struct PlatformClock<S = SystemClocks> {
    source: S,
    data: PathBuf,
    trust: ClockTrust,
    course: Mutex<Course>,
    /// Of `course`, for who reads the time.
    offset: AtomicI64,
    ahead: AtomicI64,
    unsettled: AtomicI64,
    in_doubt: AtomicBool,
}

impl<S: TimeSource> PlatformClock<S> {
    /// As far as the folder's own file tells. Nothing is told before
    /// [`Self::start`].
    pub fn open(data: &Path, source: S, trust: ClockTrust) -> Arc<Self> {
        let (course, _) = begin(data, &source, trust, None);
        let clock = Self {
            source,
            data: data.to_owned(),
            trust,
            offset: AtomicI64::new(0),
            ahead: AtomicI64::new(0),
            unsettled: AtomicI64::new(0),
            in_doubt: AtomicBool::new(false),
            course: Mutex::new(course),
        };
        clock.show(&clock.course.lock());
        Arc::new(clock)
    }

    /// Begins to look, once it is known when the newest durable message was
    /// received.
    pub fn start(
        self: &Arc<Self>,
        newest: Option<Timestamp>,
        scope: &Scope,
    ) -> io::Result<Ticking> {
        let (course, told) = begin(&self.data, &self.source, self.trust, newest);
        tell(&told);
        self.show(&course);
        *self.course.lock() = course;
        self.note();
        let stop = Arc::new(Stop::default());
        let thread = scope.thread("clock", {
            let (clock, stop) = (Arc::clone(self), Arc::clone(&stop));
            move || clock.run(&stop)
        })?;
        Ok(Ticking {
            scope: scope.clone(),
            stop,
            thread: Some(thread),
        })
    }

    fn run(&self, stop: &Stop) {
        let mut looks = 0;
        loop {
            let stopped = stop.wait(LOOK_EVERY);
            let told = self.tick();
            looks += 1;
            if stopped || told || looks >= LOOKS_BETWEEN_NOTES {
                looks = 0;
                self.note();
            }
            if stopped {
                return;
            }
        }
    }

    /// One look; whether there was something to tell.
    pub(super) fn tick(&self) -> bool {
        let look = self.look();
        let mut course = self.course.lock();
        let told = course.look(look);
        self.show(&course);
        drop(course);
        told.inspect(|told| tell(std::slice::from_ref(told)))
            .is_some()
    }

    fn look(&self) -> Look {
        look(&self.source)
    }

    fn show(&self, course: &Course) {
        self.ahead.store(course.latest_ahead(), Relaxed);
        self.unsettled.store(course.unsettled(), Relaxed);
        self.in_doubt.store(course.in_doubt(), Relaxed);
        self.offset.store(course.offset(), Relaxed);
    }

    /// Writes down what outlives a restart; a failure costs no more than that.
    fn note(&self) {
        let counted = self.counted();
        let kept = {
            let course = self.course.lock();
            Kept {
                now: course.now(counted),
                settled: course.settled_ever(counted),
                proven: course.proven(),
                waited: course.waited(counted),
                since_boot: counted,
                boot: self.source.boot(),
            }
        };
        if let Err(error) = file::write(&self.data, &kept) {
            tracing::warn!(folder = %self.data.display(), %error, "what the clock knows is not written down");
        }
    }

    fn counted(&self) -> i64 {
        micros(self.source.since_boot())
    }
}

impl<S: TimeSource> Clock for PlatformClock<S> {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.counted() + self.offset.load(Relaxed))
    }

    fn spread(&self) -> Spread {
        Spread {
            ahead: self.ahead.load(Relaxed),
            unsettled: self.unsettled.load(Relaxed),
            in_doubt: self.in_doubt.load(Relaxed),
        }
    }

    fn report(&self) -> ClockReport {
        self.course.lock().report(self.counted())
    }
}

fn begin(
    data: &Path,
    source: &impl TimeSource,
    trust: ClockTrust,
    newest: Option<Timestamp>,
) -> (Course, Vec<Told>) {
    let look = look(source);
    if trust == ClockTrust::Trusted {
        return (Course::trusting(look), Vec::new());
    }
    let kept = file::read(data);
    let boot = source.boot();
    let past = kept.map_or_else(Past::default, |kept| {
        // The same start of the machine: its counting clock tells for how long
        // the platform was stopped.
        let gone_on = kept.boot.is_some() && kept.boot == boot && kept.since_boot <= look.counted;
        let stopped = if gone_on {
            look.counted - kept.since_boot
        } else {
            0
        };
        Past {
            now: gone_on.then_some(kept.now + stopped),
            settled: kept.proven.then_some(kept.settled + stopped),
            waited: kept.waited.max(0),
            newest: None,
        }
    });
    let past = Past {
        newest: newest.map(Timestamp::as_micros),
        ..past
    };
    Course::begin(past, look)
}

/// Both clocks at one moment.
fn look(source: &impl TimeSource) -> Look {
    let mut before = source.since_boot();
    for _ in 0..READINGS {
        let system = source.system();
        let after = source.since_boot();
        if after.saturating_sub(before) < READ_TOGETHER {
            return Look {
                system: system.as_micros(),
                counted: micros(after),
            };
        }
        before = after;
    }
    Look {
        system: source.system().as_micros(),
        counted: micros(before),
    }
}

fn tell(told: &[Told]) {
    for Told(what) in told {
        tracing::warn!("{what}");
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// The thread that looks; it ends with this.
pub struct Ticking {
    scope: Scope,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.scope.close();
        self.stop.set();
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

#[derive(Default)]
struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn set(&self) {
        *self.stopped.lock() = true;
        self.changed.notify_all();
    }

    /// Whether it is set, before `time` is over.
    fn wait(&self, time: Duration) -> bool {
        let mut stopped = self.stopped.lock();
        if !*stopped {
            self.changed.wait_for(&mut stopped, time);
        }
        *stopped
    }
}
