//! The Lambda: subscribing to status pages, behind the HTTP API.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_router(status_page::router, status_page::SUBSCRIBER_NEEDS).await
}
