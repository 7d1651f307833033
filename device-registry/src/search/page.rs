//! One page of what is found.

use std::fmt;
use std::str::FromStr;

use super::needle::{Needle, Rank};
use super::text::{SearchText, Sight};
use super::{Found, FoundKind};
use crate::snapshot::Snapshot;

/// Things that one request looks at; a page may then be short, and its next one
/// goes on.
pub const MAX_LOOKED_AT: usize = 100_000;

/// Something that was found, and how well it answers as far as it is seen.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    pub rank: Rank,
    pub found: Found<'a>,
    pub sight: Sight,
}

/// Hits in order: best rank first, then by kind, then things in the order of
/// their registration and all others by id.
#[derive(Debug)]
pub struct SearchPage<'a> {
    pub hits: Vec<Hit<'a>>,
    /// Where the next page begins, if there is one.
    pub next: Option<SearchPlace>,
}

/// How far a search has come: all up to there was looked at. It stands for the
/// same place after a restart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SearchPlace {
    rank: Rank,
    kind: FoundKind,
    /// An id, or a thing's number.
    key: String,
}

/// Why a text is no place in a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no place in a search")]
pub struct SearchPlaceError;

impl fmt::Display for SearchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.rank, self.kind.as_str(), self.key)
    }
}

impl FromStr for SearchPlace {
    type Err = SearchPlaceError;

    fn from_str(text: &str) -> Result<Self, SearchPlaceError> {
        let mut parts = text.splitn(3, ' ');
        let mut part = || parts.next().ok_or(SearchPlaceError);
        let (rank, kind, key) = (part()?, part()?, part()?);
        let rank = Rank::ALL.into_iter().find(|one| one.as_str() == rank);
        let place = Self {
            rank: rank.ok_or(SearchPlaceError)?,
            kind: FoundKind::parse(kind).ok_or(SearchPlaceError)?,
            key: key.to_owned(),
        };
        let is_sound = place.kind != FoundKind::Thing || place.number().is_some();
        is_sound.then_some(place).ok_or(SearchPlaceError)
    }
}

impl SearchPlace {
    fn number(&self) -> Option<u64> {
        self.key.parse().ok()
    }
}

impl Found<'_> {
    pub const fn kind(&self) -> FoundKind {
        match self {
            Self::Agency(_) => FoundKind::Agency,
            Self::Boundary(_) => FoundKind::Boundary,
            Self::Feature(_) => FoundKind::Feature,
            Self::Group(_) => FoundKind::Group,
            Self::Thing(_) => FoundKind::Thing,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Agency(agency) => agency.id.to_string(),
            Self::Boundary(boundary) => boundary.name.to_string(),
            Self::Feature(feature) => feature.id.to_string(),
            Self::Group(group) => group.id.to_string(),
            Self::Thing(thing) => thing.number.to_string(),
        }
    }
}

impl Hit<'_> {
    /// Within its rank.
    fn stands_after(&self, place: &SearchPlace) -> bool {
        let (kind, key) = (self.found.kind(), self.found.key());
        (kind, key.as_str()) > (place.kind, place.key.as_str())
    }

    fn place(&self) -> SearchPlace {
        SearchPlace {
            rank: self.rank,
            kind: self.found.kind(),
            key: self.found.key(),
        }
    }
}

