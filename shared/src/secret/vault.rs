//! Secrets Manager: where a deployment on AWS keeps what its functions may not find in their settings.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;

/// A secret that cannot be read. Names the secret, never what is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret {arn} cannot be read: {why}")]
pub struct SecretUnread {
    arn: String,
    why: String,
}

/// The text of a secret.
///
/// # Errors
/// When the service does not answer, the role may not read it, or it holds no text.
pub async fn read_secret(client: &Client, arn: &str) -> Result<String, SecretUnread> {
    let unread = |why: String| SecretUnread {
        arn: arn.to_owned(),
        why,
    };
    let answer = client.get_secret_value().secret_id(arn).send().await;
    let answer = answer.map_err(|error| unread(DisplayErrorContext(&error).to_string()))?;
    answer.secret_string.ok_or_else(|| unread("it holds no text".into()))
}
