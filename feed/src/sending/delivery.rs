//! A batch on its way: one request, or parts of it where the store refuses
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
//! while the other line is taken. A line that fails alone is put on trial
//! ([`Trial`]) as soon as another line of its series was taken, of its field too
//! where one ever was, and is set aside where it fails there too. Where none is
//! known, what the platform has of the thing is tried ([`Others`]); where the
//! store takes none of that, the batch is sent again later.

use std::ops::Range;

use domain::Offset;

use crate::batch::Batch;
use crate::line::parts;
use crate::others::Others;
use crate::sending::client::{Answer, Client, Failure, Link};
use crate::sending::memory::Memory;
use crate::sending::throttle::Throttle;
use crate::sending::trial::{Outcome, Trial, Undelivered, prove_the_settings};
use crate::stats::Counters;
use crate::stop::Stop;

/// How much of a line that is set aside is told, in bytes.
const TOLD_BYTES: usize = 256;
/// Lines set aside that are told each minute; all are counted.
const TOLD_PER_MINUTE: u32 = 20;
/// The most lines of a batch that wait for another one of their series to be
/// taken: a store that is down in part is not asked line by line.
const MAX_UNTRIED: usize = 256;
/// How often a line is sent alone before its trials: one of several stores that
/// take turns may be up.
const ATTEMPTS: u32 = 3;

/// What the store says of some lines, of which it took none.
enum Refusal {
    /// That they cannot be taken.
    Objection(String),
    /// That it failed.
    Failure(Failure),
}

/// A batch of which every line was taken or set aside.
pub(crate) struct Delivered {
    /// The last connection that took some.
    pub(crate) link: Option<Link>,
    /// The store failed, and not only at lines of fields at which it was known
    /// to fail.
    pub(crate) failed: bool,
}

pub(crate) struct Delivery {
    told: Throttle,
    held_up_told: Throttle,
    /// What the store failed at last, until that is delivered: all after the
    /// first offset, up to the second.
    failed_at: Option<(Offset, Offset)>,
    memory: Memory,
}

impl Delivery {
    pub(crate) fn new() -> Self {
        Self {
            told: Throttle::per_minute(TOLD_PER_MINUTE),
            held_up_told: Throttle::per_minute(1),
            failed_at: None,
            memory: Memory::default(),
        }
    }

    /// Sends every line of the batch.
    pub(crate) fn deliver(
        &mut self,
        batch: &Batch,
        client: &mut Client,
        others: &Others<'_>,
        counters: &Counters,
        stop: &Stop,
    ) -> Result<Delivered, Undelivered> {
        let left = self.memory.left_of(batch);
        let round = Round {
            delivery: self,
            batch,
            client,
            others,
            counters,
            stop,
            left,
            taken: vec![false; batch.lines()],
            sent: 0,
            link: None,
            untried: Vec::new(),
            failures: Vec::new(),
            known_to_fail: Vec::new(),
        };
        let delivered = round.run()?;
        let (begins, reaches) = batch.span();
        // One that stands for no frame as a whole does not end its gap.
        self.failed_at
            .take_if(|(_, last)| begins < reaches && *last <= reaches);
        Ok(delivered)
    }

    /// Nothing before `offset` is sent again.
    pub(crate) fn is_settled(&mut self, offset: Offset) {
        self.memory.is_settled(offset);
    }

    /// The failure, where some line of the batch may be its cause.
    fn suspected(&mut self, failure: Failure, batch: &Batch) -> Result<Failure, Undelivered> {
        if !matches!(failure, Failure::Failing { status: 500, .. }) {
            return Err(Undelivered::Failure(failure));
        }
        let (begins, reaches) = batch.span();
        let again = self.failed_at.is_some_and(|(first, last)| {
            (first, last) == (begins, reaches) || begins < last && first < reaches
        });
        self.failed_at = Some((begins, reaches));
        if again || self.memory.has_a_failing_field(batch) {
            Ok(failure)
        } else {
            Err(Undelivered::Failure(failure))
        }
    }

