//! Mending store and log of a data folder that nobody has open.
//!
//! Constraints: nothing is deleted; what is replaced gets another name, with the
//! date. Without [`Repair::accept_loss`] only that is done which loses nothing;
//! what cannot be done so is told with what helps.

use std::path::Path;
use std::{fs, io};

use data_files::{set_aside, sync_folder};
use device_registry::Snapshot;
use domain::{DatastreamId, FolderId, FolderMark, Offset, Timestamp};
use frame_log::{
    Decoder, FORMAT_FILE, Frame, LogOpenError, SegmentFile, begin_anew, check_format, look,
    segment_paths,
};
use observation_store::{ClosedStore, Group, Rebuild};

use super::folder::{LOG_FOLDER, STORE_FOLDER};
use crate::sequence::{Sequencer, memory_file};

pub use observation_store::Repaired;

/// What is to be mended, and how far.
pub struct Repair<'a> {
    pub data: &'a Path,
    pub mark: FolderMark,
    /// Where the registry can be read: whose each datastream is.
    pub registry: Option<&'a Snapshot>,
    /// The last offset that is known elsewhere to have been durable.
    pub least_offset: Offset,
    pub now: Timestamp,
    /// Goes on without what is lost for good.
    pub accept_loss: bool,
}

impl Repair<'_> {
    pub fn run(&self) -> io::Result<Repaired> {
        let store = self.data.join(STORE_FOLDER);
        let log = self.data.join(LOG_FOLDER);
        let segments = match segment_paths(&log) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            found => found?,
        };
        let log_begins = segments.first().map(|(first, _)| *first);
        let group_of = |datastream: DatastreamId| {
            let datastream = self.registry?.datastream(datastream)?;
            Some(Group {
                agency: datastream.agency.to_string(),
                model: datastream.model.to_string(),
            })
        };
        let rebuild = Rebuild {
            folder: &store,
            mark: self.mark,
            log_begins,
            group_of: &group_of,
            now: self.now,
            accept_loss: self.accept_loss,
        };
        let mut repaired = rebuild.run()?;
        let closed = ClosedStore::look(&store, self.mark);
        let Some(flushed) = closed.flushed else {
            return Ok(repaired);
        };
        if let Err(error) = closed.quarantine {
            self.quarantine(&store, &error.to_string(), &mut repaired)?;
        }
        self.format(&log, &mut repaired)?;
        match log_begins {
            Some(first) => {
                self.memory(&log, first, &mut repaired)?;
                if let Err(error) = look(&log, self.mark, self.least_offset, flushed) {
                    repaired.left.push(error.to_string());
                }
            }
            None => self.lost_log(&store, &log, flushed, &mut repaired)?,
        }
        Ok(repaired)
    }

    /// Says that something is lost unless that is accepted.
    fn accepts(&self, path: &Path, what: &str, loss: &str, repaired: &mut Repaired) -> bool {
        if !self.accept_loss {
            repaired.left.push(format!(
                "{}: {what}: put it back, as from a backup; --accept-loss goes on without it: {loss}",
                path.display()
            ));
        }
        self.accept_loss
    }

    /// Gives what lies there another name.
    fn aside(&self, path: &Path, repaired: &mut Repaired) -> io::Result<()> {
        if path.exists() {
            let aside = set_aside(path, self.now)?;
            let line = format!("{}: set aside as {}", path.display(), aside.display());
            repaired.done.push(line);
        }
        Ok(())
    }

    fn quarantine(&self, store: &Path, what: &str, repaired: &mut Repaired) -> io::Result<()> {
        let path = ClosedStore::quarantine_path(store);
        let loss = "of refused messages only those in the log are shown then";
        if self.accepts(&path, what, loss, repaired) {
            self.aside(&path, repaired)?;
            let path = ClosedStore::empty_quarantine(store, self.mark)?;
            repaired
                .done
                .push(format!("{}: an empty one was made", path.display()));
        }
        Ok(())
    }

    /// The log's format, which its segments tell too.
    fn format(&self, log: &Path, repaired: &mut Repaired) -> io::Result<()> {
        let path = log.join(FORMAT_FILE);
        if !path.exists() {
            return Ok(());
        }
        if let Err(LogOpenError::FormatFile { .. }) = check_format(log) {
            self.aside(&path, repaired)?;
            check_format(log).map_err(io::Error::other)?;
            let line = format!("{}: written again", path.display());
            repaired.done.push(line);
        }
        Ok(())
    }

    /// The sequencer's memory. Where the log has all frames, they tell all of
    /// it.
    fn memory(&self, log: &Path, first: Offset, repaired: &mut Repaired) -> io::Result<()> {
        let read = memory_file::read_for(log, &mut Sequencer::default(), self.mark, first);
        let Err(error) = read else { return Ok(()) };
        let path = log.join(memory_file::FILE);
        let before = Offset::new(first.get().saturating_sub(1));
        let loss = "a signed message of before the log may be taken once more";
        if before > Offset::ZERO && !self.accepts(&path, &error.to_string(), loss, repaired) {
            return Ok(());
        }
        self.aside(&path, repaired)?;
        let memory = Sequencer::default().memory(before, self.mark.id());
        memory_file::write(log, &memory).map_err(io::Error::other)?;
        let line = format!(
            "{}: made again; the next start learns from the log",
            path.display()
        );
        repaired.done.push(line);
        Ok(())
    }

    fn lost_log(
        &self,
        store: &Path,
        log: &Path,
        flushed: Offset,
        repaired: &mut Repaired,
    ) -> io::Result<()> {
        let what =
            format!("the log is lost, and with it what was acknowledged after offset {flushed}");
        if !self.accepts(log, &what, "that is gone", repaired) {
            return Ok(());
        }
        let end = flushed.max(self.least_offset);
        self.aside(log, repaired)?;
        fs::create_dir_all(log)?;
        begin_anew(log, end.next(), self.mark.id())?;
        let memory = Sequencer::default().memory(end, self.mark.id());
        memory_file::write(log, &memory).map_err(io::Error::other)?;
        ClosedStore::skip_to(store, end)?;
        sync_folder(self.data)?;
        let line = format!("{}: begun anew after offset {end}", log.display());
        repaired.done.push(line);
        Ok(())
    }
}

/// The data folders that store and log tell, as far as each does.
pub fn folders_of(data: &Path) -> [Option<FolderId>; 2] {
    let store = ClosedStore::look(&data.join(STORE_FOLDER), FolderMark::ANY);
    let segments = segment_paths(&data.join(LOG_FOLDER)).unwrap_or_default();
    let in_log = segments.iter().rev().find_map(|(first, path)| {
        let segment = SegmentFile::open(path, *first).ok()??;
        segment.folder()
    });
    [store.folder, in_log]
}

/// The greatest number of a datastream that has a row or an observation in the
/// log; 0 where there is none.
pub fn greatest_datastream(data: &Path) -> io::Result<u32> {
    let mut greatest = ClosedStore::greatest_series(&data.join(STORE_FOLDER));
    let mut decoder = Decoder::default();
    let segments = match segment_paths(&data.join(LOG_FOLDER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        found => found?,
    };
    for (first, path) in segments {
        let Some(segment) = SegmentFile::open(&path, first)? else {
            continue;
        };
        segment.walk(Offset::new(u64::MAX - 1), |checked| {
            if let Ok(Frame::Telemetry(frame)) = decoder.decode(checked) {
                let series = frame.observations.iter().map(|it| it.datastream.get());
                greatest = greatest.max(series.max().unwrap_or(0));
            }
        })?;
    }
    Ok(greatest)
}
