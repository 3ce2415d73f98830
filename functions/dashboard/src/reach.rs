//! How somebody is reached: their contacts and rules, in the settings of whose they are and on the page of a person. The
//! forms are the same; the API knows who may send them for whom.

use shared::channel::Gateways;
use shared::domain::people::{Contact, Medium, Rule, User};
use shared::store::Versioned;

use crate::page::minutes;
use crate::words;

/// Ways to reach people, as a form offers them.
const MEDIA: [Medium; 4] = [Medium::Sms, Medium::Voice, Medium::Email, Medium::Webhook];

/// What is shown and changed of it.
#[derive(Debug)]
pub struct Reach {
    pub id: String,
    pub version: u64,
    /// Whether they look at it themselves.
    pub is_own: bool,
    pub contacts: Vec<ContactRow>,
    pub media: Vec<(&'static str, &'static str)>,
    pub rules: [RuleList; 2],
}

#[derive(Debug)]
pub struct ContactRow {
    pub id: String,
    pub name: String,
    pub address: String,
    pub is_verified: bool,
    pub is_waiting: bool,
}

/// The rules of one urgency.
#[derive(Debug)]
pub struct RuleList {
    pub urgency: &'static str,
    pub heading: &'static str,
    pub rules: Vec<RuleRow>,
    /// What a rule is when it is added.
    pub blank: RuleRow,
}

#[derive(Debug)]
pub struct RuleRow {
    pub minutes: String,
    pub contact_id: String,
}

impl Reach {
    pub fn of(user: &Versioned<User>, gateways: &Gateways, is_own: bool) -> Self {
        let Versioned { value: user, version } = user;
        Self {
            id: user.id.to_string(),
            version: *version,
            is_own,
            contacts: user.contacts.iter().map(contact_row).collect(),
            media: media(gateways),
            rules: [
                rule_list("high", "When something is urgent", &user.rules.high),
                rule_list("low", "When it can wait", &user.rules.low),
            ],
        }
    }
}

/// The media that this deployment can send by.
fn media(gateways: &Gateways) -> Vec<(&'static str, &'static str)> {
    let can = MEDIA.into_iter().filter(|medium| gateways.of(*medium).is_some());
    can.map(|medium| (medium.as_str(), words::medium(medium))).collect()
}

fn contact_row(contact: &Contact) -> ContactRow {
    ContactRow {
        id: contact.id.to_string(),
        name: format!("{} to {}", words::medium(contact.kind), contact.address),
        address: contact.address.clone(),
        is_verified: contact.verified_at.is_some(),
        is_waiting: contact.verification.is_some(),
    }
}

fn rule_list(urgency: &'static str, heading: &'static str, rules: &[Rule]) -> RuleList {
    let row = |rule: &Rule| RuleRow {
        minutes: minutes(rule.after_seconds),
        contact_id: rule.contact_id.to_string(),
    };
    RuleList {
        urgency,
        heading,
        rules: rules.iter().map(row).collect(),
        blank: RuleRow {
            minutes: minutes(0),
            contact_id: String::new(),
        },
    }
}
