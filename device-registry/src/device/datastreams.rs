//! The datastreams of a device, in the order in which it sends them.

use std::sync::Arc;

use domain::{AgencyId, DatastreamId, DeviceId, ThingId};

use crate::model::Model;
use crate::thing::{Datastream, NewDatastream, ThingDatastreams};

/// One for each field of the model, in its order, then the others of its thing
/// in order of number: extra ones, and what a predecessor sent.
#[derive(Clone, PartialEq, Debug)]
pub struct DeviceDatastreams {
    of_thing: ThingDatastreams,
    /// With the numbers that follow it they are the first ones: mostly all.
    first: DatastreamId,
    consecutive: u16,
    /// So many of all are the model's first fields. Each message asks for one, and
    /// a look at the datastream costs several waits for memory.
    defined: u16,
    others: Box<[DatastreamId]>,
}

impl DeviceDatastreams {
    /// Those of `of_thing` with these numbers, as this type orders them.
    pub(crate) fn new(
        model: &Model,
        of_thing: &ThingDatastreams,
        ordered: &[DatastreamId],
    ) -> Self {
        let defined = model
            .fields
            .iter()
            .zip(ordered)
            .take_while(|(field, number)| {
                let definition = of_thing.get(**number).and_then(|one| one.definition);
                definition.is_some_and(|it| Arc::ptr_eq(it, field) || it == *field)
            });
        let first = ordered.first().copied().unwrap_or(DatastreamId::new(0));
        let following = (first.get()..).map(DatastreamId::new);
        let consecutive = ordered.iter().zip(following).take(u16::MAX.into());
        let consecutive = consecutive.take_while(|(one, next)| *one == next).count();
        Self {
            defined: defined.take(u16::MAX.into()).count() as u16,
            of_thing: of_thing.clone(),
            first,
            consecutive: consecutive as u16,
            others: ordered[consecutive..].into(),
        }
    }

    /// Of a device that stands in no registry: the first of its thing.
    pub fn of_model(
        thing: &ThingId,
        agency: &AgencyId,
        device: &DeviceId,
        model: &Arc<Model>,
        first: DatastreamId,
    ) -> Self {
        let mut of_thing = ThingDatastreams::none(thing.clone(), agency.clone());
        for (field, number) in model.fields.iter().zip(first.get()..) {
            of_thing.put(NewDatastream {
                id: DatastreamId::new(number),
                field: field.name.clone(),
                device: device.clone(),
                model: Arc::clone(model),
            });
        }
        let ordered: Vec<DatastreamId> = of_thing.numbers().collect();
        Self::new(model, &of_thing, &ordered)
    }

    /// The datastream of the model's field at `at`; `None`: it has to be looked
    /// for by name.
    #[inline]
    pub fn of_field(&self, at: usize) -> Option<DatastreamId> {
        (at < usize::from(self.defined)).then(|| self.number(at))?
    }

    #[inline]
    fn number(&self, at: usize) -> Option<DatastreamId> {
        match at.checked_sub(self.consecutive.into()) {
            None => Some(DatastreamId::new(self.first.get() + at as u32)),
            Some(at) => self.others.get(at).copied(),
        }
    }

    pub fn len(&self) -> usize {
        usize::from(self.consecutive) + self.others.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, at: usize) -> Option<Datastream<'_>> {
        self.of_thing.get(self.number(at)?)
    }

    pub fn numbers(&self) -> impl Iterator<Item = DatastreamId> + '_ {
        let first = self.first.get();
        let consecutive = (first..first + u32::from(self.consecutive)).map(DatastreamId::new);
        consecutive.chain(self.others.iter().copied())
    }

    pub fn iter(&self) -> impl Iterator<Item = Datastream<'_>> {
        self.numbers()
            .filter_map(|number| self.of_thing.get(number))
    }
}
