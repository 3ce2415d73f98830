//! The Lambda: REST behind the HTTP API.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_router(api::router, api::NEEDS).await
}
