//! One device without its link: clock, sensors, faults, and the store of what
//! could not be sent yet. It knows no socket; time is handed in.

use std::collections::VecDeque;
use std::time::Duration;

use domain::payload::ContentFormat;
use domain::payload::encode::{Reading, encode};
use domain::{ParsedValue, Timestamp};

use super::readings::{Scene, night};
use super::{Faults, FleetConfig, PlannedDevice};
use crate::signal::{World, chance, mix};

/// Messages that a device keeps while its link is down; then the oldest goes.
pub(super) const MAX_STORED: usize = 2_000;
/// The furthest that a clock drifts before the network sets it, in seconds.
const MAX_DRIFT: f64 = 4.0;
/// A clock is set about this often, in seconds.
const CLOCK_SET_EVERY: f64 = 6.0 * 3_600.0;
/// Links and sensors draw their fate anew for each such slot, in seconds.
const SLOT: f64 = 1_200.0;
/// One message in so many also tells of battery and radio.
const STATUS_EVERY: u64 = 30;

/// One message, ready to be sent as often as needed.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) payload: Vec<u8>,
    pub(super) format: ContentFormat,
    pub(super) time: Timestamp,
}

pub(super) struct Device<'a> {
    planned: &'a PlannedDevice,
    world: World,
    interval: Duration,
    faults: Faults,
    format: ContentFormat,
    /// Messages since the last boot.
    made: u64,
    last: Timestamp,
    /// The slot in which it booted last; `None` before its first look.
    booted_in: Option<i64>,
    pub(super) store: VecDeque<Message>,
}

impl<'a> Device<'a> {
    pub(super) fn new(planned: &'a PlannedDevice, config: &FleetConfig) -> Self {
        // What makers choose: half of them the short form.
        let format = match planned.hash % 10 {
            0..5 => ContentFormat::CompactJson,
            5..8 => ContentFormat::SenmlJson,
            _ => ContentFormat::SenmlCbor,
        };
        Self {
            planned,
            world: config.world,
            interval: config.interval,
            faults: config.faults,
            format,
            made: 0,
            last: Timestamp::MIN,
            booted_in: None,
            store: VecDeque::new(),
        }
    }

    /// Over CoAP every byte is signed and counted: the shortest form.
    pub(super) fn write_cbor(&mut self) {
        self.format = ContentFormat::SenmlCbor;
    }

    /// How long from the start to the first message: devices do not march in
    /// step.
    pub(super) fn first_wait(&self) -> Duration {
        self.interval.mul_f64(chance(self.planned.hash ^ 0x57a6))
    }

    /// Until the next one: about the interval, never exactly.
    pub(super) fn wait(&self) -> Duration {
        let spread = chance(self.planned.hash ^ self.made) - 0.5;
        self.interval.mul_f64(1.0 + 0.2 * spread)
    }

    /// Whether the link works at `now`: in some slots it breaks for a while.
    pub(super) fn link_is_up(&self, now: Timestamp) -> bool {
        let (fate, into_slot) = self.fate(now, 0x11_4b);
        let starts = chance(mix(fate)) * SLOT * 0.8;
        let lasts = 20.0 + 100.0 * chance(mix(fate ^ 1));
        self.faults == Faults::None
            || chance(fate) > 0.06
            || !(starts..starts + lasts).contains(&into_slot)
    }

    /// Whether the device boots again at `now`: it then counts its messages
    /// from one; what it has stored, it keeps in flash.
    pub(super) fn boots_again(&mut self, now: Timestamp) -> bool {
        let (fate, into_slot) = self.fate(now, 0xb0_07);
        let slot = (now.as_micros() as f64 / 1e6 / SLOT).floor() as i64;
        let moment = chance(mix(fate)) * SLOT;
        let due = self.faults == Faults::Usual && chance(fate) < 0.03 && into_slot >= moment;
        let first_look = self.booted_in.is_none();
        if first_look || (due && self.booted_in != Some(slot)) {
            self.booted_in = Some(slot);
            self.made = 0;
            return !first_look;
        }
        false
    }

