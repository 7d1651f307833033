//! One entry, and the bytes of it that are hashed.

use std::fmt;
use std::str::FromStr;

use domain::Timestamp;
use sha2::{Digest, Sha256};

use super::Draft;
use crate::registry::Actor;

/// The SHA-256 of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditHash(pub [u8; 32]);

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AuditHash {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a hash has 64 hexadecimal digits, in lower case";
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(FORM),
        };
        let (pairs, odd) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !odd.is_empty() {
            return Err(FORM);
        }
        let mut hash = [0; 32];
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(hash))
    }
}

/// The last entry of a chain. Who keeps it elsewhere can tell later that
/// nothing up to it was altered or cut off.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct AuditHead {
    /// 0 where there is no entry yet.
    pub number: u64,
    pub hash: AuditHash,
}

impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

impl FromStr for AuditHead {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "write NUMBER:HASH, as GET /v1/audit/head tells them";
        let (number, hash) = text.split_once(':').ok_or(FORM)?;
        Ok(Self {
            number: number.parse().map_err(|_| FORM)?,
            hash: hash.parse()?,
        })
    }
}

/// One change of one object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// From 1, without a gap.
    pub number: u64,
    /// Among those of its agency, from 1 without a gap: as the registry counts, and
    /// no part of what is hashed. `None` where it is no agency's, or was not read
    /// from the registry.
    pub agency_number: Option<u64>,
    pub time: Timestamp,
    /// Who, as `operator` or `application:app-1`.
    pub actor: String,
    /// The client's, where there was a request.
    pub address: Option<String>,
    /// What it was done with, as `session`.
    pub means: String,
    /// As `device.register`.
    pub action: String,
    /// What `object` is the id of, as `device`.
    pub kind: String,
    pub object: String,
    /// Whose the object is, where it is an agency's.
    pub agency: Option<String>,
    /// A JSON object of what changed, where it stood before.
    pub before: Option<String>,
    /// And as it is since, where it still stands.
    pub after: Option<String>,
    /// That of the entry before; zeros in the first.
    pub previous: AuditHash,
    pub hash: AuditHash,
}

impl AuditEntry {
    /// The entry after `head`.
    pub(crate) fn new(head: AuditHead, time: Timestamp, actor: &Actor, draft: Draft) -> Self {
        let mut entry = Self {
            number: head.number + 1,
            agency_number: None,
            time,
            actor: actor.who.to_string(),
            address: actor.address.map(|address| address.to_string()),
            means: actor.means.to_string(),
            action: draft.action.as_str().to_owned(),
            kind: draft.kind.as_str().to_owned(),
            object: draft.object,
            agency: draft.agency.map(|agency| agency.to_string()),
            before: draft.before,
            after: draft.after,
            previous: head.hash,
            hash: AuditHash::default(),
        };
        entry.hash = entry.computed_hash();
        entry
    }

    pub(crate) fn head(&self) -> AuditHead {
        AuditHead {
            number: self.number,
            hash: self.hash,
        }
    }

    /// What its hash should be.
    pub fn computed_hash(&self) -> AuditHash {
        AuditHash(Sha256::digest(self.canonical()).into())
    }

    /// The entry without its hash as JSON by RFC 8785: what is hashed.
    fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        text(&mut out, "{\"action\":", &self.action);
        text(&mut out, ",\"actor\":", &self.actor);
        optional(&mut out, ",\"address\":", self.address.as_deref());
        raw(&mut out, ",\"after\":", self.after.as_deref());
        optional(&mut out, ",\"agency\":", self.agency.as_deref());
        raw(&mut out, ",\"before\":", self.before.as_deref());
        text(&mut out, ",\"kind\":", &self.kind);
        text(&mut out, ",\"means\":", &self.means);
        raw(&mut out, ",\"number\":", Some(&self.number.to_string()));
        text(&mut out, ",\"object\":", &self.object);
        text(&mut out, ",\"previous\":", &self.previous.to_string());
        text(&mut out, ",\"time\":", &self.time.to_rfc3339());
        out.push(b'}');
        out
    }
}

fn text(out: &mut Vec<u8>, name: &str, text: &str) {
    out.extend_from_slice(name.as_bytes());
    serde_json::to_writer(out, text).expect("a Vec takes all bytes");
}

fn optional(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    match value {
        Some(value) => text(out, name, value),
        None => raw(out, name, None),
    }
}

/// What is JSON already.
fn raw(out: &mut Vec<u8>, name: &str, json: Option<&str>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(json.unwrap_or("null").as_bytes());
}
