//! Notification rules: which of their contacts a person hears by, and how long after a step begins.

use crate::openapi::Routes;
use crate::openapi::routes;
use shared::domain::id::UserId;
use shared::domain::limits;
use shared::domain::people::{Rule, Rules, User};
use shared::domain::principal::Right;
use shared::store::Versioned;
use shared::web::{Id, JsonBody, Problem};

use super::caller::Caller;
use super::contacts::may_set;
use super::etag::{IfMatch, Tagged};
use super::resource::{Plan, edit, load};
use super::validate::Faults;

pub fn routes() -> Routes {
    Routes::default().routes(routes!(get_notification_rules, set_notification_rules))
}

/// The rules of each urgency, by the names of their fields.
pub fn by_urgency(rules: &Rules) -> [(&'static str, &[Rule]); 2] {
    [("high", &rules.high), ("low", &rules.low)]
}

/// A person's notification rules
///
/// None for an urgency: every verified contact at once for high, e-mail for low. Rules of contacts that are not verified
/// do nothing yet.
#[utoipa::path(get, path = "/api/v1/users/{id}/notification-rules", tag = "Notification rules",
    params(("id" = UserId, Path)), responses((status = 200, body = Rules)))]
async fn get_notification_rules(caller: Caller, Id(id): Id<UserId>) -> Result<Tagged<Rules>, Problem> {
    caller.may(Right::Read)?;
    let user = load::<User>(&caller, id).await?;
    Ok(Tagged {
        version: user.version,
        value: user.value.rules,
    })
}

/// Replace a person's notification rules
#[utoipa::path(put, path = "/api/v1/users/{id}/notification-rules", tag = "Notification rules",
    params(("id" = UserId, Path)), request_body = Rules, responses((status = 200, body = Rules)))]
async fn set_notification_rules(
    caller: Caller,
    Id(id): Id<UserId>,
    if_match: IfMatch,
    JsonBody(rules): JsonBody<Rules>,
) -> Result<Tagged<Rules>, Problem> {
    set(&caller, id, &if_match, &rules).await
}

async fn set(caller: &Caller, id: UserId, if_match: &IfMatch, rules: &Rules) -> Result<Tagged<Rules>, Problem> {
    let after = edit(caller, id, |before: Versioned<User>| async move {
        may_set(caller, &before.value)?;
        if_match.check(before.version)?;
        let mut faults = Faults::default();
        check(&mut faults, rules, &before.value);
        faults.none()?;
        let user = User {
            rules: rules.clone(),
            ..before.value.clone()
        };
        Ok(Plan::over(before, user))
    });
    let after = after.await?;
    Ok(Tagged {
        version: after.version,
        value: after.value.rules,
    })
}

fn check(faults: &mut Faults, rules: &Rules, user: &User) {
    for (urgency, rules) in by_urgency(rules) {
        faults.count(urgency, rules.len(), 0..=limits::RULES_MAX);
        faults.no_doubles(
            rules.iter().map(|rule| (rule.contact_id, rule.after_seconds)),
            |place| format!("{urgency}[{place}]"),
        );
        for (place, rule) in rules.iter().enumerate() {
            let seconds = 0..=limits::RULE_AFTER_SECONDS_MAX;
            faults.within(format!("{urgency}[{place}].after_seconds"), rule.after_seconds, seconds);
            if user.contact(rule.contact_id).is_none() {
                faults.add(
                    format!("{urgency}[{place}].contact_id"),
                    "is none of this person's contacts",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::people::{Contact, Medium, Role};

    use super::*;

    fn rule(after_seconds: u32, contact: u128) -> Rule {
        Rule {
            after_seconds,
            contact_id: ulid::Ulid::from_parts(1, contact).into(),
        }
    }

    fn faults(high: Vec<Rule>, low: Vec<Rule>) -> Vec<String> {
        let contact = |n: u128| Contact {
            id: ulid::Ulid::from_parts(1, n).into(),
            kind: Medium::Email,
            address: "ada@example.com".into(),
            verified_at: None,
            verification: None,
        };
        let user = User {
            id: ulid::Ulid::from_parts(1, 1).into(),
            name: "Ada".into(),
            email: "ada@example.com".into(),
            role: Role::Viewer,
            team_ids: vec![],
            time_zone: "UTC".into(),
            locale: "en".into(),
            contacts: (0..2).map(contact).collect(),
            rules: Rules::default(),
            password_hash: None,
            signed_out_at: None,
            tokens_ended_at: None,
            avatar: Default::default(),
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        let mut faults = Faults::default();
        check(&mut faults, &Rules { high, low }, &user);
        faults
            .none()
            .err()
            .into_iter()
            .flat_map(|problem| problem.errors)
            .map(|error| error.field)
            .collect()
    }

    #[test]
    fn rules_name_own_contacts_within_an_hour_and_once() {
        assert!(faults(vec![rule(0, 0), rule(0, 1), rule(3_600, 0)], vec![rule(0, 0)]).is_empty());
        assert_eq!(faults(vec![rule(3_601, 0)], vec![]), ["high[0].after_seconds"]);
        assert_eq!(faults(vec![], vec![rule(0, 0), rule(0, 7)]), ["low[1].contact_id"]);
        assert_eq!(faults(vec![rule(5, 1), rule(5, 1)], vec![]), ["high[1]"]);
        let many: Vec<Rule> = (0..9).map(|seconds| rule(seconds, 0)).collect();
        assert_eq!(faults(many[..8].to_vec(), many), ["low"]);
    }
}
