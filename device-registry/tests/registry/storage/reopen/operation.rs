//! Operations at random.

use device_registry::{DevicePatch, NewDescription, Patch, Visibility};
use domain::Timestamp;
use proptest::prelude::*;

use super::expected::name;
use crate::harness::{device, place};

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Agency(u8),
    Register {
        id: u8,
        agency: u8,
        takes_over: Option<u8>,
    },
    Move {
        id: u8,
        to: Option<u8>,
        seconds_ago: Option<u8>,
    },
    Publish(u8),
    Describe {
        id: u8,
        words: u8,
    },
    Expire(u8),
    Gateway {
        id: u8,
        gateway: Option<u8>,
    },
    Revoke(u8),
    Transfer {
        id: u8,
        to: u8,
    },
    Replace {
        id: u8,
        by: u8,
    },
    Decommission(u8),
    AddKey {
        id: u8,
        seed: u8,
    },
    MakePassword(u8),
    RemoveFirstCredential(u8),
    ExtraField {
        id: u8,
        field: u8,
    },
    GrowModel(u8),
    Keep {
        agency: u8,
        days: Option<u32>,
    },
    Draw {
        name: u8,
        west: u8,
    },
    Erase(u8),
    Application,
    Key,
    RevokeKeys,
    Person {
        id: u8,
        agency: u8,
    },
    ChangePerson(u8),
    RemovePerson(u8),
    ServiceToken(u8),
    RemoveServiceTokens,
    Wait,
    Reopen,
    Kill,
}

pub(super) fn operation() -> impl Strategy<Value = Operation> {
    let id = 0..6u8;
    prop_oneof![
        1 => (0..3u8).prop_map(Operation::Agency),
        6 => (id.clone(), 0..3u8, prop::option::weighted(0.3, id.clone()))
            .prop_map(|(id, agency, takes_over)| Operation::Register { id, agency, takes_over }),
        2 => (id.clone(), prop::option::of(0..3u8), prop::option::of(0..200u8))
            .prop_map(|(id, to, seconds_ago)| Operation::Move { id, to, seconds_ago }),
        1 => id.clone().prop_map(Operation::Publish),
        2 => (id.clone(), 0..4u8).prop_map(|(id, words)| Operation::Describe { id, words }),
        1 => id.clone().prop_map(Operation::Expire),
        2 => (id.clone(), prop::option::weighted(0.7, id.clone()))
            .prop_map(|(id, gateway)| Operation::Gateway { id, gateway }),
        1 => id.clone().prop_map(Operation::Revoke),
        2 => (id.clone(), 0..3u8).prop_map(|(id, to)| Operation::Transfer { id, to }),
        1 => (id.clone(), id.clone()).prop_map(|(id, by)| Operation::Replace { id, by }),
        1 => id.clone().prop_map(Operation::Decommission),
        2 => (id.clone(), 1..5u8).prop_map(|(id, seed)| Operation::AddKey { id, seed }),
        1 => id.clone().prop_map(Operation::MakePassword),
        1 => id.clone().prop_map(Operation::RemoveFirstCredential),
        2 => (id, 0..4u8).prop_map(|(id, field)| Operation::ExtraField { id, field }),
        1 => (0..4u8).prop_map(Operation::GrowModel),
        1 => (0..3u8, prop::option::of(1..9u32))
            .prop_map(|(agency, days)| Operation::Keep { agency, days }),
        1 => (0..3u8, 0..9u8).prop_map(|(name, west)| Operation::Draw { name, west }),
        1 => (0..3u8).prop_map(Operation::Erase),
        1 => Just(Operation::Application),
        1 => Just(Operation::Key),
        1 => Just(Operation::RevokeKeys),
        2 => (0..3u8, 0..3u8).prop_map(|(id, agency)| Operation::Person { id, agency }),
        1 => (0..3u8).prop_map(Operation::ChangePerson),
        1 => (0..3u8).prop_map(Operation::RemovePerson),
        1 => (0..3u8).prop_map(Operation::ServiceToken),
        1 => Just(Operation::RemoveServiceTokens),
        2 => Just(Operation::Wait),
        2 => Just(Operation::Reopen),
        2 => Just(Operation::Kill),
    ]
}

pub(super) fn moved(to: Option<u8>, since: Option<Timestamp>) -> DevicePatch {
    let location = match to {
        Some(step) => Patch::Set(place(37.0 + f64::from(step), 127.0)),
        None => Patch::Clear,
    };
    DevicePatch {
        location,
        since,
        ..DevicePatch::default()
    }
}

/// Zero: nothing is said of it any more.
pub(super) fn described(words: u8) -> DevicePatch {
    let said = "강 ".repeat(words.into());
    let tags = said.split_whitespace().map(str::to_owned).collect();
    DevicePatch {
        name: Some(format!("수위계 {words}")),
        description: NewDescription {
            address: Some(said.clone()),
            note: Some(said),
            tags: Some(tags),
        },
        ..DevicePatch::default()
    }
}

pub(super) fn published() -> DevicePatch {
    DevicePatch {
        visibility: Some(Visibility::Public),
        ..DevicePatch::default()
    }
}

pub(super) fn expired(now: Timestamp) -> DevicePatch {
    DevicePatch {
        expires: Patch::Set(now),
        ..DevicePatch::default()
    }
}

pub(super) fn behind_gateway(gateway: Option<u8>) -> DevicePatch {
    let gateway = match gateway {
        Some(gateway) => Patch::Set(device(&name(gateway))),
        None => Patch::Clear,
    };
    DevicePatch {
        gateway,
        ..DevicePatch::default()
    }
}
