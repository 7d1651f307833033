//! Looking through the log, frame by frame.

use std::path::Path;
use std::{fs, io};

use domain::{FolderMark, Offset};
use frame_log::{Decoder, FORMAT_FILE, Frame, LOG_FORMAT, SegmentFile, Verdict, segment_paths};

use super::{Finding, LOOK_AT_DISK, REMADE, RESTORE_LOG, RESTORE_MEMORY, RowCounts, UPDATE};
use crate::sequence::Sequencer;
use crate::sequence::memory_file::{self, MemoryError, Remembered};

/// Later than any frame.
const END: Offset = Offset::new(u64::MAX - 1);

/// What the log holds.
#[derive(Default)]
pub(super) struct LogContent {
    pub(super) segments: u64,
    pub(super) frames: u64,
    pub(super) bytes: u64,
    /// The last frame, where there is one.
    pub(super) last: Option<Offset>,
}

/// Looks at all segments in `folder`. `flushed` is the last offset that the
/// store holds.
pub(super) fn verify(
    folder: &Path,
    mark: FolderMark,
    flushed: Option<Offset>,
    series: &mut RowCounts,
    tell: &mut dyn FnMut(Finding),
) -> LogContent {
    let mut look = Look {
        mark,
        series,
        tell,
        content: LogContent::default(),
        decoder: Decoder::default(),
        first: None,
        next: None,
    };
    let segments = match segment_paths(folder) {
        Ok(segments) => segments,
        // A platform that never started has none.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(cause) => {
            look.say(
                folder,
                format!("it cannot be listed: {cause}"),
                LOOK_AT_DISK,
            );
            return look.content;
        }
    };
    for (at, (first, path)) in segments.iter().enumerate() {
        let successor = segments.get(at + 1).map(|(first, _)| *first);
        look.segment(path, *first, successor, flushed);
    }
    if segments.is_empty() && (!mark.adopts() || flushed > Some(Offset::ZERO)) {
        let what = "it has no segment: what was acknowledged and is in no file is lost";
        look.say(folder, what.to_owned(), RESTORE_LOG);
    }
    look.join(folder, flushed);
    look.format(folder);
    look.memory(folder);
    look.content
}

struct Look<'a> {
    mark: FolderMark,
    series: &'a mut RowCounts,
    tell: &'a mut dyn FnMut(Finding),
    content: LogContent,
    decoder: Decoder,
    /// The first offset of all.
    first: Option<Offset>,
    /// Which offset must come next; unknown after damage.
    next: Option<Offset>,
}

