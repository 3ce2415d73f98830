//! English.

use super::{ComponentStatus, CourseWords, Part, PostStatus, PublicName, Ready, Words, lasting, listed};

pub(super) struct English;

/// Where posts stand, in the order of [`PostStatus`].
pub const POST_STATUSES: [&str; 5] = ["Investigating", "Identified", "Monitoring", "Resolved", "Postmortem"];

const UNNAMED: (&str, &str) = ("one of our systems", "more");

const READY: [Ready; 7] = [
    Ready {
        name: "We are looking",
        status: PostStatus::Investigating,
        text: "We see problems with {names} and are looking into them.",
    },
    Ready {
        name: "Still looking",
        status: PostStatus::Investigating,
        text: "We are still looking into the problems with {names}. We will tell you more as soon as we know more.",
    },
    Ready {
        name: "Cause found",
        status: PostStatus::Identified,
        text: "We have found the cause of the problems with {names} and are working on it.",
    },
    Ready {
        name: "A supplier's fault",
        status: PostStatus::Identified,
        text: "The problems with {names} come from a supplier of ours. We are in contact with them and will tell you \
               what we hear.",
    },
    Ready {
        name: "A way around",
        status: PostStatus::Identified,
        text: "We are working on the problems with {names}. Until they are over, this helps: ",
    },
    Ready {
        name: "Fixed, watching",
        status: PostStatus::Monitoring,
        text: "{names} should work again. We are watching whether it stays that way.",
    },
    Ready {
        name: "It is over",
        status: PostStatus::Resolved,
        text: "The problems with {names} are over. We are sorry for the trouble.",
    },
];

fn all(names: &[PublicName<'_>]) -> String {
    listed(names, "and", UNNAMED.1, UNNAMED.0)
}

fn how(status: ComponentStatus) -> &'static str {
    match status {
        ComponentStatus::Operational => "working as usual",
        ComponentStatus::UnderMaintenance => "under maintenance",
        ComponentStatus::DegradedPerformance => "slow or not always working",
        ComponentStatus::PartialOutage => "in part not working",
        ComponentStatus::MajorOutage => "not working",
    }
}

impl Words for English {
    fn title_of_names(&self) -> &'static str {
        "Problems with {names}"
    }

    fn ready(&self) -> &'static [Ready] {
        &READY
    }

    fn listed(&self, names: &[PublicName<'_>]) -> String {
        all(names)
    }

    fn unnamed(&self) -> (&'static str, &'static str) {
        UNNAMED
    }

    fn post_status(&self, status: PostStatus) -> &'static str {
        POST_STATUSES[status as usize]
    }

    fn investigating(&self, names: &[PublicName<'_>], worst: ComponentStatus) -> String {
        format!(
            "We see problems with {} ({}) and are looking into them.",
            all(names),
            how(worst)
        )
    }

    fn identified(&self, names: &[PublicName<'_>]) -> String {
        format!("We are working on the problems with {}.", all(names))
    }

    fn worse(&self, names: &[PublicName<'_>], worst: ComponentStatus) -> String {
        format!("It has become worse. Affected: {} ({}).", all(names), how(worst))
    }

    fn back(&self, names: &[PublicName<'_>]) -> String {
        format!("The problems with {} are back. We are looking into them.", all(names))
    }

    fn resolved(&self, names: &[PublicName<'_>]) -> String {
        format!("The problems with {} are over.", all(names))
    }

    fn how(&self, status: ComponentStatus) -> &'static str {
        how(status)
    }

    fn heading(&self, part: Part) -> &'static str {
        match part {
            Part::WhatHappened => "What happened",
            Part::Impact => "Impact",
            Part::Causes => "Causes",
            Part::NextSteps => "What we do next",
        }
    }

    fn course(&self) -> CourseWords {
        CourseWords {
            opened: "We noticed problems with {names}.",
            told: "We told you on this page.",
            acknowledged: "We were working on it.",
            resolved: "It was over.",
        }
    }

    fn lasted(&self, minutes: i64) -> String {
        match minutes {
            0 => "It lasted less than a minute.".into(),
            minutes => format!("It lasted {}.", lasting(minutes, ["d", "h", "min"])),
        }
    }

    fn maintenance_begins(&self) -> String {
        "The announced work has begun.".into()
    }

    fn maintenance_ends(&self) -> String {
        "The announced work is done.".into()
    }
}
