//! What a thing says of all its datastreams: whose they are, and who may do what
//! with them. Most things of an agency say the same, which is kept once.

use std::sync::Arc;

use domain::AgencyId;
use imbl::OrdSet;

use super::{Licence, Thing, Visibility};

/// Terms that are looked for before others are kept beside them. An agency has a
/// few; where each thing has its own, nothing is gained by looking.
const MAX_SHARED_TERMS: usize = 1_024;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Terms {
    pub(crate) agency: AgencyId,
    pub(crate) licence: Licence,
    pub(crate) attribution: Arc<str>,
    pub(crate) visibility: Visibility,
}

impl Terms {
    /// Those of nobody else, where a thing is not in a snapshot yet.
    pub(crate) fn restricted(agency: AgencyId) -> Self {
        Self {
            agency,
            licence: Licence::default(),
            attribution: Arc::default(),
            visibility: Visibility::Restricted,
        }
    }

    fn of(thing: &Thing) -> Self {
        Self {
            agency: thing.agency.clone(),
            licence: thing.licence.clone(),
            attribution: Arc::clone(&thing.attribution),
            visibility: thing.visibility,
        }
    }
}

/// The terms of the things that were put into a snapshot of late.
#[derive(Clone, Default, Debug)]
pub(crate) struct SharedTerms(OrdSet<Arc<Terms>>);

impl PartialEq for SharedTerms {
    /// It is no part of what a snapshot holds: two that hold the same are equal.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl SharedTerms {
    /// Brings the thing's datastreams up to what the thing says, in the texts of
    /// those that say the same.
    pub(crate) fn apply(&mut self, thing: &mut Thing) {
        let terms = Terms::of(thing);
        if thing.datastreams.are_of(&thing.id, &terms) {
            return;
        }
        let terms = self.shared(terms);
        thing.agency = terms.agency.clone();
        thing.licence = terms.licence.clone();
        thing.attribution = Arc::clone(&terms.attribution);
        thing.datastreams.set_terms(&thing.id, terms);
    }

    fn shared(&mut self, terms: Terms) -> Arc<Terms> {
        if let Some(known) = self.0.get(&terms) {
            return Arc::clone(known);
        }
        if self.0.len() >= MAX_SHARED_TERMS {
            self.0.clear();
        }
        let terms = Arc::new(terms);
        self.0.insert(Arc::clone(&terms));
        terms
    }
}
