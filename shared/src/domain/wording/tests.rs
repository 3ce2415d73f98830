//! Every message by every medium, as it is read.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::domain::actor::ActorKind;
use crate::domain::id::{MaintenanceId, UserId};
use crate::domain::incident::{Mark, Route, Status};
use crate::domain::service::{Timeouts, Urgency};
use crate::domain::timeline::{Asked, Because, EventKind, NotPaged, Resolution};

const LINK: &str = "https://nightbell.example.com/i/0123456789abcdef";
const LONG_LINK: &str = "https://nightbell.some-company.example.com/i/0123456789abcde";
const MEDIA: [Medium; 5] = [
    Medium::Sms,
    Medium::Voice,
    Medium::Email,
    Medium::Webhook,
    Medium::Topic,
];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn actor(kind: ActorKind, name: &str) -> Actor {
    Actor {
        kind,
        id: None,
        name: name.into(),
        user_id: None,
    }
}

fn incident() -> Incident {
    let ulid = ulid::Ulid::from_parts(1_770_084_720_000, 42);
    Incident {
        id: ulid.into(),
        correlation_id: ulid.into(),
        service_id: ulid.into(),
        service_name: "Checkout".into(),
        team_id: None,
        integration_id: Some(ulid.into()),
        opened_by: None,
        group_key: "disk".into(),
        title: "Disk full on db-1".into(),
        severity: Severity::Critical,
        peak_severity: Severity::Critical,
        urgency: Urgency::High,
        links: vec![],
        runbook_url: Some("https://wiki.example.com/disk".into()),
        created_at: at("2026-02-03T02:12:00Z"),
        status: Status::Triggered,
        acknowledged: Some(Mark {
            at: at("2026-02-03T02:15:30Z"),
            by: actor(ActorKind::User, "Ana"),
        }),
        resolved: Some(Mark {
            at: at("2026-02-03T02:40:00Z"),
            by: actor(ActorKind::User, "Ana"),
        }),
        epoch: 0,
        cycle: 0,
        first_cycle: 0,
        step: 0,
        progress: Progress::Unanswered {
            since: at("2026-02-03T02:42:00Z"),
            look_at: at("2026-02-03T03:42:00Z"),
        },
        route: Route::Policy(ulid.into()),
        timeouts: Timeouts::default(),
        ack_ends_at: None,
        snoozed_until: None,
        maintenance: None,
        pages_anyway: false,
        auto_resolve_at: None,
        wake_at: None,
        announce: None,
        backoff: None,
        stuck_told: None,
        counts: None,
        likely: vec![],
        first_acknowledged_at: None,
        pages: vec![],
    }
}

fn facts(incident: &Incident, part: Part) -> Facts<'_> {
    Facts {
        about: About::Incident {
            incident,
            part,
            act_url: Some(LINK),
        },
        time_zone: "Europe/Berlin",
        now: at("2026-02-03T02:12:20Z"),
        product_url: "https://nightbell.example.com",
    }
}

fn message(medium: Medium, part: Part) -> Message {
    compose(medium, Locale::En, &facts(&incident(), part))
}

fn text(medium: Medium, part: Part) -> String {
    message(medium, part).text
}

fn sms(incident: &Incident) -> String {
    let text = compose(Medium::Sms, Locale::En, &facts(incident, Part::Page)).text;
    assert_eq!(segments(&text), 1, "{text}");
    text
}

