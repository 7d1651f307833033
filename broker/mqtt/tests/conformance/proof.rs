//! A behaviour is shown twice: on the way to the broker it holds, and with
//! each of its faults it is seen not to hold, for the reason that was expected.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use transport::Protocol;

use crate::Outcome;
use crate::fault::Fault;
use crate::proxy::Proxy;
use crate::server::{Server, TestBroker};

/// Only a failure ever waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Without a fault nothing comes, however long one waits.
const QUIET: Duration = Duration::from_millis(300);

/// With a fault something is usually waited for in vain. A busy machine may
/// be too slow for the first of these, and is told from the fault by what is
/// missing: then the next one is tried.
const PATIENCES_WITH_A_FAULT: [Duration; 3] =
    [Duration::from_millis(600), Duration::from_secs(5), PATIENCE];

/// Runs the behaviour without a fault and with each of them, all at once: a
/// broker each.
pub(crate) fn prove(
    protocol: Protocol,
    behaviour: impl Fn(&Server) -> Outcome + Send + Sync + 'static,
    faults: impl IntoIterator<Item = Fault>,
) {
    let behaviour = Arc::new(behaviour);
    let held = {
        let behaviour = behaviour.clone();
        std::thread::spawn(move || {
            let broker = TestBroker::start();
            behaviour(&Server {
                address: broker.address,
                protocol,
                patience: PATIENCE,
                quiet: QUIET,
            })
        })
    };
    let noticed: Vec<JoinHandle<Outcome>> = faults
        .into_iter()
        .map(|fault| {
            let behaviour = behaviour.clone();
            std::thread::spawn(move || with_fault(fault, protocol, &*behaviour))
        })
        .collect();
    assert!(
        !noticed.is_empty(),
        "a behaviour without a fault proves nothing"
    );
    assert_eq!(held.join().unwrap(), Ok(()), "without any fault");
    for outcome in noticed {
        assert_eq!(outcome.join().unwrap(), Ok(()));
    }
}

/// Fine where the fault happened and the behaviour noticed exactly that.
fn with_fault(fault: Fault, protocol: Protocol, behaviour: &dyn Fn(&Server) -> Outcome) -> Outcome {
    let fault = Arc::new(fault);
    let (name, seen_as) = (fault.name(), fault.seen_as());
    let mut said = None;
    for patience in PATIENCES_WITH_A_FAULT {
        fault.reset();
        let broker = TestBroker::start();
        let proxy = Proxy::start(broker.address, Some(fault.clone()));
        let outcome = behaviour(&Server {
            address: proxy.address,
            protocol,
            patience,
            quiet: QUIET.max(patience / 4),
        });
        match outcome {
            Ok(()) if !fault.happened() => return Err(format!("the fault never happened: {name}")),
            Ok(()) => said = None,
            Err(sentence) if fault.happened() && sentence.contains(seen_as) => return Ok(()),
            Err(sentence) => said = Some(sentence),
        }
    }
    Err(match said {
        None => format!("nobody noticed: {name}"),
        Some(said) => format!("{name}: seen as {said:?}, and not as {seen_as:?}"),
    })
}

#[cfg(test)]
mod tests;
