//! What announced work on an incident's service does to its pages: it holds them, or makes them quiet, as long as it goes on.

use super::{Asking, Deciding, Decision, Need, Plan, plan};
use crate::domain::incident::UnderMaintenance;
use crate::domain::limits;
use crate::domain::service::Urgency;
use crate::domain::status::Work;
use crate::domain::time::after_seconds;
use crate::domain::timeline::EventKind;

impl Deciding<'_> {
    /// The maintenance that explains this incident, and changes how it pages.
    pub(super) fn work(&self) -> Asking<Option<&Work>> {
        if !self.next.yields_to_maintenance() {
            return Ok(None);
        }
        let works = self.facts.works.as_ref().ok_or(vec![Need::Works])?;
        Ok(Work::foremost(works, &self.next, self.now))
    }

    /// What it still, or no longer, has to do with a maintenance that holds nothing.
    pub(super) fn look_at_maintenance(&mut self, work: Option<&Work>) {
        if self.next.maintenance.is_none() {
            return;
        }
        match work {
            Some(work) if !self.next.is_held() => self.next.maintenance = Some(self.under(work)),
            _ => self.next.maintenance_ended(),
        }
    }

    /// It pages nobody while this goes on.
    pub(super) fn hold(mut self, work: &Work) -> Decision {
        let now = self.under(work);
        let known = self.next.maintenance.clone().filter(|_| self.next.is_held());
        let is_same = known.is_some_and(|known| (known.maintenance_id, known.until) == (now.maintenance_id, now.until));
        let event = (!is_same).then(|| EventKind::Held {
            maintenance_id: now.maintenance_id,
            title: now.title.clone(),
            until: now.until,
        });
        self.next.hold(now);
        plan(Plan {
            event,
            ..Plan::of(self.next)
        })
    }

    /// Whoever ends work early wakes what it keeps from paging; looking now and then is for when that fails.
    pub(super) fn under(&self, work: &Work) -> UnderMaintenance {
        UnderMaintenance {
            maintenance_id: work.maintenance_id,
            title: work.title.clone(),
            alerts: work.alerts,
            until: work.until,
            look_at: work
                .until
                .min(after_seconds(self.now, limits::MAINTENANCE_LOOK_SECONDS)),
        }
    }

    /// The maintenance that makes pages quiet that would be loud.
    pub(super) fn quiets(&self) -> Asking<Option<&Work>> {
        Ok(self.work()?.filter(|_| self.next.urgency == Urgency::High))
    }
}
