//! A text of one value a line.

use bytes::Bytes;

use super::encoding::without_mark;

/// The lines that are not empty, without space around them, each with its number
/// from 1.
pub fn lines(text: &Bytes) -> impl Iterator<Item = (u64, Bytes)> + use<> {
    let mut rest = without_mark(text);
    let mut number = 0;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let line = rest.split_to(end.unwrap_or(rest.len()));
            if end.is_some() {
                let _line_end = rest.split_to(1);
            }
            number += 1;
            let trimmed = line.trim_ascii();
            if !trimmed.is_empty() {
                return Some((number, line.slice_ref(trimmed)));
            }
        }
        None
    })
}
