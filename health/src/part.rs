//! What a score loses points for.

use domain::FieldName;

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PartKind {
    /// How long nothing was received.
    Seen,
    /// Readings of the window that are missing.
    Missed,
    /// How far the device's times lie from those of the receipt.
    Clock,
    /// Numbers that are uncertain or bad.
    Implausible,
    /// How long the value has not changed.
    Stuck,
    /// How far the median lies from that of the neighbours.
    Drift,
    /// Observations that repeated one that was there.
    Repeated,
    /// Messages of which something was refused.
    Refused,
    /// Charge of the battery.
    Battery,
    /// Strength of the received signal.
    Signal,
}

impl PartKind {
    pub const ALL: [Self; 10] = [
        Self::Seen,
        Self::Missed,
        Self::Clock,
        Self::Implausible,
        Self::Stuck,
        Self::Drift,
        Self::Repeated,
        Self::Refused,
        Self::Battery,
        Self::Signal,
    ];

    /// A short stable word for the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Missed => "missed",
            Self::Clock => "clock",
            Self::Implausible => "implausible",
            Self::Stuck => "stuck",
            Self::Drift => "drift",
            Self::Repeated => "repeated",
            Self::Refused => "refused",
            Self::Battery => "battery",
            Self::Signal => "signal",
        }
    }

    /// UCUM code of its value.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Seen | Self::Clock => "s",
            Self::Stuck => "h",
            Self::Missed | Self::Implausible | Self::Repeated | Self::Refused | Self::Battery => {
                "%"
            }
            Self::Drift => "1",
            Self::Signal => "dB[mW]",
        }
    }

    /// The points that it takes at its worst.
    pub const fn weight(self) -> f64 {
        match self {
            Self::Seen => 100.0,
            Self::Stuck => 50.0,
            Self::Missed | Self::Implausible => 40.0,
            Self::Clock | Self::Drift | Self::Refused => 30.0,
            Self::Repeated | Self::Battery => 20.0,
            Self::Signal => 10.0,
        }
    }

    /// What nobody can work out from the data: it is told to the agency alone.
    pub(crate) const IS_OWN: [Self; 2] = [Self::Repeated, Self::Refused];

    /// Whether its value spans orders of magnitude, so that ten times as much is
    /// as much worse as a hundred times from there.
    const fn is_logarithmic(self) -> bool {
        matches!(self, Self::Seen | Self::Clock | Self::Stuck)
    }
}

/// One part of a score.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    pub kind: PartKind,
    /// 0 to 100.
    pub score: f64,
    /// What was seen; of a device's fields, the one that does worst.
    pub value: f64,
    /// Up to there nothing is lost; for battery and signal, down to there.
    pub fine: f64,
    /// From there on everything is.
    pub worst: f64,
    /// The field that it is about, where it is about one.
    pub field: Option<FieldName>,
}

impl Part {
    /// `value` between `fine` and `worst`, whichever of these is greater. The sign
    /// of a clock's value says which way it is wrong, and does not count.
    pub fn new(kind: PartKind, value: f64, fine: f64, worst: f64) -> Self {
        let on_scale = |value: f64| {
            if kind.is_logarithmic() {
                value.max(f64::MIN_POSITIVE).ln()
            } else {
                value
            }
        };
        let counted = if kind == PartKind::Clock {
            value.abs()
        } else {
            value
        };
        let (at, from, to) = (on_scale(counted), on_scale(fine), on_scale(worst));
        let lost = ((at - from) / (to - from)).clamp(0.0, 1.0);
        Self {
            kind,
            score: 100.0 * (1.0 - lost),
            value,
            fine,
            worst,
            field: None,
        }
    }

    /// The points that it takes.
    pub fn points(&self) -> f64 {
        self.kind.weight() * (100.0 - self.score) / 100.0
    }
}
