//! What is kept, found again, and let go.

use super::*;
use crate::export::sink::Sums;

/// Keeps `content` under `name`, as if it was made `second` seconds after
/// 1970.
fn keep(cache: &mut Cache, name: &str, content: &str, second: i64) {
    let temporary = Cache::temporary(&cache.folder, name).unwrap();
    fs::write(&temporary, content).unwrap();
    let sums = Sums {
        bytes: content.len() as u64,
        sha256: Checksum::of(content.as_bytes()).unwrap(),
        sha256_with_bom: None,
    };
    let footprint = Footprint {
        up_to: Offset::new(7),
        rows: 1,
    };
    let made = Timestamp::from_micros(second * 1_000_000);
    let state = State::new(&sums, 1, made, footprint, Checksum([0; 32]));
    cache.install(name, state, &temporary).unwrap();
}

fn content(cache: &Cache, name: &str) -> Option<String> {
    let kept = cache.get(name)?;
    let file = Cache::open_file(&cache.folder, name, &kept)?;
    let mut bytes = vec![0; file.bytes as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    Some(String::from_utf8(bytes).unwrap())
}

fn on_disk(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let count = |path: PathBuf| if path.is_dir() { on_disk(&path) } else { 1 };
    entries.map(|entry| count(entry.path())).sum()
}

const A: &str = "2024-05-01/public/safety/a.csv";
const B: &str = "2024-05-01/public/safety/b.csv";
const C: &str = "2024-05-02/owner/traffic/a.parquet";

#[test]
fn what_was_asked_for_longest_ago_goes_and_a_reader_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        bytes: 10,
        files: 2,
    };
    let mut cache = Cache::open(folder.path(), limits).unwrap();
    keep(&mut cache, A, "aaaa", 1);
    keep(&mut cache, B, "bbbb", 2);
    let a = cache.get(A).unwrap();
    let reader = Cache::open_file(folder.path(), B, &cache.get(B).unwrap()).unwrap();
    cache.touch(A, &a, Offset::new(9), Timestamp::from_micros(3_000_000));
    keep(&mut cache, C, "cc", 4);
    assert_eq!(content(&cache, B), None, "three are more than two");
    assert_eq!(content(&cache, A).as_deref(), Some("aaaa"));
    assert_eq!(cache.get(A).unwrap().footprint().up_to, Offset::new(9));
    let mut bytes = [0; 4];
    reader.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"bbbb");
    keep(&mut cache, C, "too large for the limit", 5);
    assert_eq!(content(&cache, A), None);
    assert!(content(&cache, C).is_some(), "the last one stays");
    assert_eq!(on_disk(folder.path()), 2);
}

#[test]
fn a_start_finds_what_is_whole_and_removes_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(folder.path(), LIMITS).unwrap();
    for (name, second) in [(A, 1), (B, 2), (C, 3)] {
        keep(&mut cache, name, name, second);
    }
    // Its state is not durable; its content is cut short; a making that
    // did not come to its end.
    fs::remove_file(cache.state(A)).unwrap();
    let b = cache.get(B).unwrap().state;
    fs::write(cache.content(B, &b), "short").unwrap();
    Cache::temporary(folder.path(), A)
        .map(|path| fs::write(path, "half").unwrap())
        .unwrap();

    let cache = Cache::open(folder.path(), LIMITS).unwrap();
    assert_eq!(cache.kept.len(), 1);
    assert_eq!(content(&cache, C).as_deref(), Some(C));
    assert_eq!(on_disk(folder.path()), 2);

    // A flipped bit is found before it is shown.
    let c = cache.get(C).unwrap().state;
    fs::write(cache.content(C, &c), C.replace('5', "4")).unwrap();
    assert_eq!(content(&cache, C), None);
}
