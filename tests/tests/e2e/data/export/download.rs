//! One file and its copies: checksums, ranges, corrections, and many who ask.

use tests::TestPlatform;

use super::{CSV, DAY, PARQUET, Reply, ask, get, lines, observe, publish, sha256};

#[test]
fn a_file_tells_its_checksum_and_a_spreadsheet_gets_its_mark() {
    let platform = TestPlatform::start();
    observe(&platform);
    let csv = get(&platform, CSV).expect(200);
    let parquet = get(&platform, PARQUET).expect(200);
    for (reply, end) in [(&csv, "csv"), (&parquet, "parquet")] {
        assert_eq!(reply.header("etag"), format!("\"{}\"", sha256(&reply.body)));
        assert_eq!(reply.header("content-length"), reply.body.len().to_string());
        let name = format!("attachment; filename=\"{DAY}-safety-seoul.{end}\"");
        assert_eq!(reply.header("content-disposition"), name);
        assert!(reply.header("last-modified").ends_with(" GMT"));
    }
    assert!(
        csv.header("content-type")
            .starts_with("text/csv; charset=utf-8")
    );
    let sums = get(&platform, &format!("/v1/export/{DAY}/SHA256SUMS")).expect(200);
    let expected = format!(
        "{}  safety/seoul.csv\n{}  safety/seoul.parquet\n",
        sha256(&csv.body),
        sha256(&parquet.body)
    );
    assert_eq!(sums.text(), expected);

    let marked = get(&platform, &format!("{CSV}?bom=1")).expect(200);
    assert_eq!(
        marked.body,
        [b"\xef\xbb\xbf".as_slice(), &csv.body].concat()
    );
    assert_eq!(
        marked.header("etag"),
        format!("\"{}\"", sha256(&marked.body))
    );
    let path = format!("{CSV}?bom=1");
    for (range, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=2-9", 2..10),
        ("bytes=3-3", 3..4),
    ] {
        let reply = ask(&platform.url(), "GET", &path, &[("range", range)]).expect(206);
        assert_eq!(reply.body, marked.body[part]);
    }
    get(&platform, &format!("{PARQUET}?bom=1")).expect(400);

    let head = ask(&platform.url(), "HEAD", CSV, &[]).expect(200);
    assert_eq!(head.header("etag"), csv.header("etag"));
    assert_eq!(head.header("content-length"), csv.header("content-length"));
    assert!(head.body.is_empty());
    let known = [("if-none-match", csv.header("etag"))];
    assert!(
        ask(&platform.url(), "GET", CSV, &known)
            .expect(304)
            .body
            .is_empty()
    );
}

#[test]
fn ranges_resume_and_a_correction_ends_them() {
    let platform = TestPlatform::start();
    let [device, _] = observe(&platform);
    let whole = get(&platform, CSV).expect(200);
    let (bytes, etag) = (whole.body.len(), whole.header("etag").to_owned());
    let with = |headers: &[(&str, &str)]| ask(&platform.url(), "GET", CSV, headers);

    let first = with(&[("range", "bytes=0-999")]).expect(206);
    assert_eq!(
        first.header("content-range"),
        format!("bytes 0-999/{bytes}")
    );
    let rest = [("range", "bytes=1000-"), ("if-range", etag.as_str())];
    let second = with(&rest).expect(206);
    assert_eq!(second.header("etag"), etag);
    assert_eq!([first.body, second.body].concat(), whole.body);
    let last = with(&[("range", "bytes=-7")]).expect(206);
    assert_eq!(last.body, whole.body[bytes - 7..]);
    let outside = with(&[("range", &format!("bytes={bytes}-"))]).expect(416);
    assert_eq!(outside.header("content-range"), format!("bytes */{bytes}"));
    assert_eq!(outside.json()["type"], "/problems/outside-of-file");
    // Several ranges, and what is none: the whole.
    for range in ["bytes=0-1,5-6", "bytes=5-1", "rows=0-1"] {
        assert_eq!(with(&[("range", range)]).expect(200).body, whole.body);
    }
    with(&[("if-match", "\"other\"")]).expect(412);

    publish(
        &platform,
        &device,
        r#"{"t":"2024-05-01T00:00:00Z","v":{"pm25":99}}"#,
    );
    let after = with(&rest).expect(200);
    assert_ne!(after.header("etag"), etag);
    assert_ne!(after.body, whole.body);
    with(&[("if-match", &etag)]).expect(412);
    let table = lines(&after.body);
    let corrected = table.iter().find(|line| line["value"] == "99.0").unwrap();
    assert_eq!(corrected["phenomenon_time"], "2024-05-01T00:00:00Z");
    assert_eq!(corrected["revision"], "1");
}

#[test]
fn what_comes_late_is_in_the_next_file_and_a_restart_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = TestPlatform::on(&data, &tests::Start::default());
    let [device, _] = observe(&platform);
    let before = get(&platform, CSV).expect(200);
    assert_eq!(get(&platform, CSV).expect(200).body, before.body);
    publish(
        &platform,
        &device,
        r#"{"t":"2024-05-01T18:00:00Z","v":{"pm25":5}}"#,
    );
    let late = get(&platform, CSV).expect(200);
    assert_eq!(lines(&late.body).len(), lines(&before.body).len() + 1);
    // Another day's observation changes nothing.
    publish(
        &platform,
        &device,
        r#"{"t":"2024-05-03T18:00:00Z","v":{"pm25":5}}"#,
    );
    assert_eq!(
        get(&platform, CSV).expect(200).header("last-modified"),
        late.header("last-modified")
    );
    platform.stop();

    // The store now has it in files: the same observations, the same bytes.
    let platform = TestPlatform::on(&data, &tests::Start::default());
    assert_eq!(get(&platform, CSV).expect(200).body, late.body);
    platform.kill();
    let kept = files_below(&data.join("export"));
    let content = kept
        .iter()
        .find(|path| path.extension().is_some_and(|end| end == "csv"));
    let content = content.expect("the export is kept");
    let mut bytes = std::fs::read(content).unwrap();
    bytes[100] ^= 1;
    std::fs::write(content, bytes).unwrap();
    let leftover = content.with_extension("tmp");
    std::fs::write(&leftover, b"half").unwrap();

    let platform = TestPlatform::on(&data, &tests::Start::default());
    assert_eq!(
        get(&platform, CSV).expect(200).body,
        late.body,
        "a flipped bit is not shown"
    );
    assert!(!leftover.exists());
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn many_who_ask_at_once_get_the_same_file() {
    let platform = TestPlatform::start();
    observe(&platform);
    let url = platform.url();
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| ask(&url, "GET", CSV, &[])))
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for reply in replies {
        let reply = reply.expect(200);
        assert_eq!(reply.header("etag"), format!("\"{}\"", sha256(&reply.body)));
    }
    let contents = files_below(&platform.data().join("export"));
    assert_eq!(contents.len(), 2, "a state and its content: {contents:?}");
}
