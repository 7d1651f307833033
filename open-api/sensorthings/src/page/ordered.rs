//! A page of a set that has to be put in order first.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use odata::{Id, OrderItem, SortKey};

use super::{Page, Question};
use crate::entity::Entity;
use crate::error::{Error, TooCostly};
use crate::seen::Seen;
use crate::set::Visit;
use crate::token::Token;
use crate::world::World;

/// `$skip` and `$top` together, where a set has to be ordered first.
const MAX_ORDERED: usize = 100_000;

impl<'a> Question<'_, 'a> {
    /// A page of what has to be put in order first.
    pub(super) fn ordered(
        &self,
        each: impl FnOnce(&mut Visit<'_, 'a>) -> Result<(), Error>,
    ) -> Result<Page<'a>, Error> {
        let wanted = self.skip.saturating_add(self.top).saturating_add(1);
        if wanted > MAX_ORDERED {
            return Err(TooCostly::Skipped(MAX_ORDERED as u64).into());
        }
        let order = &self.options.order;
        let after = self.after.clone().map(Token::key).transpose()?;
        if after
            .as_ref()
            .is_some_and(|(key, _)| key.len() != order.len())
        {
            return Err(Error::Token);
        }
        let by_key = |one: &Sorted<'a>, other: &Sorted<'a>| {
            compare(order, (&one.key, &one.id), (&other.key, &other.id))
        };
        let mut kept: Vec<Sorted<'a>> = Vec::new();
        let mut count = 0;
        each(&mut |entity| {
            if !self.passes(&entity)? {
                return Ok(ControlFlow::Continue(()));
            }
            count += 1;
            let sorted = Sorted::new(self.world, order, entity)?;
            let is_later = after.as_ref().is_none_or(|(key, id)| {
                compare(order, (&sorted.key, &sorted.id), (key, id)).is_gt()
            });
            if is_later {
                kept.push(sorted);
            }
            if kept.len() >= 2 * wanted {
                kept.select_nth_unstable_by(wanted - 1, by_key);
                kept.truncate(wanted);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        kept.sort_by(by_key);
        let more = kept.len() >= wanted && self.top > 0;
        kept.truncate(wanted - 1);
        kept.drain(..self.skip.min(kept.len()));
        let last = kept.last().filter(|_| more);
        let next = last.map(|last| {
            let id = Token::of_id(last.id.clone());
            Token::Key(last.key.clone(), Box::new(id))
        });
        Ok(Page {
            entities: kept.into_iter().map(|sorted| sorted.entity).collect(),
            count: self.counts().then_some(count),
            next,
        })
    }
}

/// An entity with what it is ordered by.
struct Sorted<'a> {
    key: SortKey,
    id: Id,
    entity: Entity<'a>,
}

impl<'a> Sorted<'a> {
    fn new(world: &World<'a>, order: &[OrderItem], entity: Entity<'a>) -> Result<Self, Error> {
        world.judge()?;
        let row = Seen {
            world,
            entity: entity.clone(),
        };
        let key = SortKey::of(order, &row, world.now).map_err(Error::of_row)?;
        Ok(Self {
            key,
            id: entity.id(),
            entity,
        })
    }
}

/// By what was asked for, then by id.
fn compare(order: &[OrderItem], one: (&SortKey, &Id), other: (&SortKey, &Id)) -> Ordering {
    one.0
        .compare(other.0, order)
        .then_with(|| one.1.cmp(other.1))
}
