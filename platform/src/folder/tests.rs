//! First starts, upgrades, and folders that are refused.

use super::*;

fn listing(data: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_first_start_that_was_cut_short_goes_on_with_the_same_id() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let id = Folder::open(&data).unwrap().id();
    assert_eq!(Folder::open(&data).unwrap().id(), id);
    std::fs::remove_file(data.join(format::FILE)).unwrap();
    let again = Folder::open(&data).unwrap();
    assert_eq!((again.id(), again.mark()), (id, FolderMark::first(id)));
}

#[test]
fn an_older_folder_is_upgraded_in_place_and_a_newer_one_refused() {
    for older in ["1\n", "2\n"] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(format::FILE), older).unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        assert!(folder.mark().adopts());
        let text = std::fs::read_to_string(dir.path().join(format::FILE)).unwrap();
        assert_eq!(text, "3\n");
    }
    for refused in ["4\n", "two\n", ""] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(format::FILE), refused).unwrap();
        let before = listing(dir.path());
        assert!(Folder::open(dir.path()).is_err(), "{refused:?}");
        assert_eq!(listing(dir.path()), before);
    }
}

#[test]
fn parts_without_their_format_or_their_record_are_no_first_start() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    std::fs::write(data.join("registry.sqlite"), b"x").unwrap();
    let before = listing(data);
    let refused = Folder::open(data).err().unwrap().to_string();
    assert!(refused.contains(format::FILE), "{refused}");
    assert!(refused.contains("registry.sqlite"), "{refused}");
    std::fs::write(data.join(format::FILE), "3\n").unwrap();
    let refused = Folder::open(data).err().unwrap().to_string();
    assert!(refused.contains(record::FILE), "{refused}");
    std::fs::remove_file(data.join(format::FILE)).unwrap();
    assert_eq!(listing(data), before);
}
