//! What a service's incidents do to components of status pages, and whether the public is told of it.

use shared::ctx::Ctx;
use shared::domain::id::ComponentId;
use shared::domain::limits;
use shared::domain::service::Service;
use shared::domain::status::{Affected, Component, ComponentStatus, Page, PublicationMode, PublicationRule};
use shared::store::StoreError;

use crate::page::{Choice, by_name};
use crate::words;

/// What an incident may make of a component. Maintenance is announced, and never made of an incident.
const STATUSES: [ComponentStatus; 4] = [
    ComponentStatus::Operational,
    ComponentStatus::DegradedPerformance,
    ComponentStatus::PartialOutage,
    ComponentStatus::MajorOutage,
];

/// What the form of a service offers about the public.
#[derive(Debug)]
pub struct Effects {
    pub items: Vec<Item>,
    /// What an item begins with.
    pub blank: Item,
    pub modes: [Choice; 3],
    pub settle_seconds: u32,
    pub settle_seconds_max: u32,
    /// Whether there is any component that could be affected.
    pub has_components: bool,
    /// What it comes to, for whoever reads.
    pub said: Vec<Said>,
    pub rule: String,
}

/// One component, and what each severity makes of it.
#[derive(Debug)]
pub struct Item {
    /// By page.
    pub pages: Vec<(String, Vec<Choice>)>,
    /// The key in JSON, its name, and the statuses.
    pub severities: [(&'static str, &'static str, Vec<Choice>); 4],
}

/// What is done to one component.
#[derive(Debug)]
pub struct Said {
    pub component: String,
    pub page: String,
    pub page_id: String,
    pub how: String,
}

impl Effects {
    /// Of a service; none: it is new.
    pub async fn of(ctx: &Ctx, service: Option<&Service>) -> Result<Self, StoreError> {
        let (components, pages) =
            futures_util::try_join!(ctx.store.list_all::<Component>(), ctx.store.list_all::<Page>())?;
        let affected = service.map_or(&[][..], |service| &service.components);
        let rule = service.map_or_else(PublicationRule::default, |service| service.publication);
        let offered = Offered {
            components: &components,
            pages: &pages,
        };
        Ok(Self {
            items: affected.iter().map(|one| offered.item(Some(one))).collect(),
            blank: offered.item(None),
            modes: modes(rule.mode),
            settle_seconds: rule.settle_seconds,
            settle_seconds_max: limits::SETTLE_SECONDS_MAX,
            has_components: components.iter().any(|one| !one.is_group),
            said: affected.iter().filter_map(|one| offered.said(one)).collect(),
            rule: rule_in_words(rule),
        })
    }
}

/// What there is to be affected.
struct Offered<'a> {
    components: &'a [Component],
    pages: &'a [Page],
}

impl Offered<'_> {
    fn item(&self, affected: Option<&Affected>) -> Item {
        let severities = [
            ("critical", "Critical", ComponentStatus::MajorOutage),
            ("error", "Error", ComponentStatus::PartialOutage),
            ("warning", "Warning", ComponentStatus::DegradedPerformance),
            ("info", "Info", ComponentStatus::Operational),
        ];
        let said = affected.map(|one| [one.critical, one.error, one.warning, one.info]);
        let mut place = 0..;
        let severities = severities.map(|(key, name, usual)| {
            let chosen = place.next().and_then(|place: usize| said.map(|said| said[place]));
            (key, name, statuses(chosen.unwrap_or(usual)))
        });
        Item {
            pages: self.by_page(affected.map(|one| one.component_id)),
            severities,
        }
    }

    fn by_page(&self, chosen: Option<ComponentId>) -> Vec<(String, Vec<Choice>)> {
        let choices = |page: &Page| {
            let own = self.components.iter();
            let own = own.filter(|one| one.page_id == page.id && !one.is_group);
            by_name(
                own.map(|one| Choice::new(one.id, &one.name, chosen == Some(one.id)))
                    .collect(),
            )
        };
        let all = self.pages.iter().map(|page| (page.name.clone(), choices(page)));
        let mut all: Vec<_> = all.filter(|(_, choices)| !choices.is_empty()).collect();
        // Lists may not have it yet, and to save what was not touched must change nothing.
        let is_there = all.iter().flat_map(|(_, choices)| choices).any(|one| one.is_chosen);
        if let Some(id) = chosen.filter(|_| !is_there) {
            all.push(("Not in the list".into(), vec![Choice::new(id, &id.to_string(), true)]));
        }
        all
    }

    fn said(&self, affected: &Affected) -> Option<Said> {
        let component = self.components.iter().find(|one| one.id == affected.component_id)?;
        let page = self.pages.iter().find(|page| page.id == component.page_id)?;
        Some(Said {
            component: component.name.clone(),
            page: page.name.clone(),
            page_id: page.id.to_string(),
            how: in_words(affected),
        })
    }
}