    fn tell(&mut self, line: &[u8], said: &str) {
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

    fn tell_of_no_witness(&mut self, line: &[u8]) {
        if let Some(untold) = self.held_up_told.tell() {
            tracing::warn!(
                untold,
                field = %String::from_utf8_lossy(parts::field(line)),
                time = %String::from_utf8_lossy(parts::time(line)),
                "the store fails at a line and takes no other one of its thing: the feed waits"
            );
        }
    }
}

/// A batch that is being delivered.
struct Round<'a> {
    delivery: &'a mut Delivery,
    batch: &'a Batch,
    client: &'a mut Client,
    others: &'a Others<'a>,
    counters: &'a Counters,
    stop: &'a Stop,
    /// The first part lies on top: lines go out in their order.
    left: Vec<Range<usize>>,
    /// Of each line, whether the store took it.
    taken: Vec<bool>,
    /// The end of what was sent so far.
    sent: usize,
    /// The last connection that took some.
    link: Option<Link>,
    /// Lines at which the store failed alone, before their trials.
    untried: Vec<(usize, Failure)>,
    /// Each time that the store failed at some lines.
    failures: Vec<(Range<usize>, Failure)>,
    /// Lines set aside of fields at which it was known to fail.
    known_to_fail: Vec<usize>,
}

