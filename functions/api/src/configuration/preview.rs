//! A rehearsal of an escalation policy: who would be paged, when, by which contact. Nothing is sent.
//!
//! It follows what escalation does: within a step everybody is asked once, a step with nobody to page is skipped without
//! a wait, and after the last run the owners are told. Nobody is on call in any schedule yet.

use std::collections::{BTreeSet, HashMap};

use crate::openapi::Routes;
use crate::openapi::routes;
use axum::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::channel::Gateways;
use shared::domain::id::{ChannelId, ContactId, PolicyId, UserId};
use shared::domain::people::{Channel, Medium, User};
use shared::domain::policy::{Policy, Step, Target};
use shared::domain::principal::Right;
use shared::domain::service::Urgency;
use shared::domain::time::after_seconds;
use shared::web::{Id, Params, Problem};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::resource::load;

pub fn routes() -> Routes {
    Routes::default().routes(routes!(preview_escalation_policy))
}

/// Of what the preview is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PreviewQuery {
    /// When the incident would open; now, unless told.
    at: Option<Timestamp>,
    /// How loudly it would ask; high, unless told.
    #[param(inline)]
    urgency: Option<Urgency>,
}

/// What an incident that nobody answers would do.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct Preview {
    policy_id: PolicyId,
    at: Timestamp,
    urgency: Urgency,
    /// How often the steps run.
    runs: u32,
    /// The steps of the first run; each further run takes as long.
    steps: Vec<StepPreview>,
    /// When nobody has answered, and the owners are told.
    unanswered_at: Timestamp,
    /// Which owners are told then.
    owners: Vec<OwnerPreview>,
    /// What does not work as it may be meant to.
    warnings: Vec<Warning>,
}

/// What one step would do.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct StepPreview {
    /// Its place, from 1.
    step: usize,
    /// When it begins.
    at: Timestamp,
    /// Whether it pages nobody, and the next begins at once.
    skipped: bool,
    /// Its messages, in the order of their times.
    pages: Vec<PagePreview>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct PagePreview {
    at: Timestamp,
    /// The person; null for a channel.
    user_id: Option<UserId>,
    /// The person's contact; null for a channel.
    contact_id: Option<ContactId>,
    /// The channel; null for a person.
    channel_id: Option<ChannelId>,
    /// The person's or the channel's name.
    name: String,
    medium: Medium,
}

/// An owner who would be told that nobody answered.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct OwnerPreview {
    user_id: UserId,
    name: String,
    /// By which contacts; none: they cannot be reached.
    contact_ids: Vec<ContactId>,
}

/// Something that does not work as it may be meant to.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct Warning {
    /// The step it is about, from 1; null: the policy as a whole.
    step: Option<usize>,
    /// `nobody_to_page`, `missing`, `no_verified_contact`, `nobody_on_call`, `no_provider` or `no_owner_reachable`.
    code: &'static str,
    /// The same for people.
    text: String,
}

/// Who would be paged, when, and by which contact
#[utoipa::path(post, path = "/api/v1/escalation-policies/{id}/preview", tag = "Escalation policies",
    params(("id" = PolicyId, Path), PreviewQuery), responses((status = 200, body = Preview)))]
async fn preview_escalation_policy(
    caller: Caller,
    Id(id): Id<PolicyId>,
    Params(query): Params<PreviewQuery>,
) -> Result<Json<Preview>, Problem> {
    caller.may(Right::Read)?;
    let policy = load::<Policy>(&caller, id).await?.value;
    let facts = Facts::read(&caller, &policy).await?;
    let at = query.at.unwrap_or(caller.now());
    Ok(Json(rehearse(
        &policy,
        &facts,
        &caller.ctx.gateways,
        query.urgency.unwrap_or(Urgency::High),
        at,
    )))
}

/// What a rehearsal needs to know.
struct Facts {
    users: HashMap<UserId, User>,
    channels: HashMap<ChannelId, Channel>,
    owners: Vec<User>,
}

