//! The datastreams of one thing, in as little room as what they have in common
//! allows.
//!
//! Most things have one for each field of one model, with numbers in the order of
//! its fields: that is one run, of which the first number and the count are kept.
//! What is different breaks a run: another device or model, a gap between numbers,
//! a field that the model does not know. The same datastreams make the same runs.

use std::sync::Arc;

use domain::{AgencyId, DatastreamId, DeviceId, FieldName, ModelId, ThingId};

use super::{Datastream, Terms};
use crate::model::Model;

/// The datastreams of a thing, in order of number. A copy is cheap: the thing and
/// its devices share them.
#[derive(Clone, PartialEq, Debug)]
pub struct ThingDatastreams {
    all: Arc<All>,
}

#[derive(Clone, PartialEq, Debug)]
struct All {
    thing: ThingId,
    terms: Arc<Terms>,
    runs: Box<[Run]>,
}

/// Datastreams with numbers one after the other, that one device sends as one
/// model says.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Run {
    pub(crate) first: DatastreamId,
    fields: RunFields,
    device: DeviceId,
    /// As the thing's agency has it.
    model: Arc<Model>,
}

#[derive(Clone, PartialEq, Debug)]
enum RunFields {
    /// That many fields of the model, from `first` on in its order.
    Defined { first: u32, count: u32 },
    /// One that the model does not know.
    Extra(FieldName),
}

/// A datastream that is put among the others of its thing.
#[derive(Clone, Debug)]
pub(crate) struct NewDatastream {
    pub(crate) id: DatastreamId,
    pub(crate) field: FieldName,
    pub(crate) device: DeviceId,
    pub(crate) model: Arc<Model>,
}

impl ThingDatastreams {
    /// None yet, and restricted until the thing says otherwise.
    pub(crate) fn none(thing: ThingId, agency: AgencyId) -> Self {
        let all = All {
            thing,
            terms: Arc::new(Terms::restricted(agency)),
            runs: Box::default(),
        };
        Self { all: Arc::new(all) }
    }

    pub fn len(&self) -> usize {
        self.all.runs.iter().map(Run::count).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.all.runs.is_empty()
    }

    /// In order.
    pub fn numbers(&self) -> impl Iterator<Item = DatastreamId> + '_ {
        self.all.runs.iter().flat_map(Run::numbers)
    }

    /// In order of number.
    pub fn iter(&self) -> impl Iterator<Item = Datastream<'_>> {
        self.all
            .runs
            .iter()
            .flat_map(|run| run.numbers().map(|number| self.look(run, number)))
    }

    #[inline]
    pub fn get(&self, number: DatastreamId) -> Option<Datastream<'_>> {
        let runs = &self.all.runs;
        let after = runs.partition_point(|run| run.first <= number);
        let run = &runs[after.checked_sub(1)?];
        run.has(number).then(|| self.look(run, number))
    }

    /// In order.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.all.runs
    }

    /// The last run that begins at `first` or before it.
    pub(crate) fn of_run(&self, first: DatastreamId) -> impl Iterator<Item = Datastream<'_>> {
        let runs = &self.all.runs;
        let after = runs.partition_point(|run| run.first <= first);
        let run = after.checked_sub(1).map(|at| &runs[at]);
        run.into_iter()
            .flat_map(|run| run.numbers().map(|number| self.look(run, number)))
    }

    /// `number` is of the run.
    #[inline]
    fn look<'a>(&'a self, run: &'a Run, number: DatastreamId) -> Datastream<'a> {
        let All { thing, terms, .. } = &*self.all;
        let (field, definition) = match &run.fields {
            RunFields::Extra(field) => (field, None),
            RunFields::Defined { first, .. } => {
                let at = first + (number.get() - run.first.get());
                let definition = &run.model.fields[at as usize];
                (&definition.name, Some(definition))
            }
        };
        Datastream {
            id: number,
            thing,
            device: &run.device,
            agency: &terms.agency,
            model: &run.model.id,
            field,
            definition,
            unit: definition.and_then(|definition| definition.unit.as_deref()),
            licence: &terms.licence,
            attribution: &terms.attribution,
            visibility: terms.visibility,
        }
    }

    /// Adds one, or has it take the place of the one of its number.
    pub(crate) fn put(&mut self, new: NewDatastream) {
        let all = Arc::make_mut(&mut self.all);
        let mut runs = std::mem::take(&mut all.runs).into_vec();
        if runs.last().is_none_or(|last| last.end() <= new.id.get()) {
            append(&mut runs, new);
        } else {
            let mut parts: Vec<NewDatastream> = runs.iter().flat_map(Run::parts).collect();
            let place = parts.binary_search_by_key(&new.id, |part| part.id);
            match place {
                Ok(at) => parts[at] = new,
                Err(at) => parts.insert(at, new),
            }
            runs = packed(parts);
        }
        all.runs = runs.into();
    }

    /// Whether `current` has another version of one of the models.
    pub(crate) fn lag(&self, current: impl Fn(&ModelId) -> Option<Arc<Model>>) -> bool {
        self.all
            .runs
            .iter()
            .any(|run| current(&run.model.id).is_some_and(|model| !Arc::ptr_eq(&model, &run.model)))
    }

    /// Makes all anew, with the models as `current` has them.
    pub(crate) fn follow(&mut self, current: impl Fn(&ModelId) -> Option<Arc<Model>>) {
        let all = Arc::make_mut(&mut self.all);
        let parts = all.runs.iter().flat_map(Run::parts);
        let parts = parts.map(|part| NewDatastream {
            model: current(&part.model.id).unwrap_or(part.model),
            ..part
        });
        all.runs = packed(parts).into();
    }

    pub(super) fn are_of(&self, thing: &ThingId, terms: &Terms) -> bool {
        self.all.thing == *thing && *self.all.terms == *terms
    }

    pub(super) fn set_terms(&mut self, thing: &ThingId, terms: Arc<Terms>) {
        let all = Arc::make_mut(&mut self.all);
        all.thing = thing.clone();
        all.terms = terms;
    }
}

