//! The immutable view that the data plane reads without a lock on the registry.

mod draft;
mod enrolment;
mod photos;
mod places;
mod public_datastreams;

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use domain::{
    AgencyId, ApiKeyId, ApplicationId, BatchId, BoundaryName, Cells, ClaimId, DatastreamId,
    DeviceId, FeatureId, FieldName, GroupId, ModelId, PersonId, ServiceTokenId, ShareId, ThingId,
};
use imbl::{HashMap, OrdMap, OrdSet, Vector};

use crate::agency::Agency;
use crate::application::{ApiKey, Application};
use crate::auth::AuthError;
use crate::boundary::Boundary;
use crate::device::{ComingDevices, Device};
use crate::enrolment::{Batch, Claim};
use crate::feature::{Feature, Observer};
use crate::group::Group;
use crate::model::{Model, RefinedModel};
use crate::person::{Person, ProviderIdentity};
use crate::person_login::PersonLogin;
use crate::search::SearchIndex;
use crate::service_token::ServiceToken;
use crate::share::{ReadScope, Share};
use crate::thing::{Datastream, SharedTerms, Thing, ThingNumber};

use enrolment::ClaimsByEnd;
use photos::Photos;
use places::Places;
use public_datastreams::PublicDatastreams;
pub use public_datastreams::{PublicFilter, PublicPlace, WalkEnd};

/// All entities at one moment. A change makes a new one that shares all but
/// the changed path with the old.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Snapshot {
    pub(crate) generation: Generation,
    pub(crate) agencies: OrdMap<AgencyId, Arc<Agency>>,
    pub(crate) models: OrdMap<ModelId, Arc<Model>>,
    /// What agencies say otherwise of the platform's.
    pub(crate) refined: OrdMap<ModelId, OrdMap<AgencyId, Arc<RefinedModel>>>,
    pub(crate) devices: OrdMap<DeviceId, Arc<Device>>,
    pub(crate) aliases: HashMap<Box<str>, DeviceId>,
    /// Of an import that was accepted.
    pub(crate) coming: Arc<ComingDevices>,
    /// The children of each gateway.
    pub(crate) children: OrdMap<DeviceId, OrdSet<DeviceId>>,
    pub(crate) public: PublicDatastreams,
    /// Those of which a sensor is known: what it is stands in the store.
    pub(crate) measured: OrdSet<DatastreamId>,
    pub(crate) boundaries: OrdMap<BoundaryName, Arc<Boundary>>,
    pub(crate) groups: OrdMap<GroupId, Arc<Group>>,
    pub(crate) features: OrdMap<FeatureId, Arc<Feature>>,
    /// The features that each of those names which observe any.
    pub(crate) observed: OrdMap<Observer, OrdSet<FeatureId>>,
    pub(crate) shares: OrdMap<ShareId, Arc<Share>>,
    /// By the agency that receives them.
    pub(crate) shared_with: OrdMap<AgencyId, OrdSet<ShareId>>,
    pub(crate) things: OrdMap<ThingId, Arc<Thing>>,
    /// By number; a hole where the device of that number serves another's thing.
    numbered: Vector<Option<Arc<Thing>>>,
    terms: SharedTerms,
    places: Places,
    /// The numbers of things, by the first datastream of each run of theirs.
    runs: OrdMap<DatastreamId, ThingNumber>,
    pub(crate) applications: OrdMap<ApplicationId, Arc<Application>>,
    /// By the public half of the key.
    pub(crate) api_keys: OrdMap<ApiKeyId, Arc<ApiKey>>,
    pub(crate) claims: OrdMap<ClaimId, Arc<Claim>>,
    pub(crate) claims_by_end: ClaimsByEnd,
    pub(crate) claims_of: OrdMap<AgencyId, ClaimsByEnd>,
    /// By the keyed hash of the code.
    pub(crate) claim_codes: HashMap<[u8; 32], ClaimId>,
    /// The claims, neither used nor revoked, that fix a device's id.
    pub(crate) reserved: OrdMap<DeviceId, OrdSet<ClaimId>>,
    pub(crate) batches: OrdMap<BatchId, Arc<Batch>>,
    /// In order of making.
    pub(crate) keys_of: OrdMap<ApplicationId, Vector<ApiKeyId>>,
    pub(crate) people: OrdMap<PersonId, Arc<Person>>,
    /// Of those who were invited at least once.
    pub(crate) logins: OrdMap<PersonId, Arc<PersonLogin>>,
    /// By the public half of the token.
    pub(crate) service_tokens: OrdMap<ServiceTokenId, Arc<ServiceToken>>,
    photos: Photos,
    pub(crate) search: SearchIndex,
}

/// Which state of everybody's rights a snapshot shows. It grows within one run
/// of the program, and is no part of what the snapshot holds: two that hold the
/// same are equal.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Generation(u64);

impl Generation {
    pub(crate) fn grow(&mut self) {
        self.0 += 1;
    }
}

