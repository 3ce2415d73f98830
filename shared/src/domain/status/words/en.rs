//! English.

use super::{ComponentStatus, PublicName, Words, listed};

pub(super) struct English;

fn all(names: &[PublicName<'_>]) -> String {
    listed(names, "and", "more", "one of our systems")
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
    fn title(&self, names: &[PublicName<'_>]) -> String {
        format!("Problems with {}", all(names))
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

    fn maintenance_begins(&self) -> String {
        "The announced work has begun.".into()
    }

    fn maintenance_ends(&self) -> String {
        "The announced work is done.".into()
    }
}
