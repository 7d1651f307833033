//! Shares: what one agency lets another read of its data, by model or by group.
//!
//! A share gives data and nothing else: neither devices nor groups nor anything
//! beside what the public sees of a datastream. Who reads what is decided in one
//! place, [`ReadScope`].

mod change;
mod read_scope;

use domain::{AgencyId, GroupId, ModelId, ShareId, Timestamp};

pub use change::{CreateShareError, EndShareError, MAX_SHARES_OF_AGENCY, NewShare};
pub use read_scope::{ReadScope, SharedData, Shares};

/// What an agency lets another one read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    pub id: ShareId,
    /// Whose data it is.
    pub giver: AgencyId,
    /// Whose people and programs read it, those with `read-data` there.
    pub receiver: AgencyId,
    pub what: SharedWhat,
    pub position: Position,
    /// From this time on nothing is shared; `None`: until it is removed.
    pub until: Option<Timestamp>,
    pub created: Timestamp,
}

/// Which data of the giver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SharedWhat {
    /// All of a model, whenever it is registered.
    Model(ModelId),
    /// Of the devices that are in the group at the moment that somebody reads.
    Group(GroupId),
}

/// How exactly a place is seen. The coarser comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Position {
    /// The centre of its cell, as the public sees it.
    Coarse,
    Exact,
}

impl Position {
    pub const ALL: [Self; 2] = [Self::Coarse, Self::Exact];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Coarse => "coarse",
            Self::Exact => "exact",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|position| position.as_str() == text)
    }
}

impl Share {
    pub fn stands(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    pub(crate) fn shows_group(&self, id: &GroupId) -> bool {
        matches!(&self.what, SharedWhat::Group(own) if own == id)
    }
}
