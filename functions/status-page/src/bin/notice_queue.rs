//! The Lambda: news for subscribers, woken by its queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(status_page::handle_notices, status_page::SUBSCRIBER_NEEDS).await
}
