//! Puts one message on its way, by the gateway of its medium.

use std::time::Duration;

use jiff::Timestamp;
use shared::channel::{Email, Gateway, Publication, Receipt, SEND_TIMEOUT_SECONDS, SendError};
use shared::ctx::Ctx;
use shared::domain::delivery::{Attempt, Delivery, Part, Recipient, Subject};
use shared::domain::id::EventId;
use shared::domain::incident::Incident;
use shared::domain::people::{Channel, Medium};
use shared::domain::wording::{About, Facts, Locale, Message, compose};
use shared::secret::{LinkCode, verification_code, webhook_secret};
use shared::store::{OutboxMessage, StoreError};
use url::Url;

use crate::envelope;

/// Where a message goes: what had to be read before it is checked and sent.
#[derive(Debug)]
pub enum Route {
    /// To this address, signed with these keys where it is a webhook.
    To(String, Vec<Vec<u8>>),
    /// Nowhere.
    Nowhere(String),
}

/// What a message is about, read a moment ago.
#[derive(Debug)]
pub enum Matter {
    /// An incident.
    Incident(Box<Incident>),
    /// A contact that is being verified, or a way out that is tried.
    Contact,
    /// An account.
    Account {
        /// The link into it.
        url: String,
    },
}

impl Matter {
    /// The incident, if it is one.
    pub fn incident(&self) -> Option<&Incident> {
        match self {
            Self::Incident(incident) => Some(incident),
            Self::Contact | Self::Account { .. } => None,
        }
    }
}

/// Finds out where a delivery goes.
pub async fn route(ctx: &Ctx, delivery: &Delivery) -> Result<Route, StoreError> {
    let channel = match delivery.key.to {
        Recipient::Person(_, contact) => {
            let keys = match delivery.medium {
                Medium::Webhook => vec![webhook_secret(ctx.master(), &contact.to_string()).into_bytes()],
                Medium::Sms | Medium::Voice | Medium::Email | Medium::Topic => Vec::new(),
            };
            return Ok(Route::To(delivery.address.clone(), keys));
        }
        Recipient::Place(channel) => ctx.store.load::<Channel>(channel).await?,
    };
    let Some(channel) = channel else {
        return Ok(Route::Nowhere("the channel is gone".into()));
    };
    let channel = channel.value;
    if channel.kind != Medium::Webhook {
        return Ok(Route::To(channel.address, Vec::new()));
    }
    Ok(
        match ctx
            .master()
            .open(&format!("channel:{}", channel.id), &channel.sealed_secret)
        {
            Ok(key) => Route::To(channel.address, vec![key]),
            Err(_) => Route::Nowhere("the channel's signing key cannot be opened".into()),
        },
    )
}

/// Sends a delivery that was checked a moment ago. Takes at most ten seconds.
pub async fn send(
    ctx: &Ctx,
    delivery: &Delivery,
    route: Route,
    matter: &Matter,
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    let (to, keys) = match route {
        Route::To(to, keys) => (to, keys),
        Route::Nowhere(why) => return Ok(Attempt::Permanent(why)),
    };
    let Some(gateway) = ctx.gateways.of(delivery.medium) else {
        return Ok(Attempt::Permanent(
            "no provider is set up for this kind of message".into(),
        ));
    };
    let act_url = delivery.link_hash.is_some().then(|| {
        let code = LinkCode::derive(ctx.master(), &delivery.key.public_id());
        ctx.url(&format!("/i/{}", code.expose()))
    });
    let Some(message) = message(ctx, delivery, matter, act_url.as_deref(), now) else {
        return Ok(Attempt::Permanent("the message has nothing to say".into()));
    };
    let id = delivery.key.public_id();
    let sending = async {
        match gateway {
            Gateway::Outbox => to_outbox(ctx, delivery, to, message, now).await.map(Ok),
            Gateway::Smtp(sender) => Ok(sender.send(email(&to, &message, &id), now).await),
            Gateway::Ses(sender) => Ok(sender.send(email(&to, &message, &id)).await),
            Gateway::Sms(sender) => Ok(sender.send(&to, &message.text).await),
            Gateway::Topic(sender) => {
                let body = envelope::body(delivery, matter.incident(), &message, act_url.as_deref());
                let publication = Publication {
                    subject: &message.subject,
                    text: &message.text,
                    json: &String::from_utf8_lossy(&body),
                };
                Ok(sender.send(&to, publication).await)
            }
            Gateway::Webhook(sender) => {
                let Ok(url) = to.parse::<Url>() else {
                    return Ok(Err(SendError::Permanent("the address is not a URL".into())));
                };
                let body = envelope::body(delivery, matter.incident(), &message, act_url.as_deref());
                Ok(sender.send(&url, &keys, &id, now, &body).await)
            }
        }
    };
    let limit = Duration::from_secs(SEND_TIMEOUT_SECONDS);
    Ok(match tokio::time::timeout(limit, sending).await {
        Err(_) => Attempt::Transient(format!("no answer within {SEND_TIMEOUT_SECONDS} seconds")),
        Ok(answer) => match answer? {
            Ok(Receipt { provider_id }) => Attempt::Sent { provider_id },
            Err(SendError::Transient(reason)) => Attempt::Transient(reason),
            Err(SendError::Throttled { after, reason }) => Attempt::Throttled(after, reason),
            Err(SendError::Permanent(reason)) => Attempt::Permanent(reason),
        },
    })
}

fn email<'a>(to: &'a str, message: &'a Message, id: &'a str) -> Email<'a> {
    Email {
        to,
        subject: &message.subject,
        text: &message.text,
        html: None,
        unsubscribe_url: None,
        id,
    }
}

fn message(ctx: &Ctx, delivery: &Delivery, matter: &Matter, act_url: Option<&str>, now: Timestamp) -> Option<Message> {
    let code;
    let about = match (delivery.key.subject, delivery.key.part, matter) {
        (Subject::Contact(contact), Part::Verification(sent_at), Matter::Contact) => {
            code = verification_code(ctx.master(), &contact.to_string(), sent_at);
            About::Verification { code: &code }
        }
        (Subject::Contact(_) | Subject::Channel(_), Part::Test(_), Matter::Contact) => About::Test,
        (Subject::Account(_), Part::Account(purpose, _), Matter::Account { url }) => About::Account { purpose, url },
        (Subject::Incident(_), part, Matter::Incident(incident)) => About::Incident {
            incident,
            part,
            act_url,
        },
        _ => return None,
    };
    let product_url = ctx.url("/");
    let facts = Facts {
        about,
        time_zone: &delivery.time_zone,
        now,
        product_url: &product_url,
    };
    Some(compose(delivery.medium, Locale::of(&delivery.locale), &facts))
}

async fn to_outbox(
    ctx: &Ctx,
    delivery: &Delivery,
    to: String,
    message: Message,
    now: Timestamp,
) -> Result<Receipt, StoreError> {
    let id = EventId(ctx.random.ulid(now));
    let has_subject = matches!(delivery.medium, Medium::Email);
    let kept = OutboxMessage {
        id,
        at: now,
        channel: delivery.medium,
        to,
        subject: has_subject.then_some(message.subject),
        body: message.text,
        incident_id: match delivery.key.subject {
            Subject::Incident(id) => Some(id),
            Subject::Contact(_) | Subject::Account(_) | Subject::Channel(_) => None,
        },
        delivery_id: delivery.key.public_id(),
    };
    ctx.store.add_to_outbox(&kept).await?;
    Ok(Receipt {
        provider_id: Some(id.to_string()),
    })
}
