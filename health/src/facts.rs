//! What is known of one series over the window. What is not known says why.

use crate::part::PartKind;
use crate::summary::WINDOW_SECONDS;

/// Why a part is left out. It takes no points then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Nothing was received in the days that are looked at.
    NoReadings,
    /// The platform assigned the times.
    NoOwnTimes,
    /// The values are no numbers.
    NoNumbers,
    /// There are too few readings to tell.
    TooFew,
    /// The value never changed in eight days: it may be a constant.
    Constant,
    /// 0, or an end of the model's range: where many a value rests.
    Resting,
    /// Fewer than three others observe the same within 2 km.
    NoNeighbours,
    /// The device does not report it.
    NotReported,
    /// More rows than one request may read.
    TooMuch,
}

impl Why {
    /// A short stable word for the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoReadings => "no-readings",
            Self::NoOwnTimes => "no-own-times",
            Self::NoNumbers => "no-numbers",
            Self::TooFew => "too-few",
            Self::Constant => "constant",
            Self::Resting => "resting",
            Self::NoNeighbours => "no-neighbours",
            Self::NotReported => "not-reported",
            Self::TooMuch => "too-much",
        }
    }
}

/// A part that nothing is known of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeftOut {
    pub part: PartKind,
    pub why: Why,
}

/// How long a value has not changed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stuck {
    /// Hours with readings, all of them equal, up to the newest one.
    pub hours: f64,
    /// So long it may well be, from what it did before.
    pub usual: f64,
}

/// One series over the window.
#[derive(Clone, PartialEq, Debug)]
pub struct SeriesFacts {
    /// Seconds since the newest receipt.
    pub silent: Result<f64, Why>,
    /// Seconds between two readings, by the model or as it was.
    pub interval: f64,
    /// Share of the expected readings that are not there, 0 to 1.
    pub missed: Result<f64, Why>,
    /// Seconds from a reading's time to its receipt, the least of the newest
    /// readings: negative where the device's clock is ahead.
    pub clock: Result<f64, Why>,
    /// Share of the numbers that are not good, 0 to 1.
    pub implausible: Result<f64, Why>,
    pub stuck: Result<Stuck, Why>,
    /// Share of what came that repeated what was there, 0 to 1.
    pub repeated: Result<f64, Why>,
    /// How far the median lies from the neighbours', in spreads of theirs.
    pub drift: Result<f64, Why>,
}

impl SeriesFacts {
    /// Of a series of which nothing was ever received.
    pub(crate) const NEVER: Self = Self {
        silent: Err(Why::NoReadings),
        interval: WINDOW_SECONDS as f64,
        missed: Err(Why::NoReadings),
        clock: Err(Why::NoReadings),
        implausible: Err(Why::NoReadings),
        stuck: Err(Why::NoReadings),
        repeated: Err(Why::NoReadings),
        drift: Err(Why::NoReadings),
    };
}
