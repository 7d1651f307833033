//! `small-plane REGISTRY DATA ADDRESS FROM TO`: a [`SmallPlane`] in a process
//! of its own, for faults that only a process can have. Connects to ADDRESS,
//! tells its process id and then the number of each message of FROM..TO that
//! was acknowledged, as u64, little-endian; by a socket, since faults are
//! injected into writes to files. Ends with 0 after a clean stop, with 1 on a
//! fault.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;

use tests::small_plane::SmallPlane;

fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [registry, data, address, from, to] = arguments.as_slice() else {
        anyhow::bail!("small-plane REGISTRY DATA ADDRESS FROM TO");
    };
    let mut parent = TcpStream::connect(address)?;
    parent.set_nodelay(true)?;
    parent.write_all(&u64::from(std::process::id()).to_le_bytes())?;
    let plane = SmallPlane::open(Path::new(registry), Path::new(data))?;
    plane.run(from.parse()?..to.parse()?, |number| {
        parent.write_all(&number.to_le_bytes()).unwrap();
    })
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be among what fails.
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}
