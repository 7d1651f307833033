//! The texts of a head's rows, each with a number.

use std::mem::size_of;

use rustc_hash::FxHashMap;

/// However many rows have it, a text is kept twice: by its number, and to find
/// the number.
#[derive(Default)]
pub(super) struct Texts {
    by_number: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, u32>,
    bytes: usize,
}

impl Texts {
    /// The number of `text`, a new one if it has none yet.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.by_number.len() as u32;
        self.by_number.push(text.into());
        self.numbers.insert(text.into(), number);
        self.bytes += 2 * (text.len() + size_of::<Box<str>>());
        number
    }

    pub(super) fn get(&self, number: u64) -> &str {
        &self.by_number[number as usize]
    }

    /// About what they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
