//! What all HTTP listeners of a process share.

use std::sync::Arc;

use text_formats::prometheus::{Exposition, Kind};

use crate::connection::{Book, Unsent};
use crate::counters::Counters;
use crate::limits::HttpLimits;
use crate::limits::log_limit::LogLimit;
use crate::reply::body::Compressing;
use crate::request::TrustedProxies;

/// What an edge is made of.
#[derive(Clone, Debug, Default)]
pub struct EdgeConfig {
    pub limits: HttpLimits,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: TrustedProxies,
    /// Where the platform is reached from outside, where it was configured.
    pub public_url: Option<String>,
}

/// Connections, counters and bounds of all listeners together.
pub struct Edge {
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) public_url: Option<Arc<str>>,
    pub(crate) book: Arc<Book>,
    pub(crate) counters: Counters,
    pub(crate) compressing: Compressing,
    pub(crate) error_lines: LogLimit,
    unsent: Unsent,
}

impl Edge {
    #[must_use]
    pub fn new(config: EdgeConfig) -> Arc<Self> {
        let book = Book::new(config.limits);
        Arc::new(Self {
            trusted_proxies: config.trusted_proxies,
            public_url: config.public_url.map(Arc::from),
            unsent: Unsent::new(Arc::clone(&book)),
            book,
            counters: Counters::new(),
            compressing: Compressing::default(),
            error_lines: LogLimit::default(),
        })
    }

    /// What was made for callers and what no socket has taken yet.
    pub fn unsent(&self) -> &Unsent {
        &self.unsent
    }

    /// Appends how requests were answered.
    pub fn reply_metrics(&self, page: &mut Exposition) {
        let mut replies = page.metric(
            "madang_http_replies_total",
            Kind::Counter,
            "HTTP replies by class of status",
        );
        for (class, count) in self.counters.by_class() {
            replies.sample(&[("class", class)], count);
        }
    }

    /// Appends what the limits on connections did.
    pub fn connection_metrics(&self, page: &mut Exposition) {
        page.gauge(
            "madang_http_connections",
            "Open HTTP connections",
            self.book.open(),
        );
        page.gauge(
            "madang_http_unsent_bytes",
            "Bytes of replies that no socket has taken yet",
            self.unsent.bytes(),
        );
        let mut outcomes = page.metric(
            "madang_http_connections_total",
            Kind::Counter,
            "HTTP connections by what became of them: accepted, refused for want of room, or ended for a newcomer, by a deadline, since they hoarded replies, for a flood of frames",
        );
        for (outcome, count) in self.book.outcomes() {
            outcomes.sample(&[("outcome", outcome)], count);
        }
    }
}