impl PartialEq for Generation {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What a user name names: some libraries add to it what they are, after a
/// `?`, which neither an id nor an alias may have.
pub fn login_name(user_name: &str) -> &str {
    user_name
        .split_once('?')
        .map_or(user_name, |(name, _)| name)
}

/// A field that devices of a model send and the model does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExtraField {
    pub model: ModelId,
    pub field: FieldName,
    /// How many datastreams there are of it.
    pub datastreams: usize,
}

impl Snapshot {
    /// Of the rights in it: what is decided by this snapshot holds until
    /// `Registry::generation` is another.
    pub fn generation(&self) -> u64 {
        self.generation.0
    }

    pub fn agency(&self, id: &AgencyId) -> Option<&Arc<Agency>> {
        self.agencies.get(id)
    }

    pub fn agencies(&self) -> impl Iterator<Item = &Arc<Agency>> {
        self.agencies.values()
    }

    pub fn model(&self, id: &ModelId) -> Option<&Arc<Model>> {
        self.models.get(id)
    }

    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.models.values()
    }

    pub fn device(&self, id: &str) -> Option<&Arc<Device>> {
        self.devices.get(id)
    }

    /// By id, or else by alias: what an MQTT user name may be. See
    /// [`login_name`].
    pub fn device_by_login(&self, login: &str) -> Option<&Arc<Device>> {
        let login = login_name(login);
        // Ids have no colon and aliases have one, so neither can pose as the other.
        if !login.contains(':') {
            return self.device(login);
        }
        let alias = login.to_ascii_lowercase();
        self.device(self.aliases.get(alias.as_str())?.as_str())
    }

    /// The device of a login name, or the refusal to tell the operator.
    pub fn login(&self, login: &str) -> Result<&Arc<Device>, AuthError> {
        self.device_by_login(login).ok_or(AuthError::UnknownDevice)
    }

    /// In order of id, after `after`.
    pub fn devices(&self, after: Option<&DeviceId>) -> impl Iterator<Item = &Arc<Device>> {
        let start = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.clone()));
        self.devices
            .range((start, Bound::Unbounded))
            .map(|(_, device)| device)
    }

    /// The devices that a gateway may publish for, in order of id.
    pub fn children_of(&self, gateway: &DeviceId) -> impl Iterator<Item = &Arc<Device>> {
        self.children
            .get(gateway)
            .into_iter()
            .flatten()
            .filter_map(|id| self.device(id.as_str()))
    }

    pub fn device_count(&self) -> usize {
        self.devices.len()
    }

    pub fn datastream(&self, id: DatastreamId) -> Option<Datastream<'_>> {
        self.thing_before(id)?.datastreams.get(id)
    }

    /// In order of number, from `first`.
    pub fn datastreams(&self, first: DatastreamId) -> impl Iterator<Item = Datastream<'_>> {
        let run = self.runs.get_prev(&first);
        let run = run.map_or(first, |(run, _)| *run);
        self.runs
            .range(run..)
            .filter_map(|(run, number)| Some((run, self.numbered(*number)?)))
            .flat_map(|(run, thing)| thing.datastreams.of_run(*run))
            .filter(move |datastream| datastream.id >= first)
    }

    /// The public ones, of one agency or of all, where `wanted` says so of the
    /// model. What is restricted, or of another agency or model, costs nothing.
    pub fn public_datastreams(
        &self,
        agency: Option<&str>,
        wanted: impl Fn(&ModelId) -> bool,
    ) -> impl Iterator<Item = Datastream<'_>> {
        self.public
            .numbers(agency, wanted)
            .filter_map(|number| self.datastream(number))
    }

    /// How many datastreams are public.
    pub fn public_count(&self) -> usize {
        self.public.len()
    }

    /// Goes on after `place` over the public datastreams that pass the filter,
    /// until `steps` are used up or `visit` breaks off after the one it was
    /// given. In order of agency, model and number, so that the names a filter
    /// begins with narrow it.
    pub fn walk_public(
        &self,
        filter: &PublicFilter<'_>,
        place: &mut Option<PublicPlace>,
        steps: &mut usize,
        mut visit: impl FnMut(&Datastream<'_>) -> ControlFlow<()>,
    ) -> WalkEnd {
        self.public.walk(
            filter,
            place,
            steps,
            &mut |number| match self.datastream(number) {
                Some(datastream) => visit(&datastream),
                None => ControlFlow::Continue(()),
            },
        )
    }

    /// Every number that was given lies below it: the size of a dense table.
    pub fn datastream_bound(&self) -> usize {
        let last = self.runs.get_max();
        let last = last.and_then(|(run, number)| {
            let thing = self.numbered(*number)?;
            thing.datastreams.of_run(*run).last()
        });
        last.map_or(0, |last| last.id.get() as usize + 1)
    }

    pub fn thing(&self, id: &str) -> Option<&Arc<Thing>> {
        self.things.get(id)
    }

    /// What the datastream observes.
    pub fn thing_of(&self, datastream: &Datastream<'_>) -> Option<&Arc<Thing>> {
        self.thing_before(datastream.id)
            .filter(|thing| thing.id == *datastream.thing)
    }

    /// The thing of the last run that begins at `id` or before it.
    #[inline]
    fn thing_before(&self, id: DatastreamId) -> Option<&Arc<Thing>> {
        let (_, number) = self.runs.get_prev(&id)?;
        self.numbered(*number)
    }

    #[inline]
    pub(crate) fn numbered(&self, number: ThingNumber) -> Option<&Arc<Thing>> {
        self.numbered.get(number.0 as usize)?.as_ref()
    }

    /// In order of id, after `after`.
    pub fn things(&self, after: Option<&ThingId>) -> impl Iterator<Item = &Arc<Thing>> {
        let start = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.clone()));
        self.things
            .range((start, Bound::Unbounded))
            .map(|(_, thing)| thing)
    }

    /// All that stand in one of the cells now and of which `scope` may read
    /// something, and some others of the same agencies.
    pub fn things_in<'a>(
        &'a self,
        cells: &Cells,
        scope: &ReadScope,
    ) -> impl Iterator<Item = &'a Arc<Thing>> {
        let found = self.places.within(cells, scope);
        found.filter_map(|number| self.numbered(number))
    }

    /// The same of those that stood there once, by their history, and stand
    /// somewhere else.
    pub fn things_once_in<'a>(
        &'a self,
        cells: &Cells,
        scope: &ReadScope,
    ) -> impl Iterator<Item = &'a Arc<Thing>> {
        let found = self.places.once_within(cells, scope);
        found.filter_map(|number| self.numbered(number))
    }

    /// The devices that serve a thing, oldest first.
    pub fn devices_of(&self, thing: &ThingId) -> impl Iterator<Item = &Arc<Device>> {
        self.things
            .get(thing)
            .into_iter()
            .flat_map(|thing| &thing.devices)
            .filter_map(|id| self.device(id.as_str()))
    }

    pub fn boundary(&self, name: &BoundaryName) -> Option<&Arc<Boundary>> {
        self.boundaries.get(name)
    }

    /// In order of name.
    pub fn boundaries(&self) -> impl Iterator<Item = &Arc<Boundary>> {
        self.boundaries.values()
    }

    pub fn group(&self, id: &GroupId) -> Option<&Arc<Group>> {
        self.groups.get(id)
    }

    /// In order of id.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<Group>> {
        self.groups.values()
    }

    pub fn share(&self, id: &ShareId) -> Option<&Arc<Share>> {
        self.shares.get(id)
    }

    /// In order of id, which is that of making.
    pub fn shares(&self) -> impl Iterator<Item = &Arc<Share>> {
        self.shares.values()
    }

    pub fn application(&self, id: &str) -> Option<&Arc<Application>> {
        self.applications.get(id)
    }

    /// In order of id.
    pub fn applications(&self) -> impl Iterator<Item = &Arc<Application>> {
        self.applications.values()
    }

    pub fn api_key(&self, id: &str) -> Option<&Arc<ApiKey>> {
        self.api_keys.get(id)
    }

    /// All keys of an application, revoked ones too, oldest first.
    pub fn keys_of(&self, application: &ApplicationId) -> impl Iterator<Item = &Arc<ApiKey>> {
        self.keys_of
            .get(application)
            .into_iter()
            .flatten()
            .filter_map(|id| self.api_key(id.as_str()))
    }

    pub fn person(&self, id: &str) -> Option<&Arc<Person>> {
        self.people.get(id)
    }

    /// Whom an identity provider means.
    pub fn person_of(&self, identity: &ProviderIdentity) -> Option<&Arc<Person>> {
        let mut people = self.people();
        people.find(|person| person.identity.as_ref() == Some(identity))
    }

    /// In order of id.
    pub fn people(&self) -> impl Iterator<Item = &Arc<Person>> {
        self.people.values()
    }

    /// What a person logs in with, once it was invited to set that.
    pub fn login_of(&self, id: &PersonId) -> Option<&Arc<PersonLogin>> {
        self.logins.get(id)
    }

    pub fn service_token(&self, id: &str) -> Option<&Arc<ServiceToken>> {
        self.service_tokens.get(id)
    }

    /// In order of id.
    pub fn service_tokens(&self) -> impl Iterator<Item = &Arc<ServiceToken>> {
        self.service_tokens.values()
    }

    /// What devices send beyond their models: offered to the operator, who
    /// adopts a field by adding it to the model. Walks all datastreams.
    pub fn extra_fields(&self) -> Vec<ExtraField> {
        let mut counts = std::collections::BTreeMap::new();
        for datastream in self.datastreams(DatastreamId::new(0)) {
            if datastream.definition.is_none() {
                let name = (datastream.model.clone(), datastream.field.clone());
                *counts.entry(name).or_insert(0) += 1;
            }
        }
        counts
            .into_iter()
            .map(|((model, field), datastreams)| ExtraField {
                model,
                field,
                datastreams,
            })
            .collect()
    }
}

#[cfg(test)]
mod measured;
