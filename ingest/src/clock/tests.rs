//! The clock ahead and back by a second, an hour, 31 days, ten years, and in
//! 1970: while the platform runs, over a restart, and over one of the machine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use parking_lot::Mutex;
use supervisor::Scope;

use super::course::{HOLD, NOT_BEFORE, SETTLING};
use super::*;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The true time at the start: years after this program was made, as a clock
/// may be set back to one that it can have.
const THEN: i64 = NOT_BEFORE + 400 * DAY;

/// A machine whose clocks a test sets.
#[derive(Clone)]
struct Machine(Arc<Mutex<State>>);

struct State {
    /// What the time truly is.
    truth: i64,
    /// How wrong the system's clock is.
    wrong: i64,
    booted: i64,
    boots: u32,
}

impl TimeSource for Machine {
    fn system(&self) -> Timestamp {
        let state = self.0.lock();
        Timestamp::from_micros(state.truth + state.wrong)
    }

    fn since_boot(&self) -> Duration {
        let state = self.0.lock();
        Duration::from_micros((state.truth - state.booted).unsigned_abs())
    }

    fn boot(&self) -> Option<String> {
        Some(self.0.lock().boots.to_string())
    }
}

impl Machine {
    /// Up for an hour.
    fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            truth: THEN,
            wrong: 0,
            booted: THEN - HOUR,
            boots: 1,
        })))
    }

    fn goes_on(&self, micros: i64) {
        self.0.lock().truth += micros;
    }

    fn is_wrong_by(&self, micros: i64) {
        self.0.lock().wrong = micros;
    }

    fn starts_again(&self) {
        let mut state = self.0.lock();
        state.boots += 1;
        state.truth += 2 * MINUTE;
        state.booted = state.truth;
        state.truth += 20 * SECOND;
    }

    fn truth(&self) -> i64 {
        self.0.lock().truth
    }

    /// Starts the platform's clock as the platform does. Its thread looks too;
    /// the test looks by itself, so as not to wait.
    fn platform(&self, data: &Path) -> (Arc<PlatformClock<Self>>, Ticking) {
        self.platform_with(data, ClockTrust::AsItGoes)
    }

    fn platform_with(&self, data: &Path, trust: ClockTrust) -> (Arc<PlatformClock<Self>>, Ticking) {
        let clock = PlatformClock::open(data, self.clone(), trust);
        // A message came before.
        let newest = Timestamp::from_micros(THEN - MINUTE);
        let ticking = clock.start(Some(newest), &Scope::default()).unwrap();
        (clock, ticking)
    }

    /// An hour of the platform, and then the leap.
    fn leaps(&self, by: i64, when: When, data: &Path) -> (Arc<PlatformClock<Self>>, Ticking) {
        let (clock, ticking) = self.platform(data);
        self.goes_on(HOUR);
        clock.tick();
        if when == When::Running {
            self.is_wrong_by(by);
            clock.tick();
            return (clock, ticking);
        }
        drop(ticking);
        self.goes_on(MINUTE);
        if when == When::Rebooted {
            self.starts_again();
        }
        self.is_wrong_by(by);
        self.platform(data)
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum When {
    Running,
    Restarted,
    Rebooted,
}

/// So far ahead of the truth is what the clock says, in seconds.
fn ahead(clock: &dyn Clock, machine: &Machine) -> i64 {
    (clock.now().as_micros() - machine.truth()).div_euclid(SECOND)
}

#[test]
fn no_leap_moves_what_is_assigned_far_ahead_nor_what_deletion_counts_from() {
    let leaps = [
        ("ahead 1 s", SECOND),
        ("ahead 1 h", HOUR),
        ("ahead 31 d", 31 * DAY),
        ("ahead 10 y", 3_653 * DAY),
        ("back 1 s", -SECOND),
        ("back 1 h", -HOUR),
        ("back 31 d", -31 * DAY),
        ("back 10 y", -3_653 * DAY),
        ("1970", -(THEN + DAY)),
    ];
    println!("leap        when       assigned  deletion  judges up to  standing  told");
    for (name, leap) in leaps {
        for when in [When::Running, When::Restarted, When::Rebooted] {
            let what = format!("{name} {when:?}");
            let folder = tempfile::tempdir().unwrap();
            let machine = Machine::new();
            let (clock, ticking) = machine.leaps(leap, when, folder.path());
            machine.goes_on(MINUTE);
            clock.tick();
            let report = clock.report();
            let (assigned, spread) = (ahead(&*clock, &machine), clock.spread());
            let settled = (clock.settled().as_micros() - machine.truth()).div_euclid(SECOND);
            println!(
                "{name:<11} {when:<10?} {assigned:>7} s {settled:>7} s {:>11} s  {:<9?} {}",
                spread.ahead / SECOND,
                report.standing,
                report.leaps
            );
            // After a start of the machine nobody can tell a clock that is an
            // hour ahead from an hour without current, nor 31 days.
            let cannot_be_known = when == When::Rebooted && (HOUR..=31 * DAY).contains(&leap);
            if !cannot_be_known {
                assert!(assigned <= 600, "{what}: {assigned} s ahead");
            }
            let days = |seconds: i64| seconds * SECOND / DAY;
            assert!(days(settled) <= 1, "{what}: {settled} s");
            // Nor a second among the minutes that a start takes.
            let within_the_start = when == When::Rebooted && leap.abs() == SECOND;
            let known = !(cannot_be_known || within_the_start);
            assert_eq!(report.leaps > 0, known || leap == 31 * DAY, "{what}");
            // Right times are neither ahead nor over.
            let moment = clock.moment();
            let right = Timestamp::from_micros(machine.truth());
            let skew = Timestamp::MAX_AHEAD_MICROS;
            assert!(
                right.as_micros() <= moment.latest.as_micros() + skew,
                "{what}: a right time is ahead"
            );
            if !cannot_be_known {
                assert!(
                    moment.earliest.as_micros() <= right.as_micros() + skew,
                    "{what}: a right token is over"
                );
            }

            machine.is_wrong_by(0);
            machine.goes_on(MINUTE);
            clock.tick();
            assert!(ahead(&*clock, &machine).abs() <= 1, "{what}: right again");
            assert_eq!(clock.report().standing, ClockStanding::Followed, "{what}");
            drop(ticking);
            machine.starts_again();
            let (clock, _ticking) = machine.platform(folder.path());
            assert!(
                ahead(&*clock, &machine).abs() <= 1,
                "{what}: the next start"
            );
        }
    }
}

#[test]
fn a_leap_ahead_is_followed_after_a_while_and_deletion_after_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::new();
    let (clock, ticking) = machine.platform(folder.path());
    machine.goes_on(HOUR);
    clock.tick();
    machine.is_wrong_by(31 * DAY);
    clock.tick();
    assert_eq!(clock.report().standing, ClockStanding::Held);
    assert!(clock.report().says.unwrap().contains("31 days ahead"));
    machine.goes_on(HOLD + SECOND);
    assert!(clock.tick(), "it is told");
    assert_eq!(ahead(&*clock, &machine), 31 * 24 * 3_600);
    let says = clock.report().says.unwrap();
    assert!(says.contains("retention and kept sessions wait"), "{says}");
    // Half of the week before a restart, and half after it.
    machine.goes_on(SETTLING / 2);
    clock.tick();
    drop(ticking);
    machine.starts_again();
    let (clock, _ticking) = machine.platform(folder.path());
    assert!(clock.settled().as_micros() < machine.truth() + DAY);
    machine.goes_on(SETTLING / 2);
    assert!(clock.tick(), "it is told");
    assert_eq!(clock.settled(), clock.now());
    assert_eq!(clock.report().says, None);
}

