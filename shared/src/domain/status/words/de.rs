//! German.

use super::{ComponentStatus, PublicName, Words, listed};

pub(super) struct German;

fn all(names: &[PublicName<'_>]) -> String {
    listed(names, "und", "weitere", "eines unserer Systeme")
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
    fn title(&self, names: &[PublicName<'_>]) -> String {
        format!("Störung: {}", all(names))
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

    fn maintenance_begins(&self) -> String {
        "Die angekündigten Arbeiten haben begonnen.".into()
    }

    fn maintenance_ends(&self) -> String {
        "Die angekündigten Arbeiten sind abgeschlossen.".into()
    }
}
