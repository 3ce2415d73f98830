//! What people do to incidents from these pages: one form, one incident or many.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use shared::ctx::Ctx;
use shared::domain::id::IncidentId;
use shared::domain::incident::Act;
use shared::domain::principal::Right;
use shared::incidents::{self, Deed, Note, ReassignBody, SnoozeBody, add_note};
use shared::web::Problem;

use crate::page::{Posted, Refused, Visitor};

/// Incidents that one form may name: a page of them.
const MANY_MAX: usize = 100;
/// Of many, so many at a time.
const AT_ONCE: usize = 4;
/// When a morning begins.
const MORNING: Time = Time::constant(8, 0, 0, 0);

/// What was sent: an action for `one` incident, or for the `ids` that are ticked; or one of a row's own buttons.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    action: Option<Action>,
    one: Option<IncidentId>,
    acknowledge: Option<IncidentId>,
    resolve: Option<IncidentId>,
    #[serde(default)]
    ids: Vec<IncidentId>,
    #[serde(default)]
    note: String,
    /// For how long: `30m`, `1h`, `4h`, `morning`, `1d`, `7d`.
    #[serde(default)]
    how_long: String,
    /// A policy's or a person's id.
    #[serde(default)]
    to: String,
    #[serde(default)]
    back: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Acknowledge,
    Unacknowledge,
    Resolve,
    Snooze,
    Escalate,
    Reassign,
    Note,
}

/// Does what was asked, and leads back.
pub async fn act(State(ctx): State<Ctx>, posted: Posted<Wanted>) -> Result<Response, Refused> {
    let Posted { visitor, form } = posted;
    visitor.who.may(Right::Respond)?;
    let (action, ids) = form.deed()?;
    // Boxed: the compiler cannot name the futures' lifetimes otherwise.
    let deeds: Vec<_> = ids
        .iter()
        .map(|id| do_one(&ctx, &visitor, (action, *id), &form).boxed())
        .collect();
    stream::iter(deeds)
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(Redirect::to(&back(&form, &ids)).into_response())
}

impl Wanted {
    fn deed(&self) -> Result<(Action, Vec<IncidentId>), Refused> {
        let own = self.acknowledge.map(|id| (Action::Acknowledge, id));
        if let Some((action, id)) = own.or_else(|| self.resolve.map(|id| (Action::Resolve, id))) {
            return Ok((action, vec![id]));
        }
        let action = self
            .action
            .ok_or_else(|| Refused::invalid("There is nothing to do: use one of the buttons."))?;
        let ids = self.one.map_or_else(|| self.ids.clone(), |one| vec![one]);
        if ids.is_empty() || ids.len() > MANY_MAX {
            return Err(Refused::invalid(&format!("Tick 1 to {MANY_MAX} incidents first.")));
        }
        Ok((action, ids))
    }
}

async fn do_one(
    ctx: &Ctx,
    visitor: &Visitor,
    (action, id): (Action, IncidentId),
    form: &Wanted,
) -> Result<(), Problem> {
    let (by, now) = (visitor.who.principal.actor(), visitor.now);
    let note = || -> Result<Option<Note>, Problem> {
        let text = form.note.trim();
        if text.is_empty() {
            Ok(None)
        } else {
            Note::new("note", text.to_owned()).map(Some)
        }
    };
    let deed = match action {
        Action::Note => {
            let note = Note::new("note", form.note.trim().to_owned())?;
            return add_note(ctx, id, &by, note, now).await.map(drop);
        }
        Action::Resolve => Deed::Resolve,
        Action::Acknowledge => Deed::Act(Act::Acknowledge),
        Action::Unacknowledge => Deed::Act(Act::Unacknowledge),
        Action::Escalate => Deed::Act(Act::Escalate),
        Action::Snooze => Deed::Act(until(&form.how_long, &visitor.user.time_zone, now)?.read(now)?),
        Action::Reassign => Deed::Act(route(&form.to)?.read()?.resolve(ctx, id).await?),
    };
    incidents::act(ctx, id, &by, deed, note()?, now).await.map(drop)
}

