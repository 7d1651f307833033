//! Making a rollup from the rows of a file, in their order.

use domain::{Quality, Value};

use super::format::{Cell, Cells, pack};
use super::sketch::Sketch;
use super::{MIN_ROWS_PER_FIVE_MINUTES, MIN_ROWS_PER_HOUR, SKETCH_NUMBERS, Width};
use crate::file::columns::Part;
use crate::observation::StoredObservation;

pub(super) const MAGIC: &[u8; 8] = b"MADANGRU";
pub(super) const VERSION: u32 = 2;
/// Cells after which a block ends: what a query of one series reads, about
/// 40 KB unpacked.
const BLOCK_CELLS: usize = 768;

/// Takes the rows of a file by (series, time, offset, index), without repeats:
/// the last row of a time holds. Keeps one series' cells and what is packed.
#[derive(Default)]
pub(crate) struct RollupBuilder {
    /// The series that comes now.
    series: Option<Series>,
    block: Block,
    blocks: Vec<Packed>,
    /// The packed blocks.
    bytes: Vec<u8>,
}

struct Series {
    number: u32,
    rows: usize,
    /// The newest row: it may still be corrected.
    time: i64,
    newest: Option<(f64, Quality)>,
    hours: Vec<Cell>,
    fives: Vec<Cell>,
    sketches: Sketching,
}

/// Sketches of hours that are dense enough.
#[derive(Default)]
struct Sketching {
    /// Of the hour that comes now.
    numbers: Vec<f64>,
    /// Of the others.
    done: Vec<u8>,
}

#[derive(Default)]
struct Block {
    first: Option<u32>,
    last: u32,
    hours: Cells,
    fives: Cells,
    sketches: Vec<u8>,
}

/// What the directory tells of a block.
pub(super) struct Packed {
    pub(super) first: u32,
    pub(super) last: u32,
    /// From the beginning of the file on.
    pub(super) begins: u64,
    /// Bytes and CRC-32C of hours, 5 minutes and sketches.
    pub(super) parts: [(u32, u32); 3],
}

/// Bytes before the first block.
pub(super) const HEADER_BYTES: usize = 16;

impl RollupBuilder {
    /// Takes rows of one series, which come after all before.
    pub(crate) fn push(&mut self, part: &Part<'_>) {
        let series = self.series(part.series);
        for at in 0..part.len() {
            let quality = Quality::from_code(part.quality[at]);
            series.add(part.time[at], part.number(at).zip(quality));
        }
    }

    /// The same, row by row.
    pub(crate) fn add(&mut self, row: &StoredObservation) {
        let number = match row.value {
            Some(Value::Number(number)) => Some((number, row.quality)),
            _ => None,
        };
        self.series(row.datastream.get())
            .add(row.time.as_micros(), number);
    }

    fn series(&mut self, number: u32) -> &mut Series {
        if self.series.as_ref().is_none_or(|now| now.number != number) {
            self.end_series();
        }
        self.series.get_or_insert_with(|| Series::new(number))
    }

    /// The bytes of the rollup; `None` where no series has enough rows for one.
    /// `file_crc` ties it to its Parquet file.
    pub(crate) fn finish(mut self, file_crc: u32) -> Option<Vec<u8>> {
        self.end_series();
        self.end_block();
        if self.blocks.is_empty() {
            return None;
        }
        let begins = (HEADER_BYTES + self.bytes.len()) as u64;
        let mut out = Vec::with_capacity(begins as usize + 40 * self.blocks.len() + 16);
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(file_crc.to_le_bytes());
        let header = crc32c::crc32c(&out);
        out.extend(&self.bytes);
        for block in &self.blocks {
            out.extend(block.first.to_le_bytes());
            out.extend(block.last.to_le_bytes());
            out.extend(block.begins.to_le_bytes());
            for (bytes, crc) in block.parts {
                out.extend(bytes.to_le_bytes());
                out.extend(crc.to_le_bytes());
            }
        }
        out.extend(begins.to_le_bytes());
        out.extend((self.blocks.len() as u32).to_le_bytes());
        let crc = crc32c::crc32c_append(header, &out[begins as usize..]);
        out.extend(crc.to_le_bytes());
        Some(out)
    }

    fn end_series(&mut self) {
        let Some(mut series) = self.series.take() else {
            return;
        };
        series.settle();
        series.end_hour();
        if series.rows < MIN_ROWS_PER_HOUR * series.hours.len() {
            return;
        }
        let block = &mut self.block;
        block.first.get_or_insert(series.number);
        block.last = series.number;
        block.hours.push(series.number, &series.hours);
        if series.rows >= MIN_ROWS_PER_FIVE_MINUTES * series.fives.len() {
            block.fives.push(series.number, &series.fives);
        }
        block.sketches.append(&mut series.sketches.done);
        if block.hours.len() + block.fives.len() >= BLOCK_CELLS {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        let block = std::mem::take(&mut self.block);
        let Some(first) = block.first else {
            return;
        };
        let begins = (HEADER_BYTES + self.bytes.len()) as u64;
        let fives = match block.fives.len() {
            0 => Vec::new(),
            _ => block.fives.to_bytes(),
        };
        let parts = [block.hours.to_bytes(), fives, block.sketches].map(|part| {
            let packed = pack(&part);
            self.bytes.extend(&packed);
            // A block is far below 4 GiB: it ends by its cells.
            (packed.len() as u32, crc32c::crc32c(&packed))
        });
        self.blocks.push(Packed {
            first,
            last: block.last,
            begins,
            parts,
        });
    }
}

impl Series {
    fn new(number: u32) -> Self {
        Self {
            number,
            rows: 0,
            time: i64::MIN,
            newest: None,
            hours: Vec::new(),
            fives: Vec::new(),
            sketches: Sketching::default(),
        }
    }

    fn add(&mut self, time: i64, number: Option<(f64, Quality)>) {
        self.rows += 1;
        if time == self.time {
            self.newest = number;
            return;
        }
        self.settle();
        let hour = bucket(time, Width::Hour);
        if self.hours.last().is_none_or(|cell| cell.bucket != hour) {
            self.end_hour();
            self.hours.push(Cell::empty(hour));
        }
        let five = bucket(time, Width::FiveMinutes);
        if self.fives.last().is_none_or(|cell| cell.bucket != five) {
            self.fives.push(Cell::empty(five));
        }
        (self.time, self.newest) = (time, number);
    }

    /// Nothing corrects the newest row any more.
    fn settle(&mut self) {
        let (Some((number, quality)), Some(hour), Some(five)) = (
            self.newest.take(),
            self.hours.last_mut(),
            self.fives.last_mut(),
        ) else {
            return;
        };
        hour.add(number, quality);
        five.add(number, quality);
        if quality == Quality::Good {
            self.sketches.numbers.push(number);
        }
    }

    fn end_hour(&mut self) {
        let numbers = &mut self.sketches.numbers;
        if numbers.len() >= SKETCH_NUMBERS as usize {
            let mut sketch = Sketch::default();
            numbers.iter().for_each(|number| sketch.add(*number));
            sketch.write(&mut self.sketches.done);
        }
        numbers.clear();
    }
}

fn bucket(time: i64, width: Width) -> i32 {
    // Of all accepted times, which begin in 1900, it fits for 20,000 years.
    time.div_euclid(width.micros()) as i32
}
