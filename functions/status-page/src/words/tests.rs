//! Whether languages are whole.

use std::collections::BTreeSet;

use super::*;

const EACH: [&Labels; 2] = [&en::LABELS, &de::LABELS];

fn gaps(phrase: &str) -> BTreeSet<&str> {
    let after = phrase.split('{').skip(1);
    after.filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

#[test]
fn no_phrase_is_empty_and_all_languages_leave_the_same_gaps() {
    let english = en::LABELS.each();
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
    assert_eq!(en::LABELS.counted(en::LABELS.members, 1), "1 component");
    assert_eq!(de::LABELS.counted(de::LABELS.days_ago, 0), "vor 0 Tagen");
}

#[test]
fn languages_are_not_copies_of_each_other() {
    let same = en::LABELS.each().into_iter().zip(de::LABELS.each());
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
    assert_eq!(en::LABELS.time(at, &zone, today), "29 Mar, 03:05");
    assert_eq!(de::LABELS.time(at, &zone, later), "29. März 2026, 03:05");
    assert_eq!(de::LABELS.month_of(today), "November 2026");
    assert_eq!(en::LABELS.percent_of(9_998), "99.98%");
    assert_eq!(de::LABELS.percent_of(9_905), "99,05\u{a0}%");
    assert_eq!(de::LABELS.percent_of(10_000), "100\u{a0}%");
    assert_eq!(en::LABELS.duration(59_999), "under 1 min");
    assert_eq!(en::LABELS.duration(94 * 60_000), "1 h 34 min");
    assert_eq!(de::LABELS.duration(26 * 3_600_000), "1 Tg. 2 Std.");
    assert_eq!(en::LABELS.duration(3_600_000), "1 h");
}

#[test]
fn what_fills_a_gap_stays_as_it_is() {
    assert_eq!(filled("{a}: {b}", &[("a", "{b}"), ("b", "{a")]), "{b}: {a");
    assert_eq!(filled("{a} of {nothing}.", &[("a", "x")]), "x of .");
}