impl Facts {
    async fn read(caller: &Caller, policy: &Policy) -> Result<Self, Problem> {
        let (mut people, mut places) = (BTreeSet::new(), BTreeSet::new());
        for target in policy.steps.iter().flat_map(|step| &step.targets) {
            match target {
                Target::User(id) => drop(people.insert(*id)),
                Target::Channel(id) => drop(places.insert(*id)),
                Target::Schedule(_) => {}
            }
        }
        let users = caller.store().load_many::<User>(people).await?;
        let channels = caller.store().load_many::<Channel>(places).await?;
        Ok(Self {
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            channels: channels.into_iter().map(|channel| (channel.id, channel)).collect(),
            owners: caller.store().owners().await?,
        })
    }
}

fn rehearse(policy: &Policy, facts: &Facts, gateways: &Gateways, urgency: Urgency, at: Timestamp) -> Preview {
    let mut warnings = Vec::new();
    let mut steps = Vec::new();
    let mut begins = at;
    for (place, step) in policy.steps.iter().enumerate() {
        let mut warn = |code, text| {
            warnings.push(Warning {
                step: Some(place + 1),
                code,
                text,
            })
        };
        let pages = pages(step, facts, gateways, urgency, begins, &mut warn);
        let skipped = pages.is_empty();
        if skipped {
            warn(
                "nobody_to_page",
                format!("Step {} pages nobody and is skipped.", place + 1),
            );
        }
        steps.push(StepPreview {
            step: place + 1,
            at: begins,
            skipped,
            pages,
        });
        if !skipped {
            begins = after_seconds(begins, step.escalate_after_seconds.into());
        }
    }
    let runs = policy.repeat + 1;
    let run_seconds = begins.as_second() - at.as_second();
    let owners: Vec<OwnerPreview> = facts.owners.iter().map(owner).collect();
    if owners.iter().all(|owner| owner.contact_ids.is_empty()) {
        let text = "No owner has a verified contact: nobody hears when nobody answers.".to_owned();
        warnings.push(Warning {
            step: None,
            code: "no_owner_reachable",
            text,
        });
    }
    let unanswered_at = after_seconds(at, run_seconds * i64::from(runs));
    Preview {
        policy_id: policy.id,
        at,
        urgency,
        runs,
        steps,
        unanswered_at,
        owners,
        warnings,
    }
}

fn owner(user: &User) -> OwnerPreview {
    let contact_ids = user.alarm_contacts().into_iter().map(|contact| contact.id).collect();
    OwnerPreview {
        user_id: user.id,
        name: user.name.clone(),
        contact_ids,
    }
}

