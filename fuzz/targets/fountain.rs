//! Fuzzes the screenplay's reader and its breakdown: no byte is lost, and every shot has an id and a length.
//!
//! Knows what a stranger's script may be, which is any text. Options stay the defaults: they are numbers that the node
//! has checked before.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use nodes::breakdown::{Breakdown, Options, breakdown};
use nodes::fountain::parse;

fuzz_target!(|text: &str| {
    let script = parse(text);
    let mut covered = 0;
    for element in &script.elements {
        assert_eq!(covered, element.span.start, "elements leave a gap or overlap");
        assert!(text.get(element.span.clone()).is_some_and(|slice| !slice.is_empty()), "an element holds no text");
        assert!(element.hidden.start <= element.hidden.end && element.hidden.end <= script.hidden.len());
        covered = element.span.end;
    }
    assert_eq!(covered, text.len(), "elements end before the text does");
    assert!(script.hidden.iter().all(|hidden| text.get(hidden.span.clone()).is_some()), "a note is cut in a character");

    let first = breakdown(text, &Options::default(), None);
    check_shots(&first);
    let again = breakdown(text, &Options::default(), Some(&first.memory));
    assert_eq!(first.shots, again.shots, "an unchanged script gave other shots");

    let mut half = text.len() / 2;
    while !text.is_char_boundary(half) {
        half -= 1;
    }
    let (before, after) = text.split_at(half);
    check_shots(&breakdown(after, &Options::default(), Some(&first.memory)));
    check_shots(&breakdown(after, &Options::default(), Some(before)));
});

fn check_shots(breakdown: &Breakdown) {
    let mut ids = BTreeSet::new();
    for shot in &breakdown.shots {
        assert!(shot.duration_s.is_finite() && 0.0 < shot.duration_s, "{} lasts {} s", shot.id, shot.duration_s);
        assert!(ids.insert(shot.id.as_str()), "two shots are called {}", shot.id);
    }
}
