//! The rules by which the system's clock is believed. No I/O, no clock: all
//! times come in, in microseconds.

mod past;
mod report;

use domain::Timestamp;

use report::{Leap, Span};

pub(super) use past::Past;
pub(super) use report::Told;
pub use report::{ClockReport, ClockStanding};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 2026-11-01: this program did not exist before. Moved on by each release.
pub(super) const NOT_BEFORE: i64 = 1_793_491_200 * SECOND;
/// From one look to the next, a time service slews by a tenth of a millisecond;
/// what is this much is a leap.
pub(super) const LEAP: i64 = SECOND / 2;
/// What a time may be wrong by at all: a leap of less is followed and told.
const SMALL_LEAP: i64 = Timestamp::MAX_AHEAD_MICROS;
/// A leap ahead is followed once the clock has stood there for so long: whoever
/// set it wrongly has had a moment to see that.
pub(super) const HOLD: i64 = 10 * MINUTE;
/// A machine that has just started may only now have asked what time it is.
const YOUNG_MACHINE: i64 = 15 * MINUTE;
/// Nobody's clock is right after a leap of five years.
pub(super) const STRANGE: i64 = 1_827 * DAY;
/// The platform may have been stopped for so long without a question.
pub(super) const USUAL_STOP: i64 = DAY;
/// What is further ahead of what deletion counts from has to stay there for so
/// long, while the platform runs, before anything is deleted by it.
pub(super) const SETTLING: i64 = 7 * DAY;

/// The clock's course: how the platform's time hangs on the one that counts.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Course {
    /// The platform's time is the counted one and this.
    offset: i64,
    /// What deletion counts from is the counted one and this.
    settled: i64,
    state: State,
    /// Since when the platform's time is far ahead of what deletion counts
    /// from, counted.
    ahead_since: Option<i64>,
    /// Whether `settled` is a time that was known: a first start is no leap.
    proven: bool,
    system_ahead: i64,
    leaps: u64,
    last_leap: Option<(i64, i64)>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum State {
    Followed,
    /// Until then, counted; `None`: until somebody says so. With how far ahead
    /// the system's clock stands.
    Held {
        until: Option<i64>,
        by: i64,
    },
    Behind,
}

/// One look at both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) system: i64,
    pub(super) counted: i64,
}

impl Course {
    /// At the start of the platform.
    pub(super) fn begin(past: Past, look: Look) -> (Self, Vec<Told>) {
        let settled = past.begun(look.system);
        let mut course = Self {
            offset: past.now.unwrap_or(settled) - look.counted,
            settled: settled - look.counted,
            state: State::Followed,
            ahead_since: (past.waited > 0).then(|| look.counted - past.waited),
            proven: past.settled.is_some() || past.newest.is_some(),
            system_ahead: 0,
            leaps: 0,
            last_leap: None,
        };
        let mut told = Vec::new();
        if past.now.is_some() {
            // The machine has gone on: as if the platform had.
            told.extend(course.look(look));
        } else {
            told.extend(course.first_look(look));
        }
        (course, told)
    }

    /// The system's clock is right, somebody says.
    pub(super) fn trusting(look: Look) -> Self {
        Self {
            offset: look.system - look.counted,
            settled: look.system - look.counted,
            state: State::Followed,
            ahead_since: None,
            proven: true,
            system_ahead: 0,
            leaps: 0,
            last_leap: None,
        }
    }

    pub(super) fn now(&self, counted: i64) -> i64 {
        counted + self.offset
    }

    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    /// How far `now` is ahead of what deletion counts from.
    pub(super) fn unsettled(&self) -> i64 {
        (self.offset - self.settled).max(0)
    }

    /// What is earlier cannot be the time.
    fn floor(&self, counted: i64) -> i64 {
        NOT_BEFORE.max(counted + self.settled - USUAL_STOP)
    }

    /// What deletion has counted from, also where the clock stands before it.
    pub(super) fn settled_ever(&self, counted: i64) -> i64 {
        counted + self.settled
    }

