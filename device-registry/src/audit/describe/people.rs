//! People and service tokens, for an auditor.

use domain::{AgencyId, PersonId, ServiceTokenId};

use super::Description;
use crate::audit::action::{Action, Kind};
use crate::audit::fields::Fields;
use crate::person::Person;
use crate::person_login::PersonLogin;
use crate::service_token::ServiceToken;

impl<'a> Description<'a> {
    pub(super) fn add_person(&mut self, person: &'a Person) {
        let agency = person.agency.as_ref();
        let id = person.id.as_str();
        let object = self.object(Kind::Person, id, agency, Action::CreatePerson);
        object.after = person_fields(person);
    }

    pub(super) fn change_person(&mut self, person: &'a Person) {
        let Some(old) = self.before.person(person.id.as_str()) else {
            return;
        };
        let agency = person.agency.as_ref();
        let id = person.id.as_str();
        let object = self.object(Kind::Person, id, agency, Action::PatchPerson);
        object.changed("name", old.name.as_str(), person.name.as_str());
        object.changed("enabled", old.enabled, person.enabled);
        object.changed("roles", &*old.grants, &*person.grants);
    }

    pub(super) fn remove_person(&mut self, id: &'a PersonId) {
        let standing = self.before.person(id.as_str());
        let agency = standing.and_then(|person| person.agency.as_ref());
        let object = self.object(Kind::Person, id.as_str(), agency, Action::RemovePerson);
        object.before = standing.map_or_else(Fields::default, |person| person_fields(person));
    }

    /// What a person logs in with: whether there is something, and what of it
    /// was used or replaced.
    pub(super) fn put_login(&mut self, id: &'a PersonId, login: &PersonLogin) {
        let none = PersonLogin::default();
        let standing = self.before.login_of(id);
        let old = standing.map_or(&none, |login| login.as_ref());
        let action = if login.invitation.is_some() {
            Action::InvitePerson
        } else if old.invitation.is_some() {
            Action::AcceptInvitation
        } else if login.password != old.password {
            Action::ChangePassword
        } else {
            Action::LogPersonIn
        };
        let person = self.after.person(id.as_str());
        let agency = person.and_then(|person| person.agency.as_ref());
        let object = self.object(Kind::Person, id.as_str(), agency, action);
        object.changed("has_password", old.is_set(), login.is_set());
        let app = (old.has_second_factor(), login.has_second_factor());
        object.changed("has_authenticator", app.0, app.1);
        let codes = |login: &PersonLogin| u32::try_from(login.recovery_codes()).ok();
        object.changed("recovery_codes", codes(old), codes(login));
        object.changed("invited_until", old.invited_until(), login.invited_until());
        match action {
            Action::ChangePassword => object.after.set("new_password", true),
            Action::LogPersonIn => object.after.set("logged_in", true),
            _ => {}
        }
    }

    pub(super) fn add_service_token(&mut self, token: &'a ServiceToken) {
        let agency = token.agency.as_ref();
        let (kind, action) = (Kind::ServiceToken, Action::CreateServiceToken);
        let object = self.object(kind, token.id.as_str(), agency, action);
        object.after = token_fields(token);
    }

    pub(super) fn remove_service_token(&mut self, id: &'a ServiceTokenId) {
        let standing = self.before.service_token(id.as_str());
        let agency = standing.and_then(|token| token.agency.as_ref());
        let (kind, action) = (Kind::ServiceToken, Action::RemoveServiceToken);
        let object = self.object(kind, id.as_str(), agency, action);
        object.before = standing.map_or_else(Fields::default, |token| token_fields(token));
    }
}

fn person_fields(person: &Person) -> Fields {
    let mut fields = Fields::default();
    fields.set("name", person.name.as_str());
    fields.set_some("agency", person.agency.as_ref().map(AgencyId::as_str));
    fields.set("enabled", person.enabled);
    fields.set("roles", &*person.grants);
    let identity = person.identity.as_ref();
    fields.set_some("issuer", identity.map(|it| it.issuer.as_str()));
    fields.set_some("subject", identity.map(|it| it.subject.as_str()));
    fields
}

fn token_fields(token: &ServiceToken) -> Fields {
    let mut fields = Fields::default();
    fields.set("name", token.name.as_str());
    fields.set_some("agency", token.agency.as_ref().map(AgencyId::as_str));
    fields.set("roles", &*token.grants);
    fields.set("until", token.until);
    fields
}
