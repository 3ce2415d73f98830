//! The Lambda: tickets, over HTTP.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_router(avatar_upload::router, avatar_upload::ROUTES_NEED).await
}
