//! Positions that are somebody else's, damaged or newer.

use super::*;

fn position(offset: u64) -> Position {
    Position {
        offset: Offset::new(offset),
        received: Timestamp::from_micros(7),
    }
}

fn opened(folder: &Path, target: &str) -> Option<Position> {
    Cursor::open(folder, target.to_owned(), FolderMark::ANY)
        .unwrap()
        .position()
}

#[test]
fn a_position_belongs_to_its_target() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(opened(folder, "a"), None);
    let mut cursor = Cursor::open(folder, "a".to_owned(), FolderMark::ANY).unwrap();
    cursor.save(position(5)).unwrap();
    cursor.save(position(9)).unwrap();
    assert_eq!(opened(folder, "a"), Some(position(9)));
    assert_eq!(opened(folder, "b"), None);
}

#[test]
fn a_position_in_the_log_of_another_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [own, other] = ["07", "08"].map(|byte| byte.repeat(16).parse().unwrap());
    let open = |id| Cursor::open(folder.path(), "a".to_owned(), FolderMark::of(id));
    open(own).unwrap().save(position(5)).unwrap();
    assert_eq!(open(own).unwrap().position(), Some(position(5)));
    assert!(matches!(open(other), Err(CursorError::Misfit { .. })));
}

/// Earlier versions wrote 0 where nothing was settled.
#[test]
fn nothing_settled_by_an_earlier_version_is_no_position() {
    let folder = tempfile::tempdir().unwrap();
    let write = |offset: u64, received: i64| {
        let cursor = format!(
            r#"{{"version":1,"target":"a","resume_behind":{offset},"received":{received}}}"#
        );
        fs::write(folder.path().join("feed.json"), cursor).unwrap();
    };
    write(0, 0);
    assert_eq!(opened(folder.path(), "a"), None);
    write(5, 7);
    assert_eq!(opened(folder.path(), "a"), Some(position(5)));
    let nothing = Position {
        offset: Offset::ZERO,
        received: Timestamp::from_micros(0),
    };
    write(0, 0);
    let mut cursor = Cursor::open(folder.path(), "a".to_owned(), FolderMark::ANY).unwrap();
    cursor.save(nothing).unwrap();
    assert_eq!(opened(folder.path(), "a"), Some(nothing));
}

#[test]
fn a_damaged_file_is_set_aside_and_a_newer_one_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.json");
    let mut cursor = Cursor::open(folder.path(), "a".to_owned(), FolderMark::ANY).unwrap();
    cursor.save(position(5)).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(opened(folder.path(), "a"), None, "{length} bytes");
        assert!(!path.exists());
    }
    assert!(folder.path().join("feed.json.damaged").exists());
    let newer = br#"{"version":2,"anything":[]}"#;
    fs::write(&path, newer).unwrap();
    assert!(matches!(
        Cursor::open(folder.path(), "a".to_owned(), FolderMark::ANY),
        Err(CursorError::Newer { version: 2, .. })
    ));
    assert_eq!(fs::read(&path).unwrap(), newer);
}
