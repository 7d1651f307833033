//! Logins on their way out: sessions and invitations.

use device_registry::{IssuedInvitation, OpenInvitation, SecondFactor};
use domain::Timestamp;
use http_edge::access::SessionEntry;
use http_edge::reply::csv::Row;
use serde::Serialize;
use utoipa::ToSchema;

use super::people::RoleView;
use super::{Rfc3339, qr_svg};
use crate::access::{ProvedBy, SessionHolder};

/// What authenticator apps call the platform.
const ISSUER: &str = "Madang";

/// Who is logged in, and until when.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = OperatorSession, example = json!({"principal": "person", "id": "kim", "name": "김민수", "agency": "seoul",
    "roles": [{"role": "operator", "agency": "seoul"}], "recovery_codes": 10, "expires": "2026-05-01T12:00:00Z"}))]
pub(crate) struct SessionView {
    /// `person`, or `operator` who holds the operator's token.
    principal: &'static str,
    /// The person's login name.
    id: Option<String>,
    name: Option<String>,
    /// To whom the person belongs; null: to the platform.
    agency: Option<String>,
    roles: Vec<RoleView>,
    /// How many recovery codes the person has left; null without an
    /// authenticator app.
    recovery_codes: Option<usize>,
    /// Where nothing is asked for until then; null where there is no session.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Option<Rfc3339>,
}

impl SessionView {
    pub(crate) fn new(holder: &SessionHolder, until: Option<Timestamp>) -> Self {
        let expires = until.map(Rfc3339);
        match holder {
            SessionHolder::Token => Self {
                principal: "operator",
                id: None,
                name: None,
                agency: None,
                roles: Vec::new(),
                recovery_codes: None,
                expires,
            },
            SessionHolder::Person(of) => Self {
                principal: "person",
                id: Some(of.person.id.to_string()),
                name: Some(of.person.name.clone()),
                agency: of.person.agency.as_ref().map(ToString::to_string),
                roles: of.person.grants.iter().map(RoleView::from).collect(),
                recovery_codes: match &of.proved_by {
                    ProvedBy::Login(login) => {
                        login.has_second_factor().then(|| login.recovery_codes())
                    }
                    ProvedBy::Provider(_) => None,
                },
                expires,
            },
        }
    }
}

/// Where the browser logs out of the provider too.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = LoggedOut, example = json!({"logout_url": "https://login.example.kr/logout?..."}))]
pub(crate) struct LoggedOutView {
    pub(crate) logout_url: String,
}

/// One of one's own sessions.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = OwnSession, example = json!({"id": "u2Bh0Zo1p9aRkQ3x", "current": true, "address": "192.0.2.1",
    "agent": "Mozilla/5.0 ...", "opened": "2026-05-01T00:00:00Z", "last_used": "2026-05-01T00:10:00Z",
    "expires": "2026-05-01T01:10:00Z"}))]
pub(crate) struct SessionEntryView {
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// From where it was opened.
    address: String,
    /// What the browser calls itself.
    agent: String,
    #[schema(value_type = String, format = DateTime)]
    opened: Rfc3339,
    #[schema(value_type = String, format = DateTime)]
    last_used: Rfc3339,
    /// Where nothing is asked for until then.
    #[schema(value_type = String, format = DateTime)]
    expires: Rfc3339,
}

impl SessionEntryView {
    /// `asking` is the id of the session that asks, if one does.
    pub(crate) fn new(entry: SessionEntry, asking: Option<&str>) -> Self {
        Self {
            current: asking == Some(entry.id.as_str()),
            id: entry.id,
            address: entry.place.client.to_string(),
            agent: entry.place.agent,
            opened: Rfc3339(entry.opened),
            last_used: Rfc3339(entry.last_used),
            expires: Rfc3339(entry.until),
        }
    }
}

impl Row for SessionEntryView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "current",
        "address",
        "agent",
        "opened",
        "last_used",
        "expires",
    ];
}

/// A new invitation, shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = NewInvitation, example = json!({"invitation": "mdi_...", "path": "/ops#invitation=mdi_...",
    "url": "https://madang.example.kr/ops#invitation=mdi_...", "expires": "2026-05-08T00:00:00Z"}))]
pub(crate) struct InvitationView {
    invitation: String,
    /// The page that takes it, below the platform's address.
    path: String,
    /// The same with the address, where the platform knows its own.
    url: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    expires: Rfc3339,
}

impl InvitationView {
    pub(crate) fn new(issued: IssuedInvitation, public_url: Option<&str>) -> Self {
        // After a #, no browser sends it and no log on the way reads it.
        let path = format!("/ops#invitation={}", issued.text);
        Self {
            url: public_url.map(|url| format!("{url}{path}")),
            path,
            invitation: issued.text,
            expires: Rfc3339(issued.until),
        }
    }
}

/// Whom an invitation invites.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenInvitation, example = json!({"id": "kim", "name": "김민수", "secret": "GEZDGNBV...",
    "uri": "otpauth://totp/Madang:kim?secret=GEZDGNBV...",
    "qr": "<svg ...>...</svg>", "code_required": true, "expires": "2026-05-08T00:00:00Z"}))]
pub(crate) struct OpenInvitationView {
    /// The login name.
    id: String,
    name: String,
    /// For an authenticator app, typed in by hand.
    secret: String,
    /// The same for an app to scan.
    uri: String,
    /// `uri` as a QR code: an SVG document.
    qr: String,
    /// Whether the app has to be set up.
    code_required: bool,
    #[schema(value_type = String, format = DateTime)]
    expires: Rfc3339,
}

impl OpenInvitationView {
    pub(crate) fn new(open: &OpenInvitation, factor: SecondFactor) -> Self {
        let uri = open.secret.uri(ISSUER, open.person.id.as_str());
        Self {
            id: open.person.id.to_string(),
            name: open.person.name.clone(),
            secret: open.secret.base32(),
            qr: qr_svg(&uri),
            uri,
            code_required: factor == SecondFactor::Required,
            expires: Rfc3339(open.until),
        }
    }
}

/// Who can log in now.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedInvitation, example = json!({"id": "kim", "recovery_codes": ["x7k2-09qa-mm4t-5w3v"]}))]
pub(crate) struct AcceptedInvitationView {
    /// The login name.
    pub(crate) id: String,
    /// Each in the place of one code; none without an authenticator app.
    pub(crate) recovery_codes: Vec<String>,
}
