//! The Lambda: uploads that were stored.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(avatar_upload::handle_stored, avatar_upload::FINALISE_NEEDS).await
}
