//! Every key string of the table. Only ids, hashes, fixed-width times and padded numbers enter keys.
//!
//! | kind | pk | sk | list (gsi1) | due (gsi2) |
//! |---|---|---|---|---|
//! | incident | `INC#<inc>` | `INC` | `OPEN#<shard>` or `CLOSED#<shard>` / `<inc>` | `DUE#INC#<shard>` / `<ms>#<inc>` |
//! | what an incident shows | `INC#<inc>` | `ALR` | | |
//! | timeline entry | `INC#<inc>` | `EVT#<evt>` | | |
//! | slot | `SLOT#<int or svc>#<sha256 of the group key>` | `SLOT` | | |
//! | delivery | `DLV#<inc, con, usr or chn>` | `<epoch>#<cycle>#<step>#<to>#<contact>#<part>` | `LINK#<sha256 of the link code>` / `<sent ms>` | `DUE#DLV#<shard>` / `<ms>#<subject>#<sk>` |
//! | integration key | `KEY#<sha256>` | `KEY` | | |
//! | when an integration last received | `SEEN#<int>` | `SEEN` | | |
//! | e-mail address | `EMAIL#<sha256>` | `EMAIL` | | |
//! | contact (pointer to its person) | `CON#<con>` | `CON` | | |
//! | page's name in addresses (pointer to the page) | `SLUG#<sha256>` | `SLUG` | | |
//! | page, component | `<KIND>#<id>` | `<KIND>` | `LIST#<kind>` / `<id>` | |
//! | post | `PST#<pst>` | `PST` | `POSTS#<pag>#<OPEN or CLOSED>` / `<pst>` | `DUE#PST#<shard>` / `<ms>#<pag>#<pst>` until it is published |
//! | postmortem of an incident | `PMO#<inc>` | `PMO` | `LIST#postmortem` / `<inc>` | |
//! | post that was removed, until its page is | `PUB#<pag>` | `GONE#<pst>` | | `DUE#PST#<shard>` / `<ms>#<pag>#<pst>` |
//! | maintenance | `MNT#<mnt>` | `MNT` | `MAINTENANCES#<pag>#<OPEN or CLOSED>` / `<mnt>` | `DUE#MNT#<shard>` / `<ms>#<pag>#<mnt>` |
//! | maintenance that changes a service's alerts | `SVC#<svc>` | `WORK#<mnt>` | | |
//! | publication of a service on a page | `PUB#<pag>` | `<svc>` | | `DUE#PUB#<shard>` / `<ms>#<pag>#<svc>` |
//! | publisher of a page (lease, what it wrote last) | `PUB#<pag>` | `PUBLISHER` | | |
//! | how components do now, and did in a month | `HIS#<pag>` | `NOW` or `<yyyymm>` | | |
//! | subscriber of a page | `SUB#<pag>#<shard>` | `<sub>` | | |
//! | news for a page's subscribers | `BUL#<news>` | `BUL` | | `DUE#BUL#<shard>` / `<ms>#<news>` |
//! | news for one subscriber | `NTC#<news>#<shard>` | `<sub>` | | `DUE#NTC#<shard>` / `<ms>#<news>#<sub>` |
//! | service, integration, policy, user, team, channel, token | `<KIND>#<id>` | `<KIND>` | `LIST#<kind>` / `<id>` | |
//! | audit entry | `AUDIT#<evt>` | `AUDIT` | `LIST#audit` / `<evt>` | |
//! | change event of a service | `CHG#<svc>` | `EVT#<evt>` | | |
//! | session | `SES#<ses>` | `SES` | `SESSIONS#<usr>` / `<ses>` | |
//! | link into an account | `ACC#<usr>` | `RESET` or `INVITATION` | | |
//! | attempts (sign-in, forgotten passwords) | `TRY#<sha256 of what is tried>` | `TRY` | | |
//! | upload of a picture | `AVA#<usr>` | `<upl>` | | `DUE#AVA#<shard>` / `<ms>#<usr>#<upl>` |
//! | answer to a creation | `ONCE#<sha256>` | `ONCE` | | |
//! | message kept instead of sent (local) | `OUT#<evt>` | `OUT` | `LIST#outbox` / `<evt>` | |
//!
//! Lists that every incident enters are sharded, since an index that throttles throttles its table.

use jiff::Timestamp;
use ulid::Ulid;