#[test]
fn a_machine_that_learns_the_time_after_its_start_is_believed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::new();
    drop(machine.platform(folder.path()));
    machine.goes_on(DAY);
    machine.starts_again();
    for wrong in [-(THEN + DAY), -20 * HOUR] {
        machine.is_wrong_by(wrong);
        let (clock, _ticking) = machine.platform(folder.path());
        let report = clock.report();
        assert!(ahead(&*clock, &machine) <= 0);
        assert_eq!(clock.spread().in_doubt, wrong < -DAY);
        if wrong < -DAY {
            let says = report.says.unwrap();
            assert!(says.contains("set the system's clock"), "{says}");
        }
        machine.is_wrong_by(0);
        clock.tick();
        assert_eq!(ahead(&*clock, &machine), 0, "{wrong}");
    }
}

#[test]
fn somebody_may_say_that_the_clock_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::new();
    machine.is_wrong_by(31 * DAY);
    drop(machine.platform(folder.path()));
    // The wrong time was settled long since; the clock is right now.
    machine.goes_on(SETTLING);
    let (clock, ticking) = machine.platform(folder.path());
    machine.goes_on(SETTLING);
    clock.tick();
    machine.is_wrong_by(0);
    clock.tick();
    let says = clock.report().says.unwrap();
    assert!(says.contains("--trust-clock"), "{says}");
    assert_eq!(clock.report().standing, ClockStanding::Behind);
    drop(ticking);
    let (clock, ticking) = machine.platform_with(folder.path(), ClockTrust::Trusted);
    assert_eq!((ahead(&*clock, &machine), clock.report().says), (0, None));
    drop(ticking);
    let (clock, _ticking) = machine.platform(folder.path());
    assert_eq!((ahead(&*clock, &machine), clock.report().says), (0, None));
}

