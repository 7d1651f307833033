//! Photos of things: what is kept of a file, limits, and what becomes of it.

use std::sync::Barrier;

use device_registry::{
    Actor, ErrorClass, MAX_THING_PHOTOS, OperationError, PHOTOS_FOLDER, ReadPhotoError,
};
use domain::{PhotoId, ThingId};

use crate::audit;
use crate::harness::{TestRegistry, new_device};

/// One that a phone has written: with where it was, a picture of 8 by 8 pixels
/// whose content is `shade`, and a film after it.
fn photo(shade: u8) -> Vec<u8> {
    [
        &b"\xff\xd8\xff\xe1\x00\x16Exif\0\0GPS 37.5665,12"[..],
        b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00",
        b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00",
        &[shade, b'x'],
        b"\xff\xd9 a film",
    ]
    .concat()
}

fn thing(id: &str) -> ThingId {
    ThingId::new(id).unwrap()
}

fn with_a_lot() -> TestRegistry {
    let test = TestRegistry::new();
    let new = new_device("lot-1");
    test.registry
        .register_device(&Actor::OPERATOR, new)
        .unwrap();
    test
}

fn files(test: &TestRegistry) -> usize {
    let folder = std::fs::read_dir(test.dir.path().join(PHOTOS_FOLDER));
    folder.map_or(0, Iterator::count)
}

#[test]
fn a_photo_stays_without_what_the_phone_has_told_of_it() {
    let test = with_a_lot();
    let lot = thing("lot-1");
    let add = |bytes: &[u8]| test.registry.add_photo(&Actor::OPERATOR, &lot, bytes);
    let made = add(&photo(1)).unwrap();
    assert_eq!((made.width, made.height), (8, 8));
    let picture = test.registry.read_photo(&made).unwrap();
    assert_eq!(picture.len(), made.bytes as usize);
    for told in [&b"GPS"[..], b"film"] {
        assert!(!picture.windows(told.len()).any(|part| part == told));
    }
    // The answer was lost, and it is sent again.
    let mark = test.registry.mark();
    assert_eq!(add(&photo(1)).unwrap(), made);
    assert_eq!(test.registry.mark(), mark);

    let before = test.registry.snapshot();
    let test = test.reopen();
    assert!(*before == *test.registry.snapshot());
    assert_eq!(test.registry.read_photo(&made).unwrap(), picture);
    let entry = audit::all(&test.registry).pop().unwrap();
    assert_eq!(
        (&*entry.action, &*entry.kind, &*entry.object),
        ("photo.add", "thing", "lot-1")
    );
    assert_eq!(entry.agency.as_deref(), Some("seoul"));
    assert!(entry.after.unwrap().contains(&made.sha256_hex()));
}

#[test]
fn a_photo_that_is_sent_twice_at_once_is_one() {
    const SENDERS: usize = 4;
    let test = with_a_lot();
    let lot = thing("lot-1");
    let together = Barrier::new(SENDERS);
    let added = std::thread::scope(|scope| {
        let senders = [(); SENDERS].map(|()| {
            scope.spawn(|| {
                together.wait();
                let added = test.registry.add_photo(&Actor::OPERATOR, &lot, &photo(1));
                added.unwrap().id.clone()
            })
        });
        senders.map(|sender| sender.join().unwrap())
    });
    assert!(added.iter().all(|id| *id == added[0]), "{added:?}");
    assert_eq!(test.registry.snapshot().photos(&lot).count(), 1);
    assert_eq!(files(&test), 1);
}

#[test]
fn a_thing_has_few_photos_and_a_removed_one_is_gone_from_the_disk() {
    let test = with_a_lot();
    let lot = thing("lot-1");
    let add = |thing: &ThingId, bytes: &[u8]| {
        let added = test.registry.add_photo(&Actor::OPERATOR, thing, bytes);
        added.map_err(|error| (error.code(), error.class()))
    };
    let first = add(&lot, &photo(0)).unwrap();
    for shade in 1..MAX_THING_PHOTOS as u8 {
        add(&lot, &photo(shade)).unwrap();
    }
    let full = Err(("too-many-photos-of-thing", ErrorClass::Conflict));
    assert_eq!(add(&lot, &photo(9)), full);
    let nobody = Err(("unknown-thing", ErrorClass::NotFound));
    assert_eq!(add(&thing("nobody"), &photo(9)), nobody);
    let no_photo = Err(("no-photo", ErrorClass::Invalid));
    assert_eq!(add(&lot, b"\x89PNG"), no_photo);
    assert_eq!(files(&test), MAX_THING_PHOTOS, "none of those is left");

    let remove = |id: &PhotoId| {
        let removed = test.registry.remove_photo(&Actor::OPERATOR, &lot, id);
        removed.map_err(|error| error.code())
    };
    remove(&first.id).unwrap();
    assert_eq!(remove(&first.id), Err("unknown-photo"));
    assert_eq!(files(&test), MAX_THING_PHOTOS - 1);
    assert!(matches!(
        test.registry.read_photo(&first),
        Err(ReadPhotoError::Missing(_))
    ));
    add(&lot, &photo(9)).unwrap();
}

#[test]
fn a_photo_that_was_altered_on_the_disk_is_not_shown_until_it_is_sent_again() {
    let test = with_a_lot();
    let add = || {
        let lot = thing("lot-1");
        test.registry.add_photo(&Actor::OPERATOR, &lot, &photo(1))
    };
    let made = add().unwrap();
    let name = format!("{}.jpg", made.id);
    let path = test.dir.path().join(PHOTOS_FOLDER).join(name);
    std::fs::write(path, b"another").unwrap();
    assert!(matches!(
        test.registry.read_photo(&made),
        Err(ReadPhotoError::Damaged(_))
    ));
    assert_eq!(add().unwrap(), made);
    assert!(test.registry.read_photo(&made).is_ok());
}

#[test]
fn a_photo_whose_file_was_lost_is_whole_again_once_it_is_sent_again() {
    let test = with_a_lot();
    let add = || {
        let lot = thing("lot-1");
        test.registry.add_photo(&Actor::OPERATOR, &lot, &photo(1))
    };
    let made = add().unwrap();
    let picture = test.registry.read_photo(&made).unwrap();
    std::fs::remove_dir_all(test.dir.path().join(PHOTOS_FOLDER)).unwrap();
    let mark = test.registry.mark();
    assert_eq!(add().unwrap(), made);
    assert_eq!(test.registry.mark(), mark, "it was added before");
    assert_eq!(test.registry.read_photo(&made).unwrap(), picture);
    assert_eq!(files(&test), 1);
}