    /// How far beyond `now` the time may be.
    pub(super) fn latest_ahead(&self) -> i64 {
        let known = (self.settled - self.offset).max(0);
        match self.state {
            State::Followed => known,
            State::Held { .. } => known.max(self.system_ahead),
            State::Behind => STRANGE,
        }
    }

    pub(super) fn proven(&self) -> bool {
        self.proven
    }

    pub(super) fn in_doubt(&self) -> bool {
        matches!(
            self.standing(),
            ClockStanding::Behind | ClockStanding::Strange
        )
    }

    /// For how long `now` has been far ahead of what deletion counts from.
    pub(super) fn waited(&self, counted: i64) -> i64 {
        self.ahead_since.map_or(0, |since| counted - since)
    }

    /// After another start of the machine, or without a past: nothing tells how
    /// long the platform was stopped.
    fn first_look(&mut self, look: Look) -> Option<Told> {
        let ours = self.now(look.counted);
        self.system_ahead = look.system - ours;
        let away = self.system_ahead;
        let usual = away <= USUAL_STOP || (!self.proven && away <= STRANGE);
        if away > -LEAP && usual && look.system >= NOT_BEFORE {
            self.follow(look);
            self.settle(look.counted);
            return None;
        }
        self.decide(look, Start::Stopped);
        self.settle(look.counted);
        self.leaps += 1;
        self.last_leap = Some((ours, away));
        Some(Told(self.says(look.counted).unwrap_or_else(|| {
            format!(
                "the system's clock stands {} before what was durable already: it is followed; where that is wrong, set it",
                Span(away)
            )
        })))
    }

    /// Called some times a second; tells what has changed.
    pub(super) fn look(&mut self, look: Look) -> Option<Told> {
        let ours = self.now(look.counted);
        let ahead = look.system - ours;
        let before = std::mem::replace(&mut self.system_ahead, ahead);
        let told = match self.state {
            State::Followed if ahead.abs() < LEAP => {
                self.follow(look);
                None
            }
            State::Followed => {
                self.decide(look, Start::Running);
                Some(self.leapt(look, ahead))
            }
            State::Held { .. } if ahead.abs() < SMALL_LEAP => {
                self.follow(look);
                Some(Told(
                    "the system's clock is back where it was: it is followed again".into(),
                ))
            }
            State::Held { until, by } if (ahead - by).abs() < SMALL_LEAP => {
                let over = until.is_some_and(|until| look.counted >= until);
                over.then(|| {
                    self.follow(look);
                    Told(format!(
                        "the system's clock has stayed where it leapt to, {} ahead: it is followed from now on",
                        Span(by)
                    ))
                })
            }
            State::Held { .. } => {
                self.decide(look, Start::Running);
                Some(self.leapt(look, ahead))
            }
            State::Behind if look.system < self.floor(look.counted) => {
                // It is told again only where it has leapt again.
                ((ahead - before).abs() > SMALL_LEAP).then(|| self.leapt(look, ahead))
            }
            State::Behind => {
                // Ours was the earliest that it could be; any later one may be
                // right.
                self.decide(look, Start::Stopped);
                Some(self.leapt(look, ahead))
            }
        };
        self.settle(look.counted).or(told)
    }

    fn follow(&mut self, look: Look) {
        self.offset = look.system - look.counted;
        self.system_ahead = 0;
        self.state = State::Followed;
    }

    /// What becomes of a leap.
    fn decide(&mut self, look: Look, start: Start) {
        let ahead = look.system - self.now(look.counted);
        let hold = |until| State::Held { until, by: ahead };
        self.state = match start {
            _ if look.system < self.floor(look.counted) => State::Behind,
            _ if ahead > STRANGE => hold(None),
            Start::Running
                if ahead > SMALL_LEAP
                    && look.counted > YOUNG_MACHINE
                    // Else it only comes back to where it was once.
                    && look.system > look.counted + self.settled + SMALL_LEAP =>
            {
                hold(Some(look.counted + HOLD))
            }
            _ => State::Followed,
        };
        if self.state == State::Followed {
            self.offset = look.system - look.counted;
        }
    }

