//! The index beside each Parquet file: where the rows of each series stand,
//! and their statistics.
//!
//! `{number}.idx`, little-endian, 64 bytes a series, so that it can be searched
//! where it lies:
//!
//! ```text
//! "MADANGIX", u32 version (1), u32 CRC-32C of the Parquet file,
//! u64 rows, u32 series, u32 zero,
//! then by series: u32 series, u32 first row, u32 rows, u32 numbers,
//!     i64 least time, i64 greatest time, f64 min, f64 max, f64 sum,
//!     u32 marks (1: no two rows of one time; 2: all times are known to be
//!     whole milliseconds), u32 times (how many different ones; 0: not told)
//! u32 CRC-32C of everything before
//! ```
//!
//! `numbers`, `min`, `max` and `sum` are over numbers whose quality is good or
//! uncertain, with corrections and what they correct. The index can be made
//! again from the file, so a damaged one costs time and no data. Before format 2
//! of the files nobody looked for whole milliseconds, and older versions did not
//! tell how many times there are.

use domain::{DatastreamId, Quality, Timestamp};

use crate::file::columns::Part;
use crate::file::times::{Unit, is_whole_millis};

const MAGIC: &[u8; 8] = b"MADANGIX";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const ENTRY_BYTES: usize = 64;
const UNIQUE_TIMES: u32 = 1;
const WHOLE_MILLIS: u32 = 2;

/// Where every series of one file stands, by series.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Index {
    entries: Vec<Entry>,
}

/// One series of a file.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Entry {
    pub(crate) series: u32,
    pub(crate) first_row: u32,
    pub(crate) rows: u32,
    pub(crate) numbers: u32,
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) sum: f64,
    /// No two rows have one time: each of them is an observation.
    pub(crate) unique_times: bool,
    /// All times are known to be whole milliseconds.
    pub(crate) whole_millis: bool,
    /// How many different times there are; 0 where an older version wrote the
    /// index.
    pub(crate) times: u32,
}

/// Whether a row of a file may say again what the one before it of the same time
/// said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Repeats {
    /// A compaction has dropped them.
    None,
    Some,
}

impl Entry {
    /// Whether any of its rows may lie from `from` to before `to`.
    pub(crate) fn overlaps(&self, from: Timestamp, to: Timestamp) -> bool {
        self.min_time < to.as_micros() && self.max_time >= from.as_micros()
    }

    /// How many observations its rows are, where that is known without them.
    pub(crate) fn observations(&self, repeats: Repeats) -> Option<u64> {
        match repeats {
            _ if self.unique_times => Some(u64::from(self.rows)),
            Repeats::None if self.times > 0 => Some(u64::from(self.times)),
            _ => None,
        }
    }

    /// Whether all of its rows lie from `from` to before `to`.
    pub(crate) fn within(&self, from: Timestamp, to: Timestamp) -> bool {
        self.min_time >= from.as_micros() && self.max_time < to.as_micros()
    }
}

impl Index {
    pub(crate) fn get(&self, datastream: DatastreamId) -> Option<&Entry> {
        let at = self
            .entries
            .binary_search_by_key(&datastream.get(), |entry| entry.series)
            .ok()?;
        Some(&self.entries[at])
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whose row it is.
    pub(crate) fn series_of(&self, row: usize) -> Option<u32> {
        let next = self
            .entries
            .partition_point(|entry| entry.first_row as usize <= row);
        Some(self.entries.get(next.checked_sub(1)?)?.series)
    }

    /// The entries of `datastreams`, which ascend.
    pub(crate) fn some<'a>(
        &'a self,
        datastreams: &'a [DatastreamId],
    ) -> impl Iterator<Item = &'a Entry> + 'a {
        let mut rest = &self.entries[..];
        datastreams.iter().filter_map(move |datastream| {
            let series = datastream.get();
            // The next one is near where many are asked for.
            let mut ahead = 1;
            while rest.get(ahead).is_some_and(|entry| entry.series < series) {
                ahead *= 2;
            }
            let near = &rest[..rest.len().min(ahead + 1)];
            let at = near.partition_point(|entry| entry.series < series);
            rest = &rest[at..];
            rest.first().filter(|entry| entry.series == series)
        })
    }