fn statuses(chosen: ComponentStatus) -> Vec<Choice> {
    let choice = |one: ComponentStatus| Choice::new(one.as_str(), words::component(one), one == chosen);
    STATUSES.map(choice).into()
}

fn modes(chosen: PublicationMode) -> [Choice; 3] {
    [
        ("auto", "By themselves", PublicationMode::Auto),
        ("ask", "After somebody who answers them says so", PublicationMode::Ask),
        ("manual", "Only when somebody writes a post", PublicationMode::Manual),
    ]
    .map(|(id, name, mode)| Choice::new(id, name, mode == chosen))
}

fn rule_in_words(rule: PublicationRule) -> String {
    let lasting = match rule.settle_seconds {
        0 => "at once".to_owned(),
        seconds => format!("once they have lasted for {}", time_in_words(seconds)),
    };
    match rule.mode {
        PublicationMode::Auto => format!("They become public by themselves, {lasting}."),
        PublicationMode::Ask => format!("Somebody is asked whether they become public, {lasting}."),
        PublicationMode::Manual => "They become public only when somebody writes a post.".to_owned(),
    }
}

fn time_in_words(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (_, 1) if seconds == 1 => "a second".to_owned(),
        (1, 0) => "a minute".to_owned(),
        (minutes, 0) => format!("{minutes} minutes"),
        _ => format!("{seconds} seconds"),
    }
}

/// What incidents make of one component, by severity, the worst first.
pub fn in_words(affected: &Affected) -> String {
    let all = [
        ("critical", affected.critical),
        ("error", affected.error),
        ("warning", affected.warning),
        ("info", affected.info),
    ];
    let harmful = all.into_iter().filter(|(_, status)| status.is_trouble());
    let said: Vec<String> = harmful
        .map(|(severity, status)| format!("{severity}: {}", words::component(status).to_lowercase()))
        .collect();
    if said.is_empty() {
        return "none of its incidents change it".to_owned();
    }
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_stays_chosen_though_no_list_has_it() {
        let id = "cmp_01arz3ndektsv4rrffq69g5fav".parse().unwrap();
        let nothing = Offered {
            components: &[],
            pages: &[],
        };
        let offered = nothing.by_page(Some(id));
        let chosen =
            |(_, choices): &(String, Vec<Choice>)| choices.iter().any(|one| one.is_chosen && one.id == id.to_string());
        assert!(offered.iter().any(chosen), "{offered:?}");
        assert!(nothing.by_page(None).is_empty());
    }

    #[test]
    fn rules_and_effects_are_sentences() {
        let rule = |mode, settle_seconds| rule_in_words(PublicationRule { mode, settle_seconds });
        assert_eq!(
            rule(PublicationMode::Auto, 0),
            "They become public by themselves, at once."
        );
        assert_eq!(
            rule(PublicationMode::Ask, 60),
            "Somebody is asked whether they become public, once they have lasted for a minute."
        );
        assert!(rule(PublicationMode::Auto, 120).ends_with("for 2 minutes."));
        assert!(rule(PublicationMode::Auto, 90).ends_with("for 90 seconds."));
        let mut affected = Affected {
            component_id: "cmp_01arz3ndektsv4rrffq69g5fav".parse().unwrap(),
            critical: ComponentStatus::MajorOutage,
            error: ComponentStatus::PartialOutage,
            warning: ComponentStatus::Operational,
            info: ComponentStatus::Operational,
        };
        assert_eq!(in_words(&affected), "critical: major outage, error: partial outage");
        (affected.critical, affected.error) = Default::default();
        assert_eq!(in_words(&affected), "none of its incidents change it");
    }
}