    fn leapt(&mut self, look: Look, by: i64) -> Told {
        self.leaps += 1;
        self.last_leap = Some((self.now(look.counted), by));
        let what = self
            .says(look.counted)
            .unwrap_or_else(|| "it is followed; where that is wrong, set the clock".to_owned());
        Told(format!("the system's clock leapt {}: {what}", Leap(by)))
    }

    /// Lets what deletion counts from come up with the platform's time.
    fn settle(&mut self, counted: i64) -> Option<Told> {
        let ahead = self.offset - self.settled;
        if ahead <= 0 {
            self.ahead_since = None;
            return None;
        }
        if ahead <= USUAL_STOP {
            self.ahead_since = None;
            if self.state == State::Followed {
                self.settled = self.offset;
                self.proven = true;
            }
            return None;
        }
        let since = *self.ahead_since.get_or_insert(counted);
        if self.state != State::Followed || counted - since < SETTLING {
            return None;
        }
        self.settled = self.offset;
        self.ahead_since = None;
        std::mem::replace(&mut self.proven, true).then(|| {
            Told(format!(
                "the clock has stayed {} ahead for a week: retention counts from it now",
                Span(ahead)
            ))
        })
    }

    pub(super) fn standing(&self) -> ClockStanding {
        match self.state {
            State::Followed => ClockStanding::Followed,
            State::Held { until: Some(_), .. } => ClockStanding::Held,
            State::Held { until: None, .. } => ClockStanding::Strange,
            State::Behind => ClockStanding::Behind,
        }
    }

    pub(super) fn report(&self, counted: i64) -> ClockReport {
        let deletion_waits = self
            .ahead_since
            .filter(|_| self.proven)
            .map(|since| (since + SETTLING - counted).max(0));
        ClockReport {
            standing: self.standing(),
            system_ahead: self.system_ahead,
            leaps: self.leaps,
            last_leap: self
                .last_leap
                .map(|(at, by)| (Timestamp::from_micros(at), by)),
            deletion_waits,
            says: self.says(counted),
        }
    }

    fn says(&self, counted: i64) -> Option<String> {
        let system = Timestamp::from_micros(self.now(counted) + self.system_ahead);
        let ours = Timestamp::from_micros(self.now(counted));
        const CURE: &str =
            "set the system's clock; or, where it is right, start once with --trust-clock";
        match self.state {
            State::Behind if system.as_micros() < NOT_BEFORE => Some(format!(
                "the system's clock says {system}, before this program was made: no time is judged by it, and what has none of its own gets one from {ours} on; set the system's clock"
            )),
            State::Behind => Some(format!(
                "the system's clock says {system}, which is {} before what was durable already: no time is judged by it, and what has none of its own gets one from {ours} on; {CURE}",
                Span(self.system_ahead)
            )),
            State::Held { until: None, .. } => Some(format!(
                "the system's clock says {system}, {} after what was known last: times go on from {ours}, and nothing is deleted by it; {CURE}",
                Span(self.system_ahead)
            )),
            State::Held { until: Some(until), .. } => Some(format!(
                "the system's clock leapt {} ahead: times go on as before it for {} more; where it is wrong, set it back",
                Span(self.system_ahead),
                Span(until - counted)
            )),
            State::Followed => self.ahead_since.filter(|_| self.proven).map(|since| {
                format!(
                    "the clock stands {} after what was known last: retention and kept sessions wait for {} more before they count from it; where it is wrong, set it back",
                    Span(self.offset - self.settled),
                    Span(since + SETTLING - counted)
                )
            }),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Start {
    Running,
    /// The platform was stopped, or did not know the time.
    Stopped,
}
