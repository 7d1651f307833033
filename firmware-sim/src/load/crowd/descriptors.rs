//! The process's limit of open sockets, raised as far as the system lets us.

use anyhow::{bail, ensure};

/// Files that a process needs beside its connections.
const OTHERS: u64 = 64;

/// Sees to it that `connections` sockets may be open at once.
pub(super) fn allow(connections: u32) -> anyhow::Result<()> {
    let needed = u64::from(connections) + OTHERS;
    let limit = read()?;
    if limit.rlim_cur >= needed {
        return Ok(());
    }
    let wider = [
        libc::rlimit {
            rlim_cur: needed.min(limit.rlim_max),
            rlim_max: limit.rlim_max,
        },
        // Beyond the hard limit only root gets.
        libc::rlimit {
            rlim_cur: needed,
            rlim_max: needed.max(limit.rlim_max),
        },
    ];
    let allowed = |limit: &libc::rlimit| limit.rlim_cur >= needed && write(limit);
    ensure!(
        wider.iter().any(allowed),
        "{connections} connections need {needed} open files, and {} are allowed: \
         raise the limit (ulimit -n), or share them out over several processes",
        limit.rlim_max
    );
    Ok(())
}

fn read() -> anyhow::Result<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the call fills the struct that it is given, which outlives it.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        bail!("the system does not tell how many files may be open");
    }
    Ok(limit)
}

fn write(limit: &libc::rlimit) -> bool {
    // SAFETY: the call reads the struct that it is given, which outlives it.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limit) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_allowed_afterwards() {
        allow(100).unwrap();
        assert!(read().unwrap().rlim_cur >= 100 + OTHERS);
    }

    #[test]
    fn what_no_system_allows_is_refused_with_the_cure() {
        let refused = allow(u32::MAX).unwrap_err().to_string();
        assert!(refused.contains("ulimit -n"), "{refused}");
    }
}
