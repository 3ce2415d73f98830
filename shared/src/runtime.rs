//! Two adapters that turn a library into a Lambda: one for routers, one for handlers of events.

use std::collections::HashMap;

use axum::Router;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::AwsConfig;
use crate::ctx::Ctx;
use crate::telemetry::{self, LogFormat};

/// Runs a router as a Lambda behind an HTTP API.
///
/// # Errors
/// When the environment is incomplete, or the runtime ends.
pub async fn run_router(router: fn() -> Router<Ctx>) -> Result<(), Error> {
    let ctx = start().await?;
    lambda_http::run(router().with_state(ctx)).await
}

/// Runs a handler of events as a Lambda.
///
/// # Errors
/// When the environment is incomplete, or the runtime ends.
pub async fn run_handler<E, A, F>(handle: impl Fn(E, Ctx) -> F) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    F: Future<Output = Result<A, Error>>,
{
    let ctx = start().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<E>| handle(event.payload, ctx.clone()))).await
}

async fn start() -> Result<Ctx, Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place where a Lambda's environment is read")]
    let variables: HashMap<String, String> = std::env::vars().collect();
    let config = AwsConfig::read(&variables)?;
    telemetry::init(LogFormat::Json, &config.log_filter)?;
    Ok(Ctx::aws(config).await?)
}
