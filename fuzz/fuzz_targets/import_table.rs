//! What an import reads of a file: the letters of a table, its columns and rows,
//! or one value a line. Each row is told with a line that the file has.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use text_formats::table::{Columns, decode, lines, records};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Row {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    lat: Option<f64>,
}

const COLUMNS: Columns = Columns {
    names: &["id", "name", "lat"],
    suggest: |_| String::new(),
    cure: |_| "",
};

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let charset = [None, Some("utf-8"), Some("cp949"), Some("x-other")][usize::from(first % 4)];
    let bytes = Bytes::copy_from_slice(rest);
    let count = |text: &[u8]| text.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    if let Ok((text, _)) = decode(&bytes, charset) {
        assert!(std::str::from_utf8(&text).is_ok());
        let mut last = 0;
        for (line, _) in records::<Row>(&text, COLUMNS) {
            assert!(
                (last..=count(&text)).contains(&line),
                "line {line} after {last}"
            );
            last = line;
        }
    }
    let mut last = 0;
    for (line, value) in lines(&bytes) {
        assert!(line > last && line <= count(&bytes) && !value.is_empty());
        assert!(!value.contains(&b'\n'));
        last = line;
    }
});
