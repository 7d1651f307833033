//! Whether a chain is whole: every entry as it was written, in order, none
//! missing.

use domain::Timestamp;
use serde::Deserialize;

use super::fields::Fields;
use super::{AuditEntry, AuditHash, AuditHead};

/// Where a chain breaks first.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AuditFault {
    #[error("entry {0} was altered: its hash is another")]
    Altered(u64),
    #[error(
        "entry {0} does not follow from entry {before}: one of the two was written anew",
        before = .0 - 1
    )]
    Replaced(u64),
    #[error("entry {first} is missing: entry {found} stands in its place")]
    Missing { first: u64, found: u64 },
    #[error("entry {found} stands in the place of entry {expected}, which comes elsewhere")]
    Reordered { expected: u64, found: u64 },
    #[error(
        "the chain ends at entry {end}, and the head that was kept is entry {kept}: it was cut off"
    )]
    Cut { end: u64, kept: u64 },
    #[error(
        "entry {0} is another than the head that was kept: the chain up to it was written anew"
    )]
    OtherHead(u64),
    #[error("after entry {after}: {what}")]
    Unreadable { after: u64, what: String },
}

/// Walks a chain that begins after `start` to its end, and answers with that.
/// `kept` is a head that somebody wrote down before.
pub fn verify_audit<E: std::fmt::Display>(
    entries: impl IntoIterator<Item = Result<AuditEntry, E>>,
    start: AuditHead,
    kept: Option<AuditHead>,
) -> Result<AuditHead, AuditFault> {
    let mut entries = entries.into_iter();
    let mut end = start;
    is_kept(start, kept)?;
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(|error| AuditFault::Unreadable {
            after: end.number,
            what: error.to_string(),
        })?;
        let expected = end.number + 1;
        if entry.number != expected {
            let elsewhere = |rest: &AuditEntry| rest.number == expected;
            let is_elsewhere =
                entry.number < expected || entries.flatten().any(|rest| elsewhere(&rest));
            let found = entry.number;
            return Err(if is_elsewhere {
                AuditFault::Reordered { expected, found }
            } else {
                AuditFault::Missing {
                    first: expected,
                    found,
                }
            });
        }
        if entry.hash != entry.computed_hash() {
            return Err(AuditFault::Altered(entry.number));
        }
        if entry.previous != end.hash {
            return Err(AuditFault::Replaced(entry.number));
        }
        end = entry.head();
        is_kept(end, kept)?;
    }
    match kept.filter(|kept| kept.number > end.number) {
        Some(kept) => Err(AuditFault::Cut {
            end: end.number,
            kept: kept.number,
        }),
        None => Ok(end),
    }
}

fn is_kept(head: AuditHead, kept: Option<AuditHead>) -> Result<(), AuditFault> {
    match kept {
        Some(kept) if kept.number == head.number && kept.hash != head.hash => {
            Err(AuditFault::OtherHead(head.number))
        }
        _ => Ok(()),
    }
}

/// An entry as the API writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported {
    number: u64,
    time: String,
    actor: String,
    address: Option<String>,
    means: String,
    action: String,
    kind: String,
    object: String,
    agency: Option<String>,
    before: Option<Fields>,
    after: Option<Fields>,
    previous: String,
    hash: String,
}

/// Reads an entry of an export.
pub fn read_entry(json: &str) -> Result<AuditEntry, String> {
    let entry: Exported = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let time = Timestamp::parse(&entry.time).map_err(|error| error.to_string())?;
    if time.to_rfc3339() != entry.time {
        return Err("its time is not written as the platform writes it".to_owned());
    }
    let hash = |text: &str| text.parse::<AuditHash>();
    Ok(AuditEntry {
        number: entry.number,
        agency_number: None,
        time,
        actor: entry.actor,
        address: entry.address,
        means: entry.means,
        action: entry.action,
        kind: entry.kind,
        object: entry.object,
        agency: entry.agency,
        before: entry.before.map(|fields| fields.to_json()),
        after: entry.after.map(|fields| fields.to_json()),
        previous: hash(&entry.previous)?,
        hash: hash(&entry.hash)?,
    })
}