use crate::domain::account::LinkPurpose;
use crate::domain::delivery::{DeliveryKey, NotADeliveryKey, Subject};
use crate::domain::id::{
    ContactId, EventId, IncidentId, IntegrationId, MaintenanceId, PageId, PostId, ServiceId, SessionId, SubscriberId,
    UploadId, UserId,
};
use crate::domain::incident::Incident;
use crate::domain::status::{News, NoticeKey};
use crate::secret::sha256_hex;

/// Partitions over which lists that every incident enters are spread.
pub const SHARDS: u8 = 4;

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place within it.
    pub sk: String,
}

/// A key of an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexKey {
    /// Partition.
    pub pk: String,
    /// Place within it.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// An incident.
    pub fn incident(id: IncidentId) -> Self {
        Self::new(format!("INC#{id}"), "INC")
    }

    /// What an incident shows: its alerts and details.
    pub fn content(id: IncidentId) -> Self {
        Self::new(format!("INC#{id}"), "ALR")
    }

    /// An entry of an incident's timeline.
    pub fn event(incident: IncidentId, event: EventId) -> Self {
        Self::new(format!("INC#{incident}"), format!("{EVENT_PREFIX}{event}"))
    }

    /// A change at the sender's side, on its service's own timeline. Not in the service's partition: whoever takes events
    /// in may write these, and no configuration.
    pub fn service_event(service: ServiceId, event: EventId) -> Self {
        Self::new(format!("CHG#{service}"), format!("{EVENT_PREFIX}{event}"))
    }

    /// The slot of a group. `origin` is the id of the integration, or of the service when a person opened it.
    pub fn slot(origin: &str, group_key: &str) -> Self {
        Self::new(format!("SLOT#{origin}#{}", sha256_hex(group_key)), "SLOT")
    }

    /// The slot of an incident.
    pub fn slot_of(incident: &Incident) -> Self {
        match incident.integration_id {
            Some(integration) => Self::slot(&integration.to_string(), &incident.group_key),
            None => Self::slot(&incident.service_id.to_string(), &incident.group_key),
        }
    }

    /// A delivery.
    pub fn delivery(key: &DeliveryKey) -> Self {
        Self::new(deliveries_of(key.subject), key.message())
    }

    /// An integration key, by its hash.
    pub fn integration_key(key_hash: &str) -> Self {
        Self::new(format!("KEY#{key_hash}"), "KEY")
    }

    /// When an integration last received anything.
    pub fn received(id: IntegrationId) -> Self {
        Self::new(format!("SEEN#{id}"), "SEEN")
    }

    /// Whose an e-mail address is.
    pub fn email(address: &str) -> Self {
        Self::new(format!("EMAIL#{}", sha256_hex(address.to_lowercase())), "EMAIL")
    }

    /// Whose a contact is.
    pub fn contact(id: ContactId) -> Self {
        Self::new(format!("CON#{id}"), "CON")
    }

    /// A row of configuration: `partition` is its kind's.
    pub fn entity(partition: &str, id: &str) -> Self {
        Self::new(format!("{partition}#{id}"), partition)
    }

    /// Whose a page's name in addresses is.
    pub fn slug(slug: &str) -> Self {
        Self::new(format!("SLUG#{}", sha256_hex(slug)), "SLUG")
    }

    /// A maintenance that changes a service's alerts.
    pub fn work(service: ServiceId, maintenance: MaintenanceId) -> Self {
        Self::new(service_partition(service), format!("{WORK_PREFIX}{maintenance}"))
    }

    /// A service's publication on a page.
    pub fn publication(page: PageId, service: ServiceId) -> Self {
        Self::new(publications_of(page), service.to_string())
    }

    /// That something of a page, or the page, was removed, and its documents are to be.
    pub fn gone(page: PageId, id: &str) -> Self {
        Self::new(publications_of(page), format!("{GONE_PREFIX}{id}"))
    }

    /// Who publishes a page, and what was written last.
    pub fn publisher(page: PageId) -> Self {
        Self::new(publications_of(page), "PUBLISHER")
    }

    /// What a post, a maintenance or a component says of the past, in the month in which the last of that ended.
    pub fn history_said(page: PageId, month: &str, id: &dyn std::fmt::Display) -> Self {
        Self::new(history_of(page), format!("{month}{HISTORY_SAID}{id}"))
    }

    /// A subscriber of a page.
    pub fn subscriber(page: PageId, id: SubscriberId) -> Self {
        Self::new(subscribers_of(page, subscriber_shard(id)), id.to_string())
    }

    /// News for a page's subscribers.
    pub fn bulletin(news: News) -> Self {
        Self::new(format!("BUL#{news}"), "BUL")
    }

    /// News for one subscriber. Shards as subscribers have, so that 10,000 are not written to one place.
    pub fn notice(key: &NoticeKey) -> Self {
        let shard = subscriber_shard(key.subscriber_id);
        Self::new(format!("NTC#{}#{shard}", key.news), key.subscriber_id.to_string())
    }

    /// The answer to a creation that may be asked for again.
    pub fn once(hash: &str) -> Self {
        Self::new(format!("ONCE#{hash}"), "ONCE")
    }

    /// Somebody signed in.
    pub fn session(id: SessionId) -> Self {
        Self::new(format!("SES#{id}"), "SES")
    }

    /// The newest link of a purpose into an account.
    pub fn account_link(user: UserId, purpose: LinkPurpose) -> Self {
        let place = match purpose {
            LinkPurpose::Reset => "RESET",
            LinkPurpose::Invitation => "INVITATION",
        };
        Self::new(format!("ACC#{user}"), place)
    }

    /// A ticket of an upload.
    pub fn upload(user: UserId, id: UploadId) -> Self {
        Self::new(uploads_of(user), id.to_string())
    }

    /// How often something was tried; `what` is not kept in clear.
    pub fn attempts(what: &str) -> Self {
        Self::new(format!("TRY#{}", sha256_hex(what)), "TRY")
    }

    /// A message of the local outbox.
    pub fn outbox(id: EventId) -> Self {
        Self::new(format!("OUT#{id}"), "OUT")
    }

    /// An entry of the audit log.
    pub fn audit(id: EventId) -> Self {
        Self::new(format!("AUDIT#{id}"), "AUDIT")
    }
}

