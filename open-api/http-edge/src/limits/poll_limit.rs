//! Bounds how many futures are polled at once, and not how many there are: a
//! turn is held while work is done, not while it waits for something. So a
//! thread of the runtime is left for everybody else while long answers are
//! made.

use std::pin::pin;
use std::task::Poll;

use tokio::sync::Semaphore;

pub struct PollLimit(Semaphore);

impl PollLimit {
    /// At most `at_once` are polled at the same time.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self(Semaphore::new(at_once))
    }

    /// Does the work, a turn for each step of it.
    pub async fn run<F: Future>(&self, work: F) -> F::Output {
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
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
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
            let limit = Arc::new(PollLimit::new(1));
            let working = Arc::new(AtomicUsize::new(0));
            let waiting = Arc::new(tokio::sync::Barrier::new(8));
            let tasks: Vec<_> = (0..8)
                .map(|number| {
                    let (limit, working) = (Arc::clone(&limit), Arc::clone(&working));
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
                        limit.run(work).await
                    })
                })
                .collect();
            for (number, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.unwrap(), number);
            }
        });
    }
}
