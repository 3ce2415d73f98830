//! The Lambda: webhooks behind the HTTP API.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_router(alert_ingest::router, alert_ingest::NEEDS).await
}
