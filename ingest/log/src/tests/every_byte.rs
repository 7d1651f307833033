//! A segment that holds 64 KiB of frames, torn and flipped at every byte.
//!
//! What recovery does, and what is checked here:
//!
//! | The bytes | Recovery |
//! |---|---|
//! | end anywhere, followed by zeros or by what an earlier use of the file left | cuts: every frame before the tear is served, none after it |
//! | lack the beginning of the last group, whose end is there | cuts: the group goes from its first bad frame on, all groups before it stay |
//! | have one flipped bit in the segment's header | refuses, and names the file |
//! | have one flipped bit in a frame of any group | refuses, and names the file, the byte and the offset |
//! | have one flipped bit in a frame's padding | serves everything |
//!
//! One flipped bit is taken for a tear: that which was the last one set of its
//! frame, at the end of the last group. Then the frames before it are served.

use std::fs;
use std::ops::Range;

use super::super::frame::decode::check;
use super::super::medium::disk::end::End;
use super::super::medium::disk::segment::{SEGMENT_HEADER_BYTES, SegmentHeader, file_name};
use super::*;

const HEADER: usize = SEGMENT_HEADER_BYTES as usize;
const FRAMES_BYTES: usize = 64 << 10;
/// Room for the frames and some bytes after them.
const BYTES: usize = 80 << 10;
/// Frames of a group, of the sizes of their original bytes.
const GROUP: [usize; 3] = [0, 333, 701];
/// Bytes that recovery is shown after a tear: more of the same costs time and
/// tells nothing. A whole open sees it all.
const AFTER_TEAR: usize = 4 << 10;
/// Every so many bytes the damaged file goes through a whole open as well:
/// no divisor of 8, so that all places within a word have their turn.
const OPEN_EVERY: usize = 997;

/// One frame of the sound segment.
struct Whole {
    offset: Offset,
    /// Without the padding after it.
    bytes: Range<usize>,
    group: usize,
}

struct Sound {
    folder: tempfile::TempDir,
    content: Vec<u8>,
    header: SegmentHeader,
    frames: Vec<Whole>,
}

fn open_log(folder: &Path) -> Result<Log, LogOpenError> {
    let disk = DiskConfig::new(folder, BYTES as u64);
    open_on(&disk, CommitPolicy::Inline, 0)
}

impl Sound {
    fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = open_log(folder.path()).unwrap();
        let written = || log.shared.end.lock().as_ref().unwrap().position as usize;
        let mut number = 0;
        while written() - HEADER < FRAMES_BYTES {
            let staged = GROUP.iter().map(|padding| {
                number += 1;
                stage(&log, number, *padding)
            });
            commit(&log, staged.collect()).unwrap();
        }
        drop(log);
        let content = fs::read(Self::path_in(folder.path())).unwrap();
        let header = SegmentHeader::from_bytes(&content).unwrap();
        let mut sound = Self {
            folder,
            content,
            header,
            frames: Vec::new(),
        };
        sound.find_frames();
        sound
    }

    fn find_frames(&mut self) {
        let (mut at, mut groups) = (HEADER, 0);
        while let Some(frame) = check(&self.content[at..], self.header.epoch) {
            groups += usize::from(frame.first_of_group);
            self.frames.push(Whole {
                offset: frame.offset,
                bytes: at..at + 24 + frame.body.len(),
                group: groups - 1,
            });
            at += frame.bytes();
        }
        assert!(at - HEADER >= FRAMES_BYTES && groups > 10, "{groups}");
    }

    fn path_in(folder: &Path) -> std::path::PathBuf {
        folder.join(file_name(Offset::new(1)))
    }

    fn end(&self) -> usize {
        self.frames.last().unwrap().bytes.end
    }

    /// Frames from the first on that stand in `content` as they were written.
    fn intact(&self, content: &[u8]) -> usize {
        let same = |frame: &Whole| {
            let bytes = frame.bytes.clone();
            content.get(bytes.clone()) == self.content.get(bytes)
        };
        self.frames.iter().take_while(|frame| same(frame)).count()
    }

    /// Recovery serves the first `count` frames of `content`, no byte of them
    /// changed, and nothing else.
    fn check_served(&self, content: &[u8], count: usize, what: &str) {
        let end = End::find(content, self.header, |_, _| {})
            .unwrap_or_else(|damage| panic!("{what}: {damage:?}"));
        assert_eq!(end.durable.get(), count as u64, "{what}");
        assert!(self.intact(content) >= count, "{what}");
    }

    /// Recovery cuts off all but the frames that are as they were written. It
    /// may refuse where a single bit is missing, which a disk that writes
    /// sectors does not do; gives whether it did.
    fn check_cut(&self, content: &[u8], what: &str) -> bool {
        let count = self.intact(content);
        let bad = self.frames.get(count).map(|frame| frame.bytes.clone());
        let missing: u32 = bad.map_or(0, |bytes| {
            let pairs = content[bytes.clone()].iter().zip(&self.content[bytes]);
            pairs.map(|(is, was)| (is ^ was).count_ones()).sum()
        });
        let refused = End::find(content, self.header, |_, _| {}).is_err();
        if refused {
            assert_eq!(missing, 1, "{what}");
        } else {
            self.check_served(content, count, what);
        }
        refused
    }

    /// The same through a whole open, which writes over what was torn and
    /// goes on after it.
    fn check_opened(&self, content: &[u8], count: usize, what: &str) {
        fs::write(Self::path_in(self.folder.path()), content).unwrap();
        let log = open_log(self.folder.path()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(numbers(&log).into_iter().eq(1..=count as u64), "{what}");
        let staged = stage(&log, 4_711, 50);
        let receipt = commit(&log, vec![staged]).unwrap().remove(0);
        assert_eq!(receipt.offset().get(), count as u64 + 1, "{what}");
        drop(log);
        let log = open_log(self.folder.path()).unwrap();
        let expected = (1..=count as u64).chain([4_711]);
        assert!(numbers(&log).into_iter().eq(expected), "{what}");
    }

    fn check_refused(&self, content: &[u8], what: &str) -> LogOpenError {
        let path = Self::path_in(self.folder.path());
        fs::write(&path, content).unwrap();
        let error = open_log(self.folder.path()).err().expect(what);
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
        assert!(
            fs::read(&path).unwrap() == content,
            "{what}: left untouched"
        );
        error
    }
}

