//! What people prove themselves with: a password, the codes of an
//! authenticator app, recovery codes; and the invitation by which a person sets
//! them.
//!
//! A password takes 19 MiB and tens of milliseconds: whoever calls what hashes
//! one bounds how many run at once, and does it where it stops nobody else.

mod accept;
mod base32;
mod change_password;
mod check;
mod invite;
mod password;
mod recovery;
mod totp;

use domain::Timestamp;

pub use accept::{AcceptInvitationError, NewLogin, OpenInvitation};
pub use change_password::ChangePasswordError;
pub use check::{LoginAttempt, LoginError};
pub use invite::{INVITATION_DAYS, InvitePersonError, IssuedInvitation};
pub use password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, PasswordError};
pub use recovery::{RECOVERY_CODES, is_recovery_code};
pub use totp::TotpSecret;

pub(crate) use password::PasswordHash;
pub(crate) use totp::TotpSeed;

/// Whether a person needs the codes of an authenticator app.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecondFactor {
    Required,
    /// Who has set it up needs it all the same.
    Optional,
}

/// What the registry keeps of a person's proofs. Nothing of it opens anything
/// by itself.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PersonLogin {
    pub(crate) password: Option<PasswordHash>,
    pub(crate) totp: Option<Totp>,
    /// HMACs of the codes that are left.
    pub(crate) recovery: Vec<[u8; 32]>,
    pub(crate) invitation: Option<Invitation>,
}

impl PersonLogin {
    /// Whether the person has set what it logs in with.
    pub fn is_set(&self) -> bool {
        self.password.is_some()
    }

    pub fn has_second_factor(&self) -> bool {
        self.totp.is_some()
    }

    /// Recovery codes that are left.
    pub fn recovery_codes(&self) -> usize {
        self.recovery.len()
    }

    /// When the invitation ends that was handed out and not taken yet.
    pub fn invited_until(&self) -> Option<Timestamp> {
        self.invitation.as_ref().map(|it| it.until)
    }

    /// Whether the person still logs in with what it did then: whoever has
    /// logged in before stays so.
    pub fn is_as_it_was(&self, then: &Self) -> bool {
        let seed = |login: &Self| login.totp.as_ref().map(|totp| totp.seed);
        self.password == then.password && seed(self) == seed(then)
    }
}

/// An authenticator app's secret, and how far its codes are used up.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Totp {
    pub(crate) seed: TotpSeed,
    /// The step of the latest code that was used.
    pub(crate) used: Option<i64>,
}

/// What its bearer sets a password with, once.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Invitation {
    /// HMAC-SHA256 of its text under the registry's pepper.
    pub(crate) hmac: [u8; 32],
    /// Of the authenticator app that may be set up with it.
    pub(crate) seed: TotpSeed,
    pub(crate) until: Timestamp,
}

#[cfg(test)]
mod tests;
