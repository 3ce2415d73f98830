//! German.

use super::Labels;

pub(super) const LABELS: Labels = Labels {
    lang: "de",
    headlines: [
        "Alle Systeme in Ordnung",
        "Wartungsarbeiten",
        "Einige Systeme sind langsam oder nicht immer verfügbar",
        "Einige Systeme sind teilweise ausgefallen",
        "Einige Systeme sind ausgefallen",
    ],
    component_statuses: [
        "In Ordnung",
        "In Wartung",
        "Beeinträchtigt",
        "Teilweise ausgefallen",
        "Ausgefallen",
    ],
    post_statuses: [
        "In Untersuchung",
        "Erkannt",
        "Unter Beobachtung",
        "Behoben",
        "Nachbetrachtung",
    ],
    maintenance_statuses: ["Angekündigt", "Im Gange", "In Prüfung", "Abgeschlossen"],
    impacts: [
        "Ohne Auswirkung",
        "Geringe Auswirkung",
        "Große Auswirkung",
        "Kritische Auswirkung",
    ],
    feed_title: "{page}: Status",
    current: "Aktuelle Störungen",
    components: "Komponenten",
    maintenances: "Wartung",
    past: "Vergangene Störungen",
    nothing_past: "Es wurde nichts gemeldet.",
    no_components: "Diese Seite hat noch keine Komponenten. Lege welche an und sage, welche Dienste sie betreffen.",
    history: "Verlauf",
    back: "Aktueller Status",
    feed: "Atom-Feed",
    uptime: "Verfügbarkeit",
    no_data: "keine Daten",
    affects: "Betrifft",
    withdrawn: "Diese Meldung war falsch und wurde zurückgezogen.",
    until: "bis",
    days_ago: "vor 90 Tagen",
    today: "Heute",
    times_in: "Zeiten in",
    made_by: "Erstellt mit Nightbell",
};
