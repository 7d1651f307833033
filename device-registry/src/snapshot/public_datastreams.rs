//! Which datastreams are public, by agency and model: what a look at the open
//! topics walks, instead of all. Numbers that follow each other are kept as one
//! run, as their thing keeps them.
//!
//! A path of the tree for each change, shared with the snapshots before. What
//! is empty is not kept, so that the same datastreams make the same index.
//! A walk may be left at any place and taken up again, on a later snapshot too.

use std::ops::{Bound, ControlFlow};

use domain::{AgencyId, DatastreamId, ModelId};
use imbl::OrdMap;

use crate::thing::{Run, Thing, Visibility};

type ByModel = OrdMap<ModelId, Runs>;

/// How many numbers there are from the first one of each run.
type Runs = OrdMap<DatastreamId, u32>;

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
    pub(crate) fn replace(&mut self, old: Option<&Thing>, new: &Thing) {
        let stood = old.filter(|old| old.visibility == Visibility::Public);
        let stands = new.visibility == Visibility::Public;
        if let Some(old) = stood {
            let (before, after) = (old.datastreams.runs(), new.datastreams.runs());
            let is_same = before.iter().map(indexed).eq(after.iter().map(indexed));
            if stands && old.agency == new.agency && is_same {
                return;
            }
            before.iter().for_each(|run| self.remove(&old.agency, run));
        }
        if stands {
            for run in new.datastreams.runs() {
                self.insert(&new.agency, run);
            }
        }
    }

    fn insert(&mut self, agency: &AgencyId, run: &Run) {
        let by_model = self.by_agency.entry(agency.clone()).or_default();
        let (model, first, count) = indexed(run);
        let runs = by_model.entry(model.clone()).or_default();
        runs.insert(first, count);
        self.count += count as usize;
    }

    fn remove(&mut self, agency: &AgencyId, run: &Run) {
        let Some(by_model) = self.by_agency.get_mut(agency) else {
            return;
        };
        let (model, first, _) = indexed(run);
        if let Some(runs) = by_model.get_mut(model) {
            self.count -= runs.remove(&first).map_or(0, |count| count as usize);
            if runs.is_empty() {
                by_model.remove(model);
            }
        }
        if by_model.is_empty() {
            self.by_agency.remove(agency);
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
            .flat_map(|(_, runs)| runs)
            .flat_map(|(first, count)| numbers_of(*first, *count))
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

/// What is indexed of a run: its model, its first number and their count.
fn indexed(run: &Run) -> (&ModelId, DatastreamId, u32) {
    (run.model(), run.first, run.count() as u32)
}

fn numbers_of(first: DatastreamId, count: u32) -> impl Iterator<Item = DatastreamId> {
    (first.get()..first.get() + count).map(DatastreamId::new)
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
        for (model, runs) in models.range((from, Bound::Unbounded)) {
            if self.filter.is_beyond(model) {
                break;
            }
            if self.filter.model.is_none_or(|name| name == model.name()) {
                self.model(model, runs)?;
            }
            self.step()?;
        }
        ControlFlow::Continue(())
    }

    fn model(&mut self, model: &ModelId, runs: &Runs) -> ControlFlow<()> {
        // It is this agency's.
        let Some(place) = self.place.as_mut() else {
            return ControlFlow::Continue(());
        };
        if place.model.as_ref() != Some(model) {
            place.model = Some(model.clone());
            place.number = None;
        }
        let after = place.number;
        // It may be in the middle of its run.
        let reached = after.map(|after| runs.get_prev(&after).map_or(after, |(run, _)| *run));
        let from = reached.map_or(Bound::Unbounded, Bound::Included);
        let runs = runs.range((from, Bound::Unbounded));
        let numbers = runs.flat_map(|(first, count)| numbers_of(*first, *count));
        for number in numbers.filter(|number| Some(*number) > after) {
            self.step()?;
            if let Some(place) = self.place.as_mut() {
                place.number = Some(number);
            }
            (self.visit)(number)?;
        }
        ControlFlow::Continue(())
    }
}