/// What the sort keys of timeline entries begin with.
pub const EVENT_PREFIX: &str = "EVT#";

/// What sorts behind every month in the places of a page's history.
pub const HISTORY_END: &str = "9";

/// What is behind the month in the places of a page's history.
pub const HISTORY_SAID: char = '#';

/// What the places of maintenances beside their service begin with.
pub const WORK_PREFIX: &str = "WORK#";

/// The partition of a service's own row and of the maintenances that change its alerts.
pub fn service_partition(service: ServiceId) -> String {
    format!("SVC#{service}")
}

/// What the places of publications begin with.
pub const PUBLICATION_PREFIX: &str = "svc_";

/// What the places of what was removed begin with.
pub const GONE_PREFIX: &str = "GONE#";

/// The partition of a page's publications, of what was removed of it, and of its publisher.
pub fn publications_of(page: PageId) -> String {
    format!("PUB#{page}")
}

/// The partition of a page's history.
pub fn history_of(page: PageId) -> String {
    format!("HIS#{page}")
}

/// The subscribers of a page in one shard, by their ids. The shards one after another are in the order of ids, too.
pub fn subscribers_of(page: PageId, shard: u8) -> String {
    format!("SUB#{page}#{shard}")
}

/// A subscriber's shard. Their ids are hashes, so the first bits spread them evenly.
pub fn subscriber_shard(id: SubscriberId) -> u8 {
    let first = (id.0.0 >> 120) as u16;
    (first * u16::from(SHARDS) / 256) as u8
}

/// The month of an instant in a page's history, by UTC: `202611`.
pub fn month_of(at: Timestamp) -> String {
    at.strftime("%Y%m").to_string()
}

/// The list of a page's open, or of its closed, posts.
pub fn posts_partition(page: PageId, open: bool) -> String {
    format!("POSTS#{page}#{}", open_or_closed(open))
}

/// The list of a page's open, or of its closed, maintenances.
pub fn maintenances_partition(page: PageId, open: bool) -> String {
    format!("MAINTENANCES#{page}#{}", open_or_closed(open))
}

fn open_or_closed(open: bool) -> &'static str {
    if open { "OPEN" } else { "CLOSED" }
}

/// The partition of an incident.
pub fn incident_partition(id: IncidentId) -> String {
    format!("INC#{id}")
}

/// The partition of a subject's deliveries.
pub fn deliveries_of(subject: Subject) -> String {
    format!("DLV#{subject}")
}

/// The partition of a person's uploads.
pub fn uploads_of(user: UserId) -> String {
    format!("AVA#{user}")
}

/// Reads a delivery's primary key back.
///
/// # Errors
/// When it was not made by [`Key::delivery`].
pub fn parse_delivery(pk: &str, sk: &str) -> Result<DeliveryKey, NotADeliveryKey> {
    DeliveryKey::parse(pk.strip_prefix("DLV#").ok_or(NotADeliveryKey)?, sk)
}

