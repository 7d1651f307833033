//! What somebody reads, and how exactly: the one place that decides it.

use std::sync::Arc;

use domain::{AgencyId, DatastreamId, Location, ModelId, Scope, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Position, Share, SharedWhat};
use crate::feature::Feature;
use crate::group::Group;
use crate::snapshot::Snapshot;
use crate::thing::{Datastream, Thing, Visibility};

/// Shares that stood at one moment, in order of id.
pub type Shares = Arc<[Arc<Share>]>;

/// What somebody reads: what is public, all of some agencies, and what others
/// share with these. Two that are equal show the same.
#[derive(Clone, Debug)]
pub struct ReadScope {
    own: Scope,
    shared: Option<Arc<SharedData>>,
}

/// What is shared with somebody. It answers for a datastream with a look or two,
/// however many shares and devices there are.
#[derive(Debug)]
pub struct SharedData {
    shares: Shares,
    givers: FxHashSet<AgencyId>,
    models: FxHashMap<AgencyId, FxHashMap<ModelId, Position>>,
    /// Of the devices of groups.
    datastreams: FxHashMap<DatastreamId, Position>,
}

impl SharedData {
    /// What `shares` show in `snapshot`; `members` tells the datastreams of a
    /// group.
    pub fn new(
        shares: Shares,
        snapshot: &Snapshot,
        members: impl Fn(&Arc<Group>) -> Arc<[DatastreamId]>,
    ) -> Self {
        let mut models: FxHashMap<AgencyId, FxHashMap<ModelId, Position>> = FxHashMap::default();
        let mut datastreams = FxHashMap::default();
        for share in shares.iter() {
            match &share.what {
                SharedWhat::Model(model) => {
                    let of_giver = models.entry(share.giver.clone()).or_default();
                    raise(of_giver, model.clone(), share.position);
                }
                SharedWhat::Group(id) => {
                    let group = snapshot.group(id);
                    let group = group.filter(|group| group.agency == share.giver);
                    let found = group.map(&members);
                    for datastream in found.iter().flat_map(|ids| ids.iter()) {
                        raise(&mut datastreams, *datastream, share.position);
                    }
                }
            }
        }
        Self {
            givers: shares.iter().map(|share| share.giver.clone()).collect(),
            shares,
            models,
            datastreams,
        }
    }

    fn position(&self, datastream: &Datastream<'_>) -> Option<Position> {
        let of_giver = self.models.get(datastream.agency);
        let by_model = of_giver.and_then(|models| models.get(datastream.model));
        by_model.max(self.datastreams.get(&datastream.id)).copied()
    }
}

/// Of two shares of the same the more exact one counts.
fn raise<K: std::hash::Hash + Eq>(of: &mut FxHashMap<K, Position>, what: K, position: Position) {
    let standing = of.entry(what).or_insert(position);
    *standing = (*standing).max(position);
}

impl PartialEq for ReadScope {
    /// Of the same shares who is in a group may differ: what was found for one look
    /// at the registry says nothing of another.
    fn eq(&self, other: &Self) -> bool {
        let is_same = match (&self.shared, &other.shared) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        is_same && self.own == other.own
    }
}

impl Eq for ReadScope {}

impl From<Scope> for ReadScope {
    /// Without what others share.
    fn from(own: Scope) -> Self {
        Self { own, shared: None }
    }
}

impl ReadScope {
    pub fn with_shared(own: Scope, shared: Arc<SharedData>) -> Self {
        let is_some = !shared.shares.is_empty();
        Self {
            own,
            shared: is_some.then_some(shared),
        }
    }

    /// The agencies of which it is all that there is.
    pub fn own(&self) -> &Scope {
        &self.own
    }

    /// The shares that it has part in.
    pub fn shares(&self) -> &[Arc<Share>] {
        self.shared.as_ref().map_or(&[], |shared| &shared.shares)
    }

    /// Those of one giver.
    pub fn shares_of<'a>(&'a self, giver: &'a AgencyId) -> impl Iterator<Item = &'a Arc<Share>> {
        let shares = self.shares().iter();
        shares.filter(move |share| share.giver == *giver)
    }

