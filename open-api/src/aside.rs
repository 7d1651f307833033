//! Long answers take turns: while one of them is made, a thread of the runtime
//! is left for everybody else. A turn is held while work is done, not while it
//! waits for something.

use std::pin::pin;
use std::task::Poll;

use axum::http::Uri;
use tokio::sync::Semaphore;

/// Long answers that are worked on at once: one fewer than the runtime has
/// threads.
const MAX_WORKED_ON: usize = 1;
/// An answer of more items than this is long: some milliseconds of work.
const LONG_ITEMS: u32 = 1_000;
/// Where an answer may be long whatever its limit.
const LONG_PATH: &str = "/v1/aggregate";

pub(crate) struct Aside(Semaphore);

impl Default for Aside {
    fn default() -> Self {
        Self(Semaphore::new(MAX_WORKED_ON))
    }
}

impl Aside {
    /// Does the work, a turn for each step of it.
    pub(crate) async fn work<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        loop {
            let turn = self.0.acquire().await;
            let step = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
            drop(turn);
            match step {
                Poll::Ready(done) => return done,
                Poll::Pending => woken().await,
            }
        }
    }
}

/// Resolves when what the task waits for wakes it.
async fn woken() {
    let mut waited = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Whether a request may ask for a long answer.
pub(crate) fn is_long(uri: &Uri) -> bool {
    let limits = uri.query().unwrap_or_default().split('&');
    let mut limits = limits.filter_map(|pair| pair.strip_prefix("limit="));
    // What is no number is refused soon enough.
    limits.any(|limit| limit.parse().is_ok_and(|limit: u32| limit > LONG_ITEMS))
        || uri.path().starts_with(LONG_PATH)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_works_and_all_wait_at_once() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let aside = Arc::new(Aside::default());
            let working = Arc::new(AtomicUsize::new(0));
            let waiting = Arc::new(tokio::sync::Barrier::new(8));
            let tasks: Vec<_> = (0..8)
                .map(|number| {
                    let (aside, working) = (Arc::clone(&aside), Arc::clone(&working));
                    let waiting = Arc::clone(&waiting);
                    tokio::spawn(async move {
                        let work = async {
                            // All have to wait here together to get on.
                            waiting.wait().await;
                            let before = working.fetch_add(1, Ordering::SeqCst);
                            std::thread::sleep(Duration::from_millis(5));
                            working.fetch_sub(1, Ordering::SeqCst);
                            tokio::task::yield_now().await;
                            assert_eq!(before, 0, "two work at once");
                            number
                        };
                        aside.work(work).await
                    })
                })
                .collect();
            for (number, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap(), number);
            }
        });
    }

    #[test]
    fn long_answers_are_told_by_what_is_asked() {
        for (uri, long) in [
            ("/v1/latest", false),
            ("/v1/latest?limit=1000", false),
            ("/v1/latest?domain=traffic&limit=10000", true),
            ("/v1/latest?limit=x", false),
            ("/v1/aggregate?bucket=5m", true),
        ] {
            assert_eq!(is_long(&uri.parse().unwrap()), long, "{uri}");
        }
    }
}