#[test]
fn pages() {
    assert_snapshot!(text(Medium::Sms, Part::Page), @"CRITICAL Checkout: Disk full on db-1, since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef Runbook: https://wiki.example.com/disk");
    assert_snapshot!(text(Medium::Voice, Part::Page), @"Nightbell. Critical: Disk full on db-1, on Checkout, since 03:12. To acknowledge it, open the link in your text message or e-mail.");
    assert_snapshot!(message(Medium::Email, Part::Page).subject, @"[CRITICAL] Checkout: Disk full on db-1");
    assert_snapshot!(text(Medium::Email, Part::Page), @r"
    Disk full on db-1

    Severity: critical
    Service: Checkout
    Since: Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk

    Acknowledge: https://nightbell.example.com/i/0123456789abcdef

    Incident inc_01kggmaqc0000000000000001a
    Sent by Nightbell
    ");
    assert_snapshot!(text(Medium::Webhook, Part::Page), @r"
    [CRITICAL] Checkout: Disk full on db-1
    Since Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk
    Acknowledge: https://nightbell.example.com/i/0123456789abcdef
    ");
    for medium in MEDIA {
        for part in [Part::Rule(3), Part::Fallback] {
            assert_eq!(message(medium, part), message(medium, Part::Page));
        }
    }
}

#[test]
fn notices_that_somebody_took_it() {
    let part = Part::Notice(Announcement::TakenBy);
    assert_snapshot!(text(Medium::Sms, part), @"Taken by Ana. Checkout: Disk full on db-1, since 03:12 CET. Details: https://nightbell.example.com/i/0123456789abcdef");
    assert_snapshot!(text(Medium::Voice, part), @"Nightbell. Ana took it at 03:15. Disk full on db-1, on Checkout.");
    assert_snapshot!(message(Medium::Email, part).subject, @"[ACKNOWLEDGED] Checkout: Disk full on db-1");
    assert_snapshot!(text(Medium::Email, part), @r"
    Ana took it at 03:15 CET.

    Disk full on db-1

    Severity: critical
    Service: Checkout
    Since: Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk

    Details: https://nightbell.example.com/i/0123456789abcdef

    Incident inc_01kggmaqc0000000000000001a
    Sent by Nightbell
    ");
    assert_snapshot!(text(Medium::Webhook, part), @r"
    [ACKNOWLEDGED] Checkout: Disk full on db-1
    Ana took it at 03:15 CET.
    Since Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk
    Details: https://nightbell.example.com/i/0123456789abcdef
    ");
}

#[test]
fn notices_that_it_is_over() {
    let part = Part::Notice(Announcement::Over);
    assert_snapshot!(text(Medium::Sms, part), @"Resolved by Ana. Checkout: Disk full on db-1, since 03:12 CET. Details: https://nightbell.example.com/i/0123456789abcdef");
    assert_snapshot!(text(Medium::Voice, part), @"Nightbell. It is over: Ana resolved it at 03:40. Disk full on db-1, on Checkout.");
    assert_snapshot!(message(Medium::Email, part).subject, @"[RESOLVED] Checkout: Disk full on db-1");
    assert_snapshot!(text(Medium::Email, part), @r"
    It is over: Ana resolved it at 03:40 CET.

    Disk full on db-1

    Severity: critical
    Service: Checkout
    Since: Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk

    Details: https://nightbell.example.com/i/0123456789abcdef

    Incident inc_01kggmaqc0000000000000001a
    Sent by Nightbell
    ");
    assert_snapshot!(text(Medium::Webhook, part), @r"
    [RESOLVED] Checkout: Disk full on db-1
    It is over: Ana resolved it at 03:40 CET.
    Since Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk
    Details: https://nightbell.example.com/i/0123456789abcdef
    ");
}

#[test]
fn notices_of_what_no_person_did() {
    let first_line = |incident: &Incident, what| {
        let text = compose(Medium::Email, Locale::En, &facts(incident, Part::Notice(what))).text;
        text.lines().next().unwrap().to_owned()
    };
    let mut by_sender = incident();
    by_sender.acknowledged = Some(Mark {
        at: at("2026-02-03T02:15:00Z"),
        by: actor(ActorKind::Integration, "Prometheus"),
    });
    by_sender.resolved = by_sender.acknowledged.clone();
    assert_snapshot!(first_line(&by_sender, Announcement::TakenBy), @"Acknowledged at 03:15 CET through Prometheus, by its sender.");
    assert_snapshot!(first_line(&by_sender, Announcement::Over), @"It is over: Prometheus said so at 03:15 CET.");
    let by_silence = Incident {
        resolved: Some(Mark {
            at: at("2026-02-03T05:00:00Z"),
            by: Actor::system(),
        }),
        ..incident()
    };
    assert_snapshot!(first_line(&by_silence, Announcement::Over), @"It is over: its sender fell silent, and it was resolved at 06:00 CET.");
    let unknown = Incident {
        acknowledged: None,
        resolved: None,
        ..incident()
    };
    assert_snapshot!(first_line(&unknown, Announcement::TakenBy), @"Somebody took it.");
    assert_snapshot!(first_line(&unknown, Announcement::Over), @"It is over.");
}

#[test]
fn unanswered() {
    let part = Part::Unanswered;
    assert_snapshot!(text(Medium::Sms, part), @"Unanswered. CRITICAL Checkout: Disk full on db-1, since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef");
    assert_snapshot!(text(Medium::Voice, part), @"Nightbell. Nobody answered. Critical: Disk full on db-1, on Checkout, since 03:12. To acknowledge it, open the link in your text message or e-mail.");
    assert_snapshot!(message(Medium::Email, part).subject, @"[UNANSWERED] Checkout: Disk full on db-1");
    assert_snapshot!(text(Medium::Email, part), @r"
    Nobody answered. The escalation policy ran out at 03:42 CET.

    Disk full on db-1

    Severity: critical
    Service: Checkout
    Since: Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk

    Acknowledge: https://nightbell.example.com/i/0123456789abcdef

    Incident inc_01kggmaqc0000000000000001a
    Sent by Nightbell
    ");
    assert_snapshot!(text(Medium::Webhook, part), @r"
    [UNANSWERED] Checkout: Disk full on db-1
    Nobody answered. The escalation policy ran out at 03:42 CET.
    Since Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk
    Acknowledge: https://nightbell.example.com/i/0123456789abcdef
    ");
}

#[test]
fn stuck() {
    let part = Part::Stuck;
    assert_snapshot!(text(Medium::Sms, part), @"Paging fails. CRITICAL Checkout: Disk full on db-1, since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef");
    assert_snapshot!(text(Medium::Voice, part), @"Nightbell. Paging keeps failing, and perhaps nobody knows. Critical: Disk full on db-1, on Checkout, since 03:12. To acknowledge it, open the link in your text message or e-mail.");
    assert_snapshot!(message(Medium::Email, part).subject, @"[PAGING FAILS] Checkout: Disk full on db-1");
    assert_snapshot!(text(Medium::Email, part), @r"
    Paging for this incident keeps failing, and perhaps nobody knows of it. Nightbell tries again every 15 minutes. Please look at it yourself.

    Disk full on db-1

    Severity: critical
    Service: Checkout
    Since: Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk

    Acknowledge: https://nightbell.example.com/i/0123456789abcdef

    Incident inc_01kggmaqc0000000000000001a
    Sent by Nightbell
    ");
    assert_snapshot!(text(Medium::Webhook, part), @r"
    [PAGING FAILS] Checkout: Disk full on db-1
    Paging for this incident keeps failing, and perhaps nobody knows of it. Nightbell tries again every 15 minutes. Please look at it yourself.
    Since Tuesday 3 February 2026, 03:12 CET
    Runbook: https://wiki.example.com/disk
    Acknowledge: https://nightbell.example.com/i/0123456789abcdef
    ");
}

#[test]
fn verification_codes() {
    let message = |medium| {
        let about = About::Verification { code: "408217" };
        let facts = Facts {
            about,
            time_zone: "UTC",
            now: Timestamp::UNIX_EPOCH,
            product_url: "",
        };
        compose(medium, Locale::En, &facts)
    };
    let sms = message(Medium::Sms).text;
    assert_eq!(segments(&sms), 1);
    assert_snapshot!(sms, @"Your Nightbell code is 408217. It is valid for ten minutes. If you did not ask for it, ignore this message.");
    assert_snapshot!(message(Medium::Voice).text, @"This is Nightbell. Your code is 4, 0, 8, 2, 1, 7. Once more: 4, 0, 8, 2, 1, 7. It is valid for ten minutes. If you did not ask for it, ignore this call.");
    assert_snapshot!(message(Medium::Email).subject, @"Nightbell code 408217");
    assert_snapshot!(message(Medium::Email).text, @r"
    Your Nightbell code is 408217

    Enter it to confirm that Nightbell reaches you here. It is valid for ten minutes.

    If you did not ask for it, ignore this message.
    ");
    assert_eq!(message(Medium::Webhook), message(Medium::Email));
}

#[test]
fn links_into_accounts() {
    let message = |purpose| {
        let url = "https://bell.example.com/x/nba_1";
        let facts = Facts {
            about: About::Account { purpose, url },
            time_zone: "UTC",
            now: Timestamp::UNIX_EPOCH,
            product_url: "https://bell.example.com/",
        };
        compose(Medium::Email, Locale::En, &facts)
    };
    let reset = message(LinkPurpose::Reset);
    assert_snapshot!(reset.subject, @"Choose a new password for Nightbell");
    assert_snapshot!(reset.text, @r"
    Somebody, probably you, asked for a new password for your account at
    https://bell.example.com/

    Choose one here: https://bell.example.com/x/nba_1

    The link works once, for an hour. Choosing a password signs you out everywhere else.

    If you did not ask for it, ignore this message: your password stays as it is.
    ");
    let invitation = message(LinkPurpose::Invitation);
    assert_snapshot!(invitation.subject, @"You are invited to Nightbell");
    assert_snapshot!(invitation.text, @r"
    You were added to the Nightbell at
    https://bell.example.com/

    Choose a password, and you are in: https://bell.example.com/x/nba_1

    The link works once, for seven days. After that, ask whoever added you for another.

    If you do not know what this is about, ignore this message.
    ");
}

#[test]
fn a_place_has_no_link_of_its_own_and_is_shown_the_house() {
    let incident = Incident {
        runbook_url: None,
        ..incident()
    };
    let about = About::Incident {
        incident: &incident,
        part: Part::Page,
        act_url: None,
    };
    let facts = Facts {
        about,
        ..facts(&incident, Part::Page)
    };
    assert_snapshot!(compose(Medium::Webhook, Locale::En, &facts).text, @r"
    [CRITICAL] Checkout: Disk full on db-1
    Since Tuesday 3 February 2026, 03:12 CET
    Nightbell: https://nightbell.example.com
    ");
    let nowhere = Facts {
        product_url: "",
        ..facts
    };
    assert_snapshot!(compose(Medium::Sms, Locale::En, &nowhere).text, @"CRITICAL Checkout: Disk full on db-1, since 03:12 CET.");
}

#[test]
fn text_messages_say_it_plainly_and_give_way_from_the_least_important() {
    let title = |title: &str| Incident {
        title: title.into(),
        ..incident()
    };
    assert_snapshot!(sms(&title("🔥 “db–1”\nis down…")), @r#"CRITICAL Checkout: "db-1" is down..., since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef Runbook: https://wiki.example.com/disk"#);
    assert_snapshot!(sms(&title(&"All the replicas are lagging. ".repeat(9))), @"CRITICAL Checkout: All the replicas are lagging. All the replicas are lagging..., since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef");
    assert_snapshot!(sms(&title("Диск переполнен на первой базе")), @"CRITICAL Диск перепо… https://nightbell.example.com/i/0123456789abcdef");
    assert_snapshot!(sms(&title("磁盘已满")), @"CRITICAL 磁盘已满 https://nightbell.example.com/i/0123456789abcdef");
    assert_snapshot!(sms(&title("")), @"CRITICAL Checkout: No title was given, since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef Runbook: https://wiki.example.com/disk");
    let service = Incident {
        service_name: "The one that handles the payments of all our customers in Europe and overseas".into(),
        ..incident()
    };
    assert_snapshot!(sms(&service), @"CRITICAL The one that hand...: Disk full on db-1, since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef");
    let service = Incident {
        service_name: "Оплата".into(),
        ..incident()
    };
    assert_snapshot!(sms(&service), @"CRITICAL Disk full on db-1, since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef");
    let runbook = Incident {
        runbook_url: Some(format!("https://wiki.example.com/{}", "r".repeat(40))),
        ..incident()
    };
    assert_snapshot!(sms(&runbook), @"CRITICAL Checkout: Disk full on db-1, since 03:12 CET. Acknowledge: https://nightbell.example.com/i/0123456789abcdef");
}

#[test]
fn a_very_long_link_takes_more_segments_and_still_has_words_beside_it() {
    let url = format!("https://{}.example.com/i/0123456789abcdef", "x".repeat(180));
    for title in ["Disk full on db-1", "Диск переполнен на первой базе"] {
        let incident = Incident {
            title: title.into(),
            ..incident()
        };
        let about = About::Incident {
            incident: &incident,
            part: Part::Page,
            act_url: Some(&url),
        };
        let text = compose(
            Medium::Sms,
            Locale::En,
            &Facts {
                about,
                ..facts(&incident, Part::Page)
            },
        )
        .text;
        assert!(text.ends_with(&url) && text.len() > url.len() + 8, "{text}");
        assert!(segments(&text) <= 4, "{text}");
    }
}

#[test]
fn dates_are_told_when_they_do_not_go_without_saying() {
    let at_time = |created_at: &str, time_zone| {
        let incident = Incident {
            created_at: at(created_at),
            ..incident()
        };
        let facts = Facts {
            time_zone,
            ..facts(&incident, Part::Page)
        };
        let message = compose(Medium::Sms, Locale::En, &facts).text;
        let spoken = compose(Medium::Voice, Locale::En, &facts).text;
        let since = |text: &str| {
            text.split_once(", since ")
                .unwrap()
                .1
                .split_once('.')
                .unwrap()
                .0
                .to_owned()
        };
        format!("{} / {}", since(&message), since(&spoken))
    };
    assert_eq!(
        at_time("2026-02-02T22:30:00Z", "Europe/Berlin"),
        "2 Feb 23:30 CET / 23:30 on 2 February"
    );
    assert_eq!(
        at_time("2025-12-31T22:30:00Z", "Europe/Berlin"),
        "31 Dec 2025 23:30 CET / 23:30 on 31 December 2025"
    );
    assert_eq!(
        at_time("2026-02-03T02:12:00Z", "Asia/Kathmandu"),
        "07:57 UTC+5:45 / 07:57"
    );
    assert_eq!(at_time("2026-02-03T02:12:00Z", "Mars/Olympus"), "02:12 UTC / 02:12");
}

#[test]
fn strangers_texts_stay_on_their_line() {
    let incident = Incident {
        title: "  down\r\nBcc: all@example.com\u{202e}\u{0}  see https://evil.example.com/x now\t".into(),
        service_name: "Check\nout".into(),
        runbook_url: Some("https://wiki.example.com/a\r\nb".into()),
        ..incident()
    };
    let of = |medium| compose(medium, Locale::En, &facts(&incident, Part::Page));
    assert_eq!(
        of(Medium::Email).subject,
        "[CRITICAL] Check out: down Bcc: all@example.com see https://evil.example.com/x now"
    );
    assert!(
        of(Medium::Email)
            .text
            .contains("\nRunbook: https://wiki.example.com/ab\n")
    );
    assert!(of(Medium::Voice).text.contains("see a link now, on Check out"));
}

#[test]
fn languages_without_words_are_told_in_english() {
    for tag in ["en", "EN-gb", "en_US", "de", "", "tlh-Latn"] {
        assert_eq!(Locale::of(tag), Locale::En);
    }
}

fn line(by: Actor, kind: EventKind) -> String {
    let event = Event {
        id: ulid::Ulid::nil().into(),
        at: at("2026-02-03T02:12:00Z"),
        actor: by,
        kind,
    };
    let names = |id: &str| id.ends_with("1").then(|| "Bo".to_owned());
    event_text(Locale::En, &event, "Europe/Berlin", &names)
}

fn by_ana(kind: EventKind) -> String {
    line(actor(ActorKind::User, "Ana"), kind)
}

fn by_sender(kind: EventKind) -> String {
    line(actor(ActorKind::Integration, "Prometheus"), kind)
}

fn asked(name: &str, why_not: Option<NotPaged>) -> Asked {
    Asked {
        id: "usr_x".into(),
        name: Some(name.into()),
        why_not,
    }
}

#[test]
fn the_timeline_says_who_was_paged_and_who_was_not() {
    let paged = |because, cycle, step, asked, skipped| {
        line(
            Actor::system(),
            EventKind::Paged {
                because,
                cycle,
                step,
                asked,
                skipped,
                quieted_by: None,
            },
        )
    };
    let ana = || asked("Ana", None);
    assert_snapshot!(paged(Because::Opened, 0, 0, vec![ana()], vec![]), @"Step 1 paged Ana.");
    assert_snapshot!(paged(Because::TimePassed, 0, 1, vec![ana(), asked("Bo", None), asked("Ops room", None)], vec![]), @"Nobody answered in time. Step 2 paged Ana, Bo and Ops room.");
    assert_snapshot!(paged(Because::AckTimedOut, 2, 0, vec![ana()], vec![]), @"The acknowledgement ran out. Step 1 (round 3) paged Ana.");
    assert_snapshot!(
        paged(Because::Opened, 0, 2, vec![asked("Cleo", Some(NotPaged::NoContact)), ana()], vec![1]),
        @"Step 3 paged Ana. Step 2 skipped. Cleo has no verified contact."
    );
    let nights = Asked {
        id: "sch_nights".into(),
        name: None,
        why_not: Some(NotPaged::NobodyOnCall),
    };
    let gone = Asked {
        id: "usr_gone".into(),
        name: None,
        why_not: Some(NotPaged::Missing),
    };
    assert_snapshot!(
        paged(Because::PagesFailed, 1, 2, vec![nights.clone(), gone.clone(), nights.clone(), ana()], vec![0, 1, 0, 1]),
        @"No message of the step before arrived. Step 3 (round 2) paged Ana. Steps 1 and 2 skipped. Nobody is on call in sch_nights; usr_gone no longer exists."
    );
    for (because, words) in [
        (Because::Unacknowledged, "It was given back."),
        (Because::SnoozeEnded, "The snooze ended."),
        (Because::MaintenanceEnded, "The maintenance is over."),
        (Because::SeverityRose, "It got worse."),
        (Because::SignalAfterUnanswered, "Its sender reported it again."),
        (Because::Reassigned, "It was reassigned."),
        (Because::Escalated, "The next step was asked for."),
    ] {
        assert_eq!(
            paged(because, 0, 0, vec![ana()], vec![]),
            format!("{words} Step 1 paged Ana.")
        );
    }
    let quietly = EventKind::Paged {
        because: Because::Opened,
        cycle: 0,
        step: 0,
        asked: vec![ana()],
        skipped: vec![],
        quieted_by: Some("New disks".into()),
    };
    assert_snapshot!(line(Actor::system(), quietly), @r#"Step 1 paged Ana quietly, because of the maintenance "New disks"."#);
    let unanswered = |because, asked, skipped, owners| {
        line(
            Actor::system(),
            EventKind::Unanswered {
                because,
                asked,
                skipped,
                owners,
            },
        )
    };
    assert_snapshot!(unanswered(Because::TimePassed, vec![], vec![], vec![asked("Olga", None)]), @"The escalation policy ran out and nobody answered. Olga was told, as an owner.");
    assert_snapshot!(
        unanswered(Because::Opened, vec![asked("Ana", Some(NotPaged::NoContact))], vec![1], vec![asked("Olga", None), asked("Per", None)]),
        @"The escalation policy ran out and nobody answered. Step 2 skipped: Ana has no verified contact. Olga and Per were told, as owners."
    );
    assert_snapshot!(
        unanswered(Because::SnoozeEnded, vec![nights], vec![0], vec![asked("Olga", Some(NotPaged::NoContact))]),
        @"The snooze ended. The escalation policy ran out and nobody answered. Step 1 skipped: nobody is on call in sch_nights. No owner could be told. Olga has no verified contact."
    );
    assert_snapshot!(unanswered(Because::Opened, vec![], vec![], vec![]), @"The escalation policy ran out and nobody answered. No owner could be told.");
}

#[test]
fn the_timeline_says_what_was_done() {
    let person = UserId(ulid::Ulid::from_parts(0, 1));
    assert_snapshot!(line(Actor::system(), EventKind::TriedNext { user_ids: vec![person] }), @"A message to Bo failed; another way was tried at once.");
    assert_snapshot!(by_ana(EventKind::Acknowledged), @"Ana acknowledged it.");
    assert_snapshot!(by_ana(EventKind::Unacknowledged), @"Ana gave it back.");
    assert_snapshot!(by_ana(EventKind::Snoozed { until: at("2026-02-03T06:00:00Z") }), @"Ana snoozed it until 07:00 CET.");
    assert_snapshot!(by_ana(EventKind::Snoozed { until: at("2026-02-05T06:00:00Z") }), @"Ana snoozed it until 5 Feb 07:00 CET.");
    let held = EventKind::Held {
        maintenance_id: MaintenanceId(ulid::Ulid::from_parts(0, 2)),
        title: "New disks".into(),
        until: at("2026-02-03T06:00:00Z"),
    };
    assert_snapshot!(line(Actor::system(), held), @r#"Held until 07:00 CET: nobody is paged while the maintenance "New disks" goes on."#);
    assert_snapshot!(by_ana(EventKind::Reassigned { to: vec![person.to_string(), "pol_x".into()] }), @"Ana reassigned it to Bo and pol_x.");
    assert_snapshot!(by_ana(EventKind::Escalated), @"Ana asked for the next step.");
    assert_snapshot!(by_sender(EventKind::SeverityRose { to: Severity::Error }), @"Prometheus raised the severity to error.");
    assert_snapshot!(by_sender(EventKind::Restarted), @"Prometheus reported it again; the escalation policy starts again.");
    assert_snapshot!(by_ana(EventKind::Resolved { how: Resolution::ByHand }), @"Ana resolved it.");
    assert_snapshot!(by_sender(EventKind::Resolved { how: Resolution::BySender }), @"Prometheus reported that it is over.");
    assert_snapshot!(line(Actor::system(), EventKind::Resolved { how: Resolution::BySilence }), @"Resolved, because its sender fell silent.");
    assert_snapshot!(line(Actor::system(), EventKind::Told { what: Announcement::TakenBy, people: 1 }), @"1 person was told who took it.");
    assert_snapshot!(line(Actor::system(), EventKind::Told { what: Announcement::Over, people: 3 }), @"3 people were told that it is over.");
    assert_snapshot!(by_ana(EventKind::Note { text: "restarted db-1,\nwatching".into() }), @"Ana noted: restarted db-1, watching");
    assert_snapshot!(
        line(Actor::system(), EventKind::Stuck { reason: "its policy cannot be read.".into(), owners: vec![asked("Olga", None)] }),
        @"Handling it keeps failing: its policy cannot be read. Olga was told, as an owner."
    );
    assert_snapshot!(by_sender(EventKind::Change { summary: "checkout v42 deployed".into() }), @"Prometheus reported a change: checkout v42 deployed");
    assert_snapshot!(line(actor(ActorKind::User, " "), EventKind::Escalated), @"Somebody asked for the next step.");
}

#[test]
fn the_timeline_begins_with_the_opening() {
    assert_snapshot!(opened_text(Locale::En, &incident()), @"Opened by an alert for Checkout.");
    assert_snapshot!(opened_text(Locale::En, &Incident { integration_id: None, ..incident() }), @"Opened by hand for Checkout.");
}

/// What senders write: anything, words with pictures in them, words of other scripts, and very much of it.
fn written() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,300}",
        "([a-z€\\[\\]~]{1,9}[ \n\t…“–]){0,60}",
        "(🔥|👩‍🚒|[a-z]{1,5}|é|ż|\\PC| |\r\n){0,80}",
        "[а-яА-Я .]{0,200}",
        "[一-龥]{0,200}",
        "[\u{0}-\u{9f}\u{200b}-\u{202e}]{0,40}",
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let [taken, over] = [Announcement::TakenBy, Announcement::Over].map(Part::Notice);
    proptest::sample::select(vec![Part::Page, Part::Unanswered, Part::Stuck, taken, over])
}

proptest! {
    #[test]
    fn a_text_message_is_one_segment_with_the_whole_link_and_no_control_characters(
        title in written(), service in written(), name in written(), part in part(), link in "https://[a-z.-]{2,33}/i/[0-9a-hjkmnp-tv-z]{16}",
    ) {
        let mut incident = Incident { title, service_name: service, runbook_url: None, ..incident() };
        incident.acknowledged = Some(Mark { at: incident.created_at, by: actor(ActorKind::User, &name) });
        incident.resolved = incident.acknowledged.clone();
        for link in [link.as_str(), LONG_LINK] {
            prop_assert!(link.len() <= 60);
            let about = About::Incident { incident: &incident, part, act_url: Some(link) };
            let text = compose(Medium::Sms, Locale::En, &Facts { about, ..facts(&incident, part) }).text;
            prop_assert_eq!(segments(&text), 1, "{}", text);
            prop_assert!(text.ends_with(&format!(" {link}")), "{}", text);
            prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
            prop_assert!(text.len() > link.len() + 1, "{}", text);
        }
    }

    #[test]
    fn no_text_breaks_a_line_or_speaks_an_address(title in written(), service in written(), part in part()) {
        let incident = Incident { title, service_name: service, runbook_url: None, ..incident() };
        for medium in MEDIA {
            let message = compose(medium, Locale::En, &facts(&incident, part));
            prop_assert!(!message.subject.chars().any(char::is_control));
            prop_assert!(message.subject.chars().count() <= SUBJECT_CHARS_MAX);
            prop_assert!(!message.text.chars().any(|character| character.is_control() && character != '\n'));
            let lines = message.text.lines().count();
            let lines_max = match medium {
                Medium::Voice | Medium::Sms => 1,
                Medium::Email | Medium::Topic => 13,
                Medium::Webhook => 5,
            };
            prop_assert!(lines <= lines_max, "{}", message.text);
            prop_assert!(medium != Medium::Voice || !message.text.contains("https:"), "{}", message.text);
        }
    }
}
