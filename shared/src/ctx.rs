//! What a function works with. The constructors here are the only places that choose between one home and the other.

use std::ops::Deref;
use std::sync::Arc;

use futures_util::future;

use crate::channel::{
    EmailSender, Fetcher, Gateway, Gateways, Inward, SesSender, SmsSender, SmtpConfig, TopicSender, WebhookSender,
};
use crate::clock::Clock;
use crate::config::{AwsConfig, Config, ConfigError, GatewaysConfig, OidcConfig};
use crate::domain::status::{Page, folder};
use crate::intake::{Received, Sources};
use crate::object::{self, Bucket, Objects};
use crate::oidc::Oidc;
use crate::queue::{Queue, QueueUnreached, Queues, SqsQueue};
use crate::secret::{MasterKey, MasterKeyInvalid, Random, SecretUnread, read_secret};
use crate::store::{Store, StoreError};
use crate::web::Limits;

/// Connections that are opened to the table: as many as a step's reads, or a due list's shards.
const TABLE_CONNECTIONS: usize = 4;

/// Everything a function works with; clones are cheap and share it.
#[derive(Clone)]
pub struct Ctx(Arc<Inner>);

struct Inner {
    parts: Parts,
    sources: Sources,
    limits: Limits,
    received: Received,
}

/// The parts of a [`Ctx`].
pub struct Parts {
    /// Configuration.
    pub config: Config,
    /// The table.
    pub store: Store,
    /// Hints to other functions.
    pub queues: Queues,
    /// The buckets.
    pub objects: Objects,
    /// Ways out.
    pub gateways: Gateways,
    /// Whether outgoing URLs may lead to this machine.
    pub inward: Inward,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// What secrets are sealed with and codes derived from; see [`Ctx::master`].
    pub master: Option<MasterKey>,
    /// What makes the first owner, where nobody is there at the first start.
    pub setup: Option<KeptSecret>,
    /// Whom people may sign in by.
    pub oidc: Option<Oidc>,
}

/// Where a secret is that is needed rarely.
#[derive(Clone)]
pub enum KeptSecret {
    /// In Secrets Manager, under this ARN: read when it is needed, not before.
    Kept(aws_sdk_secretsmanager::Client, String),
    /// Here.
    Known(String),
}

impl KeptSecret {
    /// The secret.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(&self) -> Result<String, SecretUnread> {
        match self {
            Self::Kept(client, arn) => read_secret(client, arn).await,
            Self::Known(secret) => Ok(secret.clone()),
        }
    }
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
            limits: Limits::default(),
            received: Received::default(),
        }))
    }
}

impl Ctx {
    /// On AWS: real services, from the function's environment. Everything the function will speak to is spoken to once,
    /// all at the same time: TLS is opened while the function is initialised, not during its first request.
    ///
    /// # Errors
    /// When a secret cannot be read, or a gateway cannot be set up. What merely does not answer now is logged: it may
    /// when it is needed.
    pub async fn aws(config: AwsConfig) -> Result<Self, StartError> {
        let sdk = crate::aws::sdk_config().await;
        let random = Random::system();
        let store = Store::new(crate::aws::dynamodb(&sdk), config.table_name, random.clone());
        // Whoever answers people, wakes others or is woken reads several rows or shards at once, each over a connection of
        // its own. All of them have the master key or write public objects; who takes in alerts does neither, and asks for
        // one thing after another.
        let connections = if config.master_key_secret.is_some() || config.public_bucket.is_some() {
            TABLE_CONNECTIONS
        } else {
            1
        };
        let sqs = aws_sdk_sqs::Client::new(&sdk);
        let queue = |url: Option<String>| url.map_or(Queue::Absent, |url| Queue::Sqs(SqsQueue::new(sqs.clone(), url)));
        let queues = Queues {
            escalation: queue(config.escalation_queue_url),
            notification: queue(config.notification_queue_url),
            publication: queue(config.publication_queue_url),
            notice: queue(config.notice_queue_url),
        };
        let bucket = |name: Option<String>| name.map(|name| Bucket::new(object::client(&sdk), name));
        let objects = Objects {
            uploads: bucket(config.uploads_bucket),
            uploads_url: config.uploads_url,
            public: bucket(config.public_bucket),
            identity: sdk
                .credentials_provider()
                .zip(sdk.region())
                .map(|(credentials, region)| object::Identity {
                    credentials,
                    region: region.to_string(),
                }),
        };
        let secrets = aws_sdk_secretsmanager::Client::new(&sdk);
        let gateways = config.gateways.map(|gateways| self::gateways(&sdk, gateways));
        let gateways = gateways.transpose()?.unwrap_or_default();
        // On the heap: an SDK call is large, and main's stack need not hold four.
        let (master, ..) = Box::pin(future::join5(
            master_key(&secrets, config.master_key_secret.as_deref()),
            opened("the table", open_table(&store, connections)),
            opened("the queue of escalation", queues.escalation.open()),
            opened("the queues of messages, publications and notices", open_others(&queues)),
            opened("the buckets", open_buckets(&objects)),
        ))
        .await;
        Ok(Parts {
            config: Config {
                public_url: config.public_url,
                objects_url: config.objects_url,
                version: env!("CARGO_PKG_VERSION"),
                has_outbox: false,
            },
            store,
            queues,
            objects,
            gateways,
            inward: Inward::Refuse,
            clock: Clock::System,
            random,
            master: master?,
            setup: config
                .setup_code_secret
                .map(|arn| KeptSecret::Kept(secrets.clone(), arn)),
            oidc: provider(config.oidc, secrets)?,
        }
        .into())
    }

