//! Why a whole payload cannot be read.

/// One reason for one message: it becomes a frame of its own in the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[repr(u8)]
pub enum PayloadError {
    #[error("the payload is empty")]
    Empty = 1,
    #[error("the payload is longer than 64 KiB")]
    TooLong = 2,
    #[error("the payload has more than 1,000 observations")]
    TooManyObservations = 3,
    #[error("the payload is not well-formed JSON")]
    Json = 4,
    #[error("the payload is not well-formed CBOR, or has a string of indefinite length")]
    Cbor = 5,
    #[error("the payload nests too deeply")]
    TooDeep = 6,
    #[error(
        "the payload is neither SenML nor compact JSON, or not what its content type says: send {{\"t\": TIME, \"v\": {{\"field\": 1.5}}}}"
    )]
    Shape = 7,
    #[error("a SenML label that must be understood is not: it ends in _")]
    UnknownMandatoryLabel = 8,
    #[error(
        "the content type is none of application/senml+json, application/senml+cbor, application/json"
    )]
    ContentType = 9,
    #[error("a key appears twice in one object (ts is t, and values is v)")]
    DuplicateKey = 10,
    #[error("the SenML version (bver) is later than 10")]
    Version = 11,
    #[error(
        "the message came on a topic that is not read: telemetry goes to devices/{{id}}/telemetry"
    )]
    Topic = 12,
    #[error("the message speaks for a device that is not admitted any more")]
    NotAdmitted = 13,
}

impl PayloadError {
    pub const ALL: [Self; 13] = [
        Self::Empty,
        Self::TooLong,
        Self::TooManyObservations,
        Self::Json,
        Self::Cbor,
        Self::TooDeep,
        Self::Shape,
        Self::UnknownMandatoryLabel,
        Self::ContentType,
        Self::DuplicateKey,
        Self::Version,
        Self::Topic,
        Self::NotAdmitted,
    ];

    /// A short stable word for metrics and the API, as `too-long`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::TooManyObservations => "too-many-observations",
            Self::Json => "json",
            Self::Cbor => "cbor",
            Self::TooDeep => "too-deep",
            Self::Shape => "shape",
            Self::UnknownMandatoryLabel => "unknown-mandatory-label",
            Self::ContentType => "content-type",
            Self::DuplicateKey => "duplicate-key",
            Self::Version => "version",
            Self::Topic => "topic",
            Self::NotAdmitted => "not-admitted",
        }
    }

    /// What to do about it.
    pub const fn cure(self) -> &'static str {
        match self {
            Self::Empty => "send observations: {\"t\": TIME, \"v\": {\"field\": 1.5}}",
            Self::TooLong => "send fewer observations in a message: at most 64 KiB",
            Self::TooManyObservations => "send them in several messages",
            Self::Json => "write JSON by a library: quotes around names, no comma at the end",
            Self::Cbor => "write CBOR by a library, with texts of definite length",
            Self::TooDeep => "send observations as the documents show, without further nesting",
            Self::Shape => {
                "send {\"t\": TIME, \"v\": {\"field\": 1.5}}, a flat object of fields, or SenML, and the content type that it is"
            }
            Self::UnknownMandatoryLabel => "leave out labels that end in _",
            Self::ContentType => "name one of the three, or none: the first byte tells",
            Self::DuplicateKey => "write each key once",
            Self::Version => "leave out bver",
            Self::Topic => {
                "publish on devices/{id}/telemetry; a gateway for a registered child on devices/{gateway}/children/{child}/telemetry"
            }
            Self::NotAdmitted => {
                "set a later `expires` on the child; a revoked one is registered anew"
            }
        }
    }

    /// The number a frame stores; fixed for good.
    pub const fn number(self) -> u8 {
        self as u8
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.number() == number)
    }
}
