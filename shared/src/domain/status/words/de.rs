//! German.

use super::{ComponentStatus, CourseWords, Part, PostStatus, PublicName, Ready, Words, lasting, listed};

pub(super) struct German;

/// Where posts stand, in the order of [`PostStatus`].
pub const POST_STATUSES: [&str; 5] = [
    "In Untersuchung",
    "Erkannt",
    "Unter Beobachtung",
    "Behoben",
    "Nachbetrachtung",
];

const UNNAMED: (&str, &str) = ("eines unserer Systeme", "weitere");

const READY: [Ready; 7] = [
    Ready {
        name: "Wir suchen",
        status: PostStatus::Investigating,
        text: "Wir sehen eine Störung und gehen ihr nach. Betroffen: {names}.",
    },
    Ready {
        name: "Wir suchen noch",
        status: PostStatus::Investigating,
        text: "Wir gehen der Störung weiter nach und melden uns, sobald wir mehr wissen. Betroffen: {names}.",
    },
    Ready {
        name: "Ursache gefunden",
        status: PostStatus::Identified,
        text: "Wir kennen die Ursache der Störung und arbeiten daran. Betroffen: {names}.",
    },
    Ready {
        name: "Fehler bei einem Anbieter",
        status: PostStatus::Identified,
        text: "Die Ursache der Störung liegt bei einem unserer Anbieter. Wir stehen mit ihm in Verbindung und geben \
               weiter, was wir hören. Betroffen: {names}.",
    },
    Ready {
        name: "Ein Ausweg",
        status: PostStatus::Identified,
        text: "Wir arbeiten an der Störung. Betroffen: {names}. Bis sie vorbei ist, hilft dies: ",
    },
    Ready {
        name: "Behoben, wir beobachten",
        status: PostStatus::Monitoring,
        text: "Die Störung sollte behoben sein. Wir beobachten, ob es so bleibt. Betroffen: {names}.",
    },
    Ready {
        name: "Vorbei",
        status: PostStatus::Resolved,
        text: "Die Störung ist vorbei. Betroffen war: {names}. Wir bitten um Entschuldigung.",
    },
];

fn all(names: &[PublicName<'_>]) -> String {
    listed(names, "und", UNNAMED.1, UNNAMED.0)
}

fn how(status: ComponentStatus) -> &'static str {
    match status {
        ComponentStatus::Operational => "in Ordnung",
        ComponentStatus::UnderMaintenance => "in Wartung",
        ComponentStatus::DegradedPerformance => "langsam oder nicht immer verfügbar",
        ComponentStatus::PartialOutage => "teilweise ausgefallen",
        ComponentStatus::MajorOutage => "ausgefallen",
    }
}

impl Words for German {
    fn title_of_names(&self) -> &'static str {
        "Störung: {names}"
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
            "Wir sehen eine Störung und gehen ihr nach. Betroffen: {} ({}).",
            all(names),
            how(worst)
        )
    }

    fn identified(&self, names: &[PublicName<'_>]) -> String {
        format!("Wir arbeiten an der Störung. Betroffen: {}.", all(names))
    }

    fn worse(&self, names: &[PublicName<'_>], worst: ComponentStatus) -> String {
        format!(
            "Die Störung ist schlimmer geworden. Betroffen: {} ({}).",
            all(names),
            how(worst)
        )
    }

    fn back(&self, names: &[PublicName<'_>]) -> String {
        format!(
            "Die Störung ist wieder da, wir gehen ihr nach. Betroffen: {}.",
            all(names)
        )
    }

    fn resolved(&self, names: &[PublicName<'_>]) -> String {
        format!("Die Störung ist vorbei. Betroffen war: {}.", all(names))
    }

    fn how(&self, status: ComponentStatus) -> &'static str {
        how(status)
    }

    fn heading(&self, part: Part) -> &'static str {
        match part {
            Part::WhatHappened => "Was geschehen ist",
            Part::Impact => "Auswirkungen",
            Part::Causes => "Ursachen",
            Part::NextSteps => "Was wir tun",
        }
    }

    fn course(&self) -> CourseWords {
        CourseWords {
            opened: "Wir haben eine Störung bemerkt. Betroffen: {names}.",
            told: "Wir haben auf dieser Seite davon berichtet.",
            acknowledged: "Wir haben daran gearbeitet.",
            resolved: "Die Störung war vorbei.",
        }
    }

    fn lasted(&self, minutes: i64) -> String {
        match minutes {
            0 => "Sie dauerte weniger als eine Minute.".into(),
            minutes => format!("Sie dauerte {}", lasting(minutes, ["Tg.", "Std.", "Min."])),
        }
    }

    fn maintenance_begins(&self) -> String {
        "Die angekündigten Arbeiten haben begonnen.".into()
    }

    fn maintenance_ends(&self) -> String {
        "Die angekündigten Arbeiten sind abgeschlossen.".into()
    }
}
