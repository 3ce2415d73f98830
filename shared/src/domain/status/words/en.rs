//! English.

use super::{
    ComponentStatus, CourseWords, Labels, Language, Part, PostStatus, PublicName, Ready, SubscriberWords, Words, listed,
};

/// All that is said in it.
pub static LANGUAGE: Language = Language {
    posts: &English,
    labels: &LABELS,
    subscribers: &SUBSCRIBERS,
};

struct English;

/// Where posts stand, in the order of [`PostStatus`].
const POST_STATUSES: [&str; 5] = ["Investigating", "Identified", "Monitoring", "Resolved", "Postmortem"];

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

    fn comes_and_goes(&self, names: &[PublicName<'_>]) -> String {
        format!(
            "The problems with {} come and go. We are looking into them.",
            all(names)
        )
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

    fn lasted(&self, milliseconds: i64) -> String {
        format!("It lasted {}.", LABELS.duration(milliseconds))
    }

    fn maintenance_begins(&self) -> String {
        "The announced work has begun.".into()
    }

    fn maintenance_ends(&self) -> String {
        "The announced work is done.".into()
    }
}

static LABELS: Labels = Labels {
    lang: "en",
    dates: "en-GB",
    form: |n| usize::from(n != 1),
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    months_short: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
    day: "{day} {month}",
    day_of_year: "{day} {month} {year}",
    day_and_time: "{date}, {time}",
    month: "{month} {year}",
    decimal: ".",
    percent: "{n}%",
    moment: "under 1 min",
    minutes: "{n} min",
    hours: "{n} h",
    days: "{n} d",
    headlines: [
        "All systems operational",
        "Maintenance under way",
        "Some systems are slow or not always working",
        "Some systems are partly down",
        "Some systems are down",
    ],
    headlines_of_one: [
        "All systems operational",
        "Maintenance under way",
        "One system is slow or not always working",
        "One system is partly down",
        "One system is down",
    ],
    component_statuses: [
        "Operational",
        "Under maintenance",
        "Degraded performance",
        "Partial outage",
        "Major outage",
    ],
    post_statuses: POST_STATUSES,
    maintenance_statuses: ["Scheduled", "In progress", "Verifying", "Completed"],
    cancelled: "Cancelled",
    impacts: ["No impact", "Minor impact", "Major impact", "Critical impact"],
    feed_title: "{page}: status",
    skip: "Skip to the content",
    about: "Current status and incident history of {page}.",
    current: "Current incidents",
    maintenance_now: "Maintenance under way",
    maintenance_ahead: "Upcoming maintenance",
    components: "Components",
    members: &["{n} component", "{n} components"],
    past: "Recent incidents and maintenance",
    nothing_lately: &["Nothing in the last {n} day.", "Nothing in the last {n} days."],
    nothing_ever: "Nothing has been reported yet. Incidents and maintenance appear here, and in the feed.",
    still_open: "An incident is still open",
    no_components: "Nothing is watched here yet",
    no_components_yet: "This page has no components yet. Whoever runs it adds them, and says which services affect them.",
    history: "History",
    history_of: "History: {month}",
    nothing_in: "Nothing was reported in {month}.",
    all_history: "All incidents by month",
    all_months: "Months",
    older: "Older",
    newer: "Newer",
    back: "Current status",
    feed: "Atom feed",
    uptime: "{percent} uptime",
    uptime_since: "{percent} uptime since {date}",
    bars: &["{name}, last {n} day", "{name}, last {n} days"],
    bars_keys: "Left and right arrow keys go from day to day.",
    days_ago: &["{n} day ago", "{n} days ago"],
    today: "Today",
    no_trouble: "no trouble",
    no_data: "no data",
    still: "still going on",
    affects: "Affects {names}",
    affected: "Affected {names}",
    became: "{name}: {status}",
    span: "{from} to {until}",
    since: "since {at}",
    more_updates: &["{n} earlier update", "{n} earlier updates"],
    updates: "Updates",
    withdrawn: "This post was wrong and was withdrawn.",
    withdrawn_status: "Withdrawn",
    withdrawn_entry: "What was written here was wrong, and was withdrawn.",
    planned: "Planned: {from} to {until}",
    times_in: "Times are in {zone}.",
    times_yours: "Times are in your time zone, {zone}.",
    changed: "The page has changed. {headline}.",
    stale: "The server has not answered since {time}. What you see may be out of date.",
    old: "What you see is a copy of {time}: the server cannot send a newer one now.",
    subscribe: "Subscribe",
    share: "Share",
    elsewhere: "Show this elsewhere",
    frame: "A frame for your site",
    badge: "A badge",
    json: "The same as JSON",
    lost: "There is no such page here",
    lost_why: "The address may be mistyped, or what it led to was removed.",
    made_by: "Made with Nightbell",
};

static SUBSCRIBERS: SubscriberWords = SubscriberWords {
    lang: "en",
    channels: ["E-mail", "Text message", "Webhook", "Slack"],
    addresses: [
        "ada@example.com",
        "+44 20 7946 0000",
        "https://example.com/hook",
        "https://hooks.slack.com/services/…",
    ],
    subscribe: "Subscribe to updates",
    subscribe_lead: "Hear of incidents and maintenance of {page} as soon as this page tells of them.",
    by: "How",
    address: "Address, number or URL",
    components: "Of what",
    components_hint: "Choose none to hear of everything.",
    subscribe_button: "Subscribe",
    feed_hint: "Feed readers need no address:",
    feed: "Atom feed",
    asked: "One more step",
    asked_link: "We send a message to this address that says how to go on. It works for two days. If none comes within some minutes, look into the spam folder, or whether the address is right; to an address that was written to several times lately none is sent.",
    asked_code: "We send a text message with a code to this number. The code works for 15 minutes. To a number that was written to several times lately none is sent.",
    code: "The code from the text message",
    code_button: "Confirm",
    code_wrong: "This code is wrong, or its time is over.",
    confirm: "Confirm your subscription",
    confirm_lead: "From then on you hear of incidents and maintenance of {page}. {channel}: {address}",
    confirm_button: "Yes, subscribe",
    manage: "Your subscription",
    manage_lead: "You hear of {page}. {channel}: {address}",
    confirmed: "You are subscribed.",
    saved: "Saved.",
    stopped: "Several messages in a row could not be delivered, so no more are sent.",
    resume_button: "Begin again",
    save_button: "Save",
    secret: "Signing secret",
    secret_hint: "Every message has the header X-Nightbell-Signature: v1=, and the HMAC-SHA256 of “<X-Nightbell-Timestamp>.<body>” under this secret, in hexadecimal.",
    unsubscribe: "Unsubscribe",
    unsubscribe_lead: "You no longer hear of {page} at {address}, and the address is deleted.",
    unsubscribed: "You are unsubscribed",
    unsubscribed_lead: "Nothing more is sent to you of {page}, and your address is deleted.",
    ended: "You are not subscribed",
    ended_lead: "Nothing is sent to you of {page}. If the link was to confirm a subscription, its two days are over.",
    wrong: "This link does not work",
    wrong_lead: "Use the link of the newest message, or subscribe again.",
    no_page: "There is no such status page",
    no_page_lead: "Look whether the address is right.",
    wait: "Too often",
    wait_lead: "Try again in {seconds} seconds.",
    broken: "That did not work",
    broken_lead: "The fault is ours. Try again in a moment.",
    back: "Current status",
    invalid: "Something is wrong with what you wrote",
    address_faults: [
        "This is no e-mail address.",
        "This is no telephone number: + and 8 to 15 digits, country code first.",
        "This is no URL that we can send to: it must begin with https:// and lead to a public address.",
        "This is no incoming webhook of Slack: it begins with https://hooks.slack.com/services/.",
    ],
    channel_fault: "Messages of this kind cannot be sent from here.",
    components_fault: "Choose at most 50 components of this page.",
    confirm_subject: "Confirm: updates of {page}",
    confirm_text: "Somebody, most likely you, asked that updates of {page} be sent here.\n\nTo confirm, open this link and press the button:\n{url}\n\nIf it was not you, do nothing: without an answer this address is forgotten in two days.",
    known_subject: "Your subscription to {page}",
    known_text: "Somebody, most likely you, asked that updates of {page} be sent here. That is the case already.\n\nTo change what you hear of, or to end it:\n{url}",
    code_text: "{code} is your code for updates of {page}. If you did not ask for it, do nothing.",
    update_subject: "[{page}] {title}: {status}",
    reminder_subject: "[{page}] Reminder: {title}",
    reminder_text: "A reminder: this maintenance is coming up.",
    withdrawn_subject: "[{page}] Withdrawn: {title}",
    withdrawn_text: "What we wrote was wrong, and we take it back.",
    affected: "Affected",
    planned: "From {start} until {end}",
    earlier: "Before that",
    read_more: "Read more",
    why: "You get this because you subscribed to {page}.",
    change: "Change what you hear of",
};
