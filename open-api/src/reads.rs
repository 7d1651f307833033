//! Turns of the questions that read files: ranges, counts and aggregates.
//!
//! They read on threads of their own, where they stop no other request, and a
//! few at a time: the cores are the data plane's first of all. Who waits for a
//! turn costs nothing but the wait.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;
use crate::problem_kind::ProblemKind;
use crate::quota::Account;

/// Ranges and aggregates that are read at once.
const MAX_READS: usize = 8;
/// Of these, those of one account: a key, or an address without one.
const MAX_READS_AN_ACCOUNT: usize = 2;
/// Above it, accounts that neither read nor wait are forgotten.
const REMEMBERED_ACCOUNTS: usize = 1_024;
/// How long a question may wait for its turn.
const READ_TURN: Duration = Duration::from_secs(20);
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

pub(crate) struct Reads {
    places: Arc<Semaphore>,
    /// Of each account that asks or waits; operators have no bound of their own.
    by_account: Mutex<HashMap<Account, Arc<Semaphore>>>,
    patience: Duration,
}

/// A place among those who read; given back when it is dropped.
pub(crate) struct Turn {
    _place: OwnedSemaphorePermit,
    _of_account: Option<OwnedSemaphorePermit>,
}

impl Default for Reads {
    fn default() -> Self {
        Self::new(MAX_READS, READ_TURN)
    }
}

impl Reads {
    fn new(places: usize, patience: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            by_account: Mutex::default(),
            patience,
        }
    }

    /// Waits for a place: first among those of the account, so that who asks
    /// much waits for itself, then among all.
    pub(crate) async fn turn(&self) -> Result<Turn, Problem> {
        let account = ASKED_BY.try_with(Account::clone).ok();
        let own = account.and_then(|account| self.own(account));
        let turn = async {
            let of_account = match own {
                Some(own) => own.acquire_owned().await.ok(),
                None => None,
            };
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            Some(Turn {
                _place: place,
                _of_account: of_account,
            })
        };
        match tokio::time::timeout(self.patience, turn).await {
            Ok(Some(turn)) => Ok(turn),
            _ => Err(Problem::new(
                ProblemKind::Unavailable,
                "Too many questions are being read at once.",
            )
            .retry_after(ASK_AGAIN)),
        }
    }

    fn own(&self, account: Account) -> Option<Arc<Semaphore>> {
        if account == Account::Operator {
            return None;
        }
        let mut by_account = self.by_account.lock();
        if by_account.len() >= REMEMBERED_ACCOUNTS {
            by_account.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let places = by_account
            .entry(account)
            .or_insert_with(|| Arc::new(Semaphore::new(MAX_READS_AN_ACCOUNT)));
        Some(Arc::clone(places))
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
            let reads = Reads::new(2, Duration::from_millis(20));
            let first = reads.turn().await.ok().unwrap();
            let _second = reads.turn().await.ok().unwrap();
            let refused = reads.turn().await.err().unwrap().into_response();
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(refused.headers()[header::RETRY_AFTER], "5");
            drop(first);
            assert!(reads.turn().await.is_ok(), "a place that is given back");
        });
    }

    #[test]
    fn who_asks_much_waits_for_itself() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let reads = Reads::new(4, Duration::from_millis(20));
            let account = |last| Account::of_address([192, 0, 2, last].into());
            let greedy = account(1);
            let ask = |of: &Account| asked_by(of.clone(), reads.turn());
            let first = ask(&greedy).await.ok().unwrap();
            let _second = ask(&greedy).await.ok().unwrap();
            assert!(ask(&greedy).await.is_err(), "the account's third");
            let _other = ask(&account(2)).await.ok().unwrap();
            drop(first);
            assert!(ask(&greedy).await.is_ok(), "a place that is given back");
            let _operators = ask(&Account::Operator).await.ok().unwrap();
            let _more = ask(&Account::Operator).await.ok().unwrap();
            assert!(ask(&account(3)).await.is_err(), "all places are taken");
        });
    }
}