fn pages(
    step: &Step,
    facts: &Facts,
    gateways: &Gateways,
    urgency: Urgency,
    at: Timestamp,
    warn: &mut impl FnMut(&'static str, String),
) -> Vec<PagePreview> {
    let mut pages = Vec::new();
    for target in &step.targets {
        match target {
            Target::User(id) => match facts.users.get(id) {
                None => warn("missing", format!("There is no user {id}.")),
                Some(user) => {
                    let messages = user.page_messages(urgency, at);
                    if messages.is_empty() {
                        warn("no_verified_contact", format!("{} has no verified contact.", user.name));
                    }
                    pages.extend(messages.into_iter().map(|message| PagePreview {
                        at: message.at,
                        user_id: Some(*id),
                        contact_id: Some(message.contact.id),
                        channel_id: None,
                        name: user.name.clone(),
                        medium: message.contact.kind,
                    }));
                }
            },
            Target::Channel(id) => match facts.channels.get(id) {
                None => warn("missing", format!("There is no channel {id}.")),
                Some(channel) => pages.push(PagePreview {
                    at,
                    user_id: None,
                    contact_id: None,
                    channel_id: Some(*id),
                    name: channel.name.clone(),
                    medium: channel.kind,
                }),
            },
            Target::Schedule(id) => warn("nobody_on_call", format!("Nobody is on call in the schedule {id}.")),
        }
    }
    for page in pages.iter().filter(|page| gateways.of(page.medium).is_none()) {
        warn(
            "no_provider",
            format!(
                "{} cannot be paged by {:?}: no provider is set up.",
                page.name, page.medium
            ),
        );
    }
    pages.sort_by_key(|page| page.at);
    pages
}

#[cfg(test)]
mod tests {
    use shared::channel::Gateway;
    use shared::domain::people::{Contact, Role, Rule, Rules};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn id<T: From<ulid::Ulid>>(n: u128) -> T {
        ulid::Ulid::from_parts(1, n).into()
    }

    fn user(n: u128, kinds: &[Medium], role: Role) -> User {
        let contact = |(place, kind): (usize, &Medium)| Contact {
            id: id(n * 10 + place as u128),
            kind: *kind,
            address: "somewhere".into(),
            verified_at: Some(at("2026-01-01T00:00:00Z")),
            verification: None,
        };
        User {
            id: id(n),
            name: format!("user {n}"),
            email: format!("{n}@example.com"),
            role,
            team_ids: vec![],
            time_zone: "UTC".into(),
            locale: "en".into(),
            contacts: kinds.iter().enumerate().map(contact).collect(),
            rules: Rules::default(),
            password_hash: None,
            signed_out_at: None,
            created_at: at("2026-01-01T00:00:00Z"),
        }
    }

    fn policy(repeat: u32, steps: Vec<(u32, Vec<Target>)>) -> Policy {
        let step = |(escalate_after_seconds, targets)| Step {
            escalate_after_seconds,
            targets,
        };
        let steps = steps.into_iter().map(step).collect();
        Policy {
            id: id(9),
            team_id: None,
            name: "p".into(),
            repeat,
            steps,
            created_at: at("2026-01-01T00:00:00Z"),
        }
    }

    fn gateways() -> Gateways {
        let outbox = || Some(Gateway::Outbox);
        Gateways {
            sms: outbox(),
            voice: None,
            email: outbox(),
            webhook: outbox(),
            topic: None,
        }
    }

    #[test]
    fn steps_follow_one_another_and_empty_ones_take_no_time() {
        let mut ada = user(1, &[Medium::Sms, Medium::Email], Role::Owner);
        ada.rules.high = vec![
            Rule {
                after_seconds: 120,
                contact_id: id(10),
            },
            Rule {
                after_seconds: 0,
                contact_id: id(11),
            },
        ];
        let nobody = user(2, &[], Role::Viewer);
        let facts = Facts {
            users: HashMap::from([(ada.id, ada.clone()), (nobody.id, nobody)]),
            channels: HashMap::new(),
            owners: vec![ada],
        };
        let (empty, schedule) = (Target::User(id(2)), Target::Schedule(id(3)));
        let policy = policy(
            1,
            vec![
                (300, vec![empty, schedule]),
                (600, vec![Target::User(id(1)), Target::User(id(7))]),
            ],
        );
        let start = at("2026-03-01T00:00:00Z");
        let preview = rehearse(&policy, &facts, &gateways(), Urgency::High, start);
        let begins: Vec<_> = preview.steps.iter().map(|step| (step.at, step.skipped)).collect();
        assert_eq!(begins, [(start, true), (start, false)]);
        let pages: Vec<_> = preview.steps[1]
            .pages
            .iter()
            .map(|page| (page.at, page.medium))
            .collect();
        assert_eq!(
            pages,
            [(start, Medium::Email), (at("2026-03-01T00:02:00Z"), Medium::Sms)]
        );
        assert_eq!(preview.unanswered_at, at("2026-03-01T00:20:00Z"));
        assert_eq!(preview.owners[0].contact_ids.len(), 2);
        let warnings: Vec<_> = preview
            .warnings
            .iter()
            .map(|warning| (warning.step, warning.code))
            .collect();
        assert_eq!(
            warnings,
            [
                (Some(1), "no_verified_contact"),
                (Some(1), "nobody_on_call"),
                (Some(1), "nobody_to_page"),
                (Some(2), "missing")
            ]
        );
    }

    #[test]
    fn a_medium_without_provider_and_owners_out_of_reach_are_warned_of() {
        let ada = user(1, &[Medium::Voice], Role::Responder);
        let facts = Facts {
            users: HashMap::from([(ada.id, ada)]),
            channels: HashMap::new(),
            owners: vec![],
        };
        let start = at("2026-03-01T00:00:00Z");
        let preview = rehearse(
            &policy(0, vec![(60, vec![Target::User(id(1))])]),
            &facts,
            &gateways(),
            Urgency::Low,
            start,
        );
        let warnings: Vec<_> = preview.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(warnings, ["no_provider", "no_owner_reachable"]);
    }
}
