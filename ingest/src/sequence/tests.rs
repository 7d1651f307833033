//! Verdicts over many datastreams.

use super::*;

/// Whether or not its row was put to its datastream already.
#[test]
fn a_reading_is_known_again_among_those_of_others() {
    let mut sequencer = Sequencer::default();
    let mut offset = 0;
    let mut judge = |number: usize, value: f64| {
        offset += 1;
        let time = Timestamp::from_micros(number as i64);
        let datastream = DatastreamId::new((number % 7) as u32);
        let (offset, value) = (Offset::new(offset), ValueRef::Number(value));
        let (judged, verdict) = sequencer.judge(offset, datastream, Some(time), time, value);
        assert_eq!(judged, time);
        verdict
    };
    let last = FRESH + FRESH / 2;
    for number in 1..=last {
        assert_eq!(judge(number, 1.0), Verdict::First);
    }
    for number in [last, 1, FRESH, FRESH + 1] {
        assert_eq!(judge(number, 1.0), Verdict::Duplicate, "{number}");
        assert_eq!(judge(number, 2.0), Verdict::Revision(1), "{number}");
    }
}
