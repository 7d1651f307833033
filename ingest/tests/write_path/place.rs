//! One observation by its message and its place in it, while the log has it.

use domain::Offset;

use super::harness::{Message, open};

#[test]
fn an_observation_is_found_by_its_message_and_a_corrected_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut plane = open(folder.path());
    let first = plane.submit(&Message::level(60, 1.0)).unwrap().offset();
    let correction = plane.submit(&Message::level(60, 2.0)).unwrap().offset();
    for _ in 0..2 {
        let stored = plane.stored("level");
        let found = |offset: Offset, index| plane.ingest.observation(offset, index).unwrap();
        assert_eq!(found(first, 0), None);
        assert_eq!(found(correction, 0).as_ref(), stored.first());
        assert_eq!(stored[0].offset, correction);
        assert_eq!(found(correction, 1), None);
        assert_eq!(found(correction.next(), 0), None);
        // From the file next.
        plane = plane.restart(folder.path());
    }
}
