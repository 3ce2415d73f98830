//! Whom an incident asked, how, and what came of it. Addresses are masked: who asks may know that a message went to
//! somebody's telephone, not its number.

use std::collections::HashMap;

use crate::ctx::Ctx;
use crate::domain::delivery::{Delivery, DeliveryState, Part, Recipient, Subject};
use crate::domain::id::{ChannelId, IncidentId, UserId};
use crate::domain::incident::{Announcement, Incident};
use crate::domain::people::{Channel, Medium};
use crate::web::{Listed, PageQuery, Problem, bad_cursor, page_limit};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// One message to one contact of a person, or to a place that many read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// Its id, the same at every try.
    pub id: String,
    /// Whose it is; null for a place.
    pub user_id: Option<UserId>,
    /// The place; null for a person.
    pub channel_id: Option<ChannelId>,
    /// How it goes out.
    pub channel: Medium,
    /// Where to, masked.
    pub to: String,
    /// What for.
    pub purpose: Purpose,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why it failed, waits or was superseded.
    pub reason: Option<String>,
    /// When it is tried next, or, once it has ended, when it was first to be sent.
    pub due_at: Timestamp,
    /// When the provider took it.
    pub sent_at: Option<Timestamp>,
    /// Tries that were begun.
    pub attempts: u32,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To ask somebody to take it.
    Page,
    /// To say who took it.
    TakenBy,
    /// To say that it is over.
    Over,
    /// To tell an owner that nobody answered.
    Unanswered,
    /// To tell an owner that handling it keeps failing.
    Stuck,
    /// To verify a contact.
    Verification,
}

/// A page of an incident's deliveries, newest first. They are read whole: limits of steps, people and contacts bound
/// them. A page's cursor is the id of its last delivery.
///
/// # Errors
/// 404 when there is no such incident; 400 naming the parameter; when the table does not answer.
pub async fn page(ctx: &Ctx, id: IncidentId, query: PageQuery) -> Result<Listed<DeliveryView>, Problem> {
    let limit = page_limit(query.limit)?;
    let deliveries = ctx.store.all_deliveries(Subject::Incident(id));
    let (incident, deliveries) = futures_util::try_join!(ctx.store.incident(id), deliveries)?;
    let incident = incident.ok_or_else(Problem::not_found)?.value;
    let (shown, next) = cut(deliveries, limit, query.after.as_deref())?;
    let places: Vec<ChannelId> = shown.iter().filter_map(place).collect();
    let places: HashMap<ChannelId, Channel> = if places.is_empty() {
        HashMap::new()
    } else {
        by_id(ctx.store.load_many(unique(places)).await?)
    };
    let items = shown
        .iter()
        .map(|delivery| DeliveryView::new(delivery, &incident, &places))
        .collect();
    Ok(Listed { items, next })
}

/// The part of `deliveries` that a page shows, newest first, and the cursor of the next.
fn cut(
    mut deliveries: Vec<Delivery>,
    limit: usize,
    after: Option<&str>,
) -> Result<(Vec<Delivery>, Option<String>), Problem> {
    deliveries.sort_by_cached_key(|one| std::cmp::Reverse((one.created_at, one.first_due, one.key.message())));
    let first = match after {
        None => 0,
        Some(last) => {
            1 + deliveries
                .iter()
                .position(|one| one.key.public_id() == last)
                .ok_or_else(bad_cursor)?
        }
    };
    let more = deliveries.len() > first + limit;
    let shown: Vec<Delivery> = deliveries.into_iter().skip(first).take(limit).collect();
    let next = shown.last().filter(|_| more).map(|last| last.key.public_id());
    Ok((shown, next))
}

fn place(delivery: &Delivery) -> Option<ChannelId> {
    match delivery.key.to {
        Recipient::Place(channel) => Some(channel),
        Recipient::Person(..) => None,
    }
}

fn unique(mut places: Vec<ChannelId>) -> Vec<ChannelId> {
    places.sort();
    places.dedup();
    places
}

fn by_id(channels: Vec<Channel>) -> HashMap<ChannelId, Channel> {
    channels.into_iter().map(|channel| (channel.id, channel)).collect()
}

impl DeliveryView {
    fn new(delivery: &Delivery, incident: &Incident, places: &HashMap<ChannelId, Channel>) -> Self {
        let state = delivery.state_seen(incident);
        let (user_id, channel_id, to) = match delivery.key.to {
            Recipient::Person(user, _) => (Some(user), None, masked(delivery.medium, &delivery.address)),
            // A place's address is kept with the place only.
            Recipient::Place(id) => {
                let address = places.get(&id).map_or("", |place| place.address.as_str());
                (None, Some(id), masked(delivery.medium, address))
            }
        };
        // While a worker has it, its due time is the end of the lease: nobody's business.
        let waits = delivery.due_at.filter(|_| state == DeliveryState::Scheduled);
        Self {
            id: delivery.key.public_id(),
            user_id,
            channel_id,
            channel: delivery.medium,
            to,
            purpose: Purpose::of(delivery.key.part),
            state,
            reason: delivery.reason.clone(),
            due_at: waits.unwrap_or(delivery.first_due),
            sent_at: delivery.sent_at,
            attempts: delivery.attempts,
        }
    }
}