/// Reads an incident's partition back.
pub fn parse_incident(pk: &str) -> Option<IncidentId> {
    pk.strip_prefix("INC#")?.parse().ok()
}

/// The id behind the `#` of a partition key.
pub fn id_part(pk: &str) -> &str {
    pk.split_once('#').map_or(pk, |(_, id)| id)
}

impl IndexKey {
    /// Where an incident stands among all of them.
    pub fn incident(id: IncidentId, open: bool) -> Self {
        Self {
            pk: incidents_partition(open, shard(id.0)),
            sk: id.to_string(),
        }
    }

    /// Where a row of configuration stands among its kind.
    pub fn listed(kind: &str, id: impl ToString) -> Self {
        Self {
            pk: format!("LIST#{kind}"),
            sk: id.to_string(),
        }
    }

    /// Where a session stands among its person's.
    pub fn session(user: UserId, id: SessionId) -> Self {
        Self {
            pk: sessions_partition(user),
            sk: id.to_string(),
        }
    }

    /// Where a delivery is found by the link in its message.
    pub fn link(code_hash: &str, delivery: &DeliveryKey) -> Self {
        Self {
            pk: link_partition(code_hash),
            sk: delivery.subject.to_string(),
        }
    }

    /// Where a post stands among its page's.
    pub fn post(page: PageId, id: PostId, open: bool) -> Self {
        Self {
            pk: posts_partition(page, open),
            sk: id.to_string(),
        }
    }

    /// Where a maintenance stands among its page's.
    pub fn maintenance(page: PageId, id: MaintenanceId, open: bool) -> Self {
        Self {
            pk: maintenances_partition(page, open),
            sk: id.to_string(),
        }
    }

    /// When a publication is due.
    pub fn publication_due(page: PageId, service: ServiceId, at: Timestamp) -> Self {
        Self {
            pk: due_partition("PUB", shard(page.0)),
            sk: format!("{}#{page}#{service}", due_text(at)),
        }
    }

    /// Since when the documents of something that was removed are to be: a publication of its page is due.
    pub fn gone_due(page: PageId, id: &str, at: Timestamp) -> Self {
        Self {
            pk: due_partition("PUB", shard(page.0)),
            sk: format!("{}#{page}#{id}", due_text(at)),
        }
    }

    /// Since when a post is to be published.
    pub fn post_due(page: PageId, post: PostId, at: Timestamp) -> Self {
        Self {
            pk: posts_due_partition(page),
            sk: format!("{}#{page}#{post}", due_text(at)),
        }
    }

    /// When a maintenance is due.
    pub fn maintenance_due(page: PageId, id: MaintenanceId, at: Timestamp) -> Self {
        Self {
            pk: due_partition("MNT", shard(page.0)),
            sk: format!("{}#{page}#{id}", due_text(at)),
        }
    }

    /// When news is to be spread.
    pub fn bulletin_due(news: News, at: Timestamp) -> Self {
        let shard = match news {
            News::Update(id) => shard(id.0),
            News::Reminder(id) => shard(id.0),
            News::Withdrawal(id) => shard(id.0),
            News::Asked(_) => 0,
        };
        Self {
            pk: due_partition("BUL", shard),
            sk: format!("{}#{news}", due_text(at)),
        }
    }

    /// When news is to be sent to a subscriber.
    pub fn notice_due(key: &NoticeKey, at: Timestamp) -> Self {
        Self {
            pk: due_partition("NTC", subscriber_shard(key.subscriber_id)),
            sk: format!("{}#{}#{}", due_text(at), key.news, key.subscriber_id),
        }
    }

    /// When an incident is due.
    pub fn incident_due(id: IncidentId, at: Timestamp) -> Self {
        Self {
            pk: due_partition("INC", shard(id.0)),
            sk: format!("{}#{id}", due_text(at)),
        }
    }

    /// When a ticket of an upload is due.
    pub fn upload_due(user: UserId, id: UploadId, at: Timestamp) -> Self {
        Self {
            pk: due_partition("AVA", shard(id.0)),
            sk: format!("{}#{user}#{id}", due_text(at)),
        }
    }

    /// When a delivery is due.
    pub fn delivery_due(key: &DeliveryKey, at: Timestamp) -> Self {
        Self {
            pk: delivery_due_partition(key),
            sk: delivery_due_sort(key, at),
        }
    }
}

/// Where the delivery is listed whose link has a code of this hash.
pub fn link_partition(code_hash: &str) -> String {
    format!("LINK#{code_hash}")
}

