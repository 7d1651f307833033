//! The reasons in English. Pages have words of their own, by the code.

use crate::facts::{LeftOut, Why};
use crate::part::{Part, PartKind};

/// What [`Part::reason`] may say.
pub const REASONS: [&str; 11] = [
    "silent",
    "missed",
    "clock-ahead",
    "clock-late",
    "implausible",
    "stuck",
    "drift",
    "repeated",
    "refused",
    "battery-low",
    "signal-weak",
];

/// The same for a device of which nothing was ever received: it has no parts.
pub const NEVER: &str = "never";

impl Part {
    /// A short stable word for why it takes points.
    pub fn reason(&self) -> &'static str {
        match self.kind {
            PartKind::Seen => "silent",
            PartKind::Missed => "missed",
            PartKind::Clock if self.value < 0.0 => "clock-ahead",
            PartKind::Clock => "clock-late",
            PartKind::Implausible => "implausible",
            PartKind::Stuck => "stuck",
            PartKind::Drift => "drift",
            PartKind::Repeated => "repeated",
            PartKind::Refused => "refused",
            PartKind::Battery => "battery-low",
            PartKind::Signal => "signal-weak",
        }
    }

    /// The same as a sentence.
    pub fn sentence(&self) -> String {
        let value = self.value;
        let subject = self
            .field
            .as_ref()
            .map_or("the value", |field| field.as_str());
        match self.kind {
            PartKind::Seen => format!(
                "Nothing was received for {}; up to {} would be usual.",
                span(value),
                span(self.fine)
            ),
            PartKind::Missed => format!("{value:.0} % of the expected readings are missing."),
            PartKind::Clock if value < 0.0 => {
                format!("The device's clock is ahead by {} at least.", span(-value))
            }
            PartKind::Clock => format!(
                "Times lie {} before the receipt: the device's clock is slow, or it sends late.",
                span(value)
            ),
            PartKind::Implausible => {
                format!("{value:.0} % of the numbers of {subject} are uncertain or bad.")
            }
            PartKind::Stuck => format!(
                "{subject} has not changed for {value:.0} hours; up to {:.0} would be usual.",
                self.fine
            ),
            PartKind::Drift => format!(
                "The median of {subject} is {value:.1} spreads away from those of its neighbours."
            ),
            PartKind::Repeated => {
                format!("{value:.0} % of the readings of {subject} were there already.")
            }
            PartKind::Refused => {
                format!("Something was refused of {value:.0} % of the messages, or more.")
            }
            PartKind::Battery => format!("The battery has {value:.0} % left."),
            PartKind::Signal => format!("The signal is weak: {value:.0} dBm."),
        }
    }
}

impl LeftOut {
    pub fn sentence(&self) -> &'static str {
        match self.why {
            Why::NoReadings => "Nothing was received in the days that are looked at.",
            Why::NoOwnTimes => "The readings have no times of their own.",
            Why::NoNumbers => "The values are no numbers.",
            Why::TooFew => "There are too few readings to tell.",
            Why::Constant => "It has not changed in eight days, and may be a constant.",
            Why::Resting => "It rests at 0 or at an end of the model's range.",
            Why::NoNeighbours => "Fewer than three others observe the same within 2 km.",
            Why::NotReported => "The device does not report it.",
            Why::TooMuch => "There are more rows than one request may read.",
        }
    }
}

/// A length of time in its two greatest units.
fn span(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let [minutes, hours, days] = [seconds / 60, seconds / 3_600, seconds / 86_400];
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}
