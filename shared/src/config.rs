//! Configuration, parsed once. A missing or unreadable value fails at start and names its variable.

use std::collections::HashMap;

use url::Url;

use crate::secret::{MasterKey, MasterKeyInvalid};

/// What every function needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where people reach us: what links in messages begin with.
    pub public_url: Url,
    /// The version that is running.
    pub version: &'static str,
    /// Whether messages are kept in the table instead of being sent, so that a person can read them there.
    pub has_outbox: bool,
}

/// A variable that is missing or unreadable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not set.
    #[error("the variable {0} is not set")]
    Missing(&'static str),
    /// It cannot be read.
    #[error("the variable {0} cannot be read: {1}")]
    Unreadable(&'static str, String),
}

/// What a function on AWS finds in its environment.
#[derive(Debug)]
pub struct AwsConfig {
    /// `PUBLIC_URL`
    pub public_url: Url,
    /// `TABLE_NAME`
    pub table_name: String,
    /// `ESCALATION_QUEUE_URL`: only functions that wake `escalation` have it.
    pub escalation_queue_url: Option<String>,
    /// `NOTIFICATION_QUEUE_URL`: only functions that wake `notification` have it.
    pub notification_queue_url: Option<String>,
    /// `MASTER_KEY`
    pub master_key: MasterKey,
    /// `SMTP_URL` and `SMTP_FROM`: real e-mail.
    pub smtp: Option<(String, String)>,
    /// `LOG_FILTER`; `info` if it is not set.
    pub log_filter: String,
}

impl AwsConfig {
    /// Reads it from variables.
    ///
    /// # Errors
    /// Names the first variable that is missing or unreadable.
    pub fn read(variables: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let get = |name: &'static str| variables.get(name).filter(|value| !value.is_empty());
        let need = |name| get(name).cloned().ok_or(ConfigError::Missing(name));
        let unreadable = |name, error: &dyn std::fmt::Display| ConfigError::Unreadable(name, error.to_string());
        Ok(Self {
            public_url: need("PUBLIC_URL")?
                .parse()
                .map_err(|error| unreadable("PUBLIC_URL", &error))?,
            table_name: need("TABLE_NAME")?,
            escalation_queue_url: get("ESCALATION_QUEUE_URL").cloned(),
            notification_queue_url: get("NOTIFICATION_QUEUE_URL").cloned(),
            master_key: MasterKey::parse(&need("MASTER_KEY")?)
                .map_err(|error: MasterKeyInvalid| unreadable("MASTER_KEY", &error))?,
            smtp: get("SMTP_URL")
                .map(|url| need("SMTP_FROM").map(|from| (url.clone(), from)))
                .transpose()?,
            log_filter: get("LOG_FILTER").map_or_else(|| "info".into(), Clone::clone),
        })
    }
}
