//! `DIR/madang.parts`: the folder's id, its parts, and how far each has got.
//!
//! Two lines: `madang-parts VERSION CRC`, CRC-32C of `madang-parts VERSION` and
//! the second line in hexadecimal, then one JSON object. Constraints: it is
//! replaced as a whole (write, fsync, rename, fsync of the folder), with mode
//! 0600; no mark in it is ever greater than what its part has made durable, so
//! an older copy of this file refuses nothing, and an older part is known.
//! A newer version is refused, and left as it is.
//!
//! | Member | Meaning |
//! |---|---|
//! | `folder` | the folder's id, 32 hexadecimal digits |
//! | `state` | `new` and `upgraded` until the first start with an id has come to its end, then `whole` |
//! | `parts` | files and folders that must be there |
//! | `secrets` | SHA-256 of each file of keys, in hexadecimal |
//! | `marks` | how far log, registry and kept sessions have got |

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use device_registry::{Numbers, RegistryMark};
use domain::{FOLDER_ID_BYTES, FolderId, FolderMark};
use serde::{Deserialize, Serialize};

/// Its name in the data folder.
pub(crate) const FILE: &str = "madang.parts";
const TITLE: &str = "madang-parts";
const VERSION: u32 = 1;
/// One has about a kilobyte; more is some other file.
const MAX_BYTES: u64 = 64 << 10;

/// What the file says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    #[serde(with = "hex_id")]
    pub(crate) folder: FolderId,
    pub(crate) state: State,
    pub(crate) parts: Vec<String>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) marks: Marks,
}

/// The mark that the parts of the folder must have.
pub(crate) fn mark_of(record: Option<&Record>) -> FolderMark {
    match record {
        Some(record) if record.state == State::Whole => FolderMark::of(record.folder),
        Some(record) => FolderMark::first(record.folder),
        None => FolderMark::ANY,
    }
}

/// Which parts there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// The folder is being made: any may be missing.
    New,
    /// It was of this format, and its parts get its id: those of that format
    /// are there.
    Upgraded(u32),
    /// All are there, and tell the id.
    Whole,
}

/// What is durable at least.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Marks {
    /// The log's last offset.
    pub(crate) offset: u64,
    /// Changes of the registry.
    pub(crate) registry: u64,
    /// Transactions of the kept sessions.
    pub(crate) sessions: u64,
    /// The greatest numbers that the registry has given.
    pub(crate) device: u64,
    pub(crate) credential: u64,
    pub(crate) datastream: u64,
    pub(crate) api_key: u64,
}

impl Marks {
    pub(crate) fn registry(&self) -> RegistryMark {
        RegistryMark {
            changes: self.registry,
            numbers: Numbers {
                device: self.device,
                credential: self.credential,
                datastream: self.datastream,
                api_key: self.api_key,
            },
        }
    }

    /// The registry has got so far; an older word of it changes nothing.
    pub(crate) fn reach(&mut self, mark: RegistryMark) {
        let numbers = mark.numbers.max(self.registry().numbers);
        self.registry = self.registry.max(mark.changes);
        self.device = numbers.device;
        self.credential = numbers.credential;
        self.datastream = numbers.datastream;
        self.api_key = numbers.api_key;
    }
}

mod hex_id {
    use super::FolderId;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(id: &FolderId, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<FolderId, D::Error> {
        let text = String::deserialize(input)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Of a folder that has no id yet.
pub(crate) fn new(state: State) -> anyhow::Result<Record> {
    Ok(Record {
        folder: new_id()?,
        state,
        parts: Vec::new(),
        secrets: BTreeMap::new(),
        marks: Marks::default(),
    })
}

fn new_id() -> anyhow::Result<FolderId> {
    loop {
        let mut bytes = [0; FOLDER_ID_BYTES];
        getrandom::fill(&mut bytes).context("no random numbers from the system")?;
        if let Some(id) = FolderId::from_bytes(bytes) {
            return Ok(id);
        }
    }
}

/// `None` where there is no such file.
pub(crate) fn read(data: &Path) -> anyhow::Result<Option<Record>> {
    let path = data.join(FILE);
    let context = || format!("cannot read {}", path.display());
    let text = match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(context),
        Ok(file) if file.len() > MAX_BYTES => Vec::new(),
        Ok(_) => std::fs::read(&path).with_context(context)?,
    };
    let (version, record) = parse(&text);
    match version {
        Some(version) if version > VERSION => bail!(
            "{} is of format {version}, and this madang knows {VERSION}: use a newer madang",
            path.display()
        ),
        _ => {}
    }
    match record {
        Some(record) => Ok(Some(record)),
        None => bail!(
            "{} is damaged: restore it from a backup, or let madang doctor --repair write it again",
            path.display()
        ),
    }
}

fn parse(text: &[u8]) -> (Option<u32>, Option<Record>) {
    let read = || -> Option<(u32, Option<Record>)> {
        let text = std::str::from_utf8(text).ok()?;
        let (title, body) = text.split_once('\n')?;
        let body = body.strip_suffix('\n')?;
        let mut words = title.split(' ');
        if words.next() != Some(TITLE) {
            return None;
        }
        let version: u32 = words.next()?.parse().ok()?;
        let checksum = u32::from_str_radix(words.next()?, 16).ok()?;
        let record = (checksum == crc(version, body))
            .then(|| serde_json::from_str(body).ok())
            .flatten();
        Some((version, record))
    };
    match read() {
        Some((version, record)) => (Some(version), record),
        None => (None, None),
    }
}

fn crc(version: u32, body: &str) -> u32 {
    let title = crc32c::crc32c(format!("{TITLE} {version}").as_bytes());
    crc32c::crc32c_append(title, body.as_bytes())
}

pub(crate) fn write(data: &Path, record: &Record) -> anyhow::Result<()> {
    let path = data.join(FILE);
    let replace = || -> std::io::Result<()> {
        let body = serde_json::to_string(record)?;
        let text = format!("{TITLE} {VERSION} {:08x}\n{body}\n", crc(VERSION, &body));
        let fresh = path.with_extension("parts.new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)?;
        File::open(data)?.sync_all()
    };
    replace().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_and_no_flipped_bit_passes() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
        let mut record = new(State::Upgraded(2)).unwrap();
        record.marks.reach(RegistryMark {
            changes: 3,
            numbers: Numbers {
                datastream: 9,
                ..Numbers::default()
            },
        });
        record.secrets.insert("platform.key".into(), "00".into());
        write(dir.path(), &record).unwrap();
        assert_eq!(read(dir.path()).unwrap(), Some(record));
        let path = dir.path().join(FILE);
        let sound = std::fs::read(&path).unwrap();
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).unwrap();
            assert!(read(dir.path()).is_err(), "byte {at}");
            std::fs::write(&path, &sound[..at]).unwrap();
            assert!(read(dir.path()).is_err(), "{at} bytes");
        }
        std::fs::write(&path, format!("{TITLE} 2 00000000\nmore\n")).unwrap();
        let newer = read(dir.path()).unwrap_err().to_string();
        assert!(newer.contains("newer madang"), "{newer}");
    }
}
