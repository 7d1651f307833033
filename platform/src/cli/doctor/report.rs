//! What was found, for people and for programs.

use std::fmt;
use std::path::Path;

use ingest::verify::{Finding, Scope, Verified};
use serde_json::{Value, json};

/// Findings in the order in which they were made.
#[derive(Default)]
pub(super) struct Report {
    findings: Vec<Line>,
    notes: Vec<String>,
    looked_at: Vec<(String, Scope, Verified)>,
    others: Vec<String>,
    /// Something was not looked at, so that nothing is known of the whole.
    in_part: bool,
}

struct Line {
    path: String,
    what: String,
    cure: String,
}

impl Report {
    pub(super) fn find(&mut self, path: &Path, what: impl Into<String>, cure: impl Into<String>) {
        self.findings.push(Line {
            path: path.display().to_string(),
            what: what.into(),
            cure: cure.into(),
        });
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.find(&finding.path, finding.what, finding.cure);
    }

    /// What could not be looked at, and is no finding.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A part of a folder is not looked at, and why.
    pub(super) fn only_in_part(&mut self, note: impl Into<String>) {
        self.in_part = true;
        self.note(note);
    }

    pub(super) fn looked_at_data(&mut self, folder: &Path, scope: Scope, verified: Verified) {
        self.looked_at
            .push((folder.display().to_string(), scope, verified));
    }

    pub(super) fn looked_at(&mut self, what: impl Into<String>) {
        self.others.push(what.into());
    }

    pub(super) fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn to_json(&self) -> Value {
        let line = |line: &Line| json!({"path": line.path, "what": line.what, "cure": line.cure});
        let data = |(folder, scope, verified): &(String, Scope, Verified)| {
            json!({
                "folder": folder,
                "looked_at": match scope {
                    Scope::Whole => "everything",
                    Scope::Store => "store files only",
                },
                "offset": verified.offset.get(),
                "files": verified.files,
                "rows": verified.rows,
                "segments": verified.segments,
                "frames": verified.frames,
                "bytes": verified.bytes,
                "seconds": verified.took.as_secs_f64(),
                "rows_per_second": per_second(verified.rows, verified),
                "bytes_per_second": per_second(verified.bytes, verified),
            })
        };
        json!({
            // Unknown where a part was not looked at.
            "sound": (!self.in_part || !self.is_sound()).then_some(self.is_sound()),
            "findings": self.findings.iter().map(line).collect::<Vec<_>>(),
            "notes": self.notes,
            "data": self.looked_at.iter().map(data).collect::<Vec<_>>(),
            "others": self.others,
        })
    }
}

fn per_second(count: u64, verified: &Verified) -> u64 {
    (count as f64 / verified.took.as_secs_f64().max(1e-6)) as u64
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.findings {
            let text = format!("{}: {}; {}", line.path, line.what, line.cure);
            writeln!(f, "{}", text.replace('\n', " "))?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        for (folder, scope, verified) in &self.looked_at {
            if *scope == Scope::Store {
                writeln!(
                    f,
                    "looked at the store's files of {folder} alone: {} rows in {} files; what is newer \
                     is in the log, and not looked at",
                    verified.rows, verified.files
                )?;
                continue;
            }
            writeln!(
                f,
                "looked at {folder}: {} rows in {} files, {} frames in {} segments, up to offset {}; \
                 {:.1} MB in {:.1} s, {} rows and {:.0} MB a second",
                verified.rows,
                verified.files,
                verified.frames,
                verified.segments,
                verified.offset,
                verified.bytes as f64 / 1e6,
                verified.took.as_secs_f64(),
                per_second(verified.rows, verified),
                per_second(verified.bytes, verified) as f64 / 1e6,
            )?;
        }
        for what in &self.others {
            writeln!(f, "looked at {what}")?;
        }
        match self.findings.len() {
            0 if self.in_part => writeln!(f, "nothing wrong in what was looked at; see the note"),
            0 => writeln!(f, "sound"),
            1 => writeln!(f, "1 finding"),
            count => writeln!(f, "{count} findings"),
        }
    }
}