impl Purpose {
    fn of(part: Part) -> Self {
        match part {
            Part::Rule(_) | Part::Page | Part::Fallback => Self::Page,
            Part::Notice(Announcement::TakenBy) => Self::TakenBy,
            Part::Notice(Announcement::Over) => Self::Over,
            Part::Unanswered => Self::Unanswered,
            Part::Stuck => Self::Stuck,
            // Neither is ever about an incident.
            Part::Verification(_) | Part::Account(..) | Part::Test(_) => Self::Verification,
        }
    }
}

const MASK: &str = "•••••";

/// An address, as far as a colleague may know it: `+49•••••12`, `a•••@example.com`, `hooks.example.com`. What does not
/// look like one is masked whole.
pub fn masked(medium: Medium, address: &str) -> String {
    let known = match medium {
        Medium::Sms | Medium::Voice => masked_number(address),
        Medium::Email => masked_email(address),
        Medium::Webhook => url::Url::parse(address)
            .ok()
            .and_then(|url| Some(url.host_str()?.to_owned())),
        // Its name tells nothing of the account it is in.
        Medium::Topic => address
            .strip_prefix("arn:")
            .and_then(|arn| Some(arn.rsplit_once(':')?.1.to_owned())),
    };
    known.unwrap_or_else(|| MASK.to_owned())
}

/// Country code and last two digits, of a number long enough that this does not give it away.
fn masked_number(number: &str) -> Option<String> {
    let digits = number.strip_prefix('+')?;
    let is_number = digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("+{}{MASK}{}", &digits[..2], &digits[digits.len() - 2..]))
}

fn masked_email(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let first = local.chars().next()?;
    Some(format!("{first}•••@{domain}"))
}

#[cfg(test)]
mod tests {
    use crate::domain::delivery::DeliveryKey;
    use crate::domain::incident::Act;
    use ulid_parts as ulid;

    use super::super::tests::{ana, incident};
    use super::*;

    fn ulid_parts<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str, number: u32) -> T {
        format!("{prefix}_0000000000000000000000{number:04}").parse().unwrap()
    }

    fn delivery(number: u32) -> Delivery {
        let incident = incident();
        let key = DeliveryKey {
            subject: Subject::Incident(incident.id),
            epoch: 0,
            cycle: 0,
            step: 0,
            to: Recipient::Person(ulid("usr", number), ulid("con", number)),
            part: Part::Page,
        };
        let at = crate::domain::time::after_seconds(incident.created_at, i64::from(number / 2));
        Delivery::new(key, Medium::Sms, "+491701234512".into(), ("en", "UTC"), at, at)
    }

    #[test]
    fn addresses_are_masked() {
        for (medium, address, shown) in [
            (Medium::Sms, "+491701234512", "+49•••••12"),
            (Medium::Voice, "+15551234567", "+15•••••67"),
            (Medium::Sms, "+49 170 123", "•••••"),
            (Medium::Sms, "+12345", "•••••"),
            (Medium::Sms, "", "•••••"),
            (Medium::Email, "ana.lopez@example.com", "a•••@example.com"),
            (Medium::Email, "élodie@example.com", "é•••@example.com"),
            (Medium::Email, "\"odd@local\"@example.com", "\"•••@example.com"),
            (Medium::Email, "@example.com", "•••••"),
            (Medium::Email, "nobody", "•••••"),
            (
                Medium::Webhook,
                "https://user:pass@hooks.example.com:8443/T0/secret?k=1",
                "hooks.example.com",
            ),
            (Medium::Webhook, "not a url", "•••••"),
            (Medium::Webhook, "", "•••••"),
            (Medium::Topic, "arn:aws:sns:eu-west-1:123456789012:pages", "pages"),
            (Medium::Topic, "pages", "•••••"),
        ] {
            assert_eq!(masked(medium, address), shown, "{address}");
        }
    }

    #[test]
    fn pages_cover_everything_once_newest_first() {
        let all: Vec<Delivery> = (0..7).map(delivery).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (shown, next) = cut(all.clone(), 3, after.as_deref()).unwrap();
            assert!(shown.len() <= 3);
            seen.extend(shown);
            after = next;
            if after.is_none() {
                break;
            }
        }
        let mut expected = all.clone();
        expected.reverse();
        assert_eq!(seen, expected);
        assert_eq!(cut(all.clone(), 7, None).unwrap().1, None);
        assert_eq!(cut(all, 3, Some("dlv_nonsense")).unwrap_err().errors[0].field, "after");
    }

    #[test]
    fn what_is_no_longer_wanted_is_superseded_at_once() {
        let mut incident = incident();
        let waits = delivery(4);
        let view = |incident: &Incident, delivery: &Delivery| DeliveryView::new(delivery, incident, &HashMap::new());
        assert_eq!(view(&incident, &waits).state, DeliveryState::Scheduled);
        incident.act(Act::Acknowledge, &ana(), incident.created_at).unwrap();
        let seen = view(&incident, &waits);
        assert_eq!((seen.state, seen.due_at), (DeliveryState::Superseded, waits.first_due));
        assert_eq!(
            (seen.purpose, seen.to.as_str(), seen.channel_id),
            (Purpose::Page, "+49•••••12", None)
        );
    }
}
