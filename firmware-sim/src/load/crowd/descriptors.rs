//! The process's limit of open sockets, raised as far as the system lets us.

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that a process needs beside its connections.
const OTHERS: u64 = 64;

/// Sees to it that `connections` sockets may be open at once.
pub(super) fn allow(connections: u32) -> anyhow::Result<()> {
    let needed = u64::from(connections) + OTHERS;
    let limit = getrlimit(Resource::Nofile);
    // None is no limit.
    let allows = |limit: Option<u64>| limit.is_none_or(|most| most >= needed);
    if allows(limit.current) {
        return Ok(());
    }
    let within = Rlimit {
        current: Some(needed),
        maximum: limit.maximum,
    };
    // Beyond the hard limit only root gets.
    let beyond = Rlimit {
        current: Some(needed),
        maximum: Some(needed),
    };
    let raised = if allows(limit.maximum) {
        within
    } else {
        beyond
    };
    ensure!(
        setrlimit(Resource::Nofile, raised).is_ok(),
        "{connections} connections need {needed} open files, and {} are allowed: \
         raise the limit (ulimit -n), or share them out over several processes",
        limit.maximum.unwrap_or(u64::MAX)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_allowed_afterwards() {
        allow(100).unwrap();
        let allowed = getrlimit(Resource::Nofile).current;
        assert!(allowed.is_none_or(|most| most >= 100 + OTHERS));
    }

    #[test]
    fn what_no_system_allows_is_refused_with_the_cure() {
        let refused = allow(u32::MAX).unwrap_err().to_string();
        assert!(refused.contains("ulimit -n"), "{refused}");
    }
}
