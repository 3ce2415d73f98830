//! The Lambda: notification, woken by its queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(notification::handle_queue, notification::NEEDS).await
}
