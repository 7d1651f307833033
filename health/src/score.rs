//! Parts of facts, and a score of parts.

use std::borrow::Borrow;

use domain::FieldName;

use crate::facts::{LeftOut, SeriesFacts, Why};
use crate::part::{Part, PartKind};

/// A score with all that it is made of.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Health {
    /// In the order of [`PartKind::ALL`].
    pub parts: Vec<Part>,
    pub left_out: Vec<LeftOut>,
}

/// Seconds that a clock may be off, with the way of the message.
const CLOCK_FINE: f64 = 5.0;
/// From there on the other way round an observation is refused.
const CLOCK_WORST: f64 = 600.0;
/// A silence that is fine, in intervals.
const SEEN_FINE: f64 = 3.0;
/// The worst one, in lengths of a fine one.
const SEEN_WORST: f64 = 10.0;
/// The way through network and gateways takes its time, however often it sends.
const SHORTEST_INTERVAL: f64 = 10.0;

impl Health {
    pub fn of_series(facts: &SeriesFacts) -> Self {
        use PartKind::{Clock, Drift, Implausible, Missed, Repeated, Seen, Stuck};
        let interval = facts.interval.max(SHORTEST_INTERVAL);
        let mut health = Self::default();
        health.add(Seen, facts.silent, |silent| {
            seen_scale(silent, SEEN_FINE * interval)
        });
        health.add(Missed, facts.missed, |share| (share * 100.0, 5.0, 80.0));
        health.add(Clock, facts.clock, |off| (off, CLOCK_FINE, CLOCK_WORST));
        health.add(Implausible, facts.implausible, |share| {
            (share * 100.0, 1.0, 50.0)
        });
        health.add(Stuck, facts.stuck, |stuck| {
            (stuck.hours, stuck.usual, 4.0 * stuck.usual)
        });
        health.add(Drift, facts.drift, |spreads| (spreads, 3.0, 10.0));
        health.add(Repeated, facts.repeated, |share| (share * 100.0, 5.0, 80.0));
        health
    }

    #[must_use]
    pub(crate) fn of_field(mut self, field: &FieldName) -> Self {
        for part in &mut self.parts {
            part.field = Some(field.clone());
        }
        self
    }

    /// As others than the agency may know it: not even that it is counted.
    #[must_use]
    pub(crate) fn for_others(mut self) -> Self {
        self.parts
            .retain(|part| !PartKind::IS_OWN.contains(&part.kind));
        self.left_out
            .retain(|left_out| !PartKind::IS_OWN.contains(&left_out.part));
        self
    }

    /// `place` gives the value, where it is fine and where it is worst.
    fn add<T>(
        &mut self,
        kind: PartKind,
        fact: Result<T, Why>,
        place: impl FnOnce(T) -> (f64, f64, f64),
    ) {
        match fact {
            Ok(fact) => {
                let (value, fine, worst) = place(fact);
                self.parts.push(Part::new(kind, value, fine, worst));
            }
            Err(why) => self.left_out.push(LeftOut { part: kind, why }),
        }
    }

    /// Adds what is known of a device as a whole: the share of messages of which
    /// something was refused, the battery's percent, the signal's dBm.
    pub(crate) fn add_of_device(
        &mut self,
        refused: Result<f64, Why>,
        battery: Result<f64, Why>,
        signal: Result<f64, Why>,
    ) {
        self.add(PartKind::Refused, refused, |share| {
            (share * 100.0, 1.0, 50.0)
        });
        self.add(PartKind::Battery, battery, |percent| (percent, 30.0, 5.0));
        self.add(PartKind::Signal, signal, |dbm| (dbm, -100.0, -125.0));
    }

    /// 0 to 100: what the parts leave of 100 points.
    pub fn score(&self) -> u8 {
        // Nothing was ever received: there is nothing that could be good.
        let never = LeftOut {
            part: PartKind::Seen,
            why: Why::NoReadings,
        };
        if self.left_out.contains(&never) {
            return 0;
        }
        score_without(self.parts.iter().map(Part::points).sum())
    }

    /// The parts that take points, the greatest loss first.
    pub fn losses(&self) -> Vec<&Part> {
        let losses = self.parts.iter().filter(|part| part.score < 100.0);
        let mut losses: Vec<&Part> = losses.collect();
        greatest_first(&mut losses);
        losses
    }

    pub(crate) fn part(&self, kind: PartKind) -> Option<&Part> {
        self.parts.iter().find(|part| part.kind == kind)
    }
}

/// A silence on the scale of its part.
fn seen_scale(silent: f64, fine: f64) -> (f64, f64, f64) {
    (silent, fine, SEEN_WORST * fine)
}

/// The same as a part.
pub(crate) fn seen_part(silent: f64, fine: f64) -> Part {
    let (value, fine, worst) = seen_scale(silent, fine);
    Part::new(PartKind::Seen, value, fine, worst)
}

/// What is left where so many points are taken.
pub(crate) fn score_without(taken: f64) -> u8 {
    (100.0 - taken).round().clamp(0.0, 100.0) as u8
}

pub(crate) fn greatest_first<P: Borrow<Part>>(losses: &mut [P]) {
    losses.sort_by(|one, other| {
        let [one, other] = [one, other].map(|it| it.borrow().points());
        other.total_cmp(&one)
    });
}
