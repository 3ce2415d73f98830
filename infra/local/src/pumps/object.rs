//! Objects that were stored: what S3's notifications and Lambda's asynchronous invocation do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Drained, Invoked, event};
use crate::engine::objects::{Created, CreatedEvents};
use crate::stop::Stop;

/// Retries of one notification, as Lambda makes of an asynchronous invocation.
pub const RETRIES_MAX: u32 = 2;

/// Wait before a retry, where time is the machine's. Shorter than Lambda's minute: a person watches.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Notifications that are worked on at once: each may hold a whole picture in memory.
const AT_ONCE: usize = 2;

/// Wakes one function with the objects that were stored.
pub struct ObjectPump {
    created: CreatedEvents,
    function: Invoked,
}

impl ObjectPump {
    pub(super) fn new(created: CreatedEvents, function: Invoked) -> Self {
        Self { created, function }
    }

    /// Hands over every notification there is, those included that come of it.
    pub async fn drain(&mut self) -> Drained {
        let mut all = Drained::default();
        while let Some(created) = self.created.try_next() {
            all += hand_over(&self.function, &created, Duration::ZERO).await;
        }
        all
    }

    /// Hands over what is stored when it is stored, until it is told to stop; then it waits for those under way.
    pub(super) async fn run(mut self, mut stop: Stop) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = JoinSet::new();
        loop {
            let place = tokio::select! {
                biased;
                () = stop.said() => break,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            let created = tokio::select! {
                biased;
                () = stop.said() => break,
                created = self.created.next() => created,
            };
            let Some(created) = created else { break };
            let function = self.function.clone();
            running.spawn(async move {
                hand_over(&function, &created, RETRY_PAUSE).await;
                drop(place);
            });
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    }
}

async fn hand_over(function: &Invoked, created: &Created, pause: Duration) -> Drained {
    let event = event::object(created);
    for failures in 0..=RETRIES_MAX {
        if function.with(&event).await.is_ok() {
            return Drained {
                handled: 1,
                ..Drained::default()
            };
        }
        if failures < RETRIES_MAX {
            tokio::time::sleep(pause).await;
        }
    }
    tracing::error!(
        function = function.name,
        "a notification was dropped; the sweep will find its upload"
    );
    Drained {
        dropped: 1,
        ..Drained::default()
    }
}
