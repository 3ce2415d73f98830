//! The Lambda: escalation, woken by its queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(escalation::handle_queue, escalation::NEEDS).await
}
