//! Two adapters that turn a library into a Lambda: one for routers, one for handlers of events.

use std::collections::HashMap;

use axum::Router;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{AwsConfig, Need};
use crate::ctx::Ctx;
use crate::telemetry::{self, LogFormat};

/// Runs a router as a Lambda behind an HTTP API. It is given what it `needs`, and nothing else.
///
/// # Errors
/// When the environment is incomplete, or the runtime ends.
pub async fn run_router(router: fn() -> Router<Ctx>, needs: &[Need]) -> Result<(), Error> {
    let ctx = start(needs).await?;
    lambda_http::run(router().with_state(ctx)).await
}

/// Runs a handler of events as a Lambda. It is given what it `needs`, and nothing else.
///
/// # Errors
/// When the environment is incomplete, or the runtime ends.
pub async fn run_handler<E, A, F>(handle: impl Fn(E, Ctx) -> F, needs: &[Need]) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    F: Future<Output = Result<A, Error>>,
{
    let ctx = start(needs).await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<E>| handle(event.payload, ctx.clone()))).await
}

async fn start(needs: &[Need]) -> Result<Ctx, Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a Lambda's environment is read"
    )]
    let variables: HashMap<String, String> = std::env::vars().collect();
    let config = AwsConfig::read(&variables, needs)?;
    let namespace = config.metrics_namespace.clone();
    telemetry::init(LogFormat::Json { namespace }, &config.log_filter)?;
    Ok(Ctx::aws(config).await?)
}

/// An attribute of a row, as the table's stream shows it.
pub use serde_dynamo::AttributeValue;

/// What one sweep found and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Swept {
    /// Rows that were overdue.
    pub found: usize,
    /// Rows that are due before the next sweep, and were hinted.
    pub hinted: usize,
    /// Overdue rows that could not be done; they stay due.
    pub failed: usize,
    /// How late the latest was, in milliseconds.
    pub lateness_ms: Option<i64>,
}

impl Swept {
    /// Logs the sweep of `what`; a sweep that left something undone fails, so that it is seen.
    ///
    /// # Errors
    /// When rows could not be done.
    pub fn report(self, what: &'static str) -> Result<Self, Error> {
        crate::metrics::swept(what, self.lateness_ms.unwrap_or(0));
        if self.found + self.hinted > 0 {
            let Self {
                found,
                hinted,
                failed,
                lateness_ms,
            } = self;
            tracing::info!(what, found, hinted, failed, lateness_ms, "swept");
        }
        if self.failed > 0 {
            return Err(format!("{} of {} overdue {what} could not be done", self.failed, self.found).into());
        }
        Ok(self)
    }
}
