//! Somebody who asks one of the two services, and follows its links.

use std::fmt::Write;

use serde_json::Value;

use crate::access::rights::Caller;
use crate::harness::{Platform, Reply};

/// More pages than any test has.
const MAX_PAGES: usize = 10_000;

pub(super) struct Client<'p> {
    pub(super) platform: &'p Platform,
    pub(super) version: &'static str,
    caller: Caller,
}

impl<'p> Client<'p> {
    /// Nobody in particular, of version 1.1.
    pub(super) fn public(platform: &'p Platform) -> Self {
        let caller = Caller {
            name: "the public".to_owned(),
            token: None,
        };
        Self::of(platform, caller)
    }

    /// Who owns everything.
    pub(super) fn operator(platform: &'p Platform) -> Self {
        Self::of(platform, Caller::with_token("operator", &platform.token))
    }

    pub(super) fn of(platform: &'p Platform, caller: Caller) -> Self {
        Self {
            platform,
            version: "1.1",
            caller,
        }
    }

    /// The same of version 2.0.
    pub(super) fn v2_0(self) -> Self {
        Self {
            version: "2.0",
            ..self
        }
    }

    /// What both versions have, under this version's name.
    pub(super) fn name(&self, of_1_1: &str) -> String {
        match (self.version, of_1_1) {
            ("1.1", name) => name.to_owned(),
            (_, "@iot.id") => "id".to_owned(),
            (_, "@iot.selfLink") => "@id".to_owned(),
            (_, "FeaturesOfInterest") => "Features".to_owned(),
            (_, name) => name.replace("@iot.", "@"),
        }
    }

    pub(super) fn service(&self) -> String {
        self.platform.url(&format!("/sta/v{}", self.version))
    }

    /// `path` is below the service, its query not yet encoded but for `&`, `+` and
    /// `%`; or it is a link.
    pub(super) fn reply(&self, path: &str) -> Reply {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{}", self.service(), encoded(path))
        };
        self.caller.send(self.platform, "GET", &url, None)
    }

    pub(super) fn get(&self, path: &str) -> Value {
        self.reply(path).expect(200)
    }

    /// The entities of one page.
    pub(super) fn page(&self, path: &str) -> Vec<Value> {
        entities(&self.get(path))
    }

    pub(super) fn next_link(&self, page: &Value) -> Option<String> {
        page[self.name("@iot.nextLink")].as_str().map(str::to_owned)
    }

    /// The entities of a page and of all that follow it.
    pub(super) fn all(&self, path: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut next = Some(path.to_owned());
        let mut pages = 0;
        while let Some(path) = next {
            let page = self.get(&path);
            found.extend(entities(&page));
            next = self.next_link(&page);
            pages += 1;
            assert!(pages < MAX_PAGES, "{path} never ends");
        }
        found
    }

    /// The ids of all pages.
    pub(super) fn ids(&self, path: &str) -> Vec<Value> {
        self.ids_of(&self.all(path))
    }

    pub(super) fn ids_of(&self, entities: &[Value]) -> Vec<Value> {
        let name = self.name("@iot.id");
        entities
            .iter()
            .map(|entity| entity[&name].clone())
            .collect()
    }

    /// What `$count` tells of a set, of which nothing else is asked for.
    pub(super) fn count(&self, set: &str) -> u64 {
        let joint = if set.contains('?') { '&' } else { '?' };
        let page = self.get(&format!("{set}{joint}$count=true&$top=0"));
        assert_eq!(entities(&page), [] as [Value; 0], "{set}");
        page[self.name("@iot.count")].as_u64().unwrap()
    }

    /// How many entities pass a filter, by the page and by the count.
    pub(super) fn passing(&self, set: &str, filter: &str) -> usize {
        let path = format!("{set}?$filter={filter}");
        let found = self.all(&path).len();
        assert_eq!(self.count(&path), found as u64, "{path}");
        found
    }

    /// A refusal, whose words are OData's too; returns its `error`.
    pub(super) fn refused(&self, path: &str, status: u16, kind: &str) -> Value {
        let problem = self.reply(path).problem(status, kind);
        let error = problem["error"].clone();
        assert_eq!(error["code"], status.to_string(), "{path}: {problem}");
        let message = error["message"].as_str();
        assert!(message.is_some_and(|text| !text.is_empty()), "{problem}");
        error
    }
}

pub(super) fn entities(page: &Value) -> Vec<Value> {
    let value = page["value"].as_array();
    value.unwrap_or_else(|| panic!("no set: {page}")).clone()
}

/// One member of each.
pub(super) fn each<'v>(entities: &'v [Value], name: &str) -> Vec<&'v Value> {
    entities.iter().map(|entity| &entity[name]).collect()
}

/// Percent-encodes what no URL may hold.
pub(super) fn encoded(text: &str) -> String {
    let mut url = String::new();
    for byte in text.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'#' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0..=b' ' => {
                let _ = write!(url, "%{byte:02X}");
            }
            0x7f.. => {
                let _ = write!(url, "%{byte:02X}");
            }
            plain => url.push(char::from(plain)),
        }
    }
    url
}
