//! How strongly the sender of a message proved who it is.

/// How strongly the sender proved who it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Assurance {
    /// A shared password.
    Password = 1,
    /// The device's key signed its login.
    Key = 2,
    /// The device's key signed the message itself.
    SignedMessage = 3,
}

impl Assurance {
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Password),
            2 => Some(Self::Key),
            3 => Some(Self::SignedMessage),
            _ => None,
        }
    }

    pub const fn code(self) -> u8 {
        self as u8
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Key => "key",
            Self::SignedMessage => "signed-message",
        }
    }
}
