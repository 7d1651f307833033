//! When what was acknowledged: how far to go back after a target may have lost
//! its last seconds.
//!
//! Constraint: to forget a mark only makes the way back longer. So marks are
//! kept a second apart, and the oldest is never forgotten before there is
//! another that is old enough.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::batch::Position;

/// Marks are at least this far apart. With [`crate::MAX_HORIZON`] it bounds
/// them: some 86,400, 2 MB.
const APART: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
struct Mark {
    /// When everything up to the position had been acknowledged.
    at: Instant,
    position: Position,
}

/// Never empty; times and positions ascend.
pub(crate) struct Marks(VecDeque<Mark>);

impl Marks {
    pub(crate) fn starting(at: Instant, position: Position) -> Self {
        Self(VecDeque::from([Mark { at, position }]))
    }

    /// Everything up to `position` has now been acknowledged.
    pub(crate) fn acknowledged(&mut self, at: Instant, position: Position) {
        let enough = |last: &Mark| at.saturating_duration_since(last.at) >= APART;
        if self.0.back().is_none_or(enough) {
            self.0.push_back(Mark { at, position });
        }
    }

    /// The last position that had been acknowledged at `cutoff`; the first
    /// known one where that is older than all. Older marks are forgotten, so
    /// `cutoff` never goes back.
    pub(crate) fn settled(&mut self, cutoff: Option<Instant>) -> Position {
        while let (Some(next), Some(cutoff)) = (self.0.get(1), cutoff)
            && next.at <= cutoff
        {
            self.0.pop_front();
        }
        self.0[0].position
    }

    /// The same, and what came after it counts as not acknowledged.
    pub(crate) fn go_back(&mut self, cutoff: Option<Instant>) -> Position {
        let position = self.settled(cutoff);
        self.0.truncate(1);
        position
    }
}

#[cfg(test)]
mod tests {
    use domain::{Offset, Timestamp};

    use super::*;

    fn position(offset: u64) -> Position {
        Position {
            offset: Offset::new(offset),
            received: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn the_way_back_leads_to_the_newest_mark_before_the_cutoff() {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let mut marks = Marks::starting(start, position(0));
        for second in 1..=100u32 {
            marks.acknowledged(at(f64::from(second)), position(u64::from(second) * 10));
        }
        // Before everything, as right after the machine's start.
        assert_eq!(marks.settled(None), position(0));
        assert_eq!(marks.settled(Some(at(0.5))), position(0));
        assert_eq!(marks.settled(Some(at(40.5))), position(400));
        assert_eq!(marks.settled(Some(at(41.0))), position(410));
        assert_eq!(marks.go_back(Some(at(60.2))), position(600));
        // The same failure again goes no further back, and no less far.
        assert_eq!(marks.go_back(Some(at(60.2))), position(600));
        marks.acknowledged(at(120.0), position(900));
        assert_eq!(marks.settled(Some(at(119.0))), position(600));
        assert_eq!(marks.settled(Some(at(120.0))), position(900));
    }

    #[test]
    fn marks_are_a_second_apart() {
        let start = Instant::now();
        let mut marks = Marks::starting(start, position(0));
        for millis in 0..10_000u64 {
            marks.acknowledged(start + Duration::from_millis(millis), position(millis));
        }
        assert_eq!(marks.0.len(), 10);
    }
}
