//! The Lambda: the web pages, behind the HTTP API.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_router(dashboard::router, dashboard::NEEDS).await
}
