//! The simulated sensors, in a thread with a runtime of its own: they are
//! clients, and share nothing with the server but the sockets.

use firmware_sim::fleet::{self, FleetConfig};
use tokio::sync::oneshot;

use super::Endpoints;
use super::population::Population;

pub(super) struct Fleet {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Fleet {
    pub(super) fn start(endpoints: &Endpoints, population: &Population) -> Self {
        let config = FleetConfig {
            platform: Some(population.receipts),
            ..FleetConfig::demo(
                population.world,
                endpoints.mqtt,
                endpoints.coap,
                population.devices.clone(),
            )
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
                runtime.block_on(fleet::run(config, async {
                    let _ = stopped.await;
                }))
            });
            if let Err(error) = outcome {
                tracing::error!(%error, "the simulated sensors have stopped");
            }
        });
        Self { stop, thread }
    }

    pub(super) fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.thread.join();
    }
}
