//! From invitation to login, on a registry of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::{PersonId, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::person::{NewPerson, Person, PersonPatch};
use crate::registry::{Actor, Means, OpenError, OperationError, Registry, Who};
use crate::role::{Grant, Role};

const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PASSWORD: &str = "correct horse battery";

struct Test {
    registry: Registry,
    seconds: Arc<AtomicI64>,
    dir: TempDir,
}

impl Test {
    /// With person `kim`.
    fn new() -> Self {
        let (dir, seconds) = (
            tempfile::tempdir().unwrap(),
            Arc::new(AtomicI64::new(900_000)),
        );
        let registry = open(&dir, &seconds).unwrap();
        let new = NewPerson {
            id: kim(),
            name: "김민수".to_owned(),
            agency: None,
            grants: Vec::new(),
        };
        registry.create_person(&Actor::OPERATOR, new).unwrap();
        Self {
            registry,
            seconds,
            dir,
        }
    }

    fn reopen(self) -> Self {
        let Self {
            registry,
            seconds,
            dir,
        } = self;
        drop(registry);
        let registry = open(&dir, &seconds).unwrap();
        Self {
            registry,
            seconds,
            dir,
        }
    }

    fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    fn invite(&self) -> String {
        let invited = self
            .registry
            .invite_person(&Actor::OPERATOR, &self.person());
        invited.unwrap().text
    }

    fn person(&self) -> Arc<Person> {
        Arc::clone(self.registry.snapshot().person("kim").unwrap())
    }

    /// The app's code of so many steps from now.
    fn code(&self, secret: &TotpSecret, steps: i64) -> String {
        secret.code_at(Timestamp::from_micros(
            (self.seconds.load(Ordering::Relaxed) + 30 * steps) * 1_000_000,
        ))
    }

    fn accept(
        &self,
        text: &str,
        password: &str,
        code: Option<&str>,
    ) -> Result<Vec<String>, &'static str> {
        let new = NewLogin { password, code };
        let optional = |_: &Person| SecondFactor::Optional;
        match self.registry.accept_invitation(FROM, text, new, optional) {
            Ok((id, codes)) => {
                assert_eq!(id, kim());
                Ok(codes)
            }
            Err(error) => Err(error.code()),
        }
    }

    fn log_in(&self, name: &str, password: &str, code: Option<&str>) -> &'static str {
        self.log_in_where(SecondFactor::Optional, name, password, code)
    }

    fn log_in_where(
        &self,
        factor: SecondFactor,
        name: &str,
        password: &str,
        code: Option<&str>,
    ) -> &'static str {
        let attempt = LoginAttempt {
            name,
            password,
            code,
            address: FROM,
        };
        match self.registry.log_person_in(attempt, |_| factor) {
            Ok((person, _)) => {
                assert_eq!(person.id, kim());
                "in"
            }
            Err(LoginError::Refused) => "refused",
            Err(LoginError::CodeNeeded) => "code needed",
            Err(LoginError::Code) => "wrong code",
            Err(LoginError::NoSecondFactor) => "no app",
            Err(LoginError::Store(error)) => panic!("{error}"),
        }
    }

    fn patch(&self, enabled: bool) {
        let patch = PersonPatch {
            enabled: Some(enabled),
            ..PersonPatch::default()
        };
        self.registry
            .patch_person(&Actor::OPERATOR, &self.person(), patch)
            .unwrap();
    }
}

fn kim() -> PersonId {
    PersonId::new("kim").unwrap()
}

fn open(dir: &TempDir, seconds: &Arc<AtomicI64>) -> Result<Registry, OpenError> {
    let seconds = Arc::clone(seconds);
    Registry::open(dir.path(), move || {
        Timestamp::from_micros(seconds.load(Ordering::Relaxed) * 1_000_000)
    })
}

#[test]
fn a_code_and_a_recovery_code_open_once_each_and_after_a_restart() {
    let test = Test::new();
    assert_eq!(test.log_in("kim", PASSWORD, None), "refused");
    let text = test.invite();
    let secret = test.registry.open_invitation(&text).unwrap().secret;
    let codes = test
        .accept(&text, PASSWORD, Some(&test.code(&secret, -1)))
        .unwrap();
    assert_eq!(codes.len(), RECOVERY_CODES);

    let test = test.reopen();
    assert_eq!(test.log_in("kim", PASSWORD, None), "code needed");
    assert_eq!(test.log_in("kim", "correct horse batterz", None), "refused");
    assert_eq!(test.log_in("lee", PASSWORD, None), "refused");
    let code = test.code(&secret, 0);
    let used = test.code(&secret, -1);
    assert_eq!(test.log_in("kim", PASSWORD, Some(&used)), "wrong code");
    assert_eq!(test.log_in(" Kim ", PASSWORD, Some(&code)), "in");
    let test = test.reopen();
    assert_eq!(test.log_in("kim", PASSWORD, Some(&code)), "wrong code");
    assert_eq!(test.log_in("kim", PASSWORD, Some(&codes[3])), "in");
    let test = test.reopen();
    assert_eq!(test.log_in("kim", PASSWORD, Some(&codes[3])), "wrong code");
    let snapshot = test.registry.snapshot();
    let login = snapshot.login_of(&kim()).unwrap();
    assert_eq!(login.recovery_codes(), RECOVERY_CODES - 1);
}