impl Snapshot {
    /// At most `limit` hits of these kinds, after `after`. `sight` says what the
    /// reader sees of each: what it does not see is neither found nor counted.
    pub fn search<'a>(
        &'a self,
        needle: &Needle,
        kinds: &[FoundKind],
        after: Option<&SearchPlace>,
        limit: usize,
        sight: impl Fn(Found<'a>) -> Sight,
    ) -> SearchPage<'a> {
        let mut search = Search {
            snapshot: self,
            needle,
            sight,
            limit,
            hits: Vec::new(),
            left_to_look_at: MAX_LOOKED_AT,
        };
        let labels = search.labels(kinds);
        let first_rank = after.map_or(Rank::Exact, |after| after.rank);
        for rank in Rank::ALL.into_iter().filter(|rank| *rank >= first_rank) {
            let after = after.filter(|after| after.rank == rank);
            let of_rank = labels.iter().filter(|hit| hit.rank == rank);
            let page = of_rank.filter(|hit| after.is_none_or(|after| hit.stands_after(after)));
            search.hits.extend(page);
            if kinds.contains(&FoundKind::Thing) && !search.is_full() {
                let number = after.filter(|after| after.kind == FoundKind::Thing);
                let number = number.and_then(SearchPlace::number);
                let first = number.map_or(0, |number| number.saturating_add(1));
                if let Some(next) = search.things(rank, first) {
                    let (hits, next) = (search.hits, Some(next));
                    return SearchPage { hits, next };
                }
            }
            if search.is_full() {
                break;
            }
        }
        let more = search.is_full();
        let mut hits = search.hits;
        hits.truncate(limit);
        let next = hits.last().filter(|_| more).map(Hit::place);
        SearchPage { hits, next }
    }
}

/// A search under way.
struct Search<'a, 'n, F> {
    snapshot: &'a Snapshot,
    needle: &'n Needle,
    sight: F,
    limit: usize,
    hits: Vec<Hit<'a>>,
    left_to_look_at: usize,
}

impl<'a, F: Fn(Found<'a>) -> Sight> Search<'a, '_, F> {
    /// One more than the page has tells that there is a next one.
    fn is_full(&self) -> bool {
        self.hits.len() > self.limit
    }

    /// Adds the things of this rank, from the one of this number, until the page
    /// is full; or until it has looked at too many, and then tells where it is.
    fn things(&mut self, rank: Rank, first: u64) -> Option<SearchPlace> {
        let index = &self.snapshot.search.things;
        for (number, text) in index.candidates(self.needle, rank, first) {
            let Some(found) = self.snapshot.numbered(number).map(Found::Thing) else {
                continue;
            };
            let hit = self.hit(text, || Some(found));
            self.hits.extend(hit.filter(|hit| hit.rank == rank));
            if self.is_full() {
                return None;
            }
            self.left_to_look_at -= 1;
            if self.left_to_look_at == 0 {
                let (kind, key) = (found.kind(), found.key());
                return Some(SearchPlace { rank, kind, key });
            }
        }
        None
    }

    /// All but the things, which are many, in order of kind and id.
    fn labels(&self, kinds: &[FoundKind]) -> Vec<Hit<'a>> {
        let (snapshot, texts) = (self.snapshot, &self.snapshot.search);
        let mut hits = Vec::new();
        if kinds.contains(&FoundKind::Agency) {
            hits.extend(texts.agencies.iter().filter_map(|(id, text)| {
                self.hit(text, || snapshot.agency(id).map(Found::Agency))
            }));
        }
        if kinds.contains(&FoundKind::Boundary) {
            hits.extend(texts.boundaries.iter().filter_map(|(name, text)| {
                self.hit(text, || snapshot.boundary(name).map(Found::Boundary))
            }));
        }
        if kinds.contains(&FoundKind::Feature) {
            hits.extend(texts.features.iter().filter_map(|(id, text)| {
                self.hit(text, || snapshot.feature(id).map(Found::Feature))
            }));
        }
        if kinds.contains(&FoundKind::Group) {
            hits.extend(
                texts.groups.iter().filter_map(|(id, text)| {
                    self.hit(text, || snapshot.group(id).map(Found::Group))
                }),
            );
        }
        hits
    }

    /// The hit that an entity is, if the needle is in what is seen of it.
    fn hit(&self, text: &SearchText, find: impl FnOnce() -> Option<Found<'a>>) -> Option<Hit<'a>> {
        // Cheaper than asking who may see it.
        self.needle.rank(text.whole())?;
        let found = find()?;
        let sight = (self.sight)(found);
        let rank = self.needle.rank(text.seen(sight)?)?;
        Some(Hit { rank, found, sight })
    }
}
