//! What AWS does between the functions, done here: table changes, due messages, stored objects and ticks become real AWS
//! events, go to the handlers as JSON, and partial failures are taken at their word.
//!
//! Every pump exists twice: `run` is a task that waits for work until it is told to stop, `drain` does what there is and
//! returns, so that a test with a clock moved by hand steps through the same code. A handler that fails, panics or hangs
//! costs its own event only. Absent on purpose: dead-letter queues. What is dropped here has its due time in the table,
//! and the sweep finds it.

mod event;
mod object;
mod queue;
mod schedule;
mod stream;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::{FutureExt, future};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use shared::ctx::Ctx;
use tokio::task::JoinSet;

use crate::engine::objects::{Objects, UPLOADS};
use crate::engine::{EngineError, Start, Table};
use crate::stop::Stop;
use crate::triggers::{Function, Handler, Trigger};

pub use object::{ObjectPump, RETRIES_MAX as OBJECT_RETRIES_MAX};
pub use queue::{BATCH_MESSAGES, QueuePump, RECEIVES_MAX, RETRY_SECONDS};
pub use schedule::SchedulePump;
pub use stream::{RETRIES_MAX, StreamPump};

/// What one invocation may take: the timeout of the functions in the template.
pub const INVOCATION_TIMEOUT: Duration = Duration::from_secs(25);

/// Stream records and messages that one [`Pumps::settle`] may handle. More is a loop.
const SETTLE_MAX: usize = 100_000;

/// The pumps of every function that is not woken by requests.
pub struct Pumps {
    streams: Vec<StreamPump>,
    queues: Vec<QueuePump>,
    objects: Vec<ObjectPump>,
    schedules: Vec<SchedulePump>,
}

/// What became of the records or messages a pump took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Handled without a failure in the end.
    pub handled: usize,
    /// Failed, and waiting to be received again.
    pub put_back: usize,
    /// Failed for the last time: left to the sweep.
    pub dropped: usize,
}

/// Why one invocation gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvocationFailed {
    /// The handler's own error.
    #[error("{0}")]
    Refused(String),
    /// The handler panicked.
    #[error("the handler panicked")]
    Panicked,
    /// The handler took longer than a Lambda may.
    #[error("the handler took longer than {} s", INVOCATION_TIMEOUT.as_secs())]
    TimedOut,
}

impl Pumps {
    /// The pumps of `functions` over the table called `table_name`, the queues of `ctx` and the bucket of uploads. Streams are read from
    /// `start` on; queues that are not in memory have no pump.
    ///
    /// # Errors
    /// When the table has no stream.
    pub fn new(
        functions: &[Function],
        table: &Table,
        table_name: &str,
        start: Start,
        objects: &Objects,
        ctx: &Ctx,
    ) -> Result<Self, EngineError> {
        let mut pumps = Self {
            streams: Vec::new(),
            queues: Vec::new(),
            objects: Vec::new(),
            schedules: Vec::new(),
        };
        for function in functions {
            let called = |handler: &Handler| Invoked::new(function.name, handler, ctx);
            match &function.trigger {
                Trigger::Http { .. } => {}
                Trigger::Stream { pattern, handler } => {
                    let reader = table.stream(table_name, start)?;
                    pumps.streams.push(StreamPump::new(reader, pattern, called(handler))?);
                }
                Trigger::Queue {
                    queue,
                    at_once,
                    handler,
                } => {
                    pumps.queues.extend(QueuePump::new(*queue, *at_once, called(handler)));
                }
                Trigger::Object { prefix, handler } => {
                    let created = objects.created(UPLOADS, prefix);
                    pumps.objects.push(ObjectPump::new(created, called(handler)));
                }
                Trigger::Schedule { every, handler } => {
                    pumps.schedules.push(SchedulePump::new(*every, called(handler)));
                }
            }
        }
        Ok(pumps)
    }

