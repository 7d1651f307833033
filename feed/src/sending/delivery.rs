//! A batch on its way: one request, or halves of it where the store refuses
//! some of the lines.
//!
//! A line that is refused alone is set aside: counted, told, and passed over.
//! Before the first one of a batch of which nothing was taken, a line that
//! nobody can object to is sent: where that is refused too, the fault lies in
//! the settings, and nothing is set aside; where it is taken, the line has a
//! second chance.
//!
//! A store that answers 500 may be down, or may choke on one line. So the batch
//! is sent again as a whole first, and is halved only where it fails once more
//! while the other line is taken. A line that fails alone is set aside after
//! [`TRIALS`], in each of which the other line, at the same time, is taken.

use std::time::Duration;

use domain::Offset;
use ingest::{Clock, SystemClock};

use crate::batch::Batch;
use crate::sending::client::{Answer, Client, Failure, Link};
use crate::sending::throttle::Throttle;
use crate::stats::Counters;
use crate::stop::Stop;

/// How much of a line that is set aside is told, in bytes.
const TOLD_BYTES: usize = 256;
/// Lines set aside that are told each minute; all are counted.
const TOLD_PER_MINUTE: u32 = 20;

/// A store that fails now and then must not be taken for one that fails at a
/// line, nor two behind one address of which one is down.
const TRIALS: u32 = 5;
/// Before the first trial's line; doubled from trial to trial, some 8 s in all.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Why a batch is to be sent again as a whole.
pub(crate) enum Undelivered {
    Failure(Failure),
    Stopping,
}

/// What the store says of some lines, of which it took none.
enum Refusal {
    /// That they cannot be taken.
    Objection(String),
    /// That it failed.
    Failure(Failure),
}

pub(crate) struct Delivery {
    told: Throttle,
    /// The batch that the store failed at last.
    failed_at: Option<(Offset, Offset)>,
    /// It is known to fail at a line that it does not like.
    fails_at_lines: bool,
}

impl Delivery {
    pub(crate) fn new() -> Self {
        Self {
            told: Throttle::per_minute(TOLD_PER_MINUTE),
            failed_at: None,
            fails_at_lines: false,
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
            let refusal = match client.write(batch.text(lines.clone())) {
                Answer::Written(link) => {
                    counters.written(lines.len());
                    taken = Some(link);
                    continue;
                }
                Answer::NotNow(failure) => {
                    let failure = self.suspected(failure, batch)?;
                    counters.failed(&failure);
                    Refusal::Failure(failure)
                }
                Answer::TooLarge => {
                    Counters::one(&counters.too_large);
                    Refusal::Objection("413: too large".to_owned())
                }
                Answer::BadLines { said } => {
                    Counters::one(&counters.bad_lines);
                    Refusal::Objection(said)
                }
            };
            if taken.is_none() && (lines.len() == 1 || matches!(refusal, Refusal::Failure(_))) {
                taken = Some(prove_the_settings(client, refusal)?);
                // The settings may have been mended since it was refused.
                left.push(lines);
                continue;
            }
            if lines.len() > 1 {
                let middle = lines.start + lines.len() / 2;
                left.push(middle..lines.end);
                left.push(lines.start..middle);
                continue;
            }
            let said = match refusal {
                Refusal::Objection(said) => said,
                Refusal::Failure(failure) => {
                    let line = batch.text(lines.clone());
                    if !fails_always(line, client, stop, &failure)? {
                        left.push(lines);
                        continue;
                    }
                    self.fails_at_lines = true;
                    failure.to_string()
                }
            };
            self.set_aside(batch.text(lines), &said, counters);
        }
        Ok(taken)
    }

    /// The failure, where some line of the batch may be its cause.
    fn suspected(&mut self, failure: Failure, batch: &Batch) -> Result<Failure, Undelivered> {
        if !matches!(failure, Failure::Failing { status: 500, .. }) {
            return Err(Undelivered::Failure(failure));
        }
        let (begins, reaches) = batch.span();
        let again = self
            .failed_at
            .is_some_and(|(first, last)| first <= reaches && begins <= last);
        self.failed_at = Some((begins, reaches));
        if again || self.fails_at_lines {
            Ok(failure)
        } else {
            Err(Undelivered::Failure(failure))
        }
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
fn prove_the_settings(client: &mut Client, refusal: Refusal) -> Result<Link, Undelivered> {
    let now = SystemClock.now().as_micros().to_string();
    let failure = match refusal {
        Refusal::Objection(said) => Failure::Refused { status: 400, said },
        Refusal::Failure(failure) => failure,
    };
    prove(client, now.as_bytes(), failure)
}

/// The store takes the line that nobody can object to, at `time`; the error is
/// `failure` where it objects all the same.
fn prove(client: &mut Client, time: &[u8], failure: Failure) -> Result<Link, Undelivered> {
    let mut line = b"madang.feed,agency=madang,thing=feed accepts=1.0,accepts__q=0i ".to_vec();
    line.extend_from_slice(time);
    line.push(b'\n');
    Err(Undelivered::Failure(match client.write(&line) {
        Answer::Written(link) => return Ok(link),
        Answer::NotNow(failure) => failure,
        Answer::TooLarge | Answer::BadLines { .. } => failure,
    }))
}

/// Whether the store fails at this line and at no other; an error where it
/// fails at others too.
fn fails_always(
    line: &[u8],
    client: &mut Client,
    stop: &Stop,
    failure: &Failure,
) -> Result<bool, Undelivered> {
    for trial in 0..TRIALS {
        // Of the same time: a store may have lost the part that holds it.
        prove(client, time_of(line), failure.clone())?;
        stop.wait(FIRST_WAIT * 2_u32.pow(trial));
        // Once more from trial to trial: where several stores take turns behind
        // one address, it does not meet the same ones each time.
        for _ in 0..=trial {
            if stop.is_stopping() {
                return Err(Undelivered::Stopping);
            }
            match client.write(line) {
                Answer::NotNow(Failure::Failing { status: 500, .. }) => {}
                Answer::NotNow(failure) => return Err(Undelivered::Failure(failure)),
                Answer::Written(_) | Answer::TooLarge | Answer::BadLines { .. } => {
                    return Ok(false);
                }
            }
        }
    }
    prove(client, time_of(line), failure.clone()).map(|_| true)
}

/// The last word of a line, without its end.
fn time_of(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_end();
    let start = line.iter().rposition(|byte| *byte == b' ');
    &line[start.map_or(0, |space| space + 1)..]
}
