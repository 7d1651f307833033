//! Which datastreams are public, by agency and model: what a look at the open
//! topics walks, instead of all.
//!
//! A path of the tree for each change, shared with the snapshots before. What
//! is empty is not kept, so that the same datastreams make the same index.
//! A walk may be left at any place and taken up again, on a later snapshot too.

use std::ops::{Bound, ControlFlow};

use domain::{AgencyId, DatastreamId, ModelId};
use imbl::{OrdMap, OrdSet};

use crate::thing::{Datastream, Visibility};

type ByModel = OrdMap<ModelId, OrdSet<DatastreamId>>;

/// The public datastreams' numbers.
#[derive(Clone, Default, PartialEq, Debug)]
pub(crate) struct PublicDatastreams {
    by_agency: OrdMap<AgencyId, ByModel>,
    count: usize,
}

/// Which public datastreams a walk passes; `None` is any.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PublicFilter<'a> {
    pub agency: Option<&'a str>,
    pub domain: Option<&'a str>,
    /// The model's name within its domain.
    pub model: Option<&'a str>,
}

/// How far a walk over the public datastreams has come: all before it was
/// looked at, and the number itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicPlace {
    agency: AgencyId,
    model: Option<ModelId>,
    number: Option<DatastreamId>,
}

/// Why a walk stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalkEnd {
    /// Nothing is left.
    Done,
    /// The steps are used up, or the visitor broke off.
    Paused,
}

impl PublicDatastreams {
    /// `new` stands where `old` stood.
    pub(crate) fn replace(&mut self, old: Option<&Datastream>, new: &Datastream) {
        let stood = old.filter(|old| old.visibility == Visibility::Public);
        let stands = new.visibility == Visibility::Public;
        if let Some(old) = stood {
            if stands && old.model == new.model && old.agency == new.agency {
                return;
            }
            self.remove(old);
        }
        if stands {
            self.count += 1;
            self.by_agency
                .entry(new.agency.clone())
                .or_default()
                .entry(new.model.clone())
                .or_default()
                .insert(new.id);
        }
    }

    fn remove(&mut self, old: &Datastream) {
        let Some(by_model) = self.by_agency.get_mut(&old.agency) else {
            return;
        };
        if let Some(numbers) = by_model.get_mut(&old.model) {
            self.count -= usize::from(numbers.remove(&old.id).is_some());
            if numbers.is_empty() {
                by_model.remove(&old.model);
            }
        }
        if by_model.is_empty() {
            self.by_agency.remove(&old.agency);
        }
    }

    /// In order of model and number, of one agency or of all, where `wanted`
    /// says so of the model.
    pub(crate) fn numbers(
        &self,
        agency: Option<&str>,
        wanted: impl Fn(&ModelId) -> bool,
    ) -> impl Iterator<Item = DatastreamId> {
        let (one, all) = match agency {
            Some(agency) => (self.by_agency.get(agency), None),
            None => (None, Some(self.by_agency.values())),
        };
        one.into_iter()
            .chain(all.into_iter().flatten())
            .flat_map(OrdMap::iter)
            .filter(move |(model, _)| wanted(model))
            .flat_map(|(_, numbers)| numbers)
            .copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Goes on after `place` in order of agency, model and number. Each agency,
    /// model and number that is looked at takes one of `steps`.
    pub(crate) fn walk(
        &self,
        filter: &PublicFilter<'_>,
        place: &mut Option<PublicPlace>,
        steps: &mut usize,
        visit: &mut dyn FnMut(DatastreamId) -> ControlFlow<()>,
    ) -> WalkEnd {
        let Some(first) = filter.first_model() else {
            return WalkEnd::Done;
        };
        let mut walk = Walk {
            filter,
            first,
            place,
            steps,
            visit,
        };
        let flow = match filter.agency {
            Some(agency) => match self.by_agency.get_key_value(agency) {
                Some((agency, models)) => walk.agency(agency, models),
                None => ControlFlow::Continue(()),
            },
            None => {
                let from = walk.place.as_ref().map(|place| place.agency.clone());
                let from = from.map_or(Bound::Unbounded, Bound::Included);
                self.by_agency
                    .range((from, Bound::Unbounded))
                    .try_for_each(|(agency, models)| walk.agency(agency, models))
            }
        };
        match flow {
            ControlFlow::Continue(()) => WalkEnd::Done,
            ControlFlow::Break(()) => WalkEnd::Paused,
        }
    }
}

impl PublicFilter<'_> {
    /// Where the models begin that may pass; models are in order of
    /// `domain.name`. `None` where none can pass.
    fn first_model(&self) -> Option<Bound<ModelId>> {
        let Some(domain) = self.domain else {
            return Some(Bound::Unbounded);
        };
        // No name begins with less than a hyphen.
        let name = self.model.unwrap_or("-");
        let model = ModelId::new(format!("{domain}.{name}")).ok()?;
        Some(Bound::Included(model))
    }

    /// Whether no model after this one can pass, where all begin at
    /// [`Self::first_model`].
    fn is_beyond(&self, model: &ModelId) -> bool {
        self.domain.is_some_and(|domain| {
            model.domain() != domain || self.model.is_some_and(|name| model.name() != name)
        })
    }
}

struct Walk<'a, 'f> {
    filter: &'a PublicFilter<'f>,
    first: Bound<ModelId>,
    place: &'a mut Option<PublicPlace>,
    steps: &'a mut usize,
    visit: &'a mut dyn FnMut(DatastreamId) -> ControlFlow<()>,
}

impl Walk<'_, '_> {
    fn step(&mut self) -> ControlFlow<()> {
        if *self.steps == 0 {
            return ControlFlow::Break(());
        }
        *self.steps -= 1;
        ControlFlow::Continue(())
    }

    fn agency(&mut self, agency: &AgencyId, models: &ByModel) -> ControlFlow<()> {
        let reached = self.place.as_ref().filter(|it| it.agency == *agency);
        let from = match reached {
            Some(place) => place.model.clone().map(Bound::Included),
            None => {
                *self.place = Some(PublicPlace {
                    agency: agency.clone(),
                    model: None,
                    number: None,
                });
                None
            }
        };
        self.step()?;
        let from = from.unwrap_or_else(|| self.first.clone());
        for (model, numbers) in models.range((from, Bound::Unbounded)) {
            if self.filter.is_beyond(model) {
                break;
            }
            if self.filter.model.is_none_or(|name| name == model.name()) {
                self.model(model, numbers)?;
            }
            self.step()?;
        }
        ControlFlow::Continue(())
    }

    fn model(&mut self, model: &ModelId, numbers: &OrdSet<DatastreamId>) -> ControlFlow<()> {
        // It is this agency's.
        let Some(place) = self.place.as_mut() else {
            return ControlFlow::Continue(());
        };
        if place.model.as_ref() != Some(model) {
            place.model = Some(model.clone());
            place.number = None;
        }
        let after = place.number.map_or(Bound::Unbounded, Bound::Excluded);
        for number in numbers.range((after, Bound::Unbounded)) {
            self.step()?;
            if let Some(place) = self.place.as_mut() {
                place.number = Some(*number);
            }
            (self.visit)(*number)?;
        }
        ControlFlow::Continue(())
    }
}
