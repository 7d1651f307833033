//! What the devices read: a pure function of device and reading, so that any
//! day can be made by itself and counted without the store.
//!
//! A device reads PM2.5 every 86.4 s, 1,000 times a day, at a moment of its own
//! within that period, up to 99 ms late, in whole milliseconds. The value is
//! the sum of
//!
//! - the device's usual level, 8 to 32 ug/m3,
//! - a daily cycle of 30 % of that, with its peak between 06:00 and 10:00 UTC,
//! - a slow drift of up to 4 ug/m3, straight between a knot for each 32 readings,
//! - noise of up to 0.3 ug/m3, triangular,
//!
//! not below zero, rounded to 0.1 ug/m3. It arrives after 15 ms and an
//! exponential delay of 10 ms in the mean, stamped in microseconds.
//!
//! One of 100 is late: by 10 minutes to 6 hours more. One of 1,000 is no
//! reading of its own but corrects the one before it, by 1 ug/m3; that one is
//! never late, so that the correction is the newer of the two. All chances are
//! bits of the finalizer of splitmix64.
//!
//! Devices that send once a day keep what arrives, and send it in order of
//! arrival at a moment of their own within the day that follows: at most 1,000
//! readings, and what is left the next time.

/// 2026-05-01T00:00:00Z.
pub(crate) const START: i64 = 1_777_593_600_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;
/// Of each device, a day.
pub(crate) const READINGS: u32 = 1_000;
const PERIOD: i64 = DAY / READINGS as i64;
/// Readings between two knots of the drift.
const KNOT: u64 = 32;
const LATE_LEAST: i64 = 600_000_000;
const LATE_MOST: i64 = 21_600_000_000;

/// One row on its way to the platform.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) device: u32,
    /// Phenomenon time, in microseconds.
    pub(crate) time: i64,
    /// When it is received.
    pub(crate) arrival: i64,
    pub(crate) value: f64,
}

/// The finalizer of splitmix64: without a pattern that a compressor would find.
pub(crate) fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// 0 to before 1, by a number and what it is for.
fn chance(number: u64, purpose: u64) -> f64 {
    (scatter(number.wrapping_mul(16).wrapping_add(purpose)) >> 11) as f64 / (1u64 << 53) as f64
}

/// The number of a device's reading, counted over all days.
fn key(device: u32, at: u64) -> u64 {
    u64::from(device) << 32 | at
}

/// The reading `at` of a device, counted from the first day on.
pub(crate) fn reading(device: u32, at: u64) -> Reading {
    let own = key(device, at);
    let of = if corrects(device, at) { at - 1 } else { at };
    let mut value = value(device, of);
    if of != at {
        value = ((value + 1.0) * 10.0).round() / 10.0;
    }
    let delay = 15_000 + (-(1.0 - chance(own, 1)).ln() * 10_000.0) as i64;
    let mut arrival = time(device, at) + delay;
    if chance(own, 2) < 0.01 && !corrects(device, at + 1) {
        arrival += LATE_LEAST + ((LATE_MOST - LATE_LEAST) as f64 * chance(own, 3)) as i64;
    }
    Reading {
        device,
        time: time(device, of),
        arrival,
        value,
    }
}

/// Whether the reading is a correction of the one before. The first of a day
/// is none, so that each day stands for itself.
fn corrects(device: u32, at: u64) -> bool {
    !at.is_multiple_of(u64::from(READINGS)) && chance(key(device, at), 4) < 0.001
}

/// Whether another reading takes the place of this one's time, or its value.
fn is_replaced(device: u32, at: u64) -> bool {
    corrects(device, at) && !corrects(device, at - 1)
}

fn time(device: u32, at: u64) -> i64 {
    let phase = (chance(u64::from(device), 5) * (PERIOD / 1_000 - 100) as f64) as i64;
    let jitter = (chance(key(device, at), 6) * 100.0) as i64;
    START + at as i64 * PERIOD + (phase + jitter) * 1_000
}

fn value(device: u32, at: u64) -> f64 {
    let own = u64::from(device);
    let usual = 8.0 + 24.0 * chance(own, 7);
    let peak = 0.25 + chance(own, 8) / 6.0;
    let part_of_day = (at % u64::from(READINGS)) as f64 / f64::from(READINGS);
    let cycle = 0.3 * usual * (std::f64::consts::TAU * (part_of_day - peak)).cos();
    let knot = |number: u64| 8.0 * chance(key(device, number), 9) - 4.0;
    let (before, part) = (at / KNOT, (at % KNOT) as f64 / KNOT as f64);
    let drift = knot(before) * (1.0 - part) + knot(before + 1) * part;
    let noise = 0.3 * (chance(key(device, at), 10) - chance(key(device, at), 11));
    ((usual + cycle + drift + noise).max(0.0) * 10.0).round() / 10.0
}

/// How devices send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sending {
    /// Each reading as it arrives, in a message of its own.
    Each,
    /// A day of readings in one message.
    Daily,
}

