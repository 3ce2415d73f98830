//! The audit log: who did what, when, from where, and what it changed. Of a change only the difference is shown.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use shared::ctx::Ctx;
use shared::domain::actor::ActorKind;
use shared::domain::id::UserId;
use shared::domain::people::User;
use shared::domain::principal::Right;
use shared::store::{AuditEntry, AuditFilter};
use shared::web::{Problem, page_request};

use crate::page::{Asked, Choice, Frame, Moment, Older, People, Person, Refused, Section, Visitor, Zone, shown};

/// Kinds of things that people look for, and what they are called.
const KINDS: [(&str, &str); 14] = [
    ("service", "Services"),
    ("integration", "Integrations"),
    ("escalation_policy", "Escalation policies"),
    ("user", "People"),
    ("team", "Teams"),
    ("channel", "Channels"),
    ("token", "API tokens"),
    ("page", "Status pages"),
    ("component", "Components"),
    ("post", "Posts"),
    ("postmortem", "Postmortems"),
    ("maintenance", "Maintenances"),
    ("publication", "Answers whether the public is told"),
    ("session", "Sign-ins"),
];
/// Lines of one difference; the rest is counted.
const LINES_MAX: usize = 60;
/// Characters of one value.
const VALUE_CHARS_MAX: usize = 400;

#[derive(Debug, Template)]
#[template(path = "configuration/audit.html")]
struct Audit {
    frame: Frame,
    people: Vec<Choice>,
    kinds: Vec<Choice>,
    is_filtered: bool,
    rows: Vec<Row>,
    older: Older,
}

#[derive(Debug)]
struct Row {
    at: Moment,
    who: Person,
    by_token: bool,
    did: String,
    /// The kind of thing it was done to; empty where what was done says it all.
    object: String,
    /// Its name; empty where it has none.
    what: String,
    id: String,
    address: Option<String>,
    /// Whether something was there before and is there still.
    is_change: bool,
    difference: Difference,
}

/// What differs between what was and what is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    lines: Vec<Line>,
    more: usize,
}

#[derive(Debug, PartialEq, Eq)]
struct Line {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// A person's id; empty: everybody.
    #[serde(default)]
    user_id: String,
    /// The kind of thing; empty: all.
    #[serde(default)]
    object: String,
    limit: Option<usize>,
    after: Option<String>,
}

pub async fn show(visitor: Visitor, State(ctx): State<Ctx>, Asked(wanted): Asked<Wanted>) -> Result<Response, Refused> {
    visitor.who.may(Right::Administer)?;
    let filter = filter(&wanted)?;
    let page = page_request(wanted.limit, wanted.after.as_deref())?;
    let page = ctx.store.audit_log(&page, &filter).await?;
    let people = ctx.store.list_all::<User>().await?;
    let faces = People::of(&ctx, &people);
    let zone = visitor.zone();
    let path = format!("/audit?user_id={}&object={}", wanted.user_id, wanted.object);
    let is_filtered = filter != AuditFilter::default();
    let path = if is_filtered { path.as_str() } else { "/audit" };
    Ok(shown(&Audit {
        frame: Frame::new(Section::More, &visitor),
        older: Older::of(path, wanted.after.as_deref(), page.next.as_deref()),
        rows: page
            .items
            .into_iter()
            .map(|entry| row(entry, (&people, &faces), &zone))
            .collect(),
        people: choices(&people, &wanted.user_id),
        kinds: KINDS
            .iter()
            .map(|(kind, name)| Choice::new(kind, name, *kind == wanted.object))
            .collect(),
        is_filtered,
    }))
}

fn filter(wanted: &Wanted) -> Result<AuditFilter, Problem> {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let user_id = given(&wanted.user_id).map(|text| text.parse::<UserId>());
    let user_id = user_id.transpose();
    let user_id = user_id.map_err(|_| Problem::invalid_field("user_id", "is not the id of a person"))?;
    AuditFilter::new(user_id, given(&wanted.object)).map_err(|why| Problem::invalid_field("object", why))
}

fn choices(people: &[User], chosen: &str) -> Vec<Choice> {
    let mut all: Vec<Choice> = people
        .iter()
        .map(|user| Choice::new(user.id, &user.name, user.id.to_string() == chosen))
        .collect();
    all.sort_by_key(|choice| choice.name.to_lowercase());
    all
}

fn row(entry: AuditEntry, (people, faces): (&[User], &People), zone: &Zone) -> Row {
    let read = |json: &Option<String>| {
        json.as_deref()
            .and_then(|json| serde_json::from_str::<Value>(json).ok())
            .unwrap_or_default()
    };
    let (before, after) = (read(&entry.before), read(&entry.after));
    let named = |value: &Value| value["name"].as_str().map(str::to_owned);
    let person = || people.iter().find(|user| user.id.to_string() == entry.object_id);
    let what = named(&after)
        .or_else(|| named(&before))
        .or_else(|| person().map(|user| user.name.clone()));
    let (did, is_whole) = did(&entry.action, &entry.object_id);
    Row {
        at: zone.moment(entry.at),
        who: faces.actor(&entry.actor),
        by_token: entry.actor.kind == ActorKind::Token,
        did,
        what: what.filter(|_| !is_whole).unwrap_or_default(),
        object: if is_whole { String::new() } else { kind(&entry.object) },
        is_change: entry.before.is_some() && entry.after.is_some(),
        id: entry.object_id,
        address: entry.address,
        difference: difference(&before, &after),
    }
}