/// What an earlier use of the file may have left: sound frames at other
/// places, of another epoch.
fn stale(sound: &Sound) -> Vec<u8> {
    let mut other = Sound::build().content;
    other.truncate(BYTES);
    other.rotate_left(HEADER + 24);
    assert_ne!(other[HEADER..], sound.content[HEADER..]);
    other
}

/// Puts `sound`'s frames over `old` byte by byte, a tear after each; gives
/// how often recovery refused.
fn tear_over(old: Vec<u8>, sound: &Sound) -> usize {
    let mut content = old;
    content[..HEADER].copy_from_slice(&sound.content[..HEADER]);
    let mut refused = 0;
    for torn in HEADER..sound.end() {
        let what = format!("torn at byte {torn}");
        let is_refused = sound.check_cut(&content[..BYTES.min(torn + AFTER_TEAR)], &what);
        refused += usize::from(is_refused);
        if torn % OPEN_EVERY == 0 && !is_refused {
            sound.check_opened(&content, sound.intact(&content), &what);
        }
        content[torn] = sound.content[torn];
    }
    assert_eq!(sound.intact(&content), sound.frames.len());
    refused
}

#[test]
fn a_write_torn_at_every_byte_of_a_new_file_is_cut() {
    let sound = Sound::build();
    assert_eq!(tear_over(vec![0; BYTES], &sound), 0);
}

#[test]
fn a_write_torn_at_every_byte_of_a_recycled_file_is_cut() {
    let sound = Sound::build();
    let refused = tear_over(stale(&sound), &sound);
    assert!(refused < sound.frames.len() / 5, "{refused}");
}

#[test]
fn a_write_whose_beginning_is_missing_is_cut() {
    let sound = Sound::build();
    let groups = sound.frames.last().unwrap().group;
    let mut refused = 0;
    for group in 0..=groups {
        let of_group = |frame: &&Whole| frame.group == group;
        let first = sound.frames.iter().find(of_group).unwrap();
        let last = sound.frames.iter().rfind(of_group).unwrap();
        // The group is the last that was written.
        let mut content = sound.content.clone();
        content[last.bytes.end..].fill(0);
        for missing in first.bytes.start..last.bytes.end {
            content[missing] = 0;
            let what = format!("bytes {}..={missing} are missing", first.bytes.start);
            assert!(sound.intact(&content) + 1 >= first.offset.get() as usize);
            let shown = &content[..BYTES.min(last.bytes.end + AFTER_TEAR)];
            let is_refused = sound.check_cut(shown, &what);
            refused += usize::from(is_refused);
            if missing % OPEN_EVERY == 0 && !is_refused {
                sound.check_opened(&content, sound.intact(&content), &what);
            }
        }
    }
    assert!(refused < groups, "{refused}");
}

#[test]
fn a_bit_flipped_at_every_byte_is_refused_or_was_padding() {
    let sound = Sound::build();
    let last_group = sound.frames.last().unwrap().group;
    let mut content = sound.content.clone();
    let (mut taken_for_torn, mut padding) = (0, 0);
    for at in 0..sound.end() {
        let bit = 1 << (at % 8);
        content[at] ^= bit;
        let what = format!("bit {bit} of byte {at}");
        let hit = sound.frames.iter().find(|frame| frame.bytes.contains(&at));
        let deep = at % OPEN_EVERY == 0;
        match hit {
            None if at < HEADER => {
                assert_eq!(SegmentHeader::from_bytes(&content), None, "{what}");
                let error = sound.check_refused(&content, &what);
                assert!(matches!(error, LogOpenError::Header { .. }), "{error}");
            }
            None => {
                sound.check_served(&content, sound.frames.len(), &what);
                if padding % 50 == 0 {
                    sound.check_opened(&content, sound.frames.len(), &what);
                }
                padding += 1;
            }
            Some(frame) => match End::find(&content, sound.header, |_, _| {}) {
                Err(damage) => {
                    assert_eq!(damage.position as usize, frame.bytes.start, "{what}");
                    assert_eq!(damage.expected, frame.offset, "{what}");
                    if deep {
                        let error = sound.check_refused(&content, &what);
                        assert!(matches!(error, LogOpenError::Corrupt { .. }), "{error}");
                    }
                }
                Ok(_) => {
                    let rest = &content[at..frame.bytes.end];
                    assert!(frame.group == last_group && rest.iter().all(|byte| *byte == 0));
                    let before = frame.offset.get() as usize - 1;
                    sound.check_served(&content, before, &what);
                    taken_for_torn += 1;
                }
            },
        }
        content[at] ^= bit;
    }
    assert!(taken_for_torn <= GROUP.len(), "{taken_for_torn}");
    assert!(content == sound.content);
}
