//! A page of a set: filtered, counted, ordered and cut as its options say.

mod observations;
mod ordered;

use std::ops::ControlFlow;

use domain::Bbox;
use odata::{EntityType, Expr, Id, Implied, Options, OrderItem};

use crate::entity::{self, Entity};
use crate::error::Error;
use crate::seen::Seen;
use crate::set::{Set, Visit};
use crate::token::Token;
use crate::walk::{Sequence, Walk};
use crate::world::World;

/// Entities of a page where nobody says otherwise.
pub const USUAL_PAGE: usize = 100;
/// The most entities of a page: a larger `$top` means this.
pub const MAX_PAGE: usize = 10_000;

/// Some entities of a set.
pub(crate) struct Page<'a> {
    pub(crate) entities: Vec<Entity<'a>>,
    /// Of all that the filter leaves, where that was asked for.
    pub(crate) count: Option<u64>,
    /// Where the next page begins.
    pub(crate) next: Option<Token>,
}

/// The page that `options` ask for.
pub(crate) fn page<'a>(
    world: &World<'a>,
    set: &Set<'a>,
    options: &Options,
) -> Result<Page<'a>, Error> {
    let question = Question::new(world, options)?;
    match set {
        Set::Observations(observations) => question.observations(observations),
        others => question.entities(others),
    }
}

/// Visits all entities of a set in natural order.
pub(crate) fn each<'a>(
    world: &World<'a>,
    set: &Set<'a>,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), Error> {
    let Set::Observations(observations) = set else {
        return set.each(world, None, None, visit);
    };
    let mut walk = Walk::new(world, observations, Sequence::Natural, None, USUAL_PAGE)?;
    while let Some(observed) = walk.next()? {
        if visit(Entity::Observation(observed))?.is_break() {
            break;
        }
    }
    Ok(())
}

struct Question<'q, 'a> {
    world: &'q World<'a>,
    options: &'q Options,
    skip: usize,
    top: usize,
    after: Option<Token>,
}

impl<'q, 'a> Question<'q, 'a> {
    fn new(world: &'q World<'a>, options: &'q Options) -> Result<Self, Error> {
        if options.distinct {
            return Err(Error::NotSupported("$select=distinct:"));
        }
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let after = options.skip_token.as_deref().map(Token::read).transpose()?;
        Ok(Self {
            world,
            options,
            // What was skipped lies before where the page begins.
            skip: match after {
                Some(_) => 0,
                None => options.skip.map_or(0, number),
            },
            top: options.top.map_or(USUAL_PAGE, number).min(MAX_PAGE),
            after,
        })
    }

    fn passes(&self, entity: &Entity<'a>) -> Result<bool, Error> {
        let Some(filter) = &self.options.filter else {
            return Ok(true);
        };
        self.world.judge()?;
        let row = Seen {
            world: self.world,
            entity: entity.clone(),
        };
        filter.holds(&row, self.world.now).map_err(Error::of_row)
    }

    fn implied(&self, path: &[&str]) -> Implied {
        let filter = self.options.filter.as_ref();
        filter.map_or_else(Implied::default, |filter| {
            filter.implied(path, self.world.now)
        })
    }

    fn counts(&self) -> bool {
        self.options.count == Some(true)
    }

    // --- entities of the registry

    fn entities(self, set: &Set<'a>) -> Result<Page<'a>, Error> {
        let narrowed = self.narrowed(set)?;
        let set = narrowed.as_ref().unwrap_or(set);
        let area = self.area(set.entity_type());
        if !is_natural(set.entity_type(), &self.options.order) {
            return self.ordered(|visit| set.each(self.world, None, area.as_ref(), visit));
        }
        let count = self
            .counts()
            .then(|| self.count_entities(set, area.as_ref()));
        let count = count.transpose()?;
        let after = self.after.clone().map(Token::id).transpose()?;
        let has_numbers = set.entity_type() == EntityType::Datastream;
        if after
            .as_ref()
            .is_some_and(|after| matches!(after, Id::Number(_)) != has_numbers)
        {
            return Err(Error::Token);
        }
        let mut cut = Cut::new(self.skip, self.top);
        set.each(self.world, after.as_ref(), area.as_ref(), &mut |entity| {
            if self.passes(&entity)? {
                Ok(cut.take(entity))
            } else {
                Ok(ControlFlow::Continue(()))
            }
        })?;
        Ok(Page {
            next: cut.next(|last| Token::of_id(last.id())),
            entities: cut.entities,
            count,
        })
    }

    fn count_entities(&self, set: &Set<'a>, area: Option<&Bbox>) -> Result<u64, Error> {
        if let (Some(known), None) = (set.len(), &self.options.filter) {
            return Ok(known);
        }
        let mut count = 0;
        set.each(self.world, None, area, &mut |entity| {
            count += u64::from(self.passes(&entity)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }

    /// The few that the filter names by id, where it does.
    fn narrowed(&self, set: &Set<'a>) -> Result<Option<Set<'a>>, Error> {
        let Set::All(entity_type) = set else {
            return Ok(None);
        };
        let Some(mut ids) = self.implied(&["id"]).ids else {
            return Ok(None);
        };
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::new();
        for id in &ids {
            found.extend(entity::find(self.world, *entity_type, id)?);
        }
        Ok(Some(Set::Few(*entity_type, found)))
    }

    /// Where the entities that pass lie at most.
    fn area(&self, entity_type: EntityType) -> Option<Bbox> {
        let path: &[&str] = match entity_type {
            EntityType::Thing | EntityType::HistoricalLocation => &["Locations", "location"],
            EntityType::Location => &["location"],
            EntityType::Datastream => &["Thing", "Locations", "location"],
            _ => return None,
        };
        let [west, south, east, north] = self.implied(path).bbox?;
        // What lies beyond the world is nowhere.
        let (west, east) = (west.max(-180.0), east.min(180.0));
        let (south, north) = (south.max(-90.0), north.min(90.0));
        // A box of this type whose west is the greater one crosses 180 degrees.
        (west <= east).then(|| Bbox::try_from([west, south, east, north]).ok())?
    }
}

/// Skips some and keeps some.
struct Cut<'a> {
    skip: usize,
    top: usize,
    entities: Vec<Entity<'a>>,
    more: bool,
}

impl<'a> Cut<'a> {
    fn new(skip: usize, top: usize) -> Self {
        Self {
            skip,
            top,
            entities: Vec::new(),
            more: false,
        }
    }

    /// Breaks off after the first that it has no room for.
    fn take(&mut self, entity: Entity<'a>) -> ControlFlow<()> {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.entities.len() < self.top {
            self.entities.push(entity);
        } else {
            self.more = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn next(&self, token: impl FnOnce(&Entity<'a>) -> Token) -> Option<Token> {
        self.entities.last().filter(|_| self.more).map(token)
    }
}

/// Whether the order is the one that the set has anyway.
fn is_natural(entity_type: EntityType, order: &[OrderItem]) -> bool {
    let by_id = matches!(
        entity_type,
        EntityType::Thing
            | EntityType::Datastream
            | EntityType::Sensor
            | EntityType::ObservedProperty
    );
    match order {
        [] => true,
        [item] => by_id && !item.descending && is_path(&item.by, &["id"]),
        _ => false,
    }
}

fn is_path(by: &Expr, names: &[&str]) -> bool {
    by.as_path().is_some_and(|path| path == names)
}