/// What was done, and whether that is the whole sentence, without what it was done to.
fn did(action: &str, object_id: &str) -> (String, bool) {
    let (words, is_whole) = match action {
        "created" => ("made the", false),
        "updated" => ("changed the", false),
        "deleted" => ("removed the", false),
        "signed_in" => ("signed in", true),
        "signed_out" => ("signed out", true),
        "signed_out_everywhere" => ("signed out everywhere", true),
        "sign_in_refused" if object_id.is_empty() => ("made somebody wait after too many tries to sign in", true),
        "sign_in_refused" => ("made somebody wait after too many tries to sign in as the", false),
        "password_changed" => ("changed their password", true),
        "password_reset" => ("chose a new password by a link", true),
        "invitation_accepted" => ("accepted their invitation", true),
        "link_sent" => ("sent a link to the", false),
        "key_rotated" => ("gave a new key to the", false),
        "test_alert_sent" => ("sent a test alert by the", false),
        "corrected" => ("corrected the words of the", false),
        "withdrawn" => ("withdrew the", false),
        "contact_code_sent" => ("sent a code to a contact of the", false),
        "contact_code_wrong" => ("typed a wrong code for a contact of the", false),
        "contact_verified" => ("verified a contact of the", false),
        other => return (format!("{}:", other.replace('_', " ")), false),
    };
    (words.to_owned(), is_whole)
}

/// A kind of thing, as people call it.
fn kind(object: &str) -> String {
    match object {
        "user" => "person".to_owned(),
        "token" => "API token".to_owned(),
        "page" => "status page".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Only what is not the same: fields are named by their place.
fn difference(before: &Value, after: &Value) -> Difference {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten(before, String::new(), &mut old);
    flatten(after, String::new(), &mut new);
    // It is told once already.
    old.remove("id");
    new.remove("id");
    let mut fields: Vec<&String> = old.keys().chain(new.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    let differing = fields.into_iter().filter(|field| old.get(*field) != new.get(*field));
    let mut lines: Vec<Line> = differing
        .map(|field| Line {
            field: field.replace('_', " "),
            before: old.get(field).cloned(),
            after: new.get(field).cloned(),
        })
        .collect();
    let more = lines.len().saturating_sub(LINES_MAX);
    lines.truncate(LINES_MAX);
    Difference { lines, more }
}

fn flatten(value: &Value, place: String, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            let joint = if place.is_empty() { "" } else { ", " };
            for (name, value) in fields {
                flatten(value, format!("{place}{joint}{name}"), found);
            }
        }
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            found.insert(place, cut(&words.join(", ")));
        }
        // Things with ids are told apart by them: one that goes does not make all that follow it others.
        Value::Array(items) => {
            let mut seen = HashMap::new();
            for (number, item) in items.iter().enumerate() {
                let own = item["id"].as_str();
                let name = own.map_or_else(|| (number + 1).to_string(), str::to_owned);
                let times: &mut u32 = seen.entry(name.clone()).or_default();
                *times += 1;
                let name = if *times > 1 { format!("{name} ({times})") } else { name };
                flatten(item, format!("{place} {name}"), found);
            }
        }
        Value::String(text) => _ = found.insert(place, cut(text)),
        Value::Bool(yes) => _ = found.insert(place, if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => _ = found.insert(place, number.to_string()),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(VALUE_CHARS_MAX).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let told = |line: Line| {
            let side = |side: Option<String>| side.unwrap_or_else(|| "-".into());
            format!("{}: {} > {}", line.field, side(line.before), side(line.after))
        };
        difference(before, after).lines.into_iter().map(told).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({ "name": "Web", "ack_timeout_seconds": 1800, "team_id": null, "rule": { "high": true } });
        let after = json!({ "name": "Web", "ack_timeout_seconds": 60, "team_id": "tea_1", "rule": { "high": false } });
        assert_eq!(
            told(&before, &after),
            [
                "ack timeout seconds: 1800 > 60",
                "rule, high: yes > no",
                "team id: - > tea_1"
            ]
        );
        assert_eq!(told(&before, &before), Vec::<String>::new());
        assert_eq!(told(&Value::Null, &json!({ "name": "Web" })), ["name: - > Web"]);
        assert_eq!(told(&json!({ "name": "Web" }), &Value::Null), ["name: Web > -"]);
    }

    #[test]
    fn one_that_goes_from_a_list_leaves_the_others_as_they_are() {
        let contact = |id: &str| json!({ "id": id, "address": format!("{id}@example.com") });
        let before = json!({ "contacts": [contact("a"), contact("b"), contact("c")], "team_ids": ["x", "y"] });
        let after = json!({ "contacts": [contact("b"), contact("c")], "team_ids": ["y"] });
        assert_eq!(
            told(&before, &after),
            [
                "contacts a, address: a@example.com > -",
                "contacts a, id: a > -",
                "team ids: x, y > y"
            ]
        );
    }

    #[test]
    fn what_is_long_is_cut_and_counted() {
        let many: Vec<u32> = (0..100).collect();
        let difference = difference(&Value::Null, &json!({ "many": many, "long": "é".repeat(500) }));
        assert_eq!((difference.lines.len(), difference.more), (LINES_MAX, 41));
        let long = difference.lines.iter().find(|line| line.field == "long").unwrap();
        assert_eq!(long.after.as_ref().unwrap().chars().count(), VALUE_CHARS_MAX + 1);
    }
}
