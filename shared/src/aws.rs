//! AWS clients: built once, with a timeout at every level. The store makes its own tries, so the SDK makes none there.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

use crate::channel::SEND_TIMEOUT_SECONDS;

/// The settings that every client shares.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where clients get their settings"
)]
pub async fn sdk_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(4))
        .operation_timeout(Duration::from_secs(9))
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts)
        .load()
        .await
}

/// The settings of clients whose caller makes the tries: one attempt, within the time a send may take.
pub fn single_attempt(sdk: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(SEND_TIMEOUT_SECONDS - 1))
        .build();
    let builder = sdk.to_builder().timeout_config(timeouts);
    builder.retry_config(RetryConfig::disabled()).build()
}

/// The table's client.
pub fn dynamodb(sdk: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(1_000))
        .operation_attempt_timeout(Duration::from_millis(1_500))
        .operation_timeout(Duration::from_millis(1_500))
        .build();
    let config = aws_sdk_dynamodb::config::Builder::from(sdk)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}
