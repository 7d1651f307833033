//! Permits of the requests that wait for a disk or a core: those that read
//! files, those that scan, those that change the registry, those that hash a
//! password.
//!
//! They run on threads of their own, where they stop no other request, and a
//! few of a kind at a time: the cores are the data plane's first of all, and no
//! kind may take every thread. Who waits for a permit costs nothing but the wait.

use std::time::Duration;

use http_edge::limits::{KeyedPermit, KeyedSemaphore};
use http_edge::{Problem, ProblemKind};

use crate::quota::Account;

/// Requests of one kind at once.
const MAX_AT_ONCE: usize = 8;
/// Of these, those of one account: a key, or an address without one.
const MAX_AN_ACCOUNT: usize = 2;
/// Requests that hash a password at once, and of these those of one account.
pub(crate) const MAX_HASHES: usize = 2;
pub(crate) const MAX_HASHES_AN_ACCOUNT: usize = 1;
/// How long a request may wait for its turn.
const TURN: Duration = Duration::from_secs(20);
/// When to ask again, in seconds.
const ASK_AGAIN: u64 = 5;

tokio::task_local! {
    /// Whose question the running task answers.
    static ASKED_BY: Account;
}

/// Runs what answers a question of this account.
pub(crate) async fn asked_by<F: Future>(account: Account, answer: F) -> F::Output {
    ASKED_BY.scope(account, answer).await
}

pub(crate) struct Permits(KeyedSemaphore<Account>);

impl Default for Permits {
    fn default() -> Self {
        Self(KeyedSemaphore::new(MAX_AT_ONCE, MAX_AN_ACCOUNT, TURN))
    }
}

impl Permits {
    /// So many at once, and of one account.
    pub(crate) fn of(at_once: usize, an_account: usize) -> Self {
        Self(KeyedSemaphore::new(at_once, an_account, TURN))
    }

    /// Waits for a permit; operators have no bound of their own.
    pub(crate) async fn acquire(&self) -> Result<KeyedPermit, Problem> {
        let account = ASKED_BY.try_with(Account::clone).ok();
        let bound = account.filter(|account| *account != Account::Operator);
        self.0.acquire(bound).await.ok_or_else(|| {
            Problem::new(
                ProblemKind::UNAVAILABLE,
                "Too many such requests are being worked on at once.",
            )
            .retry_after(ASK_AGAIN)
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{StatusCode, header};
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn who_waits_too_long_is_told_when_to_ask_again() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let permits = Permits(KeyedSemaphore::new(1, 1, Duration::from_millis(20)));
            let _first = permits.acquire().await.ok().unwrap();
            let refused = permits.acquire().await.err().unwrap().into_response();
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(refused.headers()[header::RETRY_AFTER], "5");
        });
    }
}
