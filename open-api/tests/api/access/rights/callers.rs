//! Somebody for each role, in the agency that things belong to and in another.

use domain::Timestamp;
use ingest::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::harness::{Platform, Reply};

/// The roles of an agency, and those of the platform.
pub(super) const OF_AGENCY: [&str; 5] = [
    "viewer",
    "installer",
    "operator",
    "agency-administrator",
    "auditor",
];
pub(super) const OF_PLATFORM: [&str; 2] = ["auditor", "platform-administrator"];

/// A body that asks for a service token of `agency`, for a day.
pub(crate) fn service_token(name: &str, agency: Option<&str>, roles: &Value) -> Value {
    json!({"name": name, "agency": agency, "roles": roles, "until": days_ahead(1)})
}

pub(super) fn days_ahead(days: i64) -> String {
    let then = SystemClock.now().as_micros() + days * 86_400_000_000;
    Timestamp::from_micros(then).to_rfc3339()
}

/// Somebody who asks, with a bearer token or without.
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) token: Option<String>,
}

impl Caller {
    pub(crate) fn with_token(name: &str, token: &str) -> Self {
        Self {
            name: name.to_owned(),
            token: Some(token.to_owned()),
        }
    }

    pub(crate) fn send(
        &self,
        platform: &Platform,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Reply {
        let authorization = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = Vec::new();
        if let Some(authorization) = &authorization {
            headers.push(("authorization", authorization.as_str()));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(|body| body.to_string().into_bytes());
        platform.send(method, path, &headers, body)
    }
}

/// The holder of a service token of `agency`, or of the platform, with one role.
pub(crate) fn holder(platform: &Platform, role: &str, agency: Option<&str>) -> Caller {
    let roles = json!([{"role": role, "agency": agency}]);
    let mut body = service_token(role, agency, &roles);
    // Longer than the tokens that it may make itself.
    body["until"] = days_ahead(2).into();
    let made = platform.operator("POST", "/v1/service-tokens", Some(body));
    let token = made.expect(201);
    Caller::with_token(
        &title(role, agency.is_some()),
        token["token"].as_str().unwrap(),
    )
}

/// How a role is called where it may be for the platform too.
pub(super) fn title(role: &str, in_agency: bool) -> String {
    let is_either = in_agency && OF_PLATFORM.contains(&role);
    if is_either {
        format!("an agency's {role}")
    } else {
        role.to_owned()
    }
}

pub(super) fn nobody() -> Caller {
    Caller {
        name: "nobody".to_owned(),
        token: None,
    }
}
