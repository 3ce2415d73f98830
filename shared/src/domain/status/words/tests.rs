//! Whether languages are whole.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::*;

const EACH: [&Labels; 2] = [en::LANGUAGE.labels, de::LANGUAGE.labels];

fn gaps(phrase: &str) -> BTreeSet<&str> {
    let after = phrase.split('{').skip(1);
    after.filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

#[test]
fn no_phrase_is_empty_and_all_languages_leave_the_same_gaps() {
    let english = en::LANGUAGE.labels.each();
    for labels in EACH {
        for ((name, phrases), (_, in_english)) in labels.each().into_iter().zip(&english) {
            assert!(
                phrases.iter().all(|phrase| !phrase.trim().is_empty()),
                "{}: {name}",
                labels.lang
            );
            let all: BTreeSet<_> = phrases.iter().flat_map(|phrase| gaps(phrase)).collect();
            let expected: BTreeSet<_> = in_english.iter().flat_map(|phrase| gaps(phrase)).collect();
            assert_eq!(all, expected, "{}: {name}", labels.lang);
        }
    }
}

#[test]
fn every_number_has_a_form_and_every_form_a_number() {
    for labels in EACH {
        let forms: BTreeSet<usize> = (0..=200).map(labels.form).collect();
        let phrases = [
            labels.members,
            labels.nothing_lately,
            labels.bars,
            labels.days_ago,
            labels.more_updates,
        ];
        for phrase in phrases {
            assert_eq!(forms, (0..phrase.len()).collect(), "{}: {phrase:?}", labels.lang);
        }
    }
    assert_eq!(
        en::LANGUAGE.labels.counted(en::LANGUAGE.labels.members, 1),
        "1 component"
    );
    assert_eq!(
        de::LANGUAGE.labels.counted(de::LANGUAGE.labels.days_ago, 0),
        "vor 0 Tagen"
    );
}

#[test]
fn languages_are_not_copies_of_each_other() {
    let same = en::LANGUAGE.labels.each().into_iter().zip(de::LANGUAGE.labels.each());
    let same = same.filter(|((_, english), (_, german))| english == german && !english.is_empty());
    let names: Vec<_> = same.map(|((name, _), _)| name).collect();
    // Made of gaps alone.
    assert_eq!(names, ["day_and_time", "month", "became"]);
}

#[test]
fn dates_and_numbers_are_said_as_each_language_says_them() {
    let at = "2026-03-29T01:05:00Z".parse().unwrap();
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let (today, later) = ("2026-11-12".parse().unwrap(), "2027-01-01".parse().unwrap());
    assert_eq!(en::LANGUAGE.labels.time(at, &zone, today), "29 Mar, 03:05");
    assert_eq!(de::LANGUAGE.labels.time(at, &zone, later), "29. März 2026, 03:05");
    assert_eq!(de::LANGUAGE.labels.month_of(today), "November 2026");
    assert_eq!(en::LANGUAGE.labels.percent_of(9_998), "99.98%");
    assert_eq!(de::LANGUAGE.labels.percent_of(9_905), "99,05\u{a0}%");
    assert_eq!(de::LANGUAGE.labels.percent_of(10_000), "100\u{a0}%");
    assert_eq!(en::LANGUAGE.labels.duration(59_999), "under 1 min");
    assert_eq!(en::LANGUAGE.labels.duration(94 * 60_000), "1 h 34 min");
    assert_eq!(de::LANGUAGE.labels.duration(26 * 3_600_000), "1 Tg. 2 Std.");
    assert_eq!(en::LANGUAGE.labels.duration(3_600_000), "1 h");
}

#[test]
fn what_fills_a_gap_stays_as_it_is() {
    assert_eq!(filled("{a}: {b}", &[("a", "{b}"), ("b", "{a")]), "{b}: {a");
    assert_eq!(filled("{a} of {nothing}.", &[("a", "x")]), "x of .");
}

#[test]
fn gaps_are_filled_once() {
    assert_eq!(
        filled("{page}: {title}.", &[("page", "{title}"), ("title", "a{b}")]),
        "{title}: a{b}."
    );
    assert_eq!(filled("no gap, {unknown}, {", &[]), "no gap, , {");
}

#[test]
fn subscribers_are_told_with_the_same_gaps() {
    let gaps = |text: &str| {
        let mut names: Vec<String> = text
            .split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| name.to_owned())
            .collect();
        names.sort();
        names
    };
    let both = |of: fn(&SubscriberWords) -> &'static str| (of(en::LANGUAGE.subscribers), of(de::LANGUAGE.subscribers));
    for (en, de) in [
        both(|w| w.subscribe_lead),
        both(|w| w.confirm_lead),
        both(|w| w.manage_lead),
        both(|w| w.unsubscribe_lead),
        both(|w| w.ended_lead),
        both(|w| w.wait_lead),
        both(|w| w.confirm_subject),
        both(|w| w.confirm_text),
        both(|w| w.known_subject),
        both(|w| w.known_text),
        both(|w| w.code_text),
        both(|w| w.update_subject),
        both(|w| w.reminder_subject),
        both(|w| w.withdrawn_subject),
        both(|w| w.planned),
        both(|w| w.why),
    ] {
        assert_eq!(gaps(en), gaps(de), "{en} / {de}");
        assert!(!en.is_empty() && !de.is_empty());
    }
}