    /// A slot of its own chance, and the seconds since it began.
    fn fate(&self, now: Timestamp, stream: u64) -> (u64, f64) {
        let seconds = now.as_micros() as f64 / 1e6;
        let slot = (seconds / SLOT).floor();
        let hash = mix(self.planned.hash ^ mix(stream) ^ slot as u64);
        (hash, seconds - slot * SLOT)
    }

    /// Measures once and puts the message into the store. Returns whether an
    /// older one had to go.
    pub(super) fn measure(&mut self, now: Timestamp) -> bool {
        let time = self.clock(now);
        let mut readings = self.readings(now);
        self.made += 1;
        if self.made % STATUS_EVERY == 1 {
            readings.extend(self.status(now));
        }
        for reading in &mut readings {
            reading.time = Some(time);
        }
        let mut payload = Vec::new();
        let sequence = (self.format == ContentFormat::CompactJson).then_some(self.made);
        encode(self.format, &readings, sequence, &mut payload)
            .expect("finite numbers at a time of today");
        self.store.push_back(Message {
            payload,
            format: self.format,
            time,
        });
        let full = self.store.len() > MAX_STORED;
        if full {
            self.store.pop_front();
        }
        full
    }

    /// The device's own clock: it drifts until the network sets it, and no
    /// two messages share a time.
    fn clock(&mut self, now: Timestamp) -> Timestamp {
        let seconds = now.as_micros() as f64 / 1e6;
        let drift = match self.faults {
            Faults::None => 0.0,
            Faults::Usual => {
                let rate = chance(self.planned.hash ^ 0xd21f) * 2.0 - 1.0;
                let phase = chance(self.planned.hash ^ 0xd220);
                rate * MAX_DRIFT * (seconds / CLOCK_SET_EVERY + phase).fract()
            }
        };
        let millis = now.as_micros() / 1_000 + (drift * 1e3) as i64;
        let time = Timestamp::from_micros(millis * 1_000);
        self.last = if time > self.last {
            time
        } else {
            Timestamp::from_micros(self.last.as_micros() + 1_000)
        };
        self.last
    }

    fn readings(&self, now: Timestamp) -> Vec<Reading<'static>> {
        let (fate, into_slot) = self.fate(now, 0x5e_25);
        let faulty = self.faults == Faults::Usual;
        let seconds = now.as_micros() as f64 / 1e6;
        // A frozen sensor repeats what it saw at the beginning of the slot.
        let frozen = faulty && chance(fate) < 0.01;
        let seen = if frozen { seconds - into_slot } else { seconds };
        let scene = Scene {
            device: self.planned,
            world: self.world,
            time: seen,
        };
        let mut readings = scene.readings();
        let draw = chance(mix(self.planned.hash ^ self.made) ^ 0xbad);
        if faulty && draw < 0.002 {
            // The instrument gave no answer.
            readings[0].value = ParsedValue::Null;
        } else if faulty && draw < 0.003 {
            // A spike, as from a loose contact.
            if let ParsedValue::Number(value) = &mut readings[0].value {
                *value = *value * 20.0 + 100.0;
            }
        }
        readings
    }

    fn status(&self, now: Timestamp) -> [Reading<'static>; 3] {
        let seconds = now.as_micros() as f64 / 1e6;
        let solar = if night(seconds) { -0.5 } else { 0.5 };
        let battery = 90.0 + 6.0 * self.world.noise(self.planned.hash, seconds, 86_400.0) + solar;
        let rssi = -75.0 + 12.0 * self.world.noise(self.planned.hash ^ 9, seconds, 3_600.0);
        [
            Reading::number("battery", battery.clamp(0.0, 100.0).round()),
            Reading::number("rssi", rssi.round()),
            Reading::new("firmware", ParsedValue::Text("2.4.1".into())),
        ]
    }
}

#[cfg(test)]
mod tests;
