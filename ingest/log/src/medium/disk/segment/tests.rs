//! Which segments are found, and which are given back.

use super::*;

/// Segments of ten frames each: 1 to 10, 11 to 20, 21 on.
fn segments() -> Arc<Segments> {
    let segment = |first: u64| {
        let header = SegmentHeader::fresh(Offset::new(first), None, None);
        Arc::new(Segment::new(PathBuf::new(), header, 100))
    };
    Arc::new(Segments::new([1, 11, 21].map(segment).into()))
}

fn firsts(segments: &[Arc<Segment>]) -> Vec<u64> {
    let first = |segment: &Arc<Segment>| segment.header.first.get();
    segments.iter().map(first).collect()
}

#[test]
fn what_somebody_keeps_is_not_given_back() {
    let (segments, all) = (segments(), Offset::new(25));
    let kept = segments.keep(Offset::new(15)).unwrap();
    assert!(segments.keep(Offset::new(1)).is_none(), "one at a time");
    assert_eq!(firsts(&segments.take_released(all, 0)), [1]);
    assert_eq!(firsts(&segments.from(Offset::new(15))), [11, 21]);
    drop(kept);
    assert_eq!(firsts(&segments.take_released(all, 0)), [11]);
}

#[test]
fn segments_are_found_by_their_frames() {
    let segments = segments();
    for (first, found) in [
        (0, [1, 11, 21].as_slice()),
        (10, &[1, 11, 21]),
        (11, &[11, 21]),
    ] {
        assert_eq!(
            firsts(&segments.from(Offset::new(first))),
            found,
            "from {first}"
        );
    }
    assert_eq!(firsts(&segments.from(Offset::new(99))), [21]);
}