    /// Runs every pump as a task of `tasks` until `stop` is said; each then finishes what it began.
    pub fn run(self, stop: &Stop, tasks: &mut JoinSet<()>) {
        for pump in self.streams {
            tasks.spawn(pump.run(stop.clone()));
        }
        for pump in self.queues {
            tasks.spawn(pump.run(stop.clone()));
        }
        for pump in self.objects {
            tasks.spawn(pump.run(stop.clone()));
        }
        for pump in self.schedules {
            tasks.spawn(pump.run(stop.clone()));
        }
    }

    /// Hands every change that the table has seen to its functions, those included that come of it.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn drain_stream(&mut self) -> Result<Drained, EngineError> {
        let mut all = Drained::default();
        for pump in &mut self.streams {
            all += pump.drain().await?;
        }
        Ok(all)
    }

    /// Hands every message whose time has come at `now` to its function, those included that come of it. Failed ones
    /// wait [`RETRY_SECONDS`] of the clock.
    pub async fn drain_queue(&self, now: Timestamp) -> Drained {
        let mut all = Drained::default();
        for pump in &self.queues {
            all += pump.drain(now).await;
        }
        all
    }

    /// Hands every object that was stored to its function.
    pub async fn drain_objects(&mut self) -> Drained {
        let mut all = Drained::default();
        for pump in &mut self.objects {
            all += pump.drain().await;
        }
        all
    }

    /// One tick at `now` for every function that has ticks: their answers, by name.
    pub async fn sweep(&self, now: Timestamp) -> Vec<(&'static str, Result<Value, InvocationFailed>)> {
        let ticks = self
            .schedules
            .iter()
            .map(|pump| async move { (pump.name(), pump.tick(now).await) });
        future::join_all(ticks).await
    }

    /// Streams, objects and queues in turn, until neither has anything left for `now`.
    ///
    /// # Errors
    /// When the engine fails.
    ///
    /// # Panics
    /// When it does not end: functions that wake one another for ever.
    pub async fn settle(&mut self, now: Timestamp) -> Result<Drained, EngineError> {
        let mut all = Drained::default();
        loop {
            let mut round = self.drain_stream().await?;
            round += self.drain_objects().await;
            round += self.drain_queue(now).await;
            all += round;
            if round == Drained::default() {
                return Ok(all);
            }
            assert!(all.sum() < SETTLE_MAX, "functions wake one another for ever: {all:?}");
        }
    }
}

impl Drained {
    /// Everything that was taken.
    #[must_use]
    pub fn sum(self) -> usize {
        self.handled + self.put_back + self.dropped
    }
}

impl std::ops::AddAssign for Drained {
    fn add_assign(&mut self, other: Self) {
        self.handled += other.handled;
        self.put_back += other.put_back;
        self.dropped += other.dropped;
    }
}

/// A function with what it is called with.
#[derive(Clone)]
struct Invoked {
    name: &'static str,
    handler: Handler,
    ctx: Ctx,
}

impl Invoked {
    fn new(name: &'static str, handler: &Handler, ctx: &Ctx) -> Self {
        Self {
            name,
            handler: handler.clone(),
            ctx: ctx.clone(),
        }
    }

    /// Calls it. Its failure is logged here, once.
    async fn with(&self, event: &impl Serialize) -> Result<String, InvocationFailed> {
        let answer = self.call(event).await;
        if let Err(error) = &answer {
            tracing::error!(function = self.name, %error, "a function failed");
        }
        answer
    }

    async fn call(&self, event: &impl Serialize) -> Result<String, InvocationFailed> {
        let refused = |error: &dyn std::error::Error| InvocationFailed::Refused(with_sources(error));
        let event = serde_json::to_string(event).map_err(|error| refused(&error))?;
        let calling = AssertUnwindSafe(async { (self.handler)(event, self.ctx.clone()).await }).catch_unwind();
        match tokio::time::timeout(INVOCATION_TIMEOUT, calling).await {
            Err(_) => Err(InvocationFailed::TimedOut),
            Ok(Err(_)) => Err(InvocationFailed::Panicked),
            Ok(Ok(answer)) => answer.map_err(|error| refused(&*error)),
        }
    }
}

/// An error and what caused it, in one line.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let texts = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    texts.collect::<Vec<_>>().join(": ")
}
