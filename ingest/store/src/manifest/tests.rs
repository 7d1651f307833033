//! What it refuses, and what it reads of older versions.

use super::*;

fn manifest() -> Manifest {
    Manifest {
        flushed_offset: 12,
        next_file: 2,
        files: vec![FileEntry {
            number: 1,
            rows: 3,
            bytes: 4,
            crc: 5,
            first_offset: 1,
            last_offset: 12,
            min_time: -7,
            max_time: 8,
            day: Some(DayFile {
                day: -1,
                agency: "seoul".into(),
                model: "environment.air".into(),
            }),
            rollup: true,
        }],
        set_aside: Vec::new(),
        expired: Vec::new(),
        folder: Some("07".repeat(16)),
        replaced: vec![0],
        quarantine: 12,
    }
}

#[test]
fn it_reads_what_it_wrote_and_starts_empty() {
    let folder = tempfile::tempdir().unwrap();
    let first = Manifest::open(folder.path(), FolderMark::ANY).unwrap();
    assert_eq!(first, Manifest::default());
    assert_eq!(Manifest::read(folder.path()).unwrap(), first);
    manifest().write(folder.path()).unwrap();
    assert_eq!(Manifest::read(folder.path()).unwrap(), manifest());
}

#[test]
fn damage_is_refused_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    manifest().write(folder.path()).unwrap();
    let path = folder.path().join(FILE);
    let sound = fs::read(&path).unwrap();
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        fs::write(&path, &damaged).unwrap();
        assert!(Manifest::read(folder.path()).is_err(), "byte {at}");
    }
}

#[test]
fn a_newer_format_is_refused_as_such() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), "madang-store 5 xyz\n??").unwrap();
    let error = Manifest::read(folder.path()).unwrap_err();
    assert!(
        matches!(error, ManifestError::Newer { found: 5, .. }),
        "{error}"
    );
}

#[test]
fn a_lost_one_is_refused_and_one_of_another_folder_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let [id, other] = ["07", "08"].map(|byte| byte.repeat(16).parse::<FolderId>().unwrap());
    let open = |mark| Manifest::open(folder.path(), mark);
    let missing = open(FolderMark::of(id));
    assert!(matches!(missing, Err(ManifestError::Missing { .. })));
    let stray = folder.path().join("000000000003.parquet");
    fs::write(&stray, b"").unwrap();
    for mark in [FolderMark::first(id), FolderMark::ANY] {
        let missing = open(mark);
        assert!(matches!(missing, Err(ManifestError::Missing { .. })));
    }
    fs::remove_file(stray).unwrap();
    assert!(!path.exists(), "nothing was made in its place");

    open(FolderMark::first(id)).unwrap();
    assert_eq!(open(FolderMark::of(id)).unwrap().folder_id(), Some(id));
    for mark in [FolderMark::of(other), FolderMark::first(other)] {
        let misfit = open(mark);
        assert!(matches!(misfit, Err(ManifestError::Misfit { .. })));
    }
}

#[test]
fn version_1_is_upgraded_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let body = concat!(
        r#"{"flushed_offset":12,"next_file":2,"files":[{"number":1,"rows":3,"bytes":4,"#,
        r#""crc":5,"first_offset":1,"last_offset":12,"min_time":-7,"max_time":8}],"#,
        r#""set_aside":[]}"#
    );
    let crc = crc32c::crc32c(body.as_bytes());
    let old = format!("{TITLE} 1 {crc:08x}\n{body}\n");
    fs::write(folder.path().join(FILE), &old).unwrap();
    let read = Manifest::read(folder.path()).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), old);
    assert_eq!(
        Manifest::open(folder.path(), FolderMark::ANY).unwrap(),
        read
    );
    assert_eq!((read.files[0].rows, &read.files[0].day), (3, &None));
    let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
    assert!(text.starts_with("madang-store 4 "), "{text}");
    assert_eq!(Manifest::read(folder.path()).unwrap(), read);
}

#[test]
fn a_day_begins_at_midnight_on_both_sides_of_1970() {
    for (time, day) in [
        (0, 0),
        (DAY - 1, 0),
        (DAY, 1),
        (-1, -1),
        (-DAY, -1),
        (-DAY - 1, -2),
    ] {
        assert_eq!(day_of(time), day);
    }
}
