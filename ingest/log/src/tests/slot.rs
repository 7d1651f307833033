//! The slot of one frame: it is finished, or it leaves nothing.

use super::*;

#[derive(Debug)]
enum Refused {
    Message,
    Log,
}

impl From<StagingError> for Refused {
    fn from(_: StagingError) -> Self {
        Self::Log
    }
}

/// Stages frames of which only some are finished, and reads them back.
#[test]
fn a_slot_that_is_dropped_leaves_no_byte_and_its_offset_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    // All of it is one group, which a segment must hold.
    let disk = DiskConfig::new(folder.path(), 1 << 16);
    let log: Log = open_on(&disk, CommitPolicy::Inline, 0).unwrap();
    let device = DeviceId::new("dev-1").unwrap();
    let mut staged = Vec::new();
    for number in 0..40 {
        let refused: Result<(), Refused> = log.stage(|(), slot| {
            match number % 4 {
                0 => drop(slot),
                // With more than its head.
                _ => {
                    let mut frame = slot.telemetry(head(&device, 4_711, &[7; 90]));
                    (1..number % 4).for_each(|_| frame.observation(&observation(4_711)));
                }
            }
            Err(Refused::Message)
        });
        assert!(matches!(refused, Err(Refused::Message)));
        staged.push(stage(&log, number, number as usize));
    }
    let receipts = commit(&log, staged).unwrap();
    let offsets = receipts.iter().map(|receipt| receipt.offset().get());
    assert!(offsets.eq(1..=40));
    assert!(numbers(&log).into_iter().eq(0..40));
    drop(log);
    assert!(numbers(&open(folder.path())).into_iter().eq(0..40));
}

/// What was refused, the caller's own order may know all the same.
#[test]
fn the_order_is_kept_beside_the_frames_and_knows_their_offsets() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(folder.path(), &Faults::default());
    let scope = Scope::default();
    let judged: Vec<u64> = Vec::new();
    let policy = CommitPolicy::Inline;
    let log: super::super::Log<Vec<u64>> =
        super::super::Log::open(&disk, policy, &scope, Offset::ZERO, judged).unwrap();
    for number in 0..4 {
        let done = log.stage(|judged, slot| {
            judged.push(slot.offset().get());
            match number {
                1 => Err(Refused::Message),
                _ => Ok(fill(slot, number, 0)),
            }
        });
        assert_eq!(done.is_err(), number == 1);
    }
    log.with_order(|judged, last| {
        assert_eq!(*judged, [1, 2, 2, 3]);
        assert_eq!(last, Offset::new(3));
    });
    log.refuse_new();
    let refused = log.stage(|_, slot| Ok(fill(slot, 9, 0)));
    assert!(matches!(refused, Err(Refused::Log)));
}