    /// What secrets are sealed with and codes derived from. Only functions that say they need it have it.
    #[expect(
        clippy::expect_used,
        reason = "a function without the need was given work that has it"
    )]
    pub fn master(&self) -> &MasterKey {
        self.master
            .as_ref()
            .expect("a function that says it needs the master key")
    }

    /// The senders that were seen lately.
    pub fn sources(&self) -> &Sources {
        &self.0.sources
    }

    /// How often who asked, and what was refused.
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// When senders were last heard.
    pub fn received(&self) -> &Received {
        &self.0.received
    }

    /// An absolute URL of ours.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.public_url.as_str().trim_end_matches('/'))
    }

    /// Where the public reads a status page, without a final slash: on its own host, if it has one.
    pub fn page_url(&self, page: &Page) -> String {
        let folder = folder(&page.slug);
        match &page.domain {
            Some(domain) => format!("https://{domain}/{folder}"),
            None => self.object_url(&folder),
        }
    }

    /// Where anybody reads the public object of this key.
    pub fn object_url(&self, key: &str) -> String {
        format!("{}/{key}", self.config.objects_url.as_str().trim_end_matches('/'))
    }
}

/// Why a function on AWS does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its environment.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret that cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretUnread),
    /// A secret that is no key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyInvalid),
}

async fn master_key(
    secrets: &aws_sdk_secretsmanager::Client,
    arn: Option<&str>,
) -> Result<Option<MasterKey>, StartError> {
    let Some(arn) = arn else { return Ok(None) };
    Ok(Some(MasterKey::parse(&read_secret(secrets, arn).await?)?))
}

/// Opens so many connections to the table.
async fn open_table(store: &Store, connections: usize) -> Result<(), StoreError> {
    let pings = (0..connections).map(|_| store.table().ping());
    future::try_join_all(pings).await.map(drop)
}

/// Opens a connection to those buckets that there are.
async fn open_buckets(objects: &Objects) -> Result<(), object::ObjectError> {
    // Who tells browsers where to post does not speak to that bucket itself.
    let uploads = objects.uploads.as_ref().filter(|_| objects.uploads_url.is_none());
    let buckets = [uploads, objects.public.as_ref()].into_iter().flatten();
    future::try_join_all(buckets.map(Bucket::open)).await.map(drop)
}

async fn open_others(queues: &Queues) -> Result<(), QueueUnreached> {
    let others = [&queues.notification, &queues.publication, &queues.notice];
    future::try_join_all(others.map(Queue::open)).await.map(drop)
}

async fn opened<E: std::error::Error>(what: &str, asked: impl Future<Output = Result<(), E>>) {
    if let Err(error) = asked.await {
        tracing::warn!(%error, "{what} did not answer during initialisation");
    }
}

fn gateways(sdk: &aws_config::SdkConfig, config: GatewaysConfig) -> Result<Gateways, ConfigError> {
    let sdk = crate::aws::single_attempt(sdk);
    let sns = aws_sdk_sns::Client::new(&sdk);
    let topics = Some(config.topic_arns).filter(|arns| !arns.is_empty());
    Ok(Gateways {
        sms: config.sms.map(|sms| Gateway::Sms(SmsSender::new(sns.clone(), sms))),
        voice: None,
        email: config
            .email_from
            .map(|from| Gateway::Ses(SesSender::new(aws_sdk_sesv2::Client::new(&sdk), from))),
        webhook: Some(webhook(Inward::Refuse)?),
        topic: topics.map(|arns| Gateway::Topic(TopicSender::new(sns, arns))),
    })
}

/// None, too, where it is set up by half: people sign in by their passwords, and the log says what is missing.
fn provider(
    config: Result<Option<OidcConfig>, ConfigError>,
    secrets: aws_sdk_secretsmanager::Client,
) -> Result<Option<Oidc>, ConfigError> {
    let config = match config {
        Ok(Some(config)) => config,
        Ok(None) => return Ok(None),
        Err(error) => {
            tracing::error!(%error, "nobody can sign in by a provider: it is to be set up whole or not at all");
            return Ok(None);
        }
    };
    Ok(Some(Oidc {
        issuer: config.issuer,
        client_id: config.client_id,
        client_secret: KeptSecret::Kept(secrets, config.client_secret_arn),
        fetcher: fetcher(Inward::Refuse)?,
    }))
}

/// What an identity provider is asked with.
///
/// # Errors
/// When TLS cannot be set up.
pub fn fetcher(inward: Inward) -> Result<Fetcher, ConfigError> {
    Fetcher::new(inward).map_err(|error| ConfigError::Unreadable("TLS", error.to_string()))
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
