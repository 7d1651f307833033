//! `madang serve`.

use std::process::ExitCode;

use crate::compose::Platform;
use crate::config::{ServeArgs, Settings};
use crate::ready::ReadyFile;
use crate::runtime;

pub fn run(args: ServeArgs) -> ExitCode {
    let settings = match Settings::from_args(args) {
        Ok(settings) => settings,
        Err(error) => {
            super::complain(error);
            return ExitCode::from(2);
        }
    };
    super::report_logged(|| runtime::block_on(serve(settings)))
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let ready_file = settings.ready_file.clone();
    let platform = Platform::start(settings).await?;
    platform.announce();
    let ready = ReadyFile::write(ready_file, platform.addresses())?;
    let ended = platform.run(runtime::stop_signal()).await;
    ready.remove();
    ended
}