impl Run {
    #[inline]
    pub(crate) fn count(&self) -> usize {
        match self.fields {
            RunFields::Defined { count, .. } => count as usize,
            RunFields::Extra(_) => 1,
        }
    }

    pub(crate) fn model(&self) -> &ModelId {
        &self.model.id
    }

    /// The number after its last one.
    #[inline]
    fn end(&self) -> u32 {
        self.first.get() + self.count() as u32
    }

    #[inline]
    fn has(&self, number: DatastreamId) -> bool {
        number.get() < self.end()
    }

    fn numbers(&self) -> impl Iterator<Item = DatastreamId> + use<> {
        (self.first.get()..self.end()).map(DatastreamId::new)
    }

    fn parts(&self) -> impl Iterator<Item = NewDatastream> + '_ {
        self.numbers().zip(0..).map(|(id, at)| NewDatastream {
            id,
            field: match &self.fields {
                RunFields::Extra(field) => field.clone(),
                RunFields::Defined { first, .. } => {
                    self.model.fields[*first as usize + at].name.clone()
                }
            },
            device: self.device.clone(),
            model: Arc::clone(&self.model),
        })
    }

    /// Takes in what comes next after it, the model's field at `at`, if it is of
    /// the same kind.
    fn take(&mut self, next: &NewDatastream, at: u32) -> bool {
        let end = self.end();
        let is_next = |first: u32, count: u32| {
            first + count == at
                && end == next.id.get()
                && self.device == next.device
                && Arc::ptr_eq(&self.model, &next.model)
        };
        match &mut self.fields {
            RunFields::Defined { first, count } if is_next(*first, *count) => {
                *count += 1;
                true
            }
            RunFields::Defined { .. } | RunFields::Extra(_) => false,
        }
    }
}

/// `next` comes after all others in number.
fn append(runs: &mut Vec<Run>, next: NewDatastream) {
    let mut fields = next.model.fields.iter().zip(0..);
    let at = fields
        .find(|(field, _)| field.name == next.field)
        .map(|(_, at)| at);
    if let (Some(at), Some(last)) = (at, runs.last_mut())
        && last.take(&next, at)
    {
        return;
    }
    runs.push(Run {
        first: next.id,
        fields: match at {
            Some(first) => RunFields::Defined { first, count: 1 },
            None => RunFields::Extra(next.field),
        },
        device: next.device,
        model: next.model,
    });
}

/// Of datastreams in order of number.
fn packed(parts: impl IntoIterator<Item = NewDatastream>) -> Vec<Run> {
    let mut runs = Vec::new();
    parts.into_iter().for_each(|part| append(&mut runs, part));
    runs
}

#[cfg(test)]
mod tests;
