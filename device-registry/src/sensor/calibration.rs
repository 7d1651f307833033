//! A calibration: when and by whom, with what result, and until when it holds.

use domain::Timestamp;

use crate::label::{self, LabelError};

/// The longest result or note of a calibration, in bytes.
pub const MAX_CALIBRATION_TEXT_BYTES: usize = 4_096;

/// What was found when a sensor was calibrated. A text that nobody knows is empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calibration {
    pub at: Timestamp,
    /// The person or the laboratory.
    pub by: String,
    /// Its number.
    pub certificate: String,
    /// It holds before that time; without one, until the next.
    pub valid_until: Option<Timestamp>,
    /// Coefficients or deviations, as whoever calibrates writes them.
    pub result: String,
    pub note: String,
}

/// Why a calibration cannot be as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error("`{0}` is longer than {MAX_CALIBRATION_TEXT_BYTES} bytes")]
    LongText(&'static str),
    #[error(
        "`{0}` has a control character other than a tab or a line's end, or one that hides or turns what is beside it"
    )]
    Control(&'static str),
    #[error("`valid_until` is not after `at`")]
    EndsBefore,
}

impl Calibration {
    /// Whether it has run out by `now`.
    pub fn has_run_out(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|until| until <= now)
    }

    pub(super) fn check(&self) -> Result<(), CalibrationError> {
        label::optional("by", &self.by)?;
        label::optional("certificate", &self.certificate)?;
        for (what, text) in [("result", &self.result), ("note", &self.note)] {
            if text.len() > MAX_CALIBRATION_TEXT_BYTES {
                return Err(CalibrationError::LongText(what));
            }
            if text
                .chars()
                .any(|c| label::misleads(c) && c != '\n' && c != '\t')
            {
                return Err(CalibrationError::Control(what));
            }
        }
        if self.valid_until.is_some_and(|until| until <= self.at) {
            return Err(CalibrationError::EndsBefore);
        }
        Ok(())
    }
}
