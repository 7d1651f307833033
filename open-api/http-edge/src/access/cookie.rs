//! Cookies that the platform gives to browsers, out of reach of their scripts.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

/// One of the platform's cookies.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    /// Over TLS: with `__Host-`, browsers bind it to host and path.
    secure_name: &'static str,
    plain_name: &'static str,
    life: Duration,
}

impl Cookie {
    pub const fn new(secure_name: &'static str, plain_name: &'static str, life: Duration) -> Self {
        Self {
            secure_name,
            plain_name,
            life,
        }
    }

    /// It among all that a browser sends.
    pub fn find<'a>(&self, headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
        let wanted = self.name(scheme);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == wanted).then_some(value))
    }

    /// Hands it to the browser: `value` is in base64url.
    pub fn set(&self, value: &str, scheme: &str) -> HeaderValue {
        self.header_value(value, self.life.as_secs(), scheme)
    }

    /// Takes it from the browser.
    pub fn clear(&self, scheme: &str) -> HeaderValue {
        self.header_value("", 0, scheme)
    }

    fn name(&self, scheme: &str) -> &'static str {
        if scheme == "https" {
            self.secure_name
        } else {
            self.plain_name
        }
    }

    fn header_value(&self, value: &str, max_age: u64, scheme: &str) -> HeaderValue {
        let name = self.name(scheme);
        let secure = if scheme == "https" { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
        HeaderValue::try_from(text).expect("base64url and fixed words are a header's text")
    }
}
