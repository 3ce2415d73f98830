//! Answering an incident. One function does it for everybody: decided on the row as it is, written under its version,
//! decided again when somebody was faster.

use crate::ctx::Ctx;
use crate::domain::actor::Actor;
use crate::domain::id::{EventId, IncidentId, PolicyId, UserId};
use crate::domain::incident::{Act, Incident, Route};
use crate::domain::limits;
use crate::domain::people::User;
use crate::domain::policy::Policy;
use crate::domain::service::Service;
use crate::domain::text::is_blank;
use crate::domain::time::after_seconds;
use crate::domain::timeline::{Event, EventKind, Resolution};
use crate::store::{Applied, ClosedBy};
use crate::web::{FieldError, Problem, given};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

/// How often it is decided: once, and three times again for those who were not the fastest.
const DECISIONS_MAX: u32 = 4;

/// What somebody does to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Anything but its end.
    Act(Act),
    /// Its end.
    Resolve,
}

/// Does `deed`, adds `note` to the timeline, and answers the incident as it is then. What is done already, or has lost
/// its meaning because the incident is over, changes nothing and is no error.
///
/// The note is an entry of its own, written after the act. If it cannot be written the whole is 503 and may be sent
/// again: the act is then found done, and the note is added.
///
/// # Errors
/// 404 when there is no such incident; 503 when others changed it faster each time, or the table does not answer.
pub async fn act(
    ctx: &Ctx,
    id: IncidentId,
    by: &Actor,
    deed: Deed,
    note: Option<Note>,
    now: Timestamp,
) -> Result<Incident, Problem> {
    let incident = settle(ctx, id, by, deed, now).await?;
    if let Some(Note(text)) = note {
        ctx.store
            .add_event(id, &event(ctx, by, EventKind::Note { text }, now))
            .await?;
    }
    Ok(incident)
}

async fn settle(ctx: &Ctx, id: IncidentId, by: &Actor, deed: Deed, now: Timestamp) -> Result<Incident, Problem> {
    for _ in 0..DECISIONS_MAX {
        let found = ctx.store.incident(id).await?.ok_or_else(Problem::not_found)?;
        let (mut incident, version) = (found.value, found.version);
        let applied = match &deed {
            Deed::Act(act) => {
                let Some(kind) = incident.act(act.clone(), by, now) else {
                    return Ok(incident);
                };
                let event = event(ctx, by, kind, now);
                ctx.store.apply(&incident, version, (&[], &[]), Some(&event)).await?
            }
            Deed::Resolve => {
                // Its counts stay in its slot: closing by hand does not read it.
                let Some(kind) = incident.close(Resolution::ByHand, by, None, now) else {
                    return Ok(incident);
                };
                let event = event(ctx, by, kind, now);
                ctx.store
                    .close_incident(&incident, version, ClosedBy::Hand, &event)
                    .await?
            }
        };
        if applied == Applied::Done {
            return Ok(incident);
        }
    }
    tracing::warn!(incident_id = %id, "others changed the incident faster, each time");
    Err(Problem::unavailable())
}

fn event(ctx: &Ctx, by: &Actor, kind: EventKind, now: Timestamp) -> Event {
    Event {
        id: EventId(ctx.random.ulid(now)),
        at: now,
        actor: by.clone(),
        kind,
    }
}

/// Writes `note` down, and answers the incident, which it does not change.
///
/// # Errors
/// 404 when there is no such incident; 503 when the table does not answer.
pub async fn add_note(ctx: &Ctx, id: IncidentId, by: &Actor, note: Note, now: Timestamp) -> Result<Incident, Problem> {
    let incident = ctx.store.incident(id).await?.ok_or_else(Problem::not_found)?.value;
    ctx.store
        .add_event(id, &event(ctx, by, EventKind::Note { text: note.0 }, now))
        .await?;
    Ok(incident)
}

/// A note within its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(String);

impl Note {
    /// # Errors
    /// 400 naming `field`: empty, or too long.
    pub fn new(field: &str, text: String) -> Result<Self, Problem> {
        let max = limits::NOTE_CHARS_MAX;
        if is_blank(&text) || text.chars().count() > max {
            return Err(Problem::invalid_field(
                field,
                format!("must have 1 to {max} characters, not all of them blank"),
            ));
        }
        Ok(Self(text))
    }
}

