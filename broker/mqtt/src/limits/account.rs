//! What one owner of sessions, a device or an application, uses of the broker
//! over all its connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Config, Rate};

/// Lives as long as the owner has a session.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// What it publishes.
    pub(crate) messages: Rate,
    /// What it subscribes to.
    pub(crate) filters: Rate,
    subscriptions: AtomicUsize,
    of_all: Arc<AtomicUsize>,
}

impl Account {
    /// `of_all`: the subscriptions of all accounts.
    pub(crate) fn new(of_all: Arc<AtomicUsize>) -> Self {
        Self {
            of_all,
            ..Self::default()
        }
    }

    /// Whether there is room for one more subscription; it is taken.
    pub(crate) fn take_subscription(&self, config: &Config) -> bool {
        if !take(&self.subscriptions, config.subscriptions_per_account) {
            return false;
        }
        let taken = take(&self.of_all, config.subscriptions);
        if !taken {
            self.subscriptions.fetch_sub(1, Ordering::Relaxed);
        }
        taken
    }

    /// Of a session that an earlier run has kept.
    pub(crate) fn add_subscriptions(&self, count: usize) {
        self.subscriptions.fetch_add(count, Ordering::Relaxed);
        self.of_all.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn release_subscriptions(&self, count: usize) {
        self.subscriptions.fetch_sub(count, Ordering::Relaxed);
        self.of_all.fetch_sub(count, Ordering::Relaxed);
    }
}

fn take(count: &AtomicUsize, limit: usize) -> bool {
    let step = |it: usize| (it < limit).then_some(it + 1);
    count
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_and_all_together_have_a_limit() {
        let config = Config {
            subscriptions_per_account: 2,
            subscriptions: 3,
            ..Config::default()
        };
        let all = Arc::default();
        let (one, other) = (Account::new(Arc::clone(&all)), Account::new(all.clone()));
        assert!(one.take_subscription(&config) && one.take_subscription(&config));
        assert!(!one.take_subscription(&config));
        assert!(other.take_subscription(&config));
        assert!(!other.take_subscription(&config));
        one.release_subscriptions(1);
        assert!(other.take_subscription(&config));
        other.release_subscriptions(2);
        one.release_subscriptions(1);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
