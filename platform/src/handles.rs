//! File handles: as many as the system allows, shared out so that connections
//! cannot use up what the log and the store need.

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For the 256 files that the store keeps open, the log and its readers, the
/// databases, exports and backups, and the runtimes' own.
const RESERVED: u64 = 512;
/// For each of MQTT's threads: its runtime, and a socket for each listener.
const RESERVED_A_WORKER: u64 = 10;
/// With fewer beside the reserve the platform does not start.
const LEAST_CONNECTIONS: u64 = 64;

/// How many connections the process may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handles {
    pub mqtt: usize,
    pub http: usize,
}

/// Raises the soft limit to the hard one, as systemd asks servers to do (its
/// soft default of 1,024 is for programs that use `select`). Connections get as
/// many as are `wanted` at most.
pub(crate) fn take_all(wanted: Handles, workers: usize) -> anyhow::Result<Handles> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files stays at {:?}", limit.current);
    }
    share_out(
        getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
        RESERVED + workers as u64 * RESERVED_A_WORKER,
        wanted,
    )
}

fn share_out(allowed: u64, reserved: u64, wanted: Handles) -> anyhow::Result<Handles> {
    let least = reserved + LEAST_CONNECTIONS;
    ensure!(
        allowed >= least,
        "only {allowed} files may be open, and {least} are needed at least: raise the limit \
         (ulimit -n, or LimitNOFILE= of the service)"
    );
    let free = usize::try_from(allowed - reserved).unwrap_or(usize::MAX);
    // Devices come first: a page that is refused is loaded again by a person.
    let http = (free / 4).min(wanted.http);
    let mqtt = (free - http).min(wanted.mqtt);
    Ok(Handles { mqtt, http })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Handles = Handles {
        mqtt: 100_000,
        http: 10_000,
    };

    #[test]
    fn connections_leave_the_reserve_alone() {
        let least = RESERVED + LEAST_CONNECTIONS;
        for allowed in [least, 1_024, 4_096, 20_000, 1_048_576, u64::MAX] {
            let Handles { mqtt, http } = share_out(allowed, RESERVED, WANTED).unwrap();
            assert!(mqtt > 0 && http > 0);
            assert!((mqtt + http) as u64 + RESERVED <= allowed);
        }
        assert_eq!(share_out(1_048_576, RESERVED, WANTED).unwrap(), WANTED);
    }

    #[test]
    fn too_few_are_refused_with_the_cure() {
        let one_less = RESERVED + LEAST_CONNECTIONS - 1;
        let refused = share_out(one_less, RESERVED, WANTED)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("LimitNOFILE"), "{refused}");
    }
}