/// The body of `acknowledge` and `resolve`; there may be none.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// What to add to the timeline with it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 10_000, pattern = r"\S", example = "Looking at it.")]
    note: Option<String>,
}

impl AnswerBody {
    /// # Errors
    /// 400 naming the field.
    pub fn read(self) -> Result<Option<Note>, Problem> {
        self.note.map(|text| Note::new("note", text)).transpose()
    }
}

/// The body of acts that need none.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// The body of `notes`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// What to write down.
    #[schema(
        min_length = 1,
        max_length = 10_000,
        pattern = r"\S",
        example = "The disk is being extended."
    )]
    text: String,
}

impl NoteBody {
    /// # Errors
    /// 400 naming the field.
    pub fn read(self) -> Result<Note, Problem> {
        Note::new("text", self.text)
    }
}

/// The body of `snooze`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeBody {
    /// Until when nobody is paged: in the future, at most 7 days.
    #[schema(example = "2026-03-01T07:00:00Z")]
    pub until: Timestamp,
}

impl SnoozeBody {
    /// # Errors
    /// 400 naming the field.
    pub fn read(self, now: Timestamp) -> Result<Act, Problem> {
        let longest = after_seconds(now, limits::SNOOZE_SECONDS_MAX);
        if self.until <= now {
            return Err(Problem::invalid_field("until", "must be in the future"));
        }
        if self.until > longest {
            return Err(Problem::invalid_field(
                "until",
                format!("must be within 7 days: {longest} at the latest"),
            ));
        }
        // Keys and rows keep milliseconds.
        Ok(Act::Snooze(
            crate::domain::time::to_millisecond(self.until).max(after_milli(now)),
        ))
    }
}

/// The next instant that differs from `now` as it is kept.
fn after_milli(now: Timestamp) -> Timestamp {
    now.saturating_add(jiff::SignedDuration::from_millis(1)).unwrap_or(now)
}

/// The body of `reassign`: one of the two.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "user_ids": ["usr_01arz3ndektsv4rrffq69g5fav"] }))]
pub struct ReassignBody {
    /// Ask by this policy from now on, from its beginning.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = PolicyId)]
    pub policy_id: Option<PolicyId>,
    /// Ask these people first, for 5 minutes, and then by the service's policy.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<UserId>, min_items = 1, max_items = 10)]
    pub user_ids: Option<Vec<UserId>>,
}

/// Whom a reassignment asks, in what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewRoute {
    /// A policy, from its beginning.
    Policy(PolicyId),
    /// These people first.
    People(Vec<UserId>),
}

impl ReassignBody {
    /// # Errors
    /// 400 naming the fields.
    pub fn read(self) -> Result<NewRoute, Problem> {
        let wrong = |message: &str| {
            let error = |field: &str| FieldError {
                field: field.into(),
                message: message.into(),
            };
            Problem::invalid(vec![error("policy_id"), error("user_ids")])
        };
        match (self.policy_id, self.user_ids) {
            (None, None) => Err(wrong("give one of policy_id and user_ids")),
            (Some(_), Some(_)) => Err(wrong("give policy_id or user_ids, not both")),
            (Some(policy), None) => Ok(NewRoute::Policy(policy)),
            (None, Some(users)) if users.is_empty() || users.len() > limits::STEP_TARGETS_MAX => {
                Err(Problem::invalid_field(
                    "user_ids",
                    format!("must name 1 to {} people", limits::STEP_TARGETS_MAX),
                ))
            }
            (None, Some(users)) => Ok(NewRoute::People(users)),
        }
    }
}