/// The list of a person's sessions.
pub fn sessions_partition(user: UserId) -> String {
    format!("SESSIONS#{user}")
}

/// The list of open, or of closed, incidents of one shard.
pub fn incidents_partition(open: bool, shard: u8) -> String {
    format!("{}#{shard}", if open { "OPEN" } else { "CLOSED" })
}

/// The places, first and last, of incidents that were opened in `[from, until)`, to the millisecond.
pub fn incidents_opened(from: Timestamp, until: Timestamp) -> (String, String) {
    let ms = |at: Timestamp| u64::try_from(at.as_millisecond()).unwrap_or(0);
    let first = IncidentId(Ulid::from_parts(ms(from), 0));
    // 48 bits are the year 10889.
    let last = IncidentId(Ulid::from_parts(ms(until).saturating_sub(1), u128::MAX));
    (first.to_string(), last.to_string())
}

/// The due list in which a page's posts wait to be published.
pub fn posts_due_partition(page: PageId) -> String {
    due_partition("PST", shard(page.0))
}

/// The due list of one kind (`INC`, `DLV`, `AVA`, `PUB`, `PST`, `MNT`, `BUL`, `NTC`) and shard.
pub fn due_partition(kind: &str, shard: u8) -> String {
    format!("DUE#{kind}#{shard}")
}

/// The due list a delivery is in.
pub fn delivery_due_partition(key: &DeliveryKey) -> String {
    let ulid = match key.subject {
        Subject::Incident(id) => id.0,
        Subject::Contact(id) => id.0,
        Subject::Account(id) => id.0,
        Subject::Channel(id) => id.0,
    };
    due_partition("DLV", shard(ulid))
}

/// A delivery's place in its due list.
pub fn delivery_due_sort(key: &DeliveryKey, at: Timestamp) -> String {
    format!("{}#{}#{}", due_text(at), key.subject, key.message())
}

/// Everything that is due at `at` or before sorts below this.
pub fn due_until(at: Timestamp) -> String {
    format!("{}~", due_text(at))
}

/// Reads a due list's sort key back: when, and what.
pub fn parse_due(sk: &str) -> Option<(Timestamp, &str)> {
    let (at, what) = sk.split_once('#')?;
    Some((Timestamp::from_millisecond(at.parse().ok()?).ok()?, what))
}

/// Milliseconds since 1970, rounded up ("delays round up"), in 13 digits.
fn due_text(at: Timestamp) -> String {
    let whole = at.as_millisecond();
    let part = at.subsec_nanosecond() % 1_000_000;
    format!("{:013}", (whole + i64::from(part > 0)).max(0))
}

fn shard(id: Ulid) -> u8 {
    (id.random() % u128::from(SHARDS)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_times_sort_as_text_and_round_up() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let id = IncidentId(Ulid::from_parts(1, 7));
        let early = IndexKey::incident_due(id, at("2026-01-01T00:00:00.0005Z"));
        assert!(early.sk < due_until(at("2026-01-01T00:00:00.001Z")));
        assert!(early.sk > due_until(at("2026-01-01T00:00:00Z")));
        assert_eq!(
            parse_due(&early.sk),
            Some((at("2026-01-01T00:00:00.001Z"), id.to_string().as_str()))
        );
        assert!(due_until(at("2001-01-01T00:00:00Z")) < due_until(at("2286-01-01T00:00:00Z")));
    }

    #[test]
    fn subscribers_are_spread_and_their_shards_are_in_the_order_of_ids() {
        let id = |first: u128| SubscriberId(Ulid((first << 120) | 7));
        let shards: Vec<u8> = (0..256).map(|first| subscriber_shard(id(first))).collect();
        assert!(shards.is_sorted());
        for shard in 0..SHARDS {
            assert_eq!(
                shards.iter().filter(|one| **one == shard).count(),
                256 / usize::from(SHARDS)
            );
        }
    }

    #[test]
    fn a_due_delivery_is_found_again_by_its_place_in_the_list() {
        let key = DeliveryKey::parse(
            "inc_01arz3ndektsv4rrffq69g5fav",
            "000001#0000#02#usr_01arz3ndektsv4rrffq69g5fav#con_01arz3ndektsv4rrffq69g5fav#r1",
        )
        .unwrap();
        let sk = delivery_due_sort(&key, "2026-01-01T00:00:00Z".parse().unwrap());
        let (_, what) = parse_due(&sk).unwrap();
        let (subject, message) = what.split_once('#').unwrap();
        assert_eq!(DeliveryKey::parse(subject, message), Ok(key));
    }
}