    /// Whether it shows what everybody sees, and no more.
    pub fn is_public(&self) -> bool {
        self.own == Scope::Public && self.shared.is_none()
    }

    /// Whether all of the agency is within it: also what is no data.
    pub fn owns(&self, agency: &AgencyId) -> bool {
        self.own.covers(agency)
    }

    /// Whether it may show something restricted of the agency's.
    pub fn may_see_of(&self, agency: &AgencyId) -> bool {
        let shared = self.shared.as_ref();
        self.owns(agency) || shared.is_some_and(|shared| shared.givers.contains(agency))
    }

    /// What is restricted does not exist for who may not read it.
    pub fn sees(&self, datastream: &Datastream<'_>) -> bool {
        datastream.visibility == Visibility::Public
            || self.owns(datastream.agency)
            || self.shared_position(datastream).is_some()
    }

    /// Whether it may read something that the thing observes.
    pub fn sees_thing(&self, thing: &Thing) -> bool {
        thing.datastreams.iter().any(|one| self.sees(&one))
    }

    /// Whether it may know of the feature: its agency's, or observed by something
    /// that it may read.
    pub fn sees_feature(&self, snapshot: &Snapshot, feature: &Feature) -> bool {
        let mut observing = snapshot.observing(feature);
        self.owns(&feature.agency) || observing.any(|one| self.sees(&one))
    }

    pub fn sees_exactly(&self, datastream: &Datastream<'_>) -> bool {
        self.owns(datastream.agency) || self.shared_position(datastream) == Some(Position::Exact)
    }

    /// Whether it sees the places of `agency` exactly; `None` where that depends on
    /// what was observed there.
    pub fn sees_exactly_all_of(&self, agency: &AgencyId) -> Option<bool> {
        if self.owns(agency) {
            return Some(true);
        }
        let shared = self.shared.as_ref();
        let is_given = shared.is_some_and(|shared| shared.givers.contains(agency));
        (!is_given).then_some(false)
    }

    /// A place of the datastream's, as it may be seen.
    pub fn place(&self, datastream: &Datastream<'_>, place: Option<Location>) -> Option<Location> {
        seen(self.sees_exactly(datastream), place)
    }

    /// Whether it sees exactly where the thing is: by any of what it observes.
    pub fn sees_thing_exactly(&self, thing: &Thing) -> bool {
        self.sees_exactly_all_of(&thing.agency).unwrap_or_else(|| {
            let mut observed = thing.datastreams.iter();
            observed.any(|datastream| self.sees_exactly(&datastream))
        })
    }

    /// A place of the thing's, as it may be seen.
    pub fn place_of_thing(&self, thing: &Thing, place: Option<Location>) -> Option<Location> {
        seen(self.sees_thing_exactly(thing), place)
    }

    fn shared_position(&self, datastream: &Datastream<'_>) -> Option<Position> {
        self.shared.as_ref()?.position(datastream)
    }
}

fn seen(exactly: bool, place: Option<Location>) -> Option<Location> {
    if exactly {
        place
    } else {
        place.map(Location::coarse)
    }
}

impl Snapshot {
    /// What is shared at `now` with the agencies of `scope`, in order of id. Who
    /// reads all has no need of it.
    pub fn shares_with(&self, scope: &Scope, now: Timestamp) -> Shares {
        let Scope::Agencies(receivers) = scope else {
            return Arc::default();
        };
        let ids = receivers.iter().filter_map(|id| self.shared_with.get(id));
        let shares = ids.flatten().filter_map(|id| self.share(id));
        let mut shares: Vec<Arc<Share>> = shares
            .filter(|share| share.stands(now) && !scope.covers(&share.giver))
            .cloned()
            .collect();
        shares.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        shares.into()
    }

    /// Whether a share that stood once goes on at `now` as it was, or longer.
    pub fn still_shares(&self, share: &Share, now: Timestamp) -> bool {
        let standing = self.share(&share.id);
        standing.is_some_and(|standing| standing.stands(now))
    }
}
