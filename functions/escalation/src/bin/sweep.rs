//! The Lambda: escalation, woken by its sweep.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::runtime::run_handler(escalation::handle_sweep, escalation::NEEDS).await
}
