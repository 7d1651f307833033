//! The proof itself: a faultless proxy, and a fault that nobody notices.

use mqtt::codec::kind;

use super::*;
use crate::client::Client;
use crate::fault::Way;
use crate::login::Login;

/// The faults do the damage, not the proxy.
#[test]
fn a_proxy_without_a_fault_changes_nothing() {
    for protocol in [Protocol::V311, Protocol::V5] {
        let broker = TestBroker::start();
        let proxy = Proxy::start(broker.address, None);
        let server = Server {
            address: proxy.address,
            protocol,
            patience: PATIENCE,
            quiet: QUIET,
        };
        assert_eq!(
            crate::behaviours::publish::each_qos_behaviour(&server),
            Ok(())
        );
        assert_eq!(
            crate::behaviours::connect::zero_length_id_behaviour(&server),
            Ok(())
        );
    }
}

/// A behaviour that looks at nothing proves nothing, and neither does a fault
/// that does not happen.
#[test]
fn an_unnoticed_fault_is_told() {
    let lost = || {
        Fault::swallow(
            "a CONNECT is lost",
            "a CONNACK",
            Way::ToBroker,
            kind::CONNECT,
        )
    };
    let blind = |server: &Server| {
        let _ = Client::attempt(server, &Login::clean("blind"));
        Ok(())
    };
    let told = with_fault(lost(), Protocol::V5, &blind);
    assert_eq!(told, Err("nobody noticed: a CONNECT is lost".to_owned()));
    let told = with_fault(lost(), Protocol::V5, &|_| Ok(()));
    assert_eq!(
        told,
        Err("the fault never happened: a CONNECT is lost".to_owned())
    );
    let sees_another = |server: &Server| {
        let _ = Client::attempt(server, &Login::clean("blind"));
        Err("something else".to_owned())
    };
    let told = with_fault(lost(), Protocol::V5, &sees_another).unwrap_err();
    assert!(told.contains("and not as"), "{told}");
}
