//! An index of pairs of characters: which documents have which two characters
//! one after the other. Most Korean words have two syllables, so that one look
//! finds them; of a longer text the documents are found that have all its pairs,
//! and few of them are not meant.
//!
//! The ends of fields are characters too: a pair with one tells where a field
//! begins or ends. A path of the tree for each change, shared with the snapshots
//! before; the same documents make the same index.

use imbl::{OrdMap, Vector};

use super::needle::{Needle, Rank};
use super::postings::{ALL_BITS, Bits, CHUNK_BITS, NO_BITS, Postings, documents, keep};
use super::text::{END, SearchText};
use crate::thing::ThingNumber;

/// Bits of a character's number.
const CHAR_BITS: u32 = 21;
/// Bits of a chunk's number in a key, below those of the pair.
const CHUNK_NUMBER_BITS: u32 = 64 - 2 * CHAR_BITS;

/// The texts of all things, by number.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct PairIndex {
    /// By pair and number of chunk.
    postings: OrdMap<u64, Postings>,
    documents: Vector<Option<SearchText>>,
}

/// Two characters that follow each other.
type Pair = u64;

fn pair(first: char, second: char) -> Pair {
    u64::from(u32::from(first)) << CHAR_BITS | u64::from(u32::from(second))
}

fn key(pair: Pair, chunk: u64) -> u64 {
    pair << CHUNK_NUMBER_BITS | chunk
}

/// Those of a text, each once, in order.
fn pairs(text: &str) -> Vec<Pair> {
    let seconds = text.chars().skip(1);
    let mut pairs: Vec<Pair> = text.chars().zip(seconds).map(|(a, b)| pair(a, b)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

impl PairIndex {
    /// The document stands under this number from now on.
    pub(super) fn put(&mut self, number: ThingNumber, new: SearchText) {
        let index = number.0 as usize;
        while self.documents.len() <= index {
            self.documents.push_back(None);
        }
        let after = pairs(new.whole());
        let old = self.documents.set(index, Some(new));
        let before = old.map_or_else(Vec::new, |old| pairs(old.whole()));
        let (chunk, at) = place(number.0.into());
        for pair in before
            .iter()
            .filter(|pair| after.binary_search(pair).is_err())
        {
            let key = key(*pair, chunk);
            if let Some(postings) = self.postings.get_mut(&key) {
                postings.remove(at);
                if postings.is_empty() {
                    self.postings.remove(&key);
                }
            }
        }
        for pair in after
            .iter()
            .filter(|pair| before.binary_search(pair).is_err())
        {
            self.postings
                .entry(key(*pair, chunk))
                .or_default()
                .insert(at);
        }
    }

    fn get(&self, number: u64) -> Option<&SearchText> {
        self.documents.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// The documents that may answer with this rank, in order of number from
    /// `first`. None that does is left out.
    pub(super) fn candidates<'a>(
        &'a self,
        needle: &Needle,
        rank: Rank,
        first: u64,
    ) -> impl Iterator<Item = (ThingNumber, &'a SearchText)> + use<'a> {
        let wanted = self.wanted(needle, rank);
        let last = self.documents.len() as u64;
        (first >> CHUNK_BITS..last.div_ceil(1 << CHUNK_BITS))
            .filter_map(move |chunk| Some((chunk, self.matching(&wanted, chunk)?)))
            .flat_map(move |(chunk, bits)| {
                let begin = chunk << CHUNK_BITS;
                let after = first.saturating_sub(begin) as u16;
                let found: Vec<u64> = documents(&bits, after)
                    .map(|at| begin + u64::from(at))
                    .collect();
                found
            })
            .filter_map(|number| Some((ThingNumber(number as u32), self.get(number)?)))
    }

    /// What a document needs to have for this rank.
    fn wanted(&self, needle: &Needle, rank: Rank) -> Wanted {
        let phrase = needle.text();
        let begin = phrase.chars().next().unwrap_or(END);
        let mut wanted = Wanted::default();
        match rank {
            Rank::Exact => wanted.all = pairs(&format!("{END}{phrase}{END}")),
            Rank::Prefix => {
                wanted.all = pairs(phrase);
                let begins = [END, ' '].map(|before| pair(before, begin));
                wanted.one_of_each.push(begins.to_vec());
            }
            Rank::Contains => {
                for word in phrase.split(' ') {
                    let mut chars = word.chars();
                    match (chars.next(), chars.next()) {
                        (Some(only), None) => {
                            wanted.one_of_each.push(self.pairs_that_begin_with(only));
                        }
                        _ => wanted.all.extend(pairs(word)),
                    }
                }
            }
        }
        wanted
    }

    /// A document has the character where it has one of these: whatever stands
    /// in a field has something after it.
    fn pairs_that_begin_with(&self, first: char) -> Vec<Pair> {
        let mut found = Vec::new();
        let mut next = key(pair(first, '\0'), 0);
        let end = key(pair(first, char::MAX), 0) | ((1 << CHUNK_NUMBER_BITS) - 1);
        while let Some((key_found, _)) = self.postings.range(next..=end).next() {
            let pair = key_found >> CHUNK_NUMBER_BITS;
            found.push(pair);
            next = key(pair + 1, 0);
            if next > end {
                break;
            }
        }
        found
    }

    /// The documents of a chunk that have what is wanted; `None`: there are none.
    fn matching(&self, wanted: &Wanted, chunk: u64) -> Option<Bits> {
        let mut bits = ALL_BITS;
        for pair in &wanted.all {
            self.postings.get(&key(*pair, chunk))?.keep_in(&mut bits);
        }
        for alternatives in &wanted.one_of_each {
            let mut any = NO_BITS;
            let postings = alternatives
                .iter()
                .filter_map(|pair| self.postings.get(&key(*pair, chunk)));
            postings.for_each(|postings| postings.add_to(&mut any));
            keep(&mut bits, &any);
        }
        (bits != NO_BITS).then_some(bits)
    }
}

/// Pairs that a document has all of, and lists of pairs, of each of which it has
/// one at least.
#[derive(Default)]
struct Wanted {
    all: Vec<Pair>,
    one_of_each: Vec<Vec<Pair>>,
}

/// A document's chunk, and its place there.
fn place(number: u64) -> (u64, u16) {
    let at = number & ((1 << CHUNK_BITS) - 1);
    (number >> CHUNK_BITS, at as u16)
}
