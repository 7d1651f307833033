//! The replay window of a device that signs its messages: which numbers of
//! its newest boot have been used. RFC 4303 (IPsec's ESP) has the like, with
//! 64 numbers; here it is 1,024, since devices store and forward.

/// How far below the highest number one may still come.
pub(crate) const WINDOW: u64 = 1024;
const WORDS: usize = WINDOW as usize / 64;

/// The newest boot epoch of a device, and the sequence numbers used in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplayWindow {
    epoch: u64,
    highest: u64,
    /// Bit `n % 1024` is set where the number n of the window was used.
    used: [u64; WORDS],
}

impl ReplayWindow {
    pub(crate) const BYTES: usize = 16 + WORDS * 8;

    pub(crate) fn starting(epoch: u64, sequence: u64) -> Self {
        let mut window = Self {
            epoch,
            highest: sequence,
            used: [0; WORDS],
        };
        window.set(sequence);
        window
    }

    /// The newest boot epoch.
    pub fn boot_epoch(&self) -> u64 {
        self.epoch
    }

    /// The highest sequence number of that boot.
    pub fn highest_sequence(&self) -> u64 {
        self.highest
    }

    /// Whether the number was used, or is too old to tell.
    pub fn refuses(&self, epoch: u64, sequence: u64) -> bool {
        if epoch != self.epoch {
            return epoch < self.epoch;
        }
        if sequence > self.highest {
            return false;
        }
        self.highest - sequence >= WINDOW || self.is_set(sequence)
    }

    pub(crate) fn mark(&mut self, epoch: u64, sequence: u64) {
        if epoch > self.epoch {
            *self = Self::starting(epoch, sequence);
        } else if epoch == self.epoch && sequence > self.highest {
            if sequence - self.highest >= WINDOW {
                self.used = [0; WORDS];
            } else {
                (self.highest + 1..sequence).for_each(|skipped| self.clear(skipped));
            }
            self.highest = sequence;
            self.set(sequence);
        } else if epoch == self.epoch && self.highest - sequence < WINDOW {
            self.set(sequence);
        }
    }

    fn place(sequence: u64) -> (usize, u64) {
        let bit = sequence % WINDOW;
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    fn is_set(&self, sequence: u64) -> bool {
        let (word, bit) = Self::place(sequence);
        self.used[word] & bit != 0
    }

    fn set(&mut self, sequence: u64) {
        let (word, bit) = Self::place(sequence);
        self.used[word] |= bit;
    }

    fn clear(&mut self, sequence: u64) {
        let (word, bit) = Self::place(sequence);
        self.used[word] &= !bit;
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.highest.to_le_bytes());
        for word in self.used {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }

    pub(crate) fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let word =
            |at: usize| u64::from_le_bytes(bytes[at * 8..][..8].try_into().expect("eight bytes"));
        Self {
            epoch: word(0),
            highest: word(1),
            used: std::array::from_fn(|at| word(at + 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_earlier_boot_is_refused_and_a_later_one_begins_anew() {
        let mut window = ReplayWindow::starting(5, 100);
        assert!(window.refuses(4, 101));
        assert!(window.refuses(5, 100));
        assert!(!window.refuses(6, 0));
        window.mark(6, 0);
        assert!(window.refuses(5, 101));
        assert!(!window.refuses(6, 1));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_set_of_used_numbers(numbers in proptest::collection::vec(0u64..6_000, 1..300)) {
            let mut window = ReplayWindow::starting(1, numbers[0]);
            let mut used = BTreeSet::from([numbers[0]]);
            for &number in &numbers[1..] {
                let highest = *used.last().unwrap();
                let expected = used.contains(&number) || (number < highest && highest - number >= WINDOW);
                prop_assert_eq!(window.refuses(1, number), expected);
                if !expected {
                    window.mark(1, number);
                    used.insert(number);
                }
                let mut bytes = Vec::new();
                window.write(&mut bytes);
                prop_assert_eq!(&ReplayWindow::read(bytes.as_slice().try_into().unwrap()), &window);
            }
        }
    }
}
