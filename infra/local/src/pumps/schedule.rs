//! Ticks: EventBridge's `rate(…)`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::MissedTickBehavior;

use super::{InvocationFailed, Invoked, event};
use crate::stop::Stop;

/// Wakes one function at a steady pace.
pub struct SchedulePump {
    every: Duration,
    function: Invoked,
}

impl SchedulePump {
    pub(super) fn new(every: Duration, function: Invoked) -> Self {
        Self { every, function }
    }

    /// The function's name.
    pub fn name(&self) -> &'static str {
        self.function.name
    }

    /// One tick.
    ///
    /// # Errors
    /// When the function fails; the next tick does it again.
    pub async fn tick(&self, now: Timestamp) -> Result<Value, InvocationFailed> {
        let answer = self.function.with(&event::tick(self.function.name, now)).await?;
        Ok(serde_json::from_str(&answer).unwrap_or(Value::Null))
    }

    /// Ticks until it is told to stop: at once, so that what fell due while nobody ran is done, then steadily. A tick
    /// that takes longer than the pace delays the next one; two never run at once.
    pub(super) async fn run(self, mut stop: Stop) {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stop.said() => return,
                _ = ticks.tick() => {}
            }
            // Its failure is logged; the tick that follows is its retry.
            let _ = self.tick(self.function.ctx.clock.now()).await;
        }
    }
}
