//! What a function works with. The constructors here are the only places that choose between one home and the other.

use std::ops::Deref;
use std::sync::Arc;

use crate::channel::{EmailSender, Gateway, Gateways, Inward, SmtpConfig, WebhookSender};
use crate::clock::Clock;
use crate::config::{AwsConfig, Config, ConfigError};
use crate::intake::Sources;
use crate::queue::{Queue, Queues, SqsQueue};
use crate::secret::{MasterKey, Random};
use crate::store::Store;

/// Everything a function works with; clones are cheap and share it.
#[derive(Clone)]
pub struct Ctx(Arc<Inner>);

struct Inner {
    parts: Parts,
    sources: Sources,
}

/// The parts of a [`Ctx`].
pub struct Parts {
    /// Configuration.
    pub config: Config,
    /// The table.
    pub store: Store,
    /// Hints to other functions.
    pub queues: Queues,
    /// Ways out.
    pub gateways: Gateways,
    /// Whether outgoing URLs may lead to this machine.
    pub inward: Inward,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// What secrets are sealed with and codes derived from.
    pub master: MasterKey,
}

impl Deref for Ctx {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl From<Parts> for Ctx {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            sources: Sources::default(),
        }))
    }
}

impl Ctx {
    /// On AWS: real services, from the function's environment.
    ///
    /// # Errors
    /// When a gateway cannot be set up from its configuration.
    pub async fn aws(config: AwsConfig) -> Result<Self, ConfigError> {
        let sdk = crate::aws::sdk_config().await;
        let random = Random::system();
        let store = Store::new(crate::aws::dynamodb(&sdk), config.table_name, random.clone());
        // TLS to the table is opened while the function is initialised, not during its first request.
        if let Err(error) = store.table().ping().await {
            tracing::warn!(%error, "the table did not answer during initialisation");
        }
        let sqs = aws_sdk_sqs::Client::new(&sdk);
        let queue = |url: Option<String>| url.map_or(Queue::Absent, |url| Queue::Sqs(SqsQueue::new(sqs.clone(), url)));
        let email = config.smtp.map(|(url, from)| smtp(&url, &from)).transpose()?;
        Ok(Parts {
            config: Config {
                public_url: config.public_url,
                version: env!("CARGO_PKG_VERSION"),
                has_outbox: false,
            },
            store,
            queues: Queues {
                escalation: queue(config.escalation_queue_url),
                notification: queue(config.notification_queue_url),
            },
            gateways: Gateways {
                sms: None,
                voice: None,
                email,
                webhook: Some(webhook(Inward::Refuse)?),
            },
            inward: Inward::Refuse,
            clock: Clock::System,
            random,
            master: config.master_key,
        }
        .into())
    }

    /// The senders that were seen lately.
    pub fn sources(&self) -> &Sources {
        &self.0.sources
    }

    /// An absolute URL of ours.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.public_url.as_str().trim_end_matches('/'))
    }
}

/// E-mail through a mail server.
///
/// # Errors
/// When the URL or the sender's address cannot be read.
pub fn smtp(url: &str, from: &str) -> Result<Gateway, ConfigError> {
    let unreadable = |error: &dyn std::fmt::Display| ConfigError::Unreadable("SMTP_URL", error.to_string());
    let config = SmtpConfig::parse(url, from).map_err(|error| unreadable(&error))?;
    Ok(Gateway::Smtp(
        EmailSender::new(config).map_err(|error| unreadable(&error))?,
    ))
}

/// Webhooks.
///
/// # Errors
/// When TLS cannot be set up.
pub fn webhook(inward: Inward) -> Result<Gateway, ConfigError> {
    let sender = WebhookSender::new(inward).map_err(|error| ConfigError::Unreadable("TLS", error.to_string()))?;
    Ok(Gateway::Webhook(sender))
}
