//! The Lambda: woken by the table's stream.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(status_page::handle_stream, status_page::NEEDS).await
}
