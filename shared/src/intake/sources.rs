//! Who sends: an integration with its service and policy, kept warm for a minute. Unknown keys are never kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::ctx::Ctx;
use crate::domain::policy::Policy;
use crate::domain::service::{Integration, Service};
use crate::domain::time::after_seconds;
use crate::secret::IntegrationKey;
use crate::store::StoreError;

/// A sender and what its signals open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The integration.
    pub integration: Integration,
    /// Its service.
    pub service: Service,
    /// The service's policy, for a first guess at whom to read.
    pub policy: Option<Policy>,
}

/// The senders that were seen lately, by the hash of their key.
#[derive(Debug, Default)]
pub struct Sources(Mutex<HashMap<String, (Timestamp, Arc<Source>)>>);

/// How long a sender is believed to be as it was read.
const WARM_SECONDS: i64 = 60;
/// Senders kept at once.
const SOURCES_MAX: usize = 10_000;

impl Sources {
    /// The sender with this key. None: no such key, or one that has ended.
    ///
    /// # Errors
    /// When the table does not answer and the sender is not warm: it is to retry.
    pub async fn by_key(&self, ctx: &Ctx, key: &str, now: Timestamp) -> Result<Option<Arc<Source>>, StoreError> {
        // What cannot be a key of ours costs no read.
        let Some(key) = IntegrationKey::parse(key) else {
            return Ok(None);
        };
        let hash = key.storage_hash();
        if let Some(source) = self.warm(&hash, now) {
            return Ok(Some(source));
        }
        let Some(integration) = ctx.store.integration_by_key(&hash, now).await? else {
            return Ok(None);
        };
        if !integration.accepts(&hash, now) {
            return Ok(None);
        }
        let Some(source) = Source::of(ctx, integration).await? else {
            return Ok(None);
        };
        let source = Arc::new(source);
        self.keep(hash, Arc::clone(&source), now);
        Ok(Some(source))
    }

    fn warm(&self, hash: &str, now: Timestamp) -> Option<Arc<Source>> {
        let kept = self.lock().get(hash).cloned();
        let (read_at, source) = kept?;
        let fresh = now >= read_at && now < after_seconds(read_at, WARM_SECONDS);
        (fresh && source.integration.accepts(hash, now)).then_some(source)
    }

    fn keep(&self, hash: String, source: Arc<Source>, now: Timestamp) {
        let mut kept = self.lock();
        if kept.len() >= SOURCES_MAX {
            kept.retain(|_, (read_at, _)| now < after_seconds(*read_at, WARM_SECONDS));
        }
        if kept.len() < SOURCES_MAX {
            kept.insert(hash, (now, source));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Timestamp, Arc<Source>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// The source of an integration that is known already. None: its service is gone.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn of(ctx: &Ctx, integration: Integration) -> Result<Option<Self>, StoreError> {
        let Some(service) = ctx.store.load::<Service>(integration.service_id).await? else {
            return Ok(None);
        };
        let service = service.value;
        let policy = ctx
            .store
            .load::<Policy>(service.policy_id)
            .await?
            .map(|policy| policy.value);
        Ok(Some(Self {
            integration,
            service,
            policy,
        }))
    }
}
