//! Documents that are read back, and those that are refused.

use super::*;

fn written(folder: &Path) -> Document {
    let facts = Facts {
        made: "2026-05-01T00:00:00Z".to_owned(),
        offset: 12,
        rows: 30,
        devices: 2,
        damaged: Vec::new(),
    };
    let file = CopiedFile {
        name: "store/manifest".to_owned(),
        bytes: 3,
        sum: Checksum::sha256(b"one"),
    };
    let document = Document::new(facts, &[file]);
    std::fs::write(folder.join(BACKUP_FILE), document.to_text()).unwrap();
    document
}

#[test]
fn it_is_read_back_and_no_flipped_bit_passes() {
    let folder = tempfile::tempdir().unwrap();
    let document = written(folder.path());
    assert_eq!(Document::read(folder.path()).unwrap(), document);
    let bytes = document.to_text().into_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            std::fs::write(folder.path().join(BACKUP_FILE), &changed).unwrap();
            assert!(
                Document::read(folder.path()).is_err(),
                "byte {at}, bit {bit}"
            );
        }
    }
}

#[test]
fn a_newer_one_says_so_and_an_unfinished_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Document::read(folder.path()).unwrap_err().to_string();
    assert!(missing.contains("not finished"), "{missing}");
    std::fs::write(folder.path().join(BACKUP_FILE), r#"{"format":2,"more":[]}"#).unwrap();
    let newer = Document::read(folder.path()).unwrap_err().to_string();
    assert!(newer.contains("newer madang"), "{newer}");
}