impl NewRoute {
    /// The route, of people and policies that exist.
    ///
    /// # Errors
    /// 404 when there is no such incident, 400 naming who does not exist; when the table does not answer.
    pub async fn resolve(self, ctx: &Ctx, id: IncidentId) -> Result<Act, Problem> {
        let incident = ctx.store.incident(id).await?.ok_or_else(Problem::not_found)?.value;
        let route = match self {
            Self::Policy(policy) => {
                let found = ctx.store.load::<Policy>(policy).await?;
                found.ok_or_else(|| Problem::invalid_field("policy_id", "there is no such escalation policy"))?;
                Route::Policy(policy)
            }
            Self::People(mut users) => {
                let mut seen = std::collections::HashSet::new();
                users.retain(|user| seen.insert(*user));
                let (people, service) = futures_util::try_join!(
                    ctx.store.load_many::<User>(users.clone()),
                    ctx.store.load::<Service>(incident.service_id)
                )?;
                let missing = |user: &UserId| !people.iter().any(|person| person.id == *user);
                if let Some(user) = users.iter().find(|user| missing(user)) {
                    return Err(Problem::invalid_field("user_ids", format!("there is no person {user}")));
                }
                // The service may be gone; the incident's own way on remains.
                let then = service.map_or_else(|| policy_of(&incident.route), |service| service.value.policy_id);
                Route::People { users, then }
            }
        };
        Ok(Act::Reassign(route))
    }
}

fn policy_of(route: &Route) -> PolicyId {
    match route {
        Route::Policy(policy) | Route::People { then: policy, .. } => *policy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_of(problem: Problem) -> (u16, String) {
        (problem.status, problem.errors[0].field.clone())
    }

    #[test]
    fn a_snooze_ends_in_the_future_within_seven_days() {
        let now: Timestamp = "2026-02-03T02:12:00Z".parse().unwrap();
        let until = |text: &str| {
            SnoozeBody {
                until: text.parse().unwrap(),
            }
            .read(now)
        };
        assert_eq!(
            until("2026-02-10T02:12:00Z").unwrap(),
            Act::Snooze("2026-02-10T02:12:00Z".parse().unwrap())
        );
        // It never begins ended, however finely it was asked for.
        assert_eq!(
            until("2026-02-03T02:12:00.0004Z").unwrap(),
            Act::Snooze("2026-02-03T02:12:00.001Z".parse().unwrap())
        );
        for wrong in [
            "2026-02-03T02:12:00Z",
            "2026-02-03T02:11:59Z",
            "2026-02-10T02:12:00.001Z",
        ] {
            assert_eq!(field_of(until(wrong).unwrap_err()), (400, "until".into()), "{wrong}");
        }
    }

    #[test]
    fn notes_have_limits() {
        let note = |text: String| NoteBody { text }.read();
        assert!(note("é".repeat(10_000)).is_ok());
        for wrong in [String::new(), " \n".into(), "é".repeat(10_001)] {
            assert_eq!(field_of(note(wrong).unwrap_err()), (400, "text".into()));
        }
        let answer = AnswerBody {
            note: Some(String::new()),
        };
        assert_eq!(field_of(answer.read().unwrap_err()), (400, "note".into()));
        assert_eq!(AnswerBody::default().read(), Ok(None));
    }

    #[test]
    fn a_reassignment_names_a_policy_or_people() {
        let read = |json: serde_json::Value| serde_json::from_value::<ReassignBody>(json).unwrap().read();
        let (policy, user) = ("pol_01arz3ndektsv4rrffq69g5fav", "usr_01arz3ndektsv4rrffq69g5fav");
        assert_eq!(
            read(serde_json::json!({"policy_id": policy})),
            Ok(NewRoute::Policy(policy.parse().unwrap()))
        );
        assert!(read(serde_json::json!({"user_ids": [user]})).is_ok());
        let both = read(serde_json::json!({"policy_id": policy, "user_ids": [user]})).unwrap_err();
        assert_eq!(both.errors.len(), 2);
        assert_eq!(read(serde_json::json!({})).unwrap_err().errors.len(), 2);
        assert_eq!(
            field_of(read(serde_json::json!({"user_ids": []})).unwrap_err()),
            (400, "user_ids".into())
        );
        let eleven = vec![user; 11];
        assert_eq!(
            field_of(read(serde_json::json!({"user_ids": eleven})).unwrap_err()),
            (400, "user_ids".into())
        );
    }
}