/// Rows of one commit.
pub(crate) const BATCH: usize = 1_000;

/// The readings of some days in the order in which they are sent.
pub(crate) enum Arrivals {
    Each(Batches),
    Daily(DailyArrivals),
}

impl Arrivals {
    /// Of the days from `first` to before `end`.
    pub(crate) fn of_days(sending: Sending, devices: u32, first: u32, end: u32) -> Self {
        match sending {
            Sending::Each => Self::Each(Batches {
                arrivals: EachArrival::of_days(devices, first, end),
                readings: Vec::new(),
            }),
            Sending::Daily => Self::Daily(DailyArrivals::of_days(devices, first, end)),
        }
    }

    /// What is committed next, into `out`, which is emptied: 1,000 messages, or
    /// one of about 1,000 readings. Empty where all have come.
    pub(crate) fn next_batch(&mut self, out: &mut Vec<Reading>) {
        out.clear();
        match self {
            Self::Each(batches) => batches.fill(out),
            Self::Daily(arrivals) => arrivals.fill(out),
        }
    }
}

/// Periods, cut into batches.
pub(crate) struct Batches {
    arrivals: EachArrival,
    /// Made, and not yet sent; the next one last.
    readings: Vec<Reading>,
}

impl Batches {
    fn fill(&mut self, out: &mut Vec<Reading>) {
        while out.len() < BATCH {
            if self.readings.is_empty() {
                self.arrivals.fill(&mut self.readings);
                self.readings.reverse();
            }
            let Some(reading) = self.readings.pop() else {
                return;
            };
            out.push(reading);
        }
    }
}

/// A period at a time.
pub(crate) struct EachArrival {
    devices: u32,
    next: u64,
    end: u64,
    /// Made, and not yet due.
    late: Vec<Reading>,
}

impl EachArrival {
    fn of_days(devices: u32, first: u32, end: u32) -> Self {
        let readings = |days: u32| u64::from(days) * u64::from(READINGS);
        Self {
            devices,
            next: readings(first),
            end: readings(end),
            late: Vec::new(),
        }
    }

    fn fill(&mut self, out: &mut Vec<Reading>) {
        if self.next == self.end {
            out.append(&mut self.late);
        } else {
            // What arrives after this period waits.
            let horizon = START + (self.next as i64 + 1) * PERIOD;
            out.extend(self.late.extract_if(.., |row| row.arrival < horizon));
            for device in 0..self.devices {
                let row = reading(device, self.next);
                if row.arrival < horizon {
                    out.push(row);
                } else {
                    self.late.push(row);
                }
            }
            self.next += 1;
        }
        out.sort_unstable_by_key(|row| (row.arrival, row.device));
    }
}

/// A message at a time.
pub(crate) struct DailyArrivals {
    /// By the moment at which they send.
    devices: Vec<u32>,
    day: u32,
    end: u32,
    /// The next device, by its place.
    at: usize,
    /// By place: what was not sent the last time.
    left: Vec<Vec<Reading>>,
}

impl DailyArrivals {
    fn of_days(devices: u32, first: u32, end: u32) -> Self {
        let mut devices: Vec<u32> = (0..devices).collect();
        devices.sort_by_key(|device| moment(*device));
        Self {
            left: vec![Vec::new(); devices.len()],
            devices,
            day: first,
            end,
            at: 0,
        }
    }

    fn fill(&mut self, out: &mut Vec<Reading>) {
        // After the last day come the readings that are left.
        while out.is_empty() && self.day <= self.end {
            let device = self.devices[self.at];
            let now = START + i64::from(self.day + 1) * DAY + moment(device);
            let left = &mut self.left[self.at];
            if self.day < self.end {
                let first = u64::from(self.day) * u64::from(READINGS);
                left.extend((0..u64::from(READINGS)).map(|at| reading(device, first + at)));
            }
            left.sort_unstable_by_key(|row| row.arrival);
            let arrived = left.partition_point(|row| row.arrival <= now);
            out.extend(left.drain(..arrived.min(READINGS as usize)));
            left.shrink_to_fit();
            out.iter_mut().for_each(|row| row.arrival = now);
            self.at += 1;
            if self.at == self.devices.len() {
                (self.at, self.day) = (0, self.day + 1);
            }
        }
    }
}

/// When in the day a device sends, in microseconds.
fn moment(device: u32) -> i64 {
    (chance(u64::from(device), 12) * DAY as f64) as i64
}

/// How many observations a device has over the days, and their sum, in the
/// newest revisions.
pub(crate) fn expected(device: u32, days: u32) -> (u64, f64) {
    let (mut count, mut tenths) = (0, 0i64);
    for at in 0..u64::from(days) * u64::from(READINGS) {
        let row = reading(device, at);
        tenths += (row.value * 10.0).round() as i64;
        if is_replaced(device, at) {
            tenths -= (reading(device, at - 1).value * 10.0).round() as i64;
        } else {
            count += 1;
        }
    }
    (count, tenths as f64 / 10.0)
}
