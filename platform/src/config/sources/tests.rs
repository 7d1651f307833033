//! Flags, variables and defaults.

use std::net::SocketAddr;

use super::*;
use crate::config::Listen;

#[test]
fn a_variable_is_named_after_its_flag() {
    for arg in command().get_arguments() {
        let flag = arg.get_long().unwrap();
        let variable = format!("MADANG_{}", flag.to_uppercase().replace('-', "_"));
        assert_eq!(arg.get_env().unwrap().to_str(), Some(&*variable));
    }
}

#[test]
fn listeners_over_tls_are_on_where_there_is_a_certificate() {
    let given = Given::default().with("data", "d");
    let alone = given.read().unwrap().listeners;
    assert_eq!((alone.mqtts, alone.wss, alone.https), (None, None, None));
    let listeners = given.with("tls-cert", "c").read().unwrap().listeners;
    let command = command();
    for (name, listen) in [
        ("mqtts", listeners.mqtts),
        ("wss", listeners.wss),
        ("https", listeners.https),
    ] {
        let Some(Listen::On(address)) = listen else {
            panic!("{name} is {listen:?}");
        };
        assert_eq!(
            address,
            SocketAddr::new([0, 0, 0, 0].into(), address.port())
        );
        let arg = command
            .get_arguments()
            .find(|it| it.get_long() == Some(name));
        let help = arg.unwrap().get_help().unwrap().to_string();
        assert!(help.contains(&format!("[default: {address} ")), "{help}");
    }
}

#[test]
fn what_is_no_number_is_told_with_its_flag() {
    for (name, text) in [
        ("device-rate", "many"),
        ("mqtt-connections", "0"),
        ("log-budget", "-1"),
        ("feed-horizon", "1.5"),
    ] {
        let given = Given::default().with("data", "d").with(name, text);
        let fault = given.read().unwrap_err().to_string();
        assert!(
            fault.starts_with(&format!("--{name} {text:?} is no number")),
            "{fault}"
        );
    }
}
