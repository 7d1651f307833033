//! Whether the words of a filter exist: where they do not, an empty answer
//! would pass for one.
//!
//! It is asked where nothing was found, so that it costs nothing elsewhere. Ids of
//! things and devices are no such words: one that is not there may come. The
//! public learns of nothing that it may not read: what is restricted does not
//! exist for it.

use std::collections::BTreeSet;

use device_registry::Snapshot;
use domain::AgencyId;
use http_edge::Problem;
use http_edge::request::what_there_is;

use super::{FilterQuery, Viewer};
use crate::views::SummaryView;

/// Where words and their owners are listed.
const MODELS: &str = "/v1/models";
const SUMMARY: &str = "/v1/datastreams/summary";

/// What a caller may name.
pub(crate) struct KnownWords<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) viewer: &'a Viewer,
    /// Of the datastreams that it may read.
    pub(crate) summary: &'a [SummaryView],
}

impl KnownWords<'_> {
    /// Refuses the first word that does not exist.
    pub(crate) fn check(&self, query: &FilterQuery) -> Result<(), Problem> {
        self.domain(query.domain.as_deref())?;
        self.model(query.model.as_deref())?;
        self.agency(query.agency.as_ref().map(|text| text.0.as_str()))?;
        self.field(query.field.as_ref().map(|text| text.0.as_str()))
    }

    pub(crate) fn domain(&self, word: Option<&str>) -> Result<(), Problem> {
        let models = self.snapshot.models().map(|model| model.id.domain());
        one_of("domain", word, models.collect(), MODELS)
    }

    /// `domain.model`, or the model's name alone.
    pub(crate) fn model(&self, word: Option<&str>) -> Result<(), Problem> {
        let whole: BTreeSet<&str> = self.snapshot.models().map(|one| one.id.as_str()).collect();
        let short = |word| {
            whole
                .iter()
                .any(|id| id.split_once('.').is_some_and(|(_, name)| name == word))
        };
        match word {
            Some(word) if short(word) => Ok(()),
            word => one_of("model", word, whole.clone(), MODELS),
        }
    }

    pub(crate) fn agency(&self, word: Option<&str>) -> Result<(), Problem> {
        let own = self.snapshot.agencies().map(|one| &one.id);
        let own = own.filter(|id| self.viewer.owns(id));
        let read = self.summary.iter().map(|row| row.agency.as_str());
        let known = own.map(AgencyId::as_str).chain(read).collect();
        one_of("agency", word, known, SUMMARY)
    }

    /// Of a model, or one that devices send beside their model's.
    fn field(&self, word: Option<&str>) -> Result<(), Problem> {
        let of_models = self
            .snapshot
            .models()
            .flat_map(|model| model.fields.iter().map(|field| field.name.as_str()));
        let sent = self.summary.iter().flat_map(|row| row.fields.iter());
        let known = of_models.chain(sent.map(String::as_str)).collect();
        one_of("field", word, known, MODELS)
    }
}

fn one_of(
    kind: &str,
    word: Option<&str>,
    known: BTreeSet<&str>,
    list: &str,
) -> Result<(), Problem> {
    let Some(word) = word.filter(|word| !known.contains(word)) else {
        return Ok(());
    };
    let known: Vec<&str> = known.into_iter().collect();
    let there = what_there_is(word, &known, list);
    Err(Problem::parameter(format!(
        "{kind}: there is no {kind} {word}.{there}"
    )))
}
