//! German.

use super::{
    ComponentStatus, CourseWords, Labels, Language, Part, PostStatus, PublicName, Ready, SubscriberWords, Words, listed,
};

/// All that is said in it.
pub static LANGUAGE: Language = Language {
    posts: &German,
    labels: &LABELS,
    subscribers: &SUBSCRIBERS,
};

struct German;

/// Where posts stand, in the order of [`PostStatus`].
const POST_STATUSES: [&str; 5] = [
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

    fn comes_and_goes(&self, names: &[PublicName<'_>]) -> String {
        format!(
            "Die Störung kommt und geht, wir gehen ihr nach. Betroffen: {}.",
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

    fn lasted(&self, milliseconds: i64) -> String {
        format!("Dauer: {}", LABELS.duration(milliseconds))
    }

    fn maintenance_begins(&self) -> String {
        "Die angekündigten Arbeiten haben begonnen.".into()
    }

    fn maintenance_ends(&self) -> String {
        "Die angekündigten Arbeiten sind abgeschlossen.".into()
    }
}

static LABELS: Labels = Labels {
    lang: "de",
    dates: "de-DE",
    form: |n| usize::from(n != 1),
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    months_short: [
        "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.",
    ],
    day: "{day}. {month}",
    day_of_year: "{day}. {month} {year}",
    day_and_time: "{date}, {time}",
    month: "{month} {year}",
    decimal: ",",
    percent: "{n}\u{a0}%",
    moment: "unter 1 Min.",
    minutes: "{n} Min.",
    hours: "{n} Std.",
    days: "{n} Tg.",
    headlines: [
        "Alle Systeme in Ordnung",
        "Wartungsarbeiten",
        "Einige Systeme sind langsam oder nicht immer verfügbar",
        "Einige Systeme sind teilweise ausgefallen",
        "Einige Systeme sind ausgefallen",
    ],
    headlines_of_one: [
        "Alle Systeme in Ordnung",
        "Wartungsarbeiten",
        "Ein System ist langsam oder nicht immer verfügbar",
        "Ein System ist teilweise ausgefallen",
        "Ein System ist ausgefallen",
    ],
    component_statuses: [
        "In Ordnung",
        "In Wartung",
        "Beeinträchtigt",
        "Teilweise ausgefallen",
        "Ausgefallen",
    ],
    post_statuses: POST_STATUSES,
    maintenance_statuses: ["Angekündigt", "Im Gange", "In Prüfung", "Abgeschlossen"],
    cancelled: "Abgesagt",
    impacts: [
        "Ohne Auswirkung",
        "Geringe Auswirkung",
        "Große Auswirkung",
        "Kritische Auswirkung",
    ],
    feed_title: "{page}: Status",
    skip: "Zum Inhalt",
    about: "Aktueller Status und Störungsverlauf von {page}.",
    current: "Aktuelle Störungen",
    maintenance_now: "Laufende Wartung",
    maintenance_ahead: "Angekündigte Wartung",
    components: "Komponenten",
    members: &["{n} Komponente", "{n} Komponenten"],
    past: "Letzte Störungen und Wartungen",
    nothing_lately: &["Nichts am letzten Tag.", "Nichts in den letzten {n} Tagen."],
    nothing_ever: "Bisher wurde nichts gemeldet. Störungen und Wartungen erscheinen hier und im Feed.",
    still_open: "Eine Störung ist noch offen",
    no_components: "Hier wird noch nichts beobachtet",
    no_components_yet: "Diese Seite hat noch keine Komponenten. Wer sie betreibt, legt welche an und sagt, welche Dienste sie betreffen.",
    history: "Verlauf",
    history_of: "Verlauf: {month}",
    nothing_in: "Im {month} wurde nichts gemeldet.",
    all_history: "Alle Störungen nach Monaten",
    all_months: "Monate",
    older: "Älter",
    newer: "Neuer",
    back: "Aktueller Status",
    feed: "Atom-Feed",
    uptime: "{percent} verfügbar",
    uptime_since: "{percent} verfügbar seit {date}",
    bars: &["{name}, letzter Tag", "{name}, letzte {n} Tage"],
    bars_keys: "Die Pfeiltasten nach links und rechts führen von Tag zu Tag.",
    days_ago: &["vor {n} Tag", "vor {n} Tagen"],
    today: "Heute",
    no_trouble: "keine Störung",
    no_data: "keine Daten",
    still: "dauert an",
    affects: "Betrifft {names}",
    affected: "Betraf {names}",
    became: "{name}: {status}",
    span: "{from} bis {until}",
    since: "seit {at}",
    more_updates: &["{n} frühere Meldung", "{n} frühere Meldungen"],
    updates: "Meldungen",
    withdrawn: "Diese Meldung war falsch und wurde zurückgezogen.",
    withdrawn_status: "Zurückgezogen",
    withdrawn_entry: "Was hier stand, war falsch und wurde zurückgezogen.",
    planned: "Geplant: {from} bis {until}",
    times_in: "Zeiten in {zone}.",
    times_yours: "Zeiten in Ihrer Zeitzone, {zone}.",
    changed: "Die Seite hat sich geändert. {headline}.",
    stale: "Der Server antwortet seit {time} nicht. Was Sie sehen, ist vielleicht veraltet.",
    old: "Was Sie sehen, ist eine Kopie von {time}: der Server kann gerade keine neuere schicken.",
    subscribe: "Abonnieren",
    share: "Teilen",
    elsewhere: "Anderswo zeigen",
    frame: "Ein Rahmen für Ihre Website",
    badge: "Ein Abzeichen",
    json: "Dasselbe als JSON",
    lost: "Diese Seite gibt es hier nicht",
    lost_why: "Vielleicht ist die Adresse vertippt, oder das Ziel wurde entfernt.",
    made_by: "Erstellt mit Nightbell",
};

static SUBSCRIBERS: SubscriberWords = SubscriberWords {
    lang: "de",
    channels: ["E-Mail", "SMS", "Webhook", "Slack"],
    addresses: [
        "ada@example.com",
        "+49 30 23125000",
        "https://example.com/hook",
        "https://hooks.slack.com/services/…",
    ],
    subscribe: "Benachrichtigungen abonnieren",
    subscribe_lead: "Erfahren Sie von Störungen und Wartungen von {page}, sobald diese Seite davon berichtet.",
    by: "Wie",
    address: "Adresse, Nummer oder URL",
    components: "Wovon",
    components_hint: "Wählen Sie nichts aus, um von allem zu erfahren.",
    subscribe_button: "Abonnieren",
    feed_hint: "Feedreader brauchen keine Adresse:",
    feed: "Atom-Feed",
    asked: "Noch ein Schritt",
    asked_link: "Wir senden eine Nachricht an diese Adresse, in der steht, wie es weitergeht. Sie gilt zwei Tage. Kommt in einigen Minuten keine, sehen Sie im Spam-Ordner nach, oder ob die Adresse stimmt; an eine Adresse, an die gerade mehrmals geschrieben wurde, geht keine.",
    asked_code: "Wir senden eine SMS mit einem Code an diese Nummer. Der Code gilt 15 Minuten. An eine Nummer, an die gerade mehrmals geschrieben wurde, geht keine.",
    code: "Der Code aus der SMS",
    code_button: "Bestätigen",
    code_wrong: "Dieser Code ist falsch, oder seine Zeit ist um.",
    confirm: "Bestätigen Sie Ihr Abonnement",
    confirm_lead: "Von da an erfahren Sie von Störungen und Wartungen von {page}. {channel}: {address}",
    confirm_button: "Ja, abonnieren",
    manage: "Ihr Abonnement",
    manage_lead: "Sie erfahren von {page}. {channel}: {address}",
    confirmed: "Ihr Abonnement ist bestätigt.",
    saved: "Gespeichert.",
    stopped: "Mehrere Nachrichten hintereinander kamen nicht an, darum senden wir keine mehr.",
    resume_button: "Wieder beginnen",
    save_button: "Speichern",
    secret: "Schlüssel der Signatur",
    secret_hint: "Jede Nachricht hat den Kopf X-Nightbell-Signature: v1= und den HMAC-SHA256 von „<X-Nightbell-Timestamp>.<Inhalt>“ unter diesem Schlüssel, hexadezimal.",
    unsubscribe: "Abbestellen",
    unsubscribe_lead: "Sie erfahren an {address} nichts mehr von {page}, und die Adresse wird gelöscht.",
    unsubscribed: "Sie sind abgemeldet",
    unsubscribed_lead: "Von {page} wird Ihnen nichts mehr gesendet, und Ihre Adresse ist gelöscht.",
    ended: "Sie haben kein Abonnement",
    ended_lead: "Von {page} wird Ihnen nichts gesendet. Sollte der Link ein Abonnement bestätigen, sind seine zwei Tage um.",
    wrong: "Dieser Link gilt nicht",
    wrong_lead: "Nehmen Sie den Link der neuesten Nachricht, oder abonnieren Sie noch einmal.",
    no_page: "Diese Statusseite gibt es nicht",
    no_page_lead: "Sehen Sie nach, ob die Adresse stimmt.",
    wait: "Zu oft",
    wait_lead: "Versuchen Sie es in {seconds} Sekunden wieder.",
    broken: "Das hat nicht geklappt",
    broken_lead: "Der Fehler liegt bei uns. Versuchen Sie es gleich noch einmal.",
    back: "Aktueller Status",
    invalid: "Etwas an Ihrer Eingabe stimmt nicht",
    address_faults: [
        "Das ist keine E-Mail-Adresse.",
        "Das ist keine Telefonnummer: + und 8 bis 15 Ziffern, zuerst die Landesvorwahl.",
        "An diese URL können wir nichts senden: sie muss mit https:// beginnen und zu einer öffentlichen Adresse führen.",
        "Das ist kein Webhook von Slack: er beginnt mit https://hooks.slack.com/services/.",
    ],
    channel_fault: "Nachrichten dieser Art können von hier nicht gesendet werden.",
    components_fault: "Wählen Sie höchstens 50 Komponenten dieser Seite.",
    confirm_subject: "Bitte bestätigen: Neues von {page}",
    confirm_text: "Jemand, wahrscheinlich Sie, möchte hier von {page} erfahren.\n\nÖffnen Sie zum Bestätigen diesen Link und drücken Sie den Knopf:\n{url}\n\nWaren Sie es nicht, müssen Sie nichts tun: ohne Antwort wird diese Adresse in zwei Tagen vergessen.",
    known_subject: "Ihr Abonnement von {page}",
    known_text: "Jemand, wahrscheinlich Sie, möchte hier von {page} erfahren. Das ist schon so.\n\nUm zu ändern, wovon Sie erfahren, oder um es zu beenden:\n{url}",
    code_text: "{code} ist Ihr Code für Neues von {page}. Haben Sie ihn nicht angefordert, müssen Sie nichts tun.",
    update_subject: "[{page}] {title}: {status}",
    reminder_subject: "[{page}] Erinnerung: {title}",
    reminder_text: "Zur Erinnerung: Diese Wartung steht bevor.",
    withdrawn_subject: "[{page}] Zurückgezogen: {title}",
    withdrawn_text: "Was wir geschrieben haben, war falsch, und wir nehmen es zurück.",
    affected: "Betroffen",
    planned: "Von {start} bis {end}",
    earlier: "Davor",
    read_more: "Mehr lesen",
    why: "Sie bekommen dies, weil Sie {page} abonniert haben.",
    change: "Ändern, wovon Sie erfahren",
};
