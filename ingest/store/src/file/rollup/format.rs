//! A block's parts as bytes.

use domain::Quality;

use super::SKETCH_NUMBERS;
use super::sketch::Sketch;
use crate::file::pages::decompress::decompress;
use crate::file::rollup::sum::ExactSum;

/// Of zstd.
const LEVEL: i32 = 3;
/// Bytes of a part, unpacked, at the most: what says more is damaged.
const MAX_PART_BYTES: usize = 64 << 20;

/// The statistics of one bucket.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) bucket: i32,
    pub(super) count: u32,
    pub(super) uncertain: u32,
    pub(super) bad: u32,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) sum: ExactSum,
}

impl Cell {
    pub(super) fn empty(bucket: i32) -> Self {
        Self {
            bucket,
            count: 0,
            uncertain: 0,
            bad: 0,
            min: 0.0,
            max: 0.0,
            sum: ExactSum::default(),
        }
    }

    /// Statistics are of good numbers; the others are counted.
    pub(super) fn add(&mut self, number: f64, quality: Quality) {
        match quality {
            Quality::Good => self.add_good(number),
            Quality::Uncertain => self.uncertain += 1,
            Quality::Bad | Quality::Missing => self.bad += 1,
        }
    }

    fn add_good(&mut self, number: f64) {
        if self.count == 0 {
            (self.min, self.max) = (number, number);
        }
        self.count += 1;
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        self.sum.add(number);
    }
}

/// The cells of some series, by column.
#[derive(Default)]
pub(crate) struct Cells {
    series: Vec<u32>,
    /// By series: its first cell.
    first: Vec<usize>,
    pub(crate) bucket: Vec<i32>,
    pub(crate) count: Vec<u32>,
    pub(crate) uncertain: Vec<u32>,
    pub(crate) bad: Vec<u32>,
    pub(crate) min: Vec<f64>,
    pub(crate) max: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
}

impl Cells {
    /// The cells of a series, by bucket.
    pub(crate) fn of(&self, series: u32) -> Option<std::ops::Range<usize>> {
        let at = self.series.binary_search(&series).ok()?;
        let end = self.first.get(at + 1).copied();
        Some(self.first[at]..end.unwrap_or(self.bucket.len()))
    }

    /// The sum of a cell; `None` where two doubles do not hold it.
    pub(crate) fn sum(&self, cell: usize) -> Option<ExactSum> {
        let (high, low) = (self.high[cell], self.low[cell]);
        (!low.is_nan()).then(|| ExactSum::of_parts(high, low))
    }

    pub(super) fn len(&self) -> usize {
        self.bucket.len()
    }

    pub(super) fn push(&mut self, series: u32, cells: &[Cell]) {
        self.series.push(series);
        self.first.push(self.bucket.len());
        for cell in cells {
            let (high, low) = cell.sum.parts().unwrap_or((0.0, f64::NAN));
            self.bucket.push(cell.bucket);
            self.count.push(cell.count);
            self.uncertain.push(cell.uncertain);
            self.bad.push(cell.bad);
            self.min.push(cell.min);
            self.max.push(cell.max);
            self.high.push(high);
            self.low.push(low);
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8 + 8 * self.series.len() + 48 * self.len());
        out.extend((self.series.len() as u32).to_le_bytes());
        out.extend((self.len() as u32).to_le_bytes());
        out.extend(self.series.iter().flat_map(|series| series.to_le_bytes()));
        let ends = self.first.iter().skip(1).copied().chain([self.len()]);
        let cells = self.first.iter().zip(ends);
        out.extend(cells.flat_map(|(first, end)| ((end - first) as u32).to_le_bytes()));
        out.extend(self.bucket.iter().flat_map(|bucket| bucket.to_le_bytes()));
        for column in [&self.count, &self.uncertain, &self.bad] {
            out.extend(column.iter().flat_map(|count| count.to_le_bytes()));
        }
        for column in [&self.min, &self.max, &self.high, &self.low] {
            out.extend(column.iter().flat_map(|number| number.to_le_bytes()));
        }
        out
    }

    pub(super) fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let series = word(bytes)? as usize;
        let count = word(bytes)? as usize;
        let mut cells = Self {
            series: column(bytes, series, u32::from_le_bytes)?,
            ..Self::default()
        };
        let mut first = 0;
        for own in column(bytes, series, u32::from_le_bytes)? {
            cells.first.push(first);
            first += own as usize;
        }
        cells.bucket = column(bytes, count, i32::from_le_bytes)?;
        cells.count = column(bytes, count, u32::from_le_bytes)?;
        cells.uncertain = column(bytes, count, u32::from_le_bytes)?;
        cells.bad = column(bytes, count, u32::from_le_bytes)?;
        cells.min = column(bytes, count, f64::from_le_bytes)?;
        cells.max = column(bytes, count, f64::from_le_bytes)?;
        cells.high = column(bytes, count, f64::from_le_bytes)?;
        cells.low = column(bytes, count, f64::from_le_bytes)?;
        (bytes.is_empty() && first == count).then_some(cells)
    }
}

/// The sketches of a block: by cell of its hours that has one.
#[derive(Default)]
pub(crate) struct Sketches {
    cells: Vec<usize>,
    sketches: Vec<Sketch>,
}

impl Sketches {
    pub(crate) fn of(&self, cell: usize) -> Option<&Sketch> {
        let at = self.cells.binary_search(&cell).ok()?;
        Some(&self.sketches[at])
    }

    /// Those of `hours`.
    pub(super) fn from_bytes(mut bytes: &[u8], hours: &Cells) -> Option<Self> {
        let mut found = Self::default();
        for (cell, count) in hours.count.iter().enumerate() {
            if *count >= SKETCH_NUMBERS {
                found.cells.push(cell);
                found.sketches.push(Sketch::read(&mut bytes)?);
            }
        }
        bytes.is_empty().then_some(found)
    }
}

pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        return Vec::new();
    }
    zstd::bulk::compress(bytes, LEVEL).expect("memory is all that packing needs")
}

pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    decompress(bytes, MAX_PART_BYTES).ok()?
}

/// The next number of 32 bits.
pub(super) fn word(bytes: &mut &[u8]) -> Option<u32> {
    let (word, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*word))
}

fn column<T, const N: usize>(
    bytes: &mut &[u8],
    count: usize,
    number: impl Fn([u8; N]) -> T,
) -> Option<Vec<T>> {
    let (column, rest) = bytes.split_at_checked(count.checked_mul(N)?)?;
    *bytes = rest;
    let (chunks, _) = column.as_chunks();
    Some(chunks.iter().map(|bytes| number(*bytes)).collect())
}
