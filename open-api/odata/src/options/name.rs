//! Which option a name means.

use super::OptionsErrorKind;
use crate::cursor::Fault;
use crate::schema::Version;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SystemOption {
    Filter,
    OrderBy,
    Top,
    Skip,
    Count,
    Select,
    Expand,
    Format,
    SkipToken,
}

/// As they are written after the `$`.
const NAMES: [(&str, SystemOption); 10] = [
    ("filter", SystemOption::Filter),
    ("orderby", SystemOption::OrderBy),
    ("top", SystemOption::Top),
    ("skip", SystemOption::Skip),
    ("count", SystemOption::Count),
    ("select", SystemOption::Select),
    ("expand", SystemOption::Expand),
    ("format", SystemOption::Format),
    ("resultFormat", SystemOption::Format),
    ("skiptoken", SystemOption::SkipToken),
];

impl SystemOption {
    /// `None` for the names of others. In 2.0 case does not matter and the `$` may
    /// be absent, as in OData 4.01.
    pub(super) fn by_name(version: Version, name: &str) -> Result<Option<Self>, Fault> {
        let bare = name.strip_prefix('$');
        let found = match version {
            Version::V1_1 => NAMES.iter().find(|(known, _)| bare == Some(known)),
            Version::V2_0 => {
                let bare = bare.unwrap_or(name);
                NAMES
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(bare))
            }
        };
        match found {
            Some((_, option)) => Ok(Some(*option)),
            None if bare.is_some() => Err(Fault::new(0, OptionsErrorKind::Unsupported)),
            None => Ok(None),
        }
    }

    /// Whether it may stand within `$expand`.
    pub(super) fn nests(self) -> bool {
        !matches!(self, Self::Format | Self::SkipToken)
    }
}