/// The end of a snooze that begins `now`.
fn until(how_long: &str, time_zone: &str, now: Timestamp) -> Result<SnoozeBody, Problem> {
    let hours = match how_long {
        "30m" => return Ok(after(now, SignedDuration::from_mins(30))),
        "1h" => 1,
        "4h" => 4,
        "1d" => 24,
        "7d" => 7 * 24,
        "morning" => {
            return Ok(SnoozeBody {
                until: morning(time_zone, now),
            });
        }
        _ => {
            return Err(Problem::invalid_field(
                "how_long",
                "must be 30m, 1h, 4h, morning, 1d or 7d",
            ));
        }
    };
    Ok(after(now, SignedDuration::from_hours(hours)))
}

fn after(now: Timestamp, wait: SignedDuration) -> SnoozeBody {
    SnoozeBody {
        until: now.saturating_add(wait).unwrap_or(now),
    }
}

/// The next eight o'clock in the morning on the wall of whoever asks.
fn morning(time_zone: &str, now: Timestamp) -> Timestamp {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let wall = now.to_zoned(zone.clone());
    let mut day = wall.date();
    if wall.time() >= MORNING {
        day = day.saturating_add(1.day());
    }
    // A morning that does not exist is the first instant after the gap.
    day.to_datetime(MORNING)
        .to_zoned(zone)
        .map_or(now, |morning| morning.timestamp())
}

fn route(to: &str) -> Result<ReassignBody, Problem> {
    if let Ok(policy) = to.parse() {
        return Ok(ReassignBody {
            policy_id: Some(policy),
            user_ids: None,
        });
    }
    let user = to.parse();
    let user = user.map_err(|_| Problem::invalid_field("to", "must be a person or an escalation policy"))?;
    Ok(ReassignBody {
        policy_id: None,
        user_ids: Some(vec![user]),
    })
}

/// The list that was left, or the incident.
fn back(form: &Wanted, ids: &[IncidentId]) -> String {
    // Only what our own list writes: `/?…`.
    let is_list = form.back.starts_with("/?") && form.back.bytes().all(|byte| byte.is_ascii_graphic());
    match ids {
        _ if is_list => form.back.clone(),
        [one] => format!("/incidents/{one}"),
        _ => "/".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snooze_until_morning_is_the_readers_morning() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let until = |zone: &str, now: &str| until("morning", zone, at(now)).unwrap().until;
        assert_eq!(
            until("Europe/Berlin", "2026-02-03T02:12:00Z"),
            at("2026-02-03T07:00:00Z")
        );
        assert_eq!(
            until("Europe/Berlin", "2026-02-03T07:00:00Z"),
            at("2026-02-04T07:00:00Z")
        );
        assert_eq!(
            until("America/Chicago", "2026-02-03T02:12:00Z"),
            at("2026-02-03T14:00:00Z")
        );
        // The night in which clocks go forward.
        assert_eq!(
            until("Europe/Berlin", "2026-03-28T23:00:00Z"),
            at("2026-03-29T06:00:00Z")
        );
    }

    #[test]
    fn other_waits_are_from_now() {
        let now: Timestamp = "2026-02-03T02:12:00Z".parse().unwrap();
        for (how_long, seconds) in [
            ("30m", 1_800),
            ("1h", 3_600),
            ("4h", 14_400),
            ("1d", 86_400),
            ("7d", 604_800),
        ] {
            let wait = until(how_long, "UTC", now).unwrap().until.duration_since(now);
            assert_eq!(wait.as_secs(), seconds, "{how_long}");
        }
        assert_eq!(until("forever", "UTC", now).unwrap_err().errors[0].field, "how_long");
    }

    #[test]
    fn people_and_policies_are_told_apart_by_their_ids() {
        assert!(route("pol_01arz3ndektsv4rrffq69g5fav").unwrap().policy_id.is_some());
        assert_eq!(
            route("usr_01arz3ndektsv4rrffq69g5fav").unwrap().user_ids.unwrap().len(),
            1
        );
        assert_eq!(route("everybody").unwrap_err().errors[0].field, "to");
    }

    #[test]
    fn nobody_is_led_elsewhere() {
        let form = |back: &str| Wanted {
            back: back.into(),
            ..Wanted::default()
        };
        let one = ["inc_01arz3ndektsv4rrffq69g5fav".parse().unwrap()];
        let there = "/incidents/inc_01arz3ndektsv4rrffq69g5fav";
        assert_eq!(back(&form("/?status=all"), &one), "/?status=all");
        for elsewhere in ["", "//evil.example", "https://evil.example/?", "/incidents", "/?\r\nx"] {
            assert_eq!(back(&form(elsewhere), &one), there, "{elsewhere:?}");
        }
    }
}
