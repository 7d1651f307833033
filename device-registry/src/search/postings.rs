//! Which documents of one chunk have something: a few numbers, or a bit for each
//! document. Which of the two it is follows from how many they are, so that the
//! same documents make the same postings.

use std::sync::Arc;

/// Documents of one chunk, as a power of two.
pub(super) const CHUNK_BITS: u32 = 13;
const CHUNK_WORDS: usize = (1 << CHUNK_BITS) / 64;
/// More numbers than this take more room than all bits.
const MAX_SPARSE: usize = CHUNK_WORDS * 4;

/// A bit for each document of a chunk.
pub(super) type Bits = [u64; CHUNK_WORDS];

pub(super) const NO_BITS: Bits = [0; CHUNK_WORDS];
pub(super) const ALL_BITS: Bits = [!0; CHUNK_WORDS];

/// Shared with the snapshots before, until it is changed.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Postings {
    /// In order.
    Sparse(Arc<[u16]>),
    Dense(Arc<Bits>),
}

impl Default for Postings {
    fn default() -> Self {
        Self::Sparse(Arc::default())
    }
}

impl Postings {
    pub(super) fn insert(&mut self, document: u16) {
        match self {
            Self::Sparse(numbers) => {
                let Err(at) = numbers.binary_search(&document) else {
                    return;
                };
                if numbers.len() == MAX_SPARSE {
                    let mut bits = NO_BITS;
                    self.add_to(&mut bits);
                    set(&mut bits, document);
                    *self = Self::Dense(Arc::new(bits));
                } else {
                    let (before, after) = numbers.split_at(at);
                    *numbers = [before, &[document], after].concat().into();
                }
            }
            Self::Dense(bits) => set(Arc::make_mut(bits), document),
        }
    }

    pub(super) fn remove(&mut self, document: u16) {
        match self {
            Self::Sparse(numbers) => {
                if let Ok(at) = numbers.binary_search(&document) {
                    *numbers = [&numbers[..at], &numbers[at + 1..]].concat().into();
                }
            }
            Self::Dense(shared) => {
                let bits = Arc::make_mut(shared);
                bits[usize::from(document / 64)] &= !(1 << (document % 64));
                let count: u32 = bits.iter().map(|word| word.count_ones()).sum();
                if count as usize <= MAX_SPARSE {
                    *self = Self::Sparse(documents(bits, 0).collect());
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Sparse(numbers) if numbers.is_empty())
    }

    /// Its documents are added to `bits`.
    pub(super) fn add_to(&self, bits: &mut Bits) {
        match self {
            Self::Sparse(numbers) => numbers.iter().for_each(|number| set(bits, *number)),
            Self::Dense(dense) => {
                let pairs = bits.iter_mut().zip(dense.iter());
                pairs.for_each(|(word, other)| *word |= other);
            }
        }
    }

    /// All but its documents are taken out of `bits`.
    pub(super) fn keep_in(&self, bits: &mut Bits) {
        let mut own = NO_BITS;
        self.add_to(&mut own);
        keep(bits, &own);
    }
}

pub(super) fn keep(bits: &mut Bits, own: &Bits) {
    let pairs = bits.iter_mut().zip(own);
    pairs.for_each(|(word, other)| *word &= other);
}

fn set(bits: &mut Bits, document: u16) {
    bits[usize::from(document / 64)] |= 1 << (document % 64);
}

/// The documents of `bits` from `first` on, in order.
pub(super) fn documents(bits: &Bits, first: u16) -> impl Iterator<Item = u16> + '_ {
    let word = usize::from(first / 64);
    bits.iter()
        .enumerate()
        .skip(word)
        .flat_map(move |(at, bits)| {
            let mut left = *bits;
            if at == word {
                left &= !0 << (first % 64);
            }
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                // Nothing is left of an empty word.
                left &= left.checked_sub(1)?;
                Some((at * 64) as u16 + bit as u16)
            })
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Numbers so close together that both forms come and go.
        #[test]
        fn it_is_a_set(steps in prop::collection::vec((0..700_u16, any::<bool>()), 0..3_000)) {
            let mut postings = Postings::default();
            let mut expected = BTreeSet::new();
            for (number, is_there) in steps {
                if is_there {
                    postings.insert(number);
                    expected.insert(number);
                } else {
                    postings.remove(number);
                    expected.remove(&number);
                }
            }
            let mut bits = NO_BITS;
            postings.add_to(&mut bits);
            let found: Vec<u16> = documents(&bits, 0).collect();
            prop_assert_eq!(&found, &expected.iter().copied().collect::<Vec<_>>());
            let after: Vec<u16> = documents(&bits, 333).collect();
            prop_assert_eq!(after, expected.range(333..).copied().collect::<Vec<_>>());
            prop_assert_eq!(postings.is_empty(), expected.is_empty());
            let mut anew = Postings::default();
            expected.iter().for_each(|number| anew.insert(*number));
            prop_assert_eq!(postings, anew);
        }
    }
}
