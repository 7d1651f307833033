//! A browser as far as a login at a provider needs one: it keeps cookies by
//! server and follows redirects.

use std::collections::BTreeMap;

use tests::TestPlatform;
use ureq::Agent;
use ureq::http::{Request, header};

/// What the provider takes for the platform's address.
pub(super) const PUBLIC_URL: &str = "https://madang.test";
/// A login takes fewer steps.
const MAX_STEPS: usize = 20;

pub(super) struct Browser {
    agent: Agent,
    platform: String,
    /// By server, then by name.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

impl Browser {
    pub(super) fn of(platform: &TestPlatform) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0);
        Self {
            agent: config.build().new_agent(),
            platform: platform.url(),
            cookies: BTreeMap::new(),
        }
    }

    /// Another in which nobody has logged in at the platform, of the same provider's
    /// session.
    pub(super) fn without_platform(&self) -> Self {
        let mut cookies = self.cookies.clone();
        cookies.remove(&self.platform);
        Self {
            agent: self.agent.clone(),
            platform: self.platform.clone(),
            cookies,
        }
    }

    pub(super) fn get(&mut self, url: &str) -> Answer {
        self.send("GET", url, None)
    }

    /// A form where there is one; on the platform as from its own pages.
    pub(super) fn send(&mut self, method: &str, url: &str, form: Option<&str>) -> Answer {
        let url = url.replace(PUBLIC_URL, &self.platform);
        let url = if url.starts_with('/') {
            format!("{}{url}", self.platform)
        } else {
            url
        };
        let server: String = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let jar = self.cookies.entry(server).or_default();
        let cookies: Vec<String> = jar
            .iter()
            .map(|(name, it)| format!("{name}={it}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(&url)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookies.join("; "))
            .body(form.unwrap_or_default().to_owned())
            .unwrap();
        let request = self.agent.configure_request(request);
        let request = request.allow_non_standard_methods(true).build();
        let mut answer = self.agent.run(request).unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            if value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get(header::LOCATION);
        Answer {
            status: answer.status().as_u16(),
            location: location.map(|it| it.to_str().unwrap().to_owned()),
            body: answer.body_mut().read_to_string().unwrap(),
        }
    }

    /// Follows a login to the answer that the provider sends it back with.
    pub(super) fn as_far_as_callback(&mut self) -> String {
        let mut url = "/v1/session/oidc".to_owned();
        for _ in 0..MAX_STEPS {
            let answer = self.get(&url);
            let next = answer
                .location
                .unwrap_or_else(|| panic!("{url}: {}", answer.body));
            if next.starts_with(PUBLIC_URL) {
                return next;
            }
            url = if next.starts_with('/') {
                let server: Vec<&str> = url.splitn(4, '/').take(3).collect();
                format!("{}{next}", server.join("/"))
            } else {
                next
            };
        }
        panic!("the login goes round in circles")
    }

    /// Where a login ends: `/ops`, or with a reason.
    pub(super) fn log_in(&mut self) -> String {
        let callback = self.as_far_as_callback();
        self.get(&callback).location.unwrap()
    }

    /// The roles of who is logged in, as `operator@seoul`; `None`: nobody is.
    pub(super) fn roles(&mut self) -> Option<Vec<String>> {
        let answer = self.get("/v1/session");
        if answer.status == 401 {
            return None;
        }
        assert_eq!(answer.status, 200, "{}", answer.body);
        let session: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let roles = session["roles"].as_array().unwrap().iter();
        let role = |it: &serde_json::Value| {
            format!(
                "{}@{}",
                it["role"].as_str().unwrap(),
                it["agency"].as_str().unwrap_or_default()
            )
        };
        Some(roles.map(role).collect())
    }
}