impl Round<'_> {
    fn run(mut self) -> Result<Delivered, Undelivered> {
        loop {
            if self.stop.is_stopping() {
                return Err(Undelivered::Stopping);
            }
            if let Some(place) = self.ready_for_trial() {
                let (line, failure) = self.untried.remove(place);
                self.try_alone(line, &failure)?;
            } else if self.untried.len() < MAX_UNTRIED
                && let Some(lines) = self.left.pop()
            {
                self.send(lines)?;
            } else if let Some((line, failure)) = self.untried.first().cloned() {
                self.find_witness(line, failure)?;
            } else {
                break;
            }
        }
        // Those of a batch that is sent again count as one failure, there.
        for (_, failure) in &self.failures {
            self.counters.failed(failure);
        }
        Ok(Delivered {
            link: self.link,
            failed: self.failed_otherwise(),
        })
    }

    fn ready_for_trial(&self) -> Option<usize> {
        self.untried.iter().position(|(line, _)| {
            let line = self.batch.line(*line);
            !self.delivery.memory.witnesses(line).is_empty()
        })
    }

    /// Has the store take another line of the thing, so that `line` can be put on
    /// trial.
    fn find_witness(&mut self, line: usize, failure: Failure) -> Result<(), Undelivered> {
        let text = self.batch.line(line);
        let datastream = self.batch.datastream(line);
        for other in self.others.of_the_thing_of(text, datastream) {
            match self.client.write(&other) {
                Answer::Written(_) => {
                    let memory = &mut self.delivery.memory;
                    memory.other_was_taken(&other);
                    if !memory.witnesses(text).is_empty() {
                        return Ok(());
                    }
                }
                // It may fail at that one too, for the same reason.
                Answer::NotNow(Failure::Failing { status: 500, .. })
                | Answer::TooLarge
                | Answer::BadLines { .. } => {}
                Answer::NotNow(failure) => return Err(Undelivered::Failure(failure)),
            }
        }
        Counters::one(&self.counters.held_up);
        self.delivery.tell_of_no_witness(text);
        Err(Undelivered::Failure(failure))
    }

    fn send(&mut self, lines: Range<usize>) -> Result<(), Undelivered> {
        let refusal = match self.write(lines.clone()) {
            Answer::Written(link) => {
                self.written(lines, link);
                return Ok(());
            }
            Answer::NotNow(failure) => {
                let failure = self.delivery.suspected(failure, self.batch)?;
                self.failures.push((lines.clone(), failure.clone()));
                Refusal::Failure(failure)
            }
            Answer::TooLarge => {
                Counters::one(&self.counters.too_large);
                Refusal::Objection("413: too large".to_owned())
            }
            Answer::BadLines { said } => {
                Counters::one(&self.counters.bad_lines);
                Refusal::Objection(said)
            }
        };
        if self.link.is_none() && (lines.len() == 1 || matches!(refusal, Refusal::Failure(_))) {
            let failure = match refusal {
                Refusal::Objection(said) => Failure::Refused { status: 400, said },
                Refusal::Failure(failure) => failure,
            };
            self.link = Some(prove_the_settings(self.client, failure)?);
            // The settings may have been mended since it was refused.
            self.left.push(lines);
            return Ok(());
        }
        if lines.len() > 1 {
            let middle = lines.start + lines.len() / 2;
            self.left.push(middle..lines.end);
            self.left.push(lines.start..middle);
            return Ok(());
        }
        self.sent = self.sent.max(lines.end);
        // One that is sent again as a correction may have been.
        self.taken[lines.start] = false;
        match refusal {
            Refusal::Objection(said) => self.set_aside(lines.start, &said),
            Refusal::Failure(failure) => self.untried.push((lines.start, failure)),
        }
        Ok(())
    }

    /// Writes some lines; one alone up to [`ATTEMPTS`] times.
    fn write(&mut self, lines: Range<usize>) -> Answer {
        let mut answer = self.client.write(self.batch.text(lines.clone()));
        // Of a batch of which nothing was taken, the store may be down.
        if lines.len() == 1 && self.link.is_some() {
            for _ in 1..ATTEMPTS {
                if !matches!(answer, Answer::NotNow(Failure::Failing { status: 500, .. })) {
                    break;
                }
                answer = self.client.write(self.batch.text(lines.clone()));
            }
        }
        answer
    }

    fn written(&mut self, lines: Range<usize>, link: Link) {
        self.counters.written(lines.len());
        self.link = Some(link);
        self.taken[lines.clone()].fill(true);
        self.delivery.memory.was_taken(self.batch, lines.clone());
        if lines.len() == 1 && lines.end < self.sent {
            self.correct_again(lines.start);
        }
        self.sent = self.sent.max(lines.end);
    }

    fn try_alone(&mut self, line: usize, failure: &Failure) -> Result<(), Undelivered> {
        let text = self.batch.line(line);
        let memory = &self.delivery.memory;
        let trial = Trial {
            line: text,
            witnesses: memory.witnesses(text),
            failure,
            client: self.client,
            stop: self.stop,
        };
        let is_known = memory.is_of_a_failing_field(text);
        let outcome = if is_known {
            trial.in_short()?
        } else {
            trial.in_full()?
        };
        match outcome {
            Outcome::Fails => {
                if is_known {
                    self.known_to_fail.push(line);
                }
                self.delivery.memory.failed_all_trials(text);
                self.set_aside(line, &failure.to_string());
            }
            Outcome::Taken(link) => self.written(line..line + 1, link),
            Outcome::Answered => self.left.push(line..line + 1),
        }
        Ok(())
    }

    /// A line was taken later than in its turn: the last of those that correct
    /// it, and were taken before, is sent again.
    fn correct_again(&mut self, line: usize) {
        let point = |line| (parts::field(line), parts::time(line));
        let written = point(self.batch.line(line));
        let mut later = (line + 1..self.sent).rev();
        let correction =
            later.find(|later| self.taken[*later] && point(self.batch.line(*later)) == written);
        if let Some(correction) = correction {
            self.left.push(correction..correction + 1);
        }
    }

    fn set_aside(&mut self, line: usize, said: &str) {
        let (_, reaches) = self.batch.span();
        let line = self.batch.line(line);
        Counters::one(&self.counters.set_aside);
        self.delivery.memory.was_set_aside(line, reaches);
        self.delivery.tell(line, said);
    }

    /// Whether the store failed at lines among which none is known to make it.
    fn failed_otherwise(&mut self) -> bool {
        let known = &mut self.known_to_fail;
        known.sort_unstable();
        self.failures.iter().any(|(lines, _)| {
            let next = known.partition_point(|line| *line < lines.start);
            known.get(next).is_none_or(|line| *line >= lines.end)
        })
    }
}
