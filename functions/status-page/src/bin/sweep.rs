//! The Lambda: woken every minute.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(status_page::handle_sweep, status_page::NEEDS).await
}
