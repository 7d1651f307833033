//! A page of observations: what the filter says of time, datastream, result and id
//! is left to the store, the rest is looked at row by row.

use std::ops::ControlFlow;

use domain::{DatastreamId, Timestamp};
use ingest::{Interval, Order, ValueFilter};
use odata::{EntityType, Id, OrderItem};

use super::{Page, Question, each, is_path};
use crate::count;
use crate::entity::{self, Entity};
use crate::error::Error;
use crate::set::{Observations, Set};
use crate::token::Token;
use crate::walk::{Sequence, Walk};

impl<'a> Question<'_, 'a> {
    pub(super) fn observations(self, observations: &Observations<'a>) -> Result<Page<'a>, Error> {
        let mut narrowed = observations.clone();
        self.narrow(&mut narrowed)?;
        let is_said_by = |paths: &[&[&str]]| {
            let filter = self.options.filter.as_ref();
            filter.is_none_or(|filter| filter.is_implied_by(paths, self.world.now))
        };
        let by_index = is_said_by(&[&["phenomenonTime"], &["Datastream", "id"]]);
        let is_exact =
            by_index || is_said_by(&[&["phenomenonTime"], &["Datastream", "id"], &["result"]]);
        let Some(sequence) = sequence(&self.options.order) else {
            self.afford(&narrowed)?;
            return self.ordered(|visit| each(self.world, &Set::Observations(narrowed), visit));
        };
        let count = self.counts().then(|| self.count(&narrowed, by_index));
        let count = count.transpose()?;
        let after = self.after.as_ref().map(Token::observation).transpose()?;
        let hint = self.skip.saturating_add(self.top).saturating_add(1);
        let mut entities = Vec::new();
        let mut next = None;
        if self.top > 0 {
            let mut walk = Walk::new(self.world, &narrowed, sequence, after, hint)?;
            let mut skipped = 0;
            while let Some(observed) = walk.next()? {
                let entity = Entity::Observation(observed);
                if !is_exact && !self.passes(&entity)? {
                    continue;
                }
                if skipped < self.skip {
                    skipped += 1;
                    continue;
                }
                entities.push(entity);
                if entities.len() == self.top {
                    let more = if is_exact {
                        walk.has_more()?
                    } else {
                        self.any_passes(&mut walk)?
                    };
                    next = entities.last().filter(|_| more).and_then(observation_token);
                    break;
                }
            }
        }
        Ok(Page {
            entities,
            count,
            next,
        })
    }

    fn any_passes(&self, walk: &mut Walk<'_, 'a>) -> Result<bool, Error> {
        while let Some(observed) = walk.next()? {
            if self.passes(&Entity::Observation(observed))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves out what the filter does by itself: by datastream and by time.
    fn narrow(&self, observations: &mut Observations<'a>) -> Result<(), Error> {
        let time = self.implied(&["phenomenonTime"]).time;
        observations.from = observations.from.max(time.from);
        observations.to = observations.to.min(time.to);
        if let Some((low, high)) = self.implied(&["result"]).number {
            observations.values =
                ValueFilter::Numbers(Interval::from(low).and(Interval::up_to(high)));
        }
        if let Some(ids) = self.implied(&["Datastream", "id"]).ids {
            let number = |id: &Id| match id {
                Id::Number(number) => u32::try_from(*number).ok().map(DatastreamId::new),
                Id::Text(_) => None,
            };
            let mut named: Vec<DatastreamId> = ids.iter().filter_map(number).collect();
            named.sort_unstable();
            named.dedup();
            named.retain(|id| {
                let all = observations.datastreams.as_ref();
                all.is_none_or(|all| all.binary_search(id).is_ok())
                    && self.world.datastream(*id).is_some()
            });
            observations.datastreams = Some(named);
        }
        if let Some(ids) = self.implied(&["id"]).ids {
            return self.narrow_to_ids(&ids, observations);
        }
        Ok(())
    }

    /// The datastreams and times of observations that the filter names.
    fn narrow_to_ids(&self, ids: &[Id], observations: &mut Observations<'a>) -> Result<(), Error> {
        let (mut datastreams, mut from, mut to) = (Vec::new(), Timestamp::MAX, Timestamp::MIN);
        for id in ids {
            if let Some(Entity::Observation(found)) =
                entity::find(self.world, EntityType::Observation, id)?
            {
                let time = found.stored.time;
                datastreams.push(found.datastream.id);
                from = from.min(time);
                to = to.max(Timestamp::from_micros(time.as_micros().saturating_add(1)));
            }
        }
        datastreams.sort_unstable();
        datastreams.dedup();
        if let Some(all) = &observations.datastreams {
            datastreams.retain(|id| all.binary_search(id).is_ok());
        }
        observations.datastreams = Some(datastreams);
        observations.from = observations.from.max(from);
        observations.to = observations.to.min(to);
        Ok(())
    }

    /// Refuses to read more than a request may, before it begins.
    fn afford(&self, observations: &Observations<'a>) -> Result<(), Error> {
        let cost = count::observations(self.world, observations)?;
        self.world.afford(cost)
    }

    fn count(&self, observations: &Observations<'a>, is_exact: bool) -> Result<u64, Error> {
        if is_exact && observations.feature.is_none() {
            return count::observations(self.world, observations);
        }
        self.afford(observations)?;
        let mut count = 0;
        let set = Set::Observations(observations.clone());
        each(self.world, &set, &mut |entity| {
            count += u64::from(self.passes(&entity)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }
}

/// How a walk over observations follows the order; `None`: it does not.
fn sequence(order: &[OrderItem]) -> Option<Sequence> {
    match order {
        [] => Some(Sequence::Natural),
        [item] if is_path(&item.by, &["phenomenonTime"]) => {
            Some(Sequence::ByTime(if item.descending {
                Order::Descending
            } else {
                Order::Ascending
            }))
        }
        _ => None,
    }
}

fn observation_token(entity: &Entity<'_>) -> Option<Token> {
    match entity {
        Entity::Observation(observed) => Some(Token::of_observation(
            observed.datastream.id,
            observed.stored.time,
        )),
        _ => None,
    }
}
