//! What happened to an incident, newest first. The opening is kept nowhere: it is told from the incident itself, as the
//! last entry of the last page.

use std::collections::{HashMap, HashSet};

use crate::ctx::Ctx;
use crate::domain::actor::{Actor, ActorKind};
use crate::domain::id::{ChannelId, EventId, IncidentId, PolicyId, UserId};
use crate::domain::incident::Incident;
use crate::domain::people::{Channel, User};
use crate::domain::policy::Policy;
use crate::domain::principal::Principal;
use crate::domain::service::Integration;
use crate::domain::timeline::{Asked, Event, EventKind};
use crate::domain::wording::{self, Locale};
use crate::store::StoreError;
use crate::web::{Listed, PageQuery, Problem, bad_cursor, page_request};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What it was: `opened`, `paged`, `acknowledged`, `note`, …
    pub kind: String,
    /// Who did it.
    pub actor: Actor,
    /// The same in words.
    pub text: String,
    /// The particulars, by kind. Steps and runs of the policy count from 1.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// A page of an incident's timeline, in words for whoever asks.
///
/// # Errors
/// 404 when there is no such incident; 400 naming the parameter; when the table does not answer.
pub async fn page(ctx: &Ctx, who: &Principal, id: IncidentId, query: PageQuery) -> Result<Listed<EventView>, Problem> {
    let page = page_request(query.limit, query.after.as_deref())?;
    if !page.continues_timeline() {
        return Err(bad_cursor());
    }
    let (incident, events) = futures_util::try_join!(ctx.store.incident(id), ctx.store.timeline(id, &page))?;
    let incident = incident.ok_or_else(Problem::not_found)?.value;
    let is_last = events.next.is_none();
    let (names, reader, opener) = futures_util::try_join!(
        Names::load(ctx, &events.items),
        ctx.store.load::<User>(who.user_id),
        async {
            if is_last {
                opener(ctx, &incident).await
            } else {
                Ok(Actor::system())
            }
        },
    )?;
    let reader = reader.map(|user| (Locale::of(&user.value.locale), user.value.time_zone));
    let (locale, time_zone) = reader.unwrap_or((Locale::En, "UTC".into()));
    let mut items: Vec<EventView> = events
        .items
        .into_iter()
        .map(|event| EventView::new(event, locale, &time_zone, &names))
        .collect();
    if is_last {
        items.push(EventView::opening(&incident, opener, locale));
    }
    Ok(Listed {
        items,
        next: events.next,
    })
}

/// Who opened it: a person, or the sender behind an integration.
async fn opener(ctx: &Ctx, incident: &Incident) -> Result<Actor, StoreError> {
    if let Some(person) = &incident.opened_by {
        return Ok(person.clone());
    }
    let Some(id) = incident.integration_id else {
        return Ok(Actor::system());
    };
    let integration = ctx.store.load::<Integration>(id).await?;
    let gone = || Actor {
        kind: ActorKind::Integration,
        id: Some(id.to_string()),
        name: "A deleted integration".into(),
        user_id: None,
    };
    Ok(integration.map_or_else(gone, |integration| integration.value.actor()))
}

impl EventView {
    fn new(event: Event, locale: Locale, time_zone: &str, names: &Names) -> Self {
        let text = wording::event_text(locale, &event, time_zone, &|id| names.0.get(id).cloned());
        let Event { id, at, actor, kind } = event;
        let (kind, data) = kind_and_data(kind);
        Self {
            id,
            at,
            kind,
            actor,
            text,
            data,
        }
    }

    fn opening(incident: &Incident, actor: Actor, locale: Locale) -> Self {
        Self {
            // Entries have the id of their moment; this one has that of the incident.
            id: EventId(incident.id.0),
            at: incident.created_at,
            kind: "opened".into(),
            actor,
            text: wording::opened_text(locale, incident),
            data: serde_json::json!({
                "service_id": incident.service_id,
                "integration_id": incident.integration_id,
                "correlation_id": incident.correlation_id,
            }),
        }
    }
}

/// The entry's kind and particulars on the wire, steps and runs counted from 1 as everywhere outside.
fn kind_and_data(mut kind: EventKind) -> (String, serde_json::Value) {
    match &mut kind {
        EventKind::Paged {
            cycle, step, skipped, ..
        } => {
            (*cycle, *step) = (*cycle + 1, *step + 1);
            skipped.iter_mut().for_each(|step| *step += 1);
        }
        EventKind::Unanswered { skipped, .. } => skipped.iter_mut().for_each(|step| *step += 1),
        _ => {}
    }
    let mut json = serde_json::to_value(kind).unwrap_or_default();
    let name = json["kind"].as_str().unwrap_or_default().to_owned();
    let data = json.get_mut("data").map(serde_json::Value::take);
    (name, data.unwrap_or_else(|| serde_json::json!({})))
}

