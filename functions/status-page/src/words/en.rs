//! English.

use super::Labels;

pub(super) const LABELS: Labels = Labels {
    lang: "en",
    headlines: [
        "All systems operational",
        "Under maintenance",
        "Some systems are slow or not always working",
        "Some systems are partly down",
        "Some systems are down",
    ],
    component_statuses: [
        "Operational",
        "Under maintenance",
        "Degraded performance",
        "Partial outage",
        "Major outage",
    ],
    post_statuses: ["Investigating", "Identified", "Monitoring", "Resolved", "Postmortem"],
    maintenance_statuses: ["Scheduled", "In progress", "Verifying", "Completed"],
    impacts: ["No impact", "Minor impact", "Major impact", "Critical impact"],
    feed_title: "{page}: status",
    current: "Current incidents",
    components: "Components",
    maintenances: "Maintenance",
    past: "Past incidents",
    nothing_past: "Nothing was reported.",
    no_components: "This page has no components yet. Add some, and say which services affect them.",
    history: "History",
    back: "Current status",
    feed: "Atom feed",
    uptime: "uptime",
    no_data: "no data",
    affects: "Affects",
    withdrawn: "This post was wrong and was withdrawn.",
    until: "until",
    days_ago: "90 days ago",
    today: "Today",
    times_in: "Times in",
    made_by: "Made with Nightbell",
};