    /// The file's bytes; `file_crc` ties it to its Parquet file.
    pub(crate) fn to_bytes(&self, file_crc: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES + ENTRY_BYTES * self.entries.len() + 4);
        let rows: u64 = self.entries.iter().map(|entry| u64::from(entry.rows)).sum();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&file_crc.to_le_bytes());
        out.extend_from_slice(&rows.to_le_bytes());
        out.extend_from_slice(&(self.entries.len() as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        for entry in &self.entries {
            for number in [entry.series, entry.first_row, entry.rows, entry.numbers] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            for time in [entry.min_time, entry.max_time] {
                out.extend_from_slice(&time.to_le_bytes());
            }
            for value in [entry.min, entry.max, entry.sum] {
                out.extend_from_slice(&value.to_le_bytes());
            }
            let marks = [
                (entry.unique_times, UNIQUE_TIMES),
                (entry.whole_millis, WHOLE_MILLIS),
            ];
            let marks: u32 = marks.iter().map(|(is, mark)| u32::from(*is) * mark).sum();
            out.extend_from_slice(&marks.to_le_bytes());
            out.extend_from_slice(&entry.times.to_le_bytes());
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// `None` where it is damaged, of another version or of another file.
    pub(crate) fn from_bytes(bytes: &[u8], file_crc: u32) -> Option<Self> {
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (header, body) = content.split_first_chunk::<HEADER_BYTES>()?;
        let sound = header[..8] == *MAGIC
            && header[8..12] == VERSION.to_le_bytes()
            && header[12..16] == file_crc.to_le_bytes()
            && body.len() % ENTRY_BYTES == 0;
        if !sound {
            return None;
        }
        let entries = body.chunks_exact(ENTRY_BYTES).map(entry).collect();
        Some(Self { entries })
    }
}

fn entry(bytes: &[u8]) -> Entry {
    let short = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    Entry {
        series: short(0),
        first_row: short(4),
        rows: short(8),
        numbers: short(12),
        min_time: long(16) as i64,
        max_time: long(24) as i64,
        min: f64::from_bits(long(32)),
        max: f64::from_bits(long(40)),
        sum: f64::from_bits(long(48)),
        unique_times: short(56) & UNIQUE_TIMES != 0,
        whole_millis: short(56) & WHOLE_MILLIS != 0,
        times: short(60),
    }
}

/// Makes an index from the rows of a file, in their order.
pub(crate) struct IndexBuilder {
    index: Index,
    rows: u32,
    /// Of the file's times.
    unit: Unit,
}

impl IndexBuilder {
    pub(crate) fn new(unit: Unit) -> Self {
        Self {
            index: Index::default(),
            rows: 0,
            unit,
        }
    }

    /// Takes rows of one series, which come after all before.
    pub(crate) fn push(&mut self, part: &Part<'_>) {
        let is_next = |entry: &&mut Entry| entry.series == part.series;
        let mut from = 0;
        if self.index.entries.last_mut().filter(is_next).is_none() {
            let first = Entry::starting(part.series, self.rows, part.time[0], usable(part, 0));
            self.index.entries.push(first);
            from = 1;
        }
        let entry = self.index.entries.last_mut().expect("there is one now");
        for at in from..part.len() {
            entry.add(part.time[at], usable(part, at));
        }
        entry.whole_millis = entry.whole_millis
            && (self.unit == Unit::Millis || part.time.iter().copied().all(is_whole_millis));
        // A file has at most a few million rows.
        self.rows += part.len() as u32;
    }

    pub(crate) fn finish(self) -> Index {
        self.index
    }
}

/// The number at `at`, where it counts.
fn usable(part: &Part<'_>, at: usize) -> Option<f64> {
    let number = part.number(at)?;
    Quality::from_code(part.quality[at])
        .is_some_and(counts)
        .then_some(number)
}

/// Whether numbers of this quality are in an index's statistics.
pub(crate) fn counts(quality: Quality) -> bool {
    matches!(quality, Quality::Good | Quality::Uncertain)
}

impl Entry {
    fn starting(series: u32, first_row: u32, time: i64, number: Option<f64>) -> Self {
        Self {
            series,
            first_row,
            rows: 1,
            numbers: u32::from(number.is_some()),
            min_time: time,
            max_time: time,
            min: number.unwrap_or(f64::INFINITY),
            max: number.unwrap_or(f64::NEG_INFINITY),
            sum: number.unwrap_or(0.0),
            unique_times: true,
            whole_millis: true,
            times: 1,
        }
    }

    fn add(&mut self, time: i64, number: Option<f64>) {
        self.rows += 1;
        self.unique_times &= time > self.max_time;
        self.times += u32::from(time > self.max_time);
        self.max_time = time;
        if let Some(number) = number {
            self.numbers += 1;
            self.min = self.min.min(number);
            self.max = self.max.max(number);
            self.sum += number;
        }
    }
}

#[cfg(test)]
impl Index {
    /// As the versions left it that neither looked for whole milliseconds nor
    /// counted times.
    pub(crate) fn of_an_older_version(mut self) -> Self {
        for entry in &mut self.entries {
            (entry.whole_millis, entry.times) = (false, 0);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let mut first = Entry::starting(3, 0, 100, Some(1.5));
        first.whole_millis = false;
        first.add(200, None);
        first.add(200, Some(-2.0));
        Index {
            entries: vec![first, Entry::starting(9, 3, -5, None)],
        }
    }

    #[test]
    fn it_reads_what_it_wrote() {
        let index = index();
        assert_eq!(
            Index::from_bytes(&index.to_bytes(7), 7),
            Some(index.clone())
        );
        let entry = index.get(DatastreamId::new(3)).unwrap();
        assert_eq!((entry.rows, entry.numbers, entry.sum), (3, 2, -0.5));
        assert!(!entry.unique_times && !entry.whole_millis);
        assert_eq!(entry.times, 2);
        assert!(index.get(DatastreamId::new(9)).unwrap().whole_millis);
        assert_eq!(index.get(DatastreamId::new(4)), None);
    }

    #[test]
    fn a_flipped_bit_or_another_file_is_noticed() {
        let bytes = index().to_bytes(7);
        assert_eq!(Index::from_bytes(&bytes, 8), None);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(Index::from_bytes(&damaged, 7), None, "byte {at}");
            assert_eq!(Index::from_bytes(&bytes[..at], 7), None, "cut at {at}");
        }
    }
}