#[test]
fn without_its_file_the_newest_message_stands_in() {
    let machine = Machine::new();
    for (newest, wrong, standing) in [
        (THEN, 0, ClockStanding::Followed),
        (THEN, -(THEN + DAY), ClockStanding::Behind),
        (THEN, 3_653 * DAY, ClockStanding::Strange),
        // Received while the clock was ahead: a clock that can be right is
        // believed.
        (THEN + 3_653 * DAY, 0, ClockStanding::Followed),
    ] {
        for content in [None, Some(""), Some("{\"now\":1}"), Some("\0\0\0")] {
            let folder = tempfile::tempdir().unwrap();
            if let Some(content) = content {
                std::fs::write(folder.path().join(CLOCK_FILE), content).unwrap();
            }
            machine.is_wrong_by(wrong);
            let clock = PlatformClock::open(folder.path(), machine.clone(), ClockTrust::AsItGoes);
            let _ticking = clock
                .start(Some(Timestamp::from_micros(newest)), &Scope::default())
                .unwrap();
            assert_eq!(clock.report().standing, standing, "{newest} {wrong}");
            assert!(ahead(&*clock, &machine) <= 0, "{newest} {wrong}");
            assert!(clock.settled().as_micros() <= machine.truth());
        }
    }
}

#[test]
fn a_first_start_is_no_leap() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::new();
    for _ in 0..2 {
        let clock = PlatformClock::open(folder.path(), machine.clone(), ClockTrust::AsItGoes);
        let ticking = clock.start(None, &Scope::default()).unwrap();
        machine.goes_on(DAY);
        clock.tick();
        let report = clock.report();
        assert_eq!((report.leaps, report.says), (0, None));
        assert_eq!(ahead(&*clock, &machine), 0);
        drop(ticking);
        machine.starts_again();
    }
    for (wrong, standing) in [
        (-(THEN + DAY), ClockStanding::Behind),
        (3_653 * DAY, ClockStanding::Strange),
    ] {
        let folder = tempfile::tempdir().unwrap();
        machine.is_wrong_by(wrong);
        let clock = PlatformClock::open(folder.path(), machine.clone(), ClockTrust::AsItGoes);
        let _ticking = clock.start(None, &Scope::default()).unwrap();
        assert_eq!(clock.report().standing, standing);
        assert!(clock.report().says.is_some() && clock.spread().in_doubt);
        assert!(ahead(&*clock, &machine) <= 0);
    }
}

#[test]
fn the_machines_own_clocks_agree() {
    let folder = tempfile::tempdir().unwrap();
    let clock = PlatformClock::open(folder.path(), SystemClocks, ClockTrust::AsItGoes);
    let ticking = clock.start(None, &Scope::default()).unwrap();
    let between = SystemClock.now().as_micros() - clock.now().as_micros();
    assert!(between.abs() < SECOND, "{between} us");
    drop(ticking);
    assert!(folder.path().join(CLOCK_FILE).exists());
}
