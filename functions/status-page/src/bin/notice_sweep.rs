//! The Lambda: news for subscribers, woken by its sweep.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(status_page::handle_notice_sweep, status_page::SUBSCRIBER_NEEDS).await
}