impl Look<'_> {
    fn say(&mut self, path: &Path, what: String, cure: &'static str) {
        (self.tell)(Finding::new(path.to_owned(), what, cure));
    }

    fn segment(
        &mut self,
        path: &Path,
        first: Offset,
        successor: Option<Offset>,
        flushed: Option<Offset>,
    ) {
        self.first.get_or_insert(first);
        self.content.segments += 1;
        if let Some(next) = self.next.filter(|next| *next != first) {
            let what = format!("it begins with offset {first}, and {next} should follow");
            self.say(path, what, RESTORE_LOG);
        }
        self.next = None;
        let segment = match SegmentFile::open(path, first) {
            Ok(Some(segment)) => segment,
            Ok(None) => return self.say(path, "its header is damaged".to_owned(), RESTORE_LOG),
            Err(cause) => {
                return self.say(path, format!("it cannot be read: {cause}"), LOOK_AT_DISK);
            }
        };
        if let Some(id) = segment.folder()
            && let Err(misfit) = self.mark.check(Some(id))
        {
            self.say(path, misfit.to_string(), RESTORE_LOG);
        }
        let (series, decoder) = (&mut *self.series, &mut self.decoder);
        let mut unreadable = None;
        let walked = segment.walk(END, |checked| match decoder.decode(checked) {
            Ok(Frame::Telemetry(frame)) if Some(frame.offset) > flushed => {
                let stored = frame.observations.iter();
                stored
                    .filter(|observation| observation.verdict != Verdict::Duplicate)
                    .for_each(|observation| series.count(observation.datastream));
            }
            Ok(_) => {}
            Err(error) => unreadable = unreadable.take().or(Some(error)),
        });
        if let Some(error) = unreadable {
            self.say(path, error.to_string(), UPDATE);
        }
        match walked {
            Ok(walked) => {
                self.content.frames += walked.next.get() - first.get();
                self.content.bytes += walked.end;
                self.content.last = Some(Offset::new(walked.next.get() - 1));
                self.next = Some(walked.next);
                match successor {
                    None => self.end(path, &segment),
                    Some(successor) if successor == walked.next => {}
                    // A segment with a successor leads up to it.
                    Some(_) => {
                        let (end, next) = (walked.end, walked.next);
                        let what = format!(
                            "it is damaged at byte {end}: offset {next} should stand there"
                        );
                        self.say(path, what, RESTORE_LOG);
                        // One fault, one finding.
                        self.next = None;
                    }
                }
            }
            Err(cause) => self.say(path, format!("it cannot be read: {cause}"), LOOK_AT_DISK),
        }
    }

    /// What stands after the last frame of all.
    fn end(&mut self, path: &Path, segment: &SegmentFile) {
        match segment.end() {
            Ok(Ok(0)) => {}
            Ok(Ok(torn)) => {
                let what = format!(
                    "its last write was cut short: {torn} bytes after offset {}",
                    before(self.next)
                );
                let cure = "where the machine lost power, nothing: the next start cuts it off, and it was never acknowledged; else look at the disk";
                self.say(path, what, cure);
            }
            Ok(Err(damage)) => {
                let what = format!(
                    "it is damaged at byte {} (offset {}): {}",
                    damage.position, damage.expected, damage.evidence
                );
                self.say(path, what, RESTORE_LOG);
                self.next = None;
            }
            Err(cause) => self.say(path, format!("it cannot be read: {cause}"), LOOK_AT_DISK),
        }
    }

    /// Store and log must touch.
    fn join(&mut self, folder: &Path, flushed: Option<Offset>) {
        let (Some(flushed), Some(first)) = (flushed, self.first) else {
            return;
        };
        if first > flushed.next() {
            let what = format!("the store ends at offset {flushed}, and the log begins at {first}");
            self.say(folder, what, RESTORE_LOG);
        }
        if self.next.is_some_and(|next| next <= flushed) {
            let what = format!(
                "the log ends at offset {}, and the store holds {flushed}: one is from another time",
                before(self.next)
            );
            self.say(folder, what, RESTORE_LOG);
        }
    }

    fn format(&mut self, folder: &Path) {
        let path = folder.join(FORMAT_FILE);
        match fs::read_to_string(&path) {
            Ok(text) if text == format!("madang-log {LOG_FORMAT}\n") => {}
            Ok(_) => self.say(
                &path,
                "it names no log format of this version".to_owned(),
                UPDATE,
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.first.is_some() {
                    self.say(&path, "it is missing".to_owned(), REMADE);
                }
            }
            Err(cause) => self.say(&path, format!("it cannot be read: {cause}"), LOOK_AT_DISK),
        }
    }

    /// What the sequencer's memory says of itself.
    fn remembered(&mut self, folder: &Path, found: Option<Remembered>) {
        let path = folder.join(memory_file::FILE);
        let known = found.map_or(Offset::ZERO, |found| found.known);
        if let Some(misfit) = found.and_then(|found| self.mark.check(found.folder).err()) {
            self.say(&path, misfit.to_string(), RESTORE_MEMORY);
        } else if self.first.is_some_and(|first| known.next() < first) {
            let what = match found {
                None => "it is missing, and the log has not all frames".to_owned(),
                Some(_) => format!("it is older than the log: it knows offset {known}"),
            };
            self.say(&path, what, RESTORE_MEMORY);
        } else if self.next.is_some_and(|next| known >= next) {
            let what = format!("it knows offset {known}, which the log does not have");
            self.say(&path, what, RESTORE_LOG);
        }
    }

    fn memory(&mut self, folder: &Path) {
        match memory_file::read(folder, &mut Sequencer::default()) {
            Ok(found) => self.remembered(folder, found),
            Err(MemoryError::Io { path, cause, .. }) => {
                self.say(&path, format!("it cannot be read: {cause}"), LOOK_AT_DISK);
            }
            Err(
                MemoryError::Damaged { path }
                | MemoryError::Misfit { path, .. }
                | MemoryError::Older { path, .. },
            ) => self.say(&path, "it is damaged".to_owned(), RESTORE_MEMORY),
            Err(MemoryError::Newer { path, found }) => {
                self.say(&path, format!("it is of format {found}"), UPDATE);
            }
        }
    }
}

/// The last offset, where `next` would follow.
fn before(next: Option<Offset>) -> u64 {
    next.map_or(0, |next| next.get() - 1)
}
