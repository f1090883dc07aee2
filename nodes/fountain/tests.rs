//! Fixtures in our own words after the reference project's tests, properties, and what rustwell found, as an oracle.

use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// One line per element that is not blank: kind and text.
fn listing(source: &str) -> String {
    let fountain = checked(source);
    let mut out = String::new();
    for element in fountain.elements.iter().filter(|element| element.kind != Kind::Blank) {
        let kind = match &element.kind {
            Kind::TitleField { key } => format!("title[{key}]"),
            Kind::Heading { number: Some(number) } => format!("heading#{number}"),
            Kind::Character { name, extension, dual } => {
                format!("cue[{name}|{extension}{}]", if *dual { "|dual" } else { "" })
            }
            Kind::Section { level } => format!("section{level}"),
            other => format!("{other:?}").split(' ').next().unwrap().to_lowercase(),
        };
        out.push_str(&format!("{kind}: {:?}\n", element.text));
    }
    for problem in &fountain.problems {
        out.push_str(&format!("! {} at {}\n", problem.code, problem.offset));
    }
    out
}

/// Parses and asserts that nothing is lost.
#[track_caller]
fn checked(source: &str) -> Fountain {
    let fountain = parse(source);
    let mut at = 0;
    for element in &fountain.elements {
        assert_eq!(element.span.start, at, "a gap before {element:?}");
        assert!(at < element.span.end, "an empty element {element:?}");
        at = element.span.end;
    }
    assert_eq!(at, source.len(), "the end is missing");
    let whole: String = fountain.elements.iter().map(|element| &source[element.span.clone()]).collect();
    assert_eq!(whole, source);
    for hidden in &fountain.hidden {
        assert!(source[hidden.span.clone()].contains(&hidden.text));
    }
    assert!(fountain.problems.len() <= MAX_PROBLEMS);
    fountain
}

#[track_caller]
fn check(source: &str, expected: Expect) {
    expected.assert_eq(&listing(source));
}

