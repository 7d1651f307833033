//! `quality=good,uncertain`: observations of which qualities.

use std::str::FromStr;

use domain::{Qualities, Quality};
use http_edge::request::Text;

/// Names with commas between, or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QualityNames(Qualities);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quality is good, uncertain, bad, missing, with commas between, or all")]
pub(crate) struct QualityNamesError;

impl FromStr for QualityNames {
    type Err = QualityNamesError;

    fn from_str(text: &str) -> Result<Self, QualityNamesError> {
        if text == "all" {
            return Ok(Self(Qualities::ALL));
        }
        text.split(',')
            .try_fold(Qualities::NONE, |all, name| {
                Some(all.with(Quality::parse(name.trim())?))
            })
            .map(Self)
            .ok_or(QualityNamesError)
    }
}

/// Those of a query; `usual` where it names none.
pub(crate) fn qualities(names: Option<&Text<QualityNames>>, usual: Qualities) -> Qualities {
    names.map_or(usual, |names| names.0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_a_set() {
        let good = Qualities::GOOD;
        assert_eq!("good".parse(), Ok(QualityNames(good)));
        let both = good.with(Quality::Uncertain);
        assert_eq!("uncertain, good,good".parse(), Ok(QualityNames(both)));
        assert_eq!("all".parse(), Ok(QualityNames(Qualities::ALL)));
        for bad in ["", "good,", "fine", "GOOD"] {
            assert_eq!(bad.parse::<QualityNames>(), Err(QualityNamesError), "{bad}");
        }
    }
}
