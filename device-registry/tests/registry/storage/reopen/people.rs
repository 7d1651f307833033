//! People and service tokens, of which the snapshot has to keep what was done.

use device_registry::{Actor, Grant, NewPerson, NewServiceToken, PersonPatch, Role};
use domain::{AgencyId, PersonId, Timestamp};

use super::expected::Expected;
use crate::harness::{TestRegistry, agency};

fn person(number: u8) -> PersonId {
    PersonId::new(format!("person-{number}")).unwrap()
}

fn operator(agency: &AgencyId) -> Grant {
    Grant::new(Role::Operator, Some(agency.clone())).unwrap()
}

impl Expected {
    pub(super) fn create_person(&mut self, test: &TestRegistry, id: u8, owner: u8) {
        let owner = agency(&format!("agency-{owner}"));
        let new = NewPerson {
            id: person(id),
            name: "Somebody".to_owned(),
            agency: Some(owner.clone()),
            grants: vec![operator(&owner)],
        };
        let made = test.registry.create_person(&Actor::OPERATOR, new).is_ok();
        let free = !self.people.contains_key(&person(id));
        assert_eq!(made, free && self.agencies.contains(&owner));
        if made {
            self.people.insert(person(id), owner);
        }
    }

    pub(super) fn change_person(&self, test: &TestRegistry, id: u8) {
        let patch = PersonPatch {
            name: Some("Somebody else".to_owned()),
            enabled: Some(false),
            grants: Some(Vec::new()),
        };
        let snapshot = test.registry.snapshot();
        let standing = snapshot.person(person(id).as_str());
        assert_eq!(standing.is_some(), self.people.contains_key(&person(id)));
        if let Some(standing) = standing {
            let changed = test
                .registry
                .patch_person(&Actor::OPERATOR, standing, patch);
            changed.unwrap();
        }
    }

    pub(super) fn remove_person(&mut self, test: &TestRegistry, id: u8) {
        let snapshot = test.registry.snapshot();
        let standing = snapshot.person(person(id).as_str());
        assert_eq!(
            standing.is_some(),
            self.people.remove(&person(id)).is_some()
        );
        if let Some(standing) = standing {
            let removed = test.registry.remove_person(&Actor::OPERATOR, standing);
            removed.unwrap();
        }
    }

    pub(super) fn create_service_token(&self, test: &TestRegistry, owner: u8) {
        let owner = agency(&format!("agency-{owner}"));
        let new = NewServiceToken {
            name: "A program".to_owned(),
            agency: Some(owner.clone()),
            grants: vec![operator(&owner)],
            until: Timestamp::from_micros(test.now().as_micros() + 1),
        };
        let made = test.registry.create_service_token(&Actor::OPERATOR, new);
        assert_eq!(made.is_ok(), self.agencies.contains(&owner));
    }

    pub(super) fn check_people(&self, test: &TestRegistry) {
        let snapshot = test.registry.snapshot();
        let people = snapshot.people().map(|one| (&one.id, one.agency.as_ref()));
        let expected = self.people.iter().map(|(id, agency)| (id, Some(agency)));
        assert!(people.eq(expected));
    }
}

pub(super) fn remove_service_tokens(test: &TestRegistry) {
    for token in test.registry.snapshot().service_tokens() {
        test.registry
            .remove_service_token(&Actor::OPERATOR, &token.id)
            .unwrap();
    }
}
