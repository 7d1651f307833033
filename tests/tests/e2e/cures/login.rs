//! Why a device is not let in, row by row.

mod device;
mod registry;
mod token;

use device_registry::AuthError;
use domain::Timestamp;
use tests::TestDevice;

use super::Bench;

/// What was provoked, and what does away with it.
struct Case<'a> {
    /// The name that it came under.
    login: String,
    /// What the event has to say, but for times in it.
    expected: AuthError,
    /// Does what the cure says; gives the id and the password that lead in.
    cure: Box<dyn FnOnce() -> (String, String) + 'a>,
}

impl<'a> Case<'a> {
    fn of(
        device: &TestDevice,
        expected: AuthError,
        cure: impl FnOnce() -> (String, String) + 'a,
    ) -> Self {
        Self {
            login: device.id.to_string(),
            expected,
            cure: Box::new(cure),
        }
    }
}

/// `None`: the row has looked at the registry itself, since no client of this
/// machine can provoke it over a socket.
type Row = for<'a> fn(&'a Bench) -> Option<Case<'a>>;

macro_rules! table {
    ($($pattern:pat => $file:ident::$row:ident,)*) => {
        /// The row of a reason. A reason without one does not compile.
        fn row_of(error: &AuthError) -> &'static str {
            match error {
                $($pattern => stringify!($row),)*
            }
        }

        const ROWS: &[(&str, Row)] = &[$((stringify!($row), $file::$row)),*];
    };
}

table! {
    AuthError::UnknownDevice => device::unknown_device,
    AuthError::Revoked => device::revoked,
    AuthError::DeviceExpired { .. } => device::device_expired,
    AuthError::NoCredential { .. } => device::no_credential,
    AuthError::CredentialExpired { .. } => device::credential_expired,
    AuthError::TokenTooLong { .. } => token::token_too_long,
    AuthError::TokenForm(_) => token::token_form,
    AuthError::Algorithm { .. } => token::algorithm,
    AuthError::WrongKey => device::wrong_key,
    AuthError::WrongCertificate => registry::wrong_certificate,
    AuthError::Subject { .. } => token::subject,
    AuthError::Audience { .. } => token::audience,
    AuthError::MissingClaim(_) => token::missing_claim,
    AuthError::ClaimType { .. } => token::claim_type,
    AuthError::Lifetime { .. } => token::lifetime,
    AuthError::TokenExpired { .. } => token::token_expired,
    AuthError::IssuedAhead { .. } => token::issued_ahead,
    AuthError::NotBefore { .. } => token::not_before,
    AuthError::WrongPassword => device::wrong_password,
    AuthError::NoToken => token::no_token,
    AuthError::Unprotected { .. } => registry::unprotected,
}

/// The words of a reason, without its figures and what stands in quotes.
fn words(text: &str) -> String {
    let unquoted: String = text.split('"').step_by(2).collect();
    unquoted
        .split_whitespace()
        .filter(|word| word.chars().all(|it| !it.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn each_cure_of_a_refused_login_leads_in() {
    let bench = Bench::start();
    for (name, row) in ROWS {
        let Some(case) = row(&bench) else { continue };
        assert_eq!(
            row_of(&case.expected),
            *name,
            "the row is of another reason"
        );
        let event = bench.refusal(&case.login);
        assert_eq!(event.cure, case.expected.cure(), "{name}: {event:?}");
        let expected = words(&case.expected.to_string());
        assert_eq!(words(&event.reason), expected, "{name}");
        let (id, password) = (case.cure)();
        let code = bench.log_in(&id, &id, &password);
        assert_eq!(
            code, 0,
            "{name}: the cure {:?} does not lead in",
            event.cure
        );
    }
}

/// For values that only stand in an event's figures.
const TIME: Timestamp = Timestamp::from_micros(0);