#[test]
fn an_invitation_is_taken_once_within_seven_days_and_by_its_newest_text() {
    let test = Test::new();
    let (first, second) = (test.invite(), test.invite());
    assert_eq!(
        test.accept(&first, PASSWORD, None),
        Err("unknown-invitation")
    );
    assert_eq!(test.accept(&second, "short", None), Err("poor-password"));
    let wrong = test.accept(&second, PASSWORD, Some("000000"));
    assert_eq!(wrong, Err("wrong-code"));
    test.pass(INVITATION_DAYS * 86_400 - 1);
    let test = test.reopen();
    assert_eq!(test.accept(&second, PASSWORD, None), Ok(Vec::new()));
    assert_eq!(test.log_in("kim", PASSWORD, None), "in");
    assert_eq!(
        test.accept(&second, PASSWORD, None),
        Err("unknown-invitation")
    );

    let third = test.invite();
    test.pass(INVITATION_DAYS * 86_400);
    assert_eq!(
        test.accept(&third, PASSWORD, None),
        Err("unknown-invitation")
    );
    assert!(test.registry.open_invitation("mdi_x").is_err());
}

#[test]
fn an_invitation_takes_away_what_was_before_it() {
    let test = Test::new();
    test.accept(&test.invite(), PASSWORD, None).unwrap();
    let generation = test.registry.generation();
    let then = test.registry.snapshot();
    test.invite();
    assert_eq!(test.log_in("kim", PASSWORD, None), "refused");
    assert!(test.registry.generation() > generation, "sessions end");
    let now = test.registry.snapshot();
    let login = |of: &crate::Snapshot| Arc::clone(of.login_of(&kim()).unwrap());
    assert!(!login(&now).is_as_it_was(&login(&then)));
}

#[test]
fn who_is_disabled_or_removed_neither_logs_in_nor_takes_an_invitation() {
    let test = Test::new();
    test.accept(&test.invite(), PASSWORD, None).unwrap();
    test.patch(false);
    assert_eq!(test.log_in("kim", PASSWORD, None), "refused");
    let was = test.person();
    let invited = test.registry.invite_person(&Actor::OPERATOR, &was);
    assert_eq!(invited.err().unwrap().code(), "operator-disabled");
    test.patch(true);
    assert_eq!(test.log_in("kim", PASSWORD, None), "in");
    let text = test.invite();
    test.patch(false);
    assert_eq!(
        test.accept(&text, PASSWORD, None),
        Err("unknown-invitation")
    );
    test.registry
        .remove_person(&Actor::OPERATOR, &test.person())
        .unwrap();
    let test = test.reopen();
    assert!(test.registry.snapshot().login_of(&kim()).is_none());
    let invited = test.registry.invite_person(&Actor::OPERATOR, &was);
    assert_eq!(invited.err().unwrap().code(), "unknown-operator");
}

#[test]
fn who_was_given_a_role_meanwhile_is_not_invited() {
    let test = Test::new();
    let looked_at = test.person();
    let patch = PersonPatch {
        grants: Some(vec![Grant::new(Role::PlatformAdministrator, None).unwrap()]),
        ..PersonPatch::default()
    };
    test.registry
        .patch_person(&Actor::OPERATOR, &looked_at, patch)
        .unwrap();
    let invited = test.registry.invite_person(&Actor::OPERATOR, &looked_at);
    assert_eq!(invited.err().unwrap().code(), "operator-changed");
    assert!(test.registry.snapshot().login_of(&kim()).is_none());
}

#[test]
fn an_app_may_be_required() {
    let test = Test::new();
    let text = test.invite();
    let new = NewLogin {
        password: PASSWORD,
        code: None,
    };
    let required = |_: &Person| SecondFactor::Required;
    let refused = test.registry.accept_invitation(FROM, &text, new, required);
    assert_eq!(refused.err().unwrap().code(), "code-missing");
    test.accept(&text, PASSWORD, None).unwrap();
    let log_in = |factor| test.log_in_where(factor, "kim", PASSWORD, None);
    assert_eq!(log_in(SecondFactor::Required), "no app");
    assert_eq!(log_in(SecondFactor::Optional), "in");
}

#[test]
fn a_person_changes_its_own_password() {
    let test = Test::new();
    test.accept(&test.invite(), PASSWORD, None).unwrap();
    let actor = Actor {
        who: Who::Person(kim()),
        address: Some(FROM),
        means: Means::Session,
    };
    let change = |so_far, new| {
        let changed = test.registry.change_password(&actor, &kim(), so_far, new);
        changed.map(|_| ()).map_err(|error| error.code())
    };
    let other = "an entirely other one";
    assert_eq!(change(other, other), Err("wrong-password"));
    assert_eq!(change(PASSWORD, "kim"), Err("poor-password"));
    assert_eq!(change(PASSWORD, other), Ok(()));
    assert_eq!(test.log_in("kim", PASSWORD, None), "refused");
    assert_eq!(test.log_in("kim", other, None), "in");
}

#[test]
fn a_code_opens_once_even_where_two_send_it_at_once() {
    let test = Test::new();
    let text = test.invite();
    let secret = test.registry.open_invitation(&text).unwrap().secret;
    test.accept(&text, PASSWORD, Some(&test.code(&secret, -1)))
        .unwrap();
    let code = test.code(&secret, 0);
    let outcomes: Vec<&str> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| test.log_in("kim", PASSWORD, Some(&code))))
            .collect();
        tries.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let opened = outcomes.iter().filter(|outcome| **outcome == "in");
    assert_eq!(opened.count(), 1, "{outcomes:?}");
}