/// Names of people, policies and places that entries mention by their id only.
#[derive(Debug, Default)]
struct Names(HashMap<String, String>);

impl Names {
    async fn load(ctx: &Ctx, events: &[Event]) -> Result<Self, StoreError> {
        let ids: HashSet<String> = events.iter().flat_map(|event| mentioned(&event.kind)).collect();
        let (users, policies, places): (Vec<UserId>, Vec<PolicyId>, Vec<ChannelId>) =
            (parsed(&ids), parsed(&ids), parsed(&ids));
        let (users, policies, places) = futures_util::try_join!(
            ctx.store.load_many::<User>(users),
            ctx.store.load_many::<Policy>(policies),
            ctx.store.load_many::<Channel>(places),
        )?;
        let users = users.into_iter().map(|user| (user.id.to_string(), user.name));
        let policies = policies.into_iter().map(|policy| (policy.id.to_string(), policy.name));
        let places = places.into_iter().map(|place| (place.id.to_string(), place.name));
        Ok(Self(users.chain(policies).chain(places).collect()))
    }
}

fn parsed<T: std::str::FromStr>(ids: &HashSet<String>) -> Vec<T> {
    ids.iter().filter_map(|id| id.parse().ok()).collect()
}

/// The ids whose names an entry does not know itself.
fn mentioned(kind: &EventKind) -> Vec<String> {
    let nameless = |asked: &[Asked]| -> Vec<String> {
        asked
            .iter()
            .filter(|asked| asked.name.is_none())
            .map(|asked| asked.id.clone())
            .collect()
    };
    match kind {
        EventKind::Reassigned { to } => to.clone(),
        EventKind::TriedNext { user_ids } => user_ids.iter().map(ToString::to_string).collect(),
        EventKind::Paged { asked, .. } => nameless(asked),
        EventKind::Unanswered { asked, owners, .. } => [nameless(asked), nameless(owners)].concat(),
        EventKind::Stuck { owners, .. } => nameless(owners),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::timeline::Because;

    use super::super::tests::{ana, incident};
    use super::*;

    fn view(kind: EventKind, names: &[(&str, &str)]) -> EventView {
        let incident = incident();
        let event = Event {
            id: EventId(incident.id.0),
            at: incident.created_at,
            actor: ana(),
            kind,
        };
        let names = names
            .iter()
            .map(|(id, name)| ((*id).to_owned(), (*name).to_owned()))
            .collect();
        EventView::new(event, Locale::En, "Europe/Berlin", &Names(names))
    }

    #[test]
    fn entries_have_words_names_and_particulars() {
        let until = "2026-02-03T04:00:00Z".parse().unwrap();
        let snoozed = serde_json::to_value(view(EventKind::Snoozed { until }, &[])).unwrap();
        assert_eq!(snoozed["kind"], "snoozed");
        assert_eq!(snoozed["data"], serde_json::json!({"until": "2026-02-03T04:00:00Z"}));
        assert_eq!(snoozed["text"], "Ana snoozed it until 05:00 CET.");
        assert_eq!(
            snoozed["actor"],
            serde_json::json!({"type": "user", "id": "usr_01arz3ndektsv4rrffq69g5fav", "name": "Ana"})
        );
        let reassigned = view(
            EventKind::Reassigned {
                to: vec!["pol_1".into()],
            },
            &[("pol_1", "Nights")],
        );
        assert_eq!(reassigned.text, "Ana reassigned it to Nights.");
        assert_eq!(view(EventKind::Acknowledged, &[]).data, serde_json::json!({}));
    }

    #[test]
    fn steps_and_runs_count_from_one() {
        let asked = vec![Asked {
            id: "usr_1".into(),
            name: Some("Bo".into()),
            why_not: None,
        }];
        let paged = EventKind::Paged {
            because: Because::TimePassed,
            cycle: 0,
            step: 2,
            asked,
            skipped: vec![0, 1],
            quieted_by: None,
        };
        let view = view(paged, &[]);
        assert_eq!((&view.data["cycle"], &view.data["step"]), (&1.into(), &3.into()));
        assert_eq!(view.data["skipped"], serde_json::json!([1, 2]));
        assert!(view.text.contains("Step 3 paged Bo"), "{}", view.text);
    }

    #[test]
    fn the_opening_is_told_from_the_incident() {
        let mut incident = incident();
        let view = EventView::opening(&incident, ana(), Locale::En);
        assert_eq!(view.id.to_string()[4..], incident.id.to_string()[4..]);
        assert_eq!((view.kind.as_str(), view.at), ("opened", incident.created_at));
        assert_eq!(view.text, "Opened by an alert for Checkout.");
        incident.integration_id = None;
        assert_eq!(
            EventView::opening(&incident, ana(), Locale::En).text,
            "Opened by hand for Checkout."
        );
    }
}
