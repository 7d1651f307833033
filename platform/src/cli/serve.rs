//! `madang serve`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use crate::compose::Platform;
use crate::config::{ServeFlags, Settings};
use crate::listeners::addresses::Addresses;
use crate::reachability::outward;
use crate::ready::ReadyFile;
use crate::runtime;

pub fn run(flags: ServeFlags) -> ExitCode {
    let settings = match flags.settings() {
        Ok(settings) => settings,
        Err(error) => {
            super::complain(error);
            return ExitCode::from(2);
        }
    };
    super::report_logged(|| runtime::block_on(serve(settings)))
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let ready_file = settings.observability.ready_file.clone();
    let data = settings.storage.data.clone();
    let public_url = settings.identity.public_url.clone();
    let platform = Platform::start(settings).await?;
    platform.announce();
    log_page_addresses(platform.addresses(), public_url, &data);
    let ready = ReadyFile::write(ready_file, platform.addresses())?;
    let ended = platform.run(runtime::stop_signal()).await;
    ready.remove();
    ended
}

/// Where a browser goes first, and what opens the operators' page.
fn log_page_addresses(addresses: &Addresses, public_url: Option<String>, data: &Path) {
    let at = |listener: &str| {
        let bound = addresses.of(listener)?;
        let shown = SocketAddr::new(outward(bound.ip()), bound.port());
        Some(format!("{listener}://{shown}"))
    };
    let token = data.join("admin.token");
    if let Some(url) = public_url.or_else(|| at("https")).or_else(|| at("http")) {
        tracing::info!("developers' page: {url}/");
        tracing::info!(
            "operators' page: {url}/ops (the first operator's token is in {})",
            token.display()
        );
    }
}
