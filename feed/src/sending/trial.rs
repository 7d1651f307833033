//! Whether a store fails at one line, or is down as a whole or in part.
//!
//! A part may hold some series, some fields, some times, or some requests. So
//! right before and right after each trial the store has to take other lines: one
//! at the time of the line on trial, and those that it took before of the same
//! series and field. Who gives these sees to it that their repetition changes
//! nothing.

use std::time::Duration;

use ingest::{Clock, SystemClock};

use crate::line::parts;
use crate::sending::client::{Answer, Client, Failure, Link};
use crate::stop::Stop;

/// A store that fails now and then must not be taken for one that fails at a
/// line, nor two behind one address of which one is down.
const TRIALS: u32 = 5;
/// Before the first trial; doubled from trial to trial, some 8 s in all.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Why a batch is to be sent again as a whole.
pub(crate) enum Undelivered {
    Failure(Failure),
    Stopping,
}

/// What became of a line on trial.
pub(crate) enum Outcome {
    /// The store fails at it, and at no other.
    Fails,
    Taken(Link),
    /// It got an answer of another kind: it is to be sent as any other.
    Answered,
}

/// A line on trial.
pub(crate) struct Trial<'a> {
    pub(crate) line: &'a [u8],
    /// Of the same series and field, taken before.
    pub(crate) witnesses: Vec<&'a [u8]>,
    /// What the store said of the line.
    pub(crate) failure: &'a Failure,
    pub(crate) client: &'a mut Client,
    pub(crate) stop: &'a Stop,
}

impl Trial<'_> {
    /// All trials; an error where the store fails at other lines too.
    pub(crate) fn in_full(mut self) -> Result<Outcome, Undelivered> {
        for number in 0..TRIALS {
            self.stop.wait(FIRST_WAIT * 2_u32.pow(number));
            // Once more from trial to trial: where several stores take turns
            // behind one address, it does not meet the same ones each time.
            match self.once(number + 1)? {
                Outcome::Fails => {}
                outcome => return Ok(outcome),
            }
        }
        Ok(Outcome::Fails)
    }

    /// One trial: for a line of a field that failed all of them before.
    pub(crate) fn in_short(mut self) -> Result<Outcome, Undelivered> {
        self.once(TRIALS)
    }

    fn once(&mut self, attempts: u32) -> Result<Outcome, Undelivered> {
        self.prove()?;
        for _ in 0..attempts {
            if self.stop.is_stopping() {
                return Err(Undelivered::Stopping);
            }
            match self.client.write(self.line) {
                Answer::NotNow(Failure::Failing { status: 500, .. }) => {}
                Answer::NotNow(failure) => return Err(Undelivered::Failure(failure)),
                Answer::Written(link) => return Ok(Outcome::Taken(link)),
                Answer::TooLarge | Answer::BadLines { .. } => return Ok(Outcome::Answered),
            }
        }
        self.prove()?;
        Ok(Outcome::Fails)
    }

    fn prove(&mut self) -> Result<(), Undelivered> {
        let at_its_time = certainly_right(parts::time(self.line));
        takes(self.client, &at_its_time, self.failure.clone())?;
        for witness in &self.witnesses {
            takes(self.client, witness, self.failure.clone())?;
        }
        Ok(())
    }
}

/// The store takes lines of the form that the others have, bucket and right;
/// the error is `failure` where it objects.
pub(crate) fn prove_the_settings(
    client: &mut Client,
    failure: Failure,
) -> Result<Link, Undelivered> {
    let now = SystemClock.now().as_micros().to_string();
    takes(client, &certainly_right(now.as_bytes()), failure)
}

/// The line that nobody can object to.
fn certainly_right(time: &[u8]) -> Vec<u8> {
    let mut line = b"madang.feed,agency=madang,thing=feed accepts=1.0,accepts__q=0i ".to_vec();
    line.extend_from_slice(time);
    line.push(b'\n');
    line
}

fn takes(client: &mut Client, line: &[u8], failure: Failure) -> Result<Link, Undelivered> {
    Err(Undelivered::Failure(match client.write(line) {
        Answer::Written(link) => return Ok(link),
        Answer::NotNow(failure) => failure,
        Answer::TooLarge | Answer::BadLines { .. } => failure,
    }))
}
