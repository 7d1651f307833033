//! An answer, and what a test expects of it.

use std::collections::HashMap;

use serde_json::Value;

pub(crate) struct Reply {
    pub(super) line: String,
    pub(crate) status: u16,
    pub(super) headers: HashMap<String, String>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error} in {:?}", self.line, self.text))
    }

    /// The body, of a reply with this status that is no JSON.
    pub(crate) fn expect_text(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}: {}", self.line, self.text);
        &self.text
    }

    /// The body, of a reply with this status.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.line, self.text);
        if self.text.is_empty() {
            return Value::Null;
        }
        self.json()
    }

    /// A problem of this kind, complete.
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.line, self.text);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.line
        );
        let problem = self.json();
        assert_eq!(
            problem["type"],
            format!("/problems/{kind}"),
            "{}: {problem}",
            self.line
        );
        assert_eq!(problem["status"], status);
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        problem
    }
}
