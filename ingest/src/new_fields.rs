//! Fields that a device sends for the first time: they get their datastreams
//! from a thread of their own, so that whoever stages never waits for the
//! registry. Only the message that has such a field waits, wherever its sender
//! keeps it.

use std::iter;
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::JoinHandle;

use device_registry::{NewExtraField, Registry, StoreError};
use parking_lot::Mutex;
use supervisor::Scope;
use tokio::sync::oneshot;

/// Messages whose new fields wait to be registered.
pub(crate) const MAX_WAITING: usize = 1_024;
/// Messages whose new fields are registered in one change of the registry: some
/// tens of milliseconds, as a piece of an import.
const MOST_AT_ONCE: usize = 256;

/// The fields of one message that have no datastream yet.
#[derive(Debug)]
pub struct NewFields(pub(crate) Vec<NewExtraField>);

/// Why a message's new fields have no datastreams.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RegisterFieldsError {
    #[error("too many messages with new fields wait for the registry")]
    Busy,
    #[error("the platform is stopping")]
    Closed,
    #[error("cannot make datastreams for fields that the model does not know")]
    Store(#[source] Arc<StoreError>),
}

type Answer = Result<(), RegisterFieldsError>;

struct Waiting {
    fields: NewFields,
    answer: oneshot::Sender<Answer>,
}

/// The thread, and the way to it.
pub(crate) struct Registrar(Mutex<State>);

enum State {
    Running(SyncSender<Waiting>, JoinHandle<()>),
    Stopped,
}

impl Registrar {
    pub(crate) fn start(registry: &Arc<Registry>, scope: &Scope) -> std::io::Result<Self> {
        let (sender, waiting) = mpsc::sync_channel(MAX_WAITING);
        let registry = Arc::clone(registry);
        let thread = scope.thread("new-fields", move || run(&registry, &waiting))?;
        Ok(Self(Mutex::new(State::Running(sender, thread))))
    }

    /// Resolves when the fields have datastreams, as far as they may have any.
    pub(crate) fn register(
        &self,
        fields: NewFields,
    ) -> impl Future<Output = Answer> + Send + 'static + use<> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { fields, answer };
        let asked = match &*self.0.lock() {
            State::Running(sender, _) => sender.try_send(waiting).map_err(|error| match error {
                TrySendError::Full(_) => RegisterFieldsError::Busy,
                TrySendError::Disconnected(_) => RegisterFieldsError::Closed,
            }),
            State::Stopped => Err(RegisterFieldsError::Closed),
        };
        async move {
            asked?;
            answered.await.unwrap_or(Err(RegisterFieldsError::Closed))
        }
    }

    /// Takes no more, and waits for the change that is under way.
    pub(crate) fn stop(&self) {
        let State::Running(sender, thread) = mem::replace(&mut *self.0.lock(), State::Stopped)
        else {
            return;
        };
        drop(sender);
        // A panic there has been told by the panic hook.
        let _ = thread.join();
    }
}

fn run(registry: &Registry, waiting: &Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let more = waiting.try_iter().take(MOST_AT_ONCE - 1);
        let batch: Vec<Waiting> = iter::once(first).chain(more).collect();
        let fields = batch.iter().flat_map(|waiting| &waiting.fields.0);
        let made = registry
            .make_extra_datastreams(fields)
            .map_err(|error| RegisterFieldsError::Store(Arc::new(error)));
        for waiting in batch {
            // Nobody listens where the sender is gone.
            let _ = waiting.answer.send(made.clone());
        }
    }
}
