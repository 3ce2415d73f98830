//! The Lambda: uploads whose event was lost, every minute.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(avatar_upload::handle_sweep, avatar_upload::FINALISE_NEEDS).await
}
