//! The Lambda: notification, woken by its sweep.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(notification::handle_sweep, notification::NEEDS).await
}
