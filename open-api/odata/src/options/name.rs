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
    /// `None` for the names of others. Case does not matter: clients of 1.1 write
    /// `$orderBy`. In 2.0 the `$` may be absent, as in OData 4.01.
    pub(super) fn by_name(version: Version, name: &str) -> Result<Option<Self>, Fault> {
        let bare = name.strip_prefix('$');
        let meant = match version {
            Version::V1_1 => bare,
            Version::V2_0 => bare.or(Some(name)),
        };
        let found = meant.and_then(|meant| {
            let mut names = NAMES.iter();
            names.find(|(known, _)| known.eq_ignore_ascii_case(meant))
        });
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