#[test]
fn headings_in_all_their_forms() {
    check(
        "INT. BARN - DAY\n\next. field - dusk\n\nINT./EXT. CAR - NIGHT\n\nI/E. TRUCK\n\nI./E. VAN - DAY\n\nEST HARBOUR\n\nINT- SHED\n\nINTERIOR MONOLOGUE\n\n.ON THE ROOF\n\n...and then\n\nINT. TOWER - DAY #12-A.1#\n\nEXT. A #b c#\n",
        expect![[r#"
            heading: "INT. BARN - DAY"
            heading: "ext. field - dusk"
            heading: "INT./EXT. CAR - NIGHT"
            heading: "I/E. TRUCK"
            heading: "I./E. VAN - DAY"
            heading: "EST HARBOUR"
            heading: "INT- SHED"
            action: "INTERIOR MONOLOGUE"
            heading: "ON THE ROOF"
            action: "...and then"
            heading#12-A.1: "INT. TOWER - DAY"
            heading: "EXT. A #b c#"
        "#]],
    );
}

#[test]
fn two_headings_without_a_blank_line_are_a_cue_and_its_speech() {
    check(
        "INT. BARN - DAY\nINT. SHED - NIGHT\n\nShe waits.\n",
        expect![[r#"
            cue[INT. BARN - DAY|]: "INT. BARN - DAY"
            dialogue: "INT. SHED - NIGHT"
            action: "She waits."
            ! heading-not-separated at 0
        "#]],
    );
}

#[test]
fn title_page_ends_at_the_blank_line_and_never_eats_a_transition() {
    check(
        "Title:\n    **The Tide**\n    A Tale\nAuthor: A. Writer\nDraft date: today\nShoe size: 43\n\nINT. X - DAY\n",
        expect![[r#"
            title[Title]: "**The Tide**\nA Tale"
            title[Author]: "A. Writer"
            title[Draft date]: "today"
            title[Shoe size]: "43"
            heading: "INT. X - DAY"
        "#]],
    );
    check(
        "CUT TO:\n\nINT. X - DAY\n",
        expect![[r#"
            transition: "CUT TO:"
            heading: "INT. X - DAY"
        "#]],
    );
    check(
        "FADE IN:\n\nShe says: no.\n",
        expect![[r#"
            transition: "FADE IN:"
            action: "She says: no."
        "#]],
    );
}

#[test]
fn speeches_with_extensions_parentheticals_and_dual_cues() {
    check(
        "MARA (V.O.)\nThe sea\nkeeps.\n(softly)\nIt keeps.\n  \nAll of it.\n\n@McCabe\nAye.\n\nJON (on the radio) ^\nNo.\n\n  INDENTED\n  Yes.\n\nNOBODY\n\nMARA (cont'd)\n",
        expect![[r#"
            cue[MARA|V.O.]: "MARA (V.O.)"
            dialogue: "The sea\nkeeps."
            parenthetical: "(softly)"
            dialogue: "It keeps.\n\nAll of it."
            cue[McCabe|]: "McCabe"
            dialogue: "Aye."
            cue[JON|on the radio|dual]: "JON (on the radio)"
            dialogue: "No."
            cue[INDENTED|]: "INDENTED"
            dialogue: "Yes."
            action: "NOBODY"
            action: "MARA (cont'd)"
        "#]],
    );
}

#[test]
fn transitions_centered_lyrics_sections_and_page_breaks() {
    check(
        "CUT TO:   \n\nTO:\n\nFADE TO BLACK.\n\nSMASH CUT TO:\nnot one\n\n> Burn to white.\n\n> THE END <\n\n~La la la\n\n# Act\n\n### Scene\n\n= She leaves.\n\n===\n\n=====\n\n!FORCED ACTION\n",
        expect![[r#"
            transition: "CUT TO:"
            transition: "TO:"
            transition: "FADE TO BLACK."
            cue[SMASH CUT TO:|]: "SMASH CUT TO:"
            dialogue: "not one"
            transition: "Burn to white."
            centered: "THE END"
            lyrics: "La la la"
            section1: "Act"
            section3: "Scene"
            synopsis: "She leaves."
            pagebreak: ""
            pagebreak: ""
            action: "FORCED ACTION"
        "#]],
    );
}

#[test]
fn notes_and_boneyards_are_kept_aside() {
    let source = "INT. X - DAY\n[[id:s7]]\n\nShe sits[[or stands]] down. /* cut\n\nthis */ Slowly.\n\n/*\nall\n\ngone */\n\nMARA\n[[shouts?]]\nHere [[a\n  \nb]] I am.\n";
    check(
        source,
        expect![[r#"
            heading: "INT. X - DAY"
            note: "id:s7"
            action: "She sits down.  Slowly."
            boneyard: "all\n\ngone"
            cue[MARA|]: "MARA"
            note: "shouts?"
            dialogue: "Here  I am."
        "#]],
    );
    let fountain = parse(source);
    let action = fountain.elements.iter().find(|element| element.kind == Kind::Action).unwrap();
    assert_eq!(fountain.notes(action).collect::<Vec<_>>(), ["or stands"]);
}

#[test]
fn what_is_never_closed_stays_text_and_is_reported() {
    check(
        "She [[waits.\n\nHe /* too.\n\nAnd [[again.\n",
        expect![[r#"
            action: "She [[waits."
            action: "He /* too."
            action: "And [[again."
            ! note-unclosed at 4
            ! boneyard-unclosed at 17
            ! note-unclosed at 30
        "#]],
    );
}

#[test]
fn action_keeps_its_lines_and_indentation() {
    check(
        "One.\n    Two.\n\tThree.\n\nFour.\n",
        expect![[r#"
            action: "One.\n    Two.\n    Three."
            action: "Four."
        "#]],
    );
}

const CLEAN: &str = "INT. LAMP ROOM - NIGHT

The lens turns. MARA climbs the last step.

MARA
It has stopped.

JON (O.S.)
(calling)
What has?

EXT. CLIFF - DAY

Wind.

MARA
Everything.
";

#[test]
fn line_ends_and_byte_order_mark_change_no_element() {
    let elements = |source: &str| -> Vec<(Kind, String)> {
        let fountain = checked(source);
        let shown = fountain.elements.into_iter().filter(|element| element.kind != Kind::Blank);
        shown.map(|element| (element.kind, element.text)).collect()
    };
    let unix = elements(CLEAN);
    assert_eq!(elements(&CLEAN.replace('\n', "\r\n")), unix);
    assert_eq!(elements(&CLEAN.replace('\n', "\r")), unix);
    assert_eq!(elements(&format!("\u{feff}{CLEAN}")), unix);
}

/// What rustwell 0.3.1 reads in the same files, recorded while it was a dependency of this test: it brings a library
/// for PDF and 27 more crates with it.
#[test]
fn headings_cues_and_speech_are_those_that_rustwell_finds() {
    expect![[r#"
        INT. LAMP ROOM - NIGHT
        MARA
        It has stopped.
        JON
        calling
        What has?
        EXT. CLIFF - DAY
        MARA
        Everything.
    "#]]
    .assert_eq(&spoken(CLEAN));
    expect![[r#"
        EXT. LIGHTHOUSE - DUSK (FOG)
        INT. LAMP ROOM - NIGHT
        MARA
        How long has the light been out?
        JON
        Since you left. It stopped the same night.
        JON
        softly
        There is a boat out there, Mara.
        EXT. GALLERY - NIGHT (STORM)
        MARA
        shouting
        Turn the wheel, Jon! Turn it by hand!
        INT. LAMP ROOM - NIGHT (STORM)
        EXT. HARBOUR - DAWN (CLEAR)
        JON
        You could stay. The stairs know you now.
        MARA
        Then teach me the clock.
    "#]]
    .assert_eq(&spoken(include_str!("../../graphs/lighthouse.fountain")));
}

fn spoken(source: &str) -> String {
    let mut lines = String::new();
    for element in parse(source).elements {
        let text = match element.kind {
            Kind::Heading { .. } | Kind::Dialogue => element.text,
            Kind::Character { name, .. } => name,
            Kind::Parenthetical => element.text.trim_matches(['(', ')']).to_owned(),
            _ => continue,
        };
        lines.push_str(&text);
        lines.push('\n');
    }
    lines
}

#[test]
fn emphasis_marks_come_off_in_pairs() {
    for (marked, bare) in [
        ("*a* **b** ***c*** _d_", "a b c d"),
        ("**bold *both***", "bold both"),
        ("5 * 3 * 2", "5 * 3 * 2"),
        ("a * b*", "a * b*"),
        (r"\*no\* snake_case", "*no* snake_case"),
        ("*open\nclosed*", "*open\nclosed*"),
        ("_a *b_", "a *b"),
    ] {
        assert_eq!(plain(marked), bare, "{marked}");
    }
}

#[test]
fn a_megabyte_of_garbage_takes_linear_time() {
    for unit in
        ["/*", "[[", "[[ ]", "(^\n", "A\n", "A\n\n", "[[a]]\n", "* _ ", "**_", "\n", "é[[", "INT. \n\n", ".x#\n"]
    {
        let source = unit.repeat(1_000_000 / unit.len());
        let started = Instant::now();
        let fountain = parse(&source);
        fountain.elements.iter().for_each(|element| drop(plain(&element.text)));
        assert!(started.elapsed() < Duration::from_secs(5), "{unit:?} took {:?}", started.elapsed());
        assert_eq!(fountain.elements.last().map(|element| element.span.end), Some(source.len()));
    }
}

proptest! {
    #[test]
    fn any_text_comes_back_whole(source in ".{0,200}") {
        checked(&source);
    }

    #[test]
    fn any_mix_of_markers_comes_back_whole(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "INT. A - DAY", "\n", "\n\n", "\r\n", "  \n", "MARA", "(x)", "^", "[[", "]]", "/*", "*/", "~", "!", "@",
                ">", "<", "#", "===", "=", ".", "..", "Title: x", "    y", "\u{feff}", "é", "\t", "*", "**", "_", "\\",
                "CUT TO:", "She runs.",
            ]),
            0..60,
        )
    ) {
        let source: String = parts.concat();
        checked(&source);
        plain(&source);
    }
}
