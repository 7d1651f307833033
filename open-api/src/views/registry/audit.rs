//! An entry of the audit on its way out.

use device_registry::{AuditEntry, AuditHead};
use http_edge::reply::csv::Row;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::views::Rfc3339;

/// Who changed what. On the whole platform its hash is the SHA-256 of all the
/// other members as JSON by RFC 8785.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = AuditEntry, example = json!({
    "number": 62, "time": "2026-05-01T09:00:00.123456Z", "actor": "operator", "address": "203.0.113.9",
    "means": "session", "action": "device.patch", "kind": "device", "object": "dev-1", "agency": "seoul",
    "before": {"name": "dev-1"}, "after": {"name": "세종대로 1"},
    "previous": "41d3fd0a7d70dcd9c2bb0eb0a2f0f8b8e8b1a1a3f8c9d6c3a5c2a3c1f1e5b7d9",
    "hash": "9e2a7d1c53f1b0a49a6d0c8b7e6f5d4c3b2a190807f6e5d4c3b2a19080706050"
}))]
pub(crate) struct AuditEntryView {
    /// From 1, without a gap: on the whole platform, or for the reader of one
    /// agency's, among that agency's.
    number: u64,
    #[schema(value_type = String, format = DateTime)]
    time: Rfc3339,
    /// `operator`, `application:{id}`, `anonymous`, `devices` or `platform`.
    actor: String,
    /// The client's, where there was a request.
    address: Option<String>,
    /// `token`, `session`, `api-key:{id}`, `no-proof`, `telemetry`, `start` or
    /// `clock`.
    means: String,
    /// As `device.register`.
    action: String,
    /// What `object` is the id of, as `device`.
    kind: String,
    object: String,
    /// Whose the object is, where it is an agency's.
    agency: Option<String>,
    /// What changed, as it was.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    before: Option<Value>,
    /// What changed, as it is since.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    after: Option<Value>,
    /// The hash of the entry before; zeros in the first. `null` for the reader of
    /// one agency's, since the entry before may be another agency's.
    previous: Option<String>,
    /// As it stands in the platform's chain, for whoever reads it.
    hash: String,
}

impl AuditEntryView {
    /// As an agency's own readers see it: by their agency's count, so that it tells
    /// nothing of what others change.
    pub(crate) fn of_agency(entry: AuditEntry) -> Self {
        Self {
            number: entry.agency_number.unwrap_or_default(),
            previous: None,
            ..Self::from(entry)
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        // What is no JSON any more was altered, and the hash tells that.
        let json = |text: Option<String>| serde_json::from_str(&text?).ok();
        Self {
            number: entry.number,
            time: Rfc3339(entry.time),
            actor: entry.actor,
            address: entry.address,
            means: entry.means,
            action: entry.action,
            kind: entry.kind,
            object: entry.object,
            agency: entry.agency,
            before: json(entry.before),
            after: json(entry.after),
            previous: Some(entry.previous.to_string()),
            hash: entry.hash.to_string(),
        }
    }
}

impl Row for AuditEntryView {
    const COLUMNS: &'static [&'static str] = &[
        "number", "time", "actor", "address", "means", "action", "kind", "object", "agency",
        "before", "after", "previous", "hash",
    ];
}

/// The last entry of the audit: who keeps it can tell later that nothing up to
/// it was altered or cut off.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = AuditHead, example = json!({
    "number": 62, "hash": "9e2a7d1c53f1b0a49a6d0c8b7e6f5d4c3b2a190807f6e5d4c3b2a19080706050"
}))]
pub(crate) struct AuditHeadView {
    /// 0 where there is no entry yet.
    number: u64,
    hash: String,
}

impl From<AuditHead> for AuditHeadView {
    fn from(head: AuditHead) -> Self {
        Self {
            number: head.number,
            hash: head.hash.to_string(),
        }
    }
}
