//! A batch on its way: one request, or halves of it where the store refuses
//! some of the lines.
//!
//! A line that is refused alone is set aside: counted, told, and passed over.
//! Before the first one of a batch of which nothing was taken, a line that
//! nobody can object to is sent: where that is refused too, the fault lies in
//! the settings, and nothing is set aside; where it is taken, the line has a
//! second chance.

use ingest::{Clock, SystemClock};

use crate::batch::Batch;
use crate::client::{Answer, Client, Failure, Link};
use crate::stats::Counters;
use crate::stop::Stop;
use crate::throttle::Throttle;

/// How much of a line that is set aside is told, in bytes.
const TOLD_BYTES: usize = 256;
/// Lines set aside that are told each minute; all are counted.
const TOLD_PER_MINUTE: u32 = 20;

/// Why a batch is to be sent again as a whole.
pub(crate) enum Undelivered {
    Failure(Failure),
    Stopping,
}

pub(crate) struct Delivery {
    told: Throttle,
}

impl Delivery {
    pub(crate) fn new() -> Self {
        Self {
            told: Throttle::per_minute(TOLD_PER_MINUTE),
        }
    }

    /// Sends every line of the batch; with the last connection that took some.
    pub(crate) fn deliver(
        &mut self,
        batch: &Batch,
        client: &mut Client,
        counters: &Counters,
        stop: &Stop,
    ) -> Result<Option<Link>, Undelivered> {
        let mut taken = None;
        // The first half lies on top: lines go out in their order.
        let mut left: Vec<_> = std::iter::once(0..batch.lines()).collect();
        while let Some(lines) = left.pop() {
            if stop.is_stopping() {
                return Err(Undelivered::Stopping);
            }
            let said = match client.write(batch.text(lines.clone())) {
                Answer::Written(link) => {
                    counters.written(lines.len());
                    taken = Some(link);
                    continue;
                }
                Answer::NotNow(failure) => return Err(Undelivered::Failure(failure)),
                Answer::TooLarge => {
                    Counters::one(&counters.too_large);
                    "413: too large".to_owned()
                }
                Answer::BadLines { said } => {
                    Counters::one(&counters.bad_lines);
                    said
                }
            };
            if lines.len() > 1 {
                let middle = lines.start + lines.len() / 2;
                left.push(middle..lines.end);
                left.push(lines.start..middle);
                continue;
            }
            if taken.is_none() {
                taken = Some(prove_the_settings(client, &said)?);
                // The settings may have been mended since it was refused.
                left.push(lines);
                continue;
            }
            self.set_aside(batch.text(lines), &said, counters);
        }
        Ok(taken)
    }

    fn set_aside(&mut self, line: &[u8], said: &str, counters: &Counters) {
        Counters::one(&counters.set_aside);
        if let Some(untold) = self.told.tell() {
            let start = &line[..line.len().min(TOLD_BYTES)];
            let line = String::from_utf8_lossy(start);
            tracing::warn!(
                said,
                untold,
                line = line.trim_end(),
                "the store refuses a line, which is set aside"
            );
        }
    }
}

/// The store takes lines of the form that the others have, bucket and right.
fn prove_the_settings(client: &mut Client, said: &str) -> Result<Link, Undelivered> {
    let now = SystemClock.now().as_micros();
    let line = format!("madang.feed,agency=madang,thing=feed accepts=1.0,accepts__q=0i {now}\n");
    let failure = match client.write(line.as_bytes()) {
        Answer::Written(link) => return Ok(link),
        Answer::NotNow(failure) => failure,
        Answer::TooLarge | Answer::BadLines { .. } => Failure::Refused {
            status: 400,
            said: said.to_owned(),
        },
    };
    Err(Undelivered::Failure(failure))
}
