//! A rehearsal of an escalation policy: who would be paged, when, by which contact. Nothing is sent.
//!
//! It follows what escalation does: within a step everybody is asked once, a step with nobody to page is skipped without
//! a wait, and after the last run the owners are told. Nobody is on call in any schedule yet.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::channel::Gateways;
use crate::ctx::Ctx;
use crate::domain::id::{ChannelId, ContactId, PolicyId, UserId};
use crate::domain::people::{Channel, Medium, User};
use crate::domain::policy::{Policy, Step, Target};
use crate::domain::service::Urgency;
use crate::domain::time::after_seconds;
use crate::store::{Store, StoreError};

/// What an incident that nobody answers would do.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Preview {
    /// Which policy.
    pub policy_id: PolicyId,
    /// When the incident would open.
    pub at: Timestamp,
    /// How loudly it would ask.
    pub urgency: Urgency,
    /// How often the steps run.
    pub runs: u32,
    /// The steps of the first run; each further run takes as long.
    pub steps: Vec<StepPreview>,
    /// When nobody has answered, and the owners are told.
    pub unanswered_at: Timestamp,
    /// Which owners are told then.
    pub owners: Vec<OwnerPreview>,
    /// What does not work as it may be meant to.
    pub warnings: Vec<Warning>,
}

/// What one step would do.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct StepPreview {
    /// Its place, from 1.
    pub step: usize,
    /// When it begins.
    pub at: Timestamp,
    /// Whether it pages nobody, and the next begins at once.
    pub skipped: bool,
    /// Its messages, in the order of their times.
    pub pages: Vec<PagePreview>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PagePreview {
    /// When it is sent.
    pub at: Timestamp,
    /// The person; null for a channel.
    pub user_id: Option<UserId>,
    /// The person's contact; null for a channel.
    pub contact_id: Option<ContactId>,
    /// The channel; null for a person.
    pub channel_id: Option<ChannelId>,
    /// The person's or the channel's name.
    pub name: String,
    /// By which medium.
    pub medium: Medium,
}

/// An owner who would be told that nobody answered.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct OwnerPreview {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// By which contacts; none: they cannot be reached.
    pub contact_ids: Vec<ContactId>,
}

/// Something that does not work as it may be meant to.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Warning {
    /// The step it is about, from 1; null: the policy as a whole.
    pub step: Option<usize>,
    /// `nobody_to_page`, `missing`, `no_verified_contact`, `nobody_on_call`, `no_provider` or `no_owner_reachable`.
    pub code: &'static str,
    /// The same for people.
    pub text: String,
}

/// Rehearses `policy` for an incident that opens `at`.
///
/// # Errors
/// When the table does not answer, or a row cannot be read.
pub async fn rehearsal(ctx: &Ctx, policy: &Policy, urgency: Urgency, at: Timestamp) -> Result<Preview, StoreError> {
    let facts = Facts::read(&ctx.store, policy).await?;
    Ok(rehearse(policy, &facts, &ctx.gateways, urgency, at))
}

/// What a rehearsal needs to know.
struct Facts {
    users: HashMap<UserId, User>,
    channels: HashMap<ChannelId, Channel>,
    owners: Vec<User>,
}

impl Facts {
    async fn read(store: &Store, policy: &Policy) -> Result<Self, StoreError> {
        let (mut people, mut places) = (BTreeSet::new(), BTreeSet::new());
        for target in policy.steps.iter().flat_map(|step| &step.targets) {
            match target {
                Target::User(id) => drop(people.insert(*id)),
                Target::Channel(id) => drop(places.insert(*id)),
                Target::Schedule(_) => {}
            }
        }
        let users = store.load_many::<User>(people).await?;
        let channels = store.load_many::<Channel>(places).await?;
        Ok(Self {
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            channels: channels.into_iter().map(|channel| (channel.id, channel)).collect(),
            owners: store.owners().await?,
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
    use crate::channel::Gateway;
    use crate::domain::people::{Contact, Role, Rule, Rules};

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
            tokens_ended_at: None,
            avatar: Default::default(),
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
