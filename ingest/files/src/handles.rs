//! Patience where the process has no file handle left for a moment.
//!
//! Nothing was written yet when a file cannot be opened, so trying again loses
//! nothing; a platform that ended for it could be ended by whoever connects
//! often enough.

use std::io;
use std::time::{Duration, Instant};

/// How long the write path waits for a handle.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Opens a file of the write path, again while handles have run out.
pub fn open_patiently<T>(open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    open_within(PATIENCE, open)
}

fn open_within<T>(longest: Duration, mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let begun = Instant::now();
    let mut told = false;
    loop {
        match open() {
            Err(error) if have_run_out(&error) && begun.elapsed() < longest => {
                if !told {
                    tracing::warn!("no file handle is free: the log or the store waits for one");
                    told = true;
                }
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// Of the process, or of the machine.
fn have_run_out(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none_left() -> io::Error {
        io::Error::from_raw_os_error(libc::EMFILE)
    }

    #[test]
    fn a_handle_that_becomes_free_is_taken() {
        let mut tries = 0;
        let opened = open_patiently(|| {
            tries += 1;
            if tries < 3 {
                Err(none_left())
            } else {
                Ok(tries)
            }
        });
        assert_eq!(opened.unwrap(), 3);
    }

    #[test]
    fn other_faults_and_the_end_of_patience_are_told() {
        let mut tries = 0;
        let failed: io::Result<()> = open_patiently(|| {
            tries += 1;
            Err(io::ErrorKind::PermissionDenied.into())
        });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(tries, 1);
        let failed: io::Result<()> = open_within(Duration::ZERO, || Err(none_left()));
        assert_eq!(failed.unwrap_err().raw_os_error(), Some(libc::EMFILE));
    }
}
