//! The Lambda: escalation, woken by its stream.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(escalation::handle_stream, escalation::NEEDS).await
}
