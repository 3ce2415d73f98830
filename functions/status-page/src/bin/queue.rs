//! The Lambda: woken by hints.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(status_page::handle_queue, status_page::NEEDS).await
}
