//! What can be asked for: a day of one domain and agency, in one format.

use device_registry::ReadScope;
use domain::AgencyId;

use super::day::Day;

/// One file: what it is about, for whom and how written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayExport {
    pub day: Day,
    /// As `traffic`.
    pub domain: String,
    pub agency: AgencyId,
    /// Whose who asks may read.
    pub scope: ReadScope,
    pub format: ExportFormat,
}

impl DayExport {
    /// Whether it has all of its agency, and exactly; otherwise what is public.
    pub fn has_all(&self) -> bool {
        self.scope.owns(&self.agency)
    }

    /// Whether it has what its agency shares with who asks, beside what is public.
    pub fn has_shared(&self) -> bool {
        !self.has_all() && self.scope.shares_of(&self.agency).next().is_some()
    }
}

/// What of a day there is to export: files of each format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayPart {
    pub domain: String,
    pub agency: AgencyId,
    /// Those of its datastreams, each once.
    pub licences: Vec<String>,
    /// Datastreams with observations.
    pub datastreams: usize,
}

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ExportFormat {
    Csv,
    Parquet,
}

impl ExportFormat {
    pub const ALL: [Self; 2] = [Self::Csv, Self::Parquet];

    /// The end of a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }
}
