//! Whose data somebody may read, and how exactly.

use std::sync::Arc;

use crate::ids::AgencyId;

/// What a reader sees: all that is public, its places at the centre of a cell,
/// and beside that what this says, restricted data and exact places too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Nothing else.
    Public,
    /// All of these agencies', in order: at least one.
    Agencies(Arc<[AgencyId]>),
    /// All of every agency's.
    All,
}

impl Scope {
    pub fn of_agencies(agencies: impl IntoIterator<Item = AgencyId>) -> Self {
        let mut agencies: Vec<AgencyId> = agencies.into_iter().collect();
        agencies.sort_unstable();
        agencies.dedup();
        if agencies.is_empty() {
            return Self::Public;
        }
        Self::Agencies(agencies.into())
    }

    /// Whether all of `agency`'s is within it.
    #[inline]
    pub fn covers(&self, agency: &AgencyId) -> bool {
        match self {
            Self::Public => false,
            Self::Agencies(own) => own.binary_search(agency).is_ok(),
            Self::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_it_names() {
        let [seoul, busan] = ["seoul", "busan"].map(|id| AgencyId::new(id).unwrap());
        for (scope, of_seoul, of_busan) in [
            (Scope::Public, false, false),
            (Scope::of_agencies([]), false, false),
            (Scope::of_agencies([seoul.clone()]), true, false),
            (
                Scope::of_agencies([seoul.clone(), busan.clone()]),
                true,
                true,
            ),
            (Scope::All, true, true),
        ] {
            assert_eq!(scope.covers(&seoul), of_seoul, "{scope:?}");
            assert_eq!(scope.covers(&busan), of_busan, "{scope:?}");
        }
    }
}
