//! The breakdown as a whole: identity through edits, locality, coverage of speech, time, and the sample script.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use model::{Angle, Framing, Move, Origin, ShotSize, Side, TimeOfDay};
use proptest::prelude::*;

use super::*;
use crate::fountain::Kind;

const SAMPLE: &str = include_str!("../../graphs/lighthouse.fountain");

fn of(text: &str) -> Breakdown {
    breakdown(text, &Options::default(), None)
}

fn after(text: &str, memory: &str) -> Breakdown {
    breakdown(text, &Options::default(), Some(memory))
}

fn shot<'a>(made: &'a Breakdown, id: &str) -> &'a Shot {
    made.shots.iter().find(|shot| shot.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn only(action: &str) -> Shot {
    let mut made = of(&format!(
        "EXT. FIELD - DAY\n\nGrass.\n\n{action}\n\nMARA\nYes, that is what I think of it.\n\nJON\nGood, then we go there now.\n"
    ));
    made.shots.remove(1)
}

/// Ids of shots whose content, or existence, differs.
fn changed(before: &Breakdown, after: &Breakdown) -> BTreeSet<String> {
    let contents = |made: &Breakdown| -> BTreeMap<String, Shot> {
        made.shots.iter().map(|shot| (shot.id.clone(), shot.content())).collect()
    };
    let (before, after) = (contents(before), contents(after));
    before.keys().chain(after.keys()).filter(|id| before.get(*id) != after.get(*id)).cloned().collect()
}

#[test]
fn the_sample_is_a_film_of_about_75_seconds() {
    let made = of(SAMPLE);
    let total: f64 = made.shots.iter().map(|shot| shot.duration_s).sum();
    let table: Vec<String> = made.shots.iter().map(row).collect();
    let table = table.join("\n");
    assert!((14..=22).contains(&made.shots.len()), "{} shots\n{table}", made.shots.len());
    assert!((60.0..=90.0).contains(&total), "{total} seconds\n{table}");
    assert!(made.shots.iter().all(|shot| (1.5..=6.0).contains(&shot.duration_s)), "{table}");
    assert_eq!(made.characters, ["MARA", "JON"]);
    assert_eq!(made.locations, ["LIGHTHOUSE", "LAMP ROOM", "GALLERY", "HARBOUR"]);
    let sizes: BTreeSet<ShotSize> = made.shots.iter().map(|shot| shot.camera.size).collect();
    let moves: BTreeSet<Move> = made.shots.iter().map(|shot| shot.camera.r#move).collect();
    let times: BTreeSet<TimeOfDay> = made.shots.iter().map(|shot| shot.setting.time).collect();
    let weathers: BTreeSet<Weather> = made.shots.iter().map(|shot| shot.setting.weather).collect();
    assert!(5 <= sizes.len() && 6 <= moves.len() && 3 <= times.len() && 4 <= weathers.len(), "{table}");
    for prop in ["lantern", "lens", "brass clock", "radio", "wheel"] {
        assert!(made.shots.iter().any(|shot| shot.props.iter().any(|it| it == prop)), "no {prop}\n{table}");
    }
    expect_test::expect![[r#"
        s1.b1 1-010 DUSK 4.6s EWS establishing eye pan_r 18mm fog [] [] establish R11
        s1.b2 1-020 DUSK 4.0s MS single eye track_r 50mm fog [MARA:climbs:C] [lantern] introduce R20
        s2.b1 2-010 NIGHT 3.6s WS establishing eye pan_r 24mm rain [] [lens] establish R10
        s2.b2 2-020 NIGHT 3.0s MS single eye push_in 50mm rain [JON:sits:R] [crate, brass clock] introduce R20
        s2.b3 2-030 NIGHT 3.2s MLS two eye push_in 35mm rain [MARA:talks:L JON:stands:R] [] dialogue D05
        s2.b4 2-040 NIGHT 3.6s BUST ots_l eye static 50mm rain [JON:talks:R MARA:stands:L] [] dialogue D12
        s2.b5 2-050 NIGHT 3.2s VCU insert eye push_in 85mm rain [] [lantern, lens] insert R24
        s2.b6 2-060 NIGHT 3.4s CU insert high static 85mm rain [] [lens, glass] insert R24
        s2.b7 2-070 NIGHT 3.2s VCU single eye static 85mm rain [JON:talks:R] [] dialogue D06
        s2.b8 2-080 NIGHT 3.0s CU insert eye static 85mm rain [] [radio, needle] insert R22
        s3.b1 3-010 NIGHT 3.6s EWS establishing low pan_r 18mm storm [] [] establish R11
        s3.b2 3-020 NIGHT 3.0s MS single eye follow 50mm storm [MARA:runs:L] [lantern] action R22
        s3.b3 3-030 NIGHT 3.6s MCU single low handheld 50mm storm [MARA:talks:L] [] dialogue D07
        s3.b4 3-040 NIGHT 3.6s MLS pov low track_r 35mm storm [] [boat, lamp] action R26
        s4.b1 4-010 NIGHT 4.4s WS establishing eye push_in 24mm storm [JON:holds:C] [wheel] establish R10
        s4.b2 4-020 NIGHT 2.2s VCU insert eye push_in 85mm storm [] [lens] insert R24
        s4.b3 4-030 NIGHT 3.2s EWS establishing high pull_out 18mm storm [] [] establish R28
        s5.b1 5-010 DAWN 3.8s WS establishing eye pan_r 24mm clear [] [boat] establish R11
        s5.b2 5-020 DAWN 3.2s MLS two eye arc_l 35mm clear [MARA:sits:R JON:sits:L] [cup] action R27
        s5.b3 5-030 DAWN 3.6s MLS two eye push_in 35mm clear [JON:talks:L MARA:stands:R] [] dialogue D05
        s5.b4 5-040 DAWN 2.4s BUST ots_l eye static 50mm clear [MARA:talks:R JON:stands:L] [] dialogue D12
        s5.b5 5-050 DAWN 4.0s WS two eye crane_u 24mm clear [MARA:stands:R JON:stands:L] [lamp] action R24"#]]
    .assert_eq(&table);
}

fn row(shot: &Shot) -> String {
    let camera = &shot.camera;
    let cast: Vec<String> =
        shot.cast.iter().map(|it| format!("{}:{}:{}", it.name, it.action, it.side.name())).collect();
    format!(
        "{} {} {} {:.1}s {} {} {} {} {}mm {} [{}] [{}] {} {}",
        shot.id,
        shot.number,
        shot.setting.time.name(),
        shot.duration_s,
        camera.size.name(),
        camera.framing.name(),
        camera.angle.name(),
        camera.r#move.name(),
        camera.lens_mm,
        shot.setting.weather.name(),
        cast.join(" "),
        shot.props.join(", "),
        shot.purpose,
        shot.provenance["purpose"].source,
    )
}

#[test]
fn orders_in_the_script_are_obeyed() {
    let check = |action: &str, ok: &dyn Fn(&Shot) -> bool| {
        let shot = only(action);
        assert!(ok(&shot), "{action}: {:?} {:?}", shot.camera, shot.cast);
    };
    check("CLOSE ON Mara.", &|s| s.camera.size == ShotSize::Cu && s.camera.framing == Framing::Single);
    check("CLOSE ON THE KEY.", &|s| s.camera.framing == Framing::Insert && s.props == ["key"]);
    check("EXTREME CLOSE UP: her eye.", &|s| s.camera.size == ShotSize::Ecu);
    check("WIDE: the field.", &|s| s.camera.size == ShotSize::Ws);
    check("JON'S POV: Mara runs.", &|s| {
        s.camera.framing == Framing::Pov && s.cast.len() == 1 && s.cast[0].name == "MARA"
    });
    check("TRACKING with Mara.", &|s| s.camera.r#move == Move::TrackRight);
    check("INSERT - A LETTER", &|s| s.camera.framing == Framing::Insert && s.cast.is_empty());
    check("PUSH IN on Jon.", &|s| s.camera.r#move == Move::PushIn);
    check("PULL BACK from Jon.", &|s| s.camera.r#move == Move::PullOut);
    check("CRANE UP over the field.", &|s| s.camera.r#move == Move::CraneUp);
    check("AERIAL: the field.", &|s| s.camera.framing == Framing::Aerial && s.camera.angle == Angle::BirdsEye);
    check("LOW ANGLE on Jon.", &|s| s.camera.angle == Angle::Low);
    check("OVERHEAD: Jon sleeps.", &|s| s.camera.angle == Angle::Overhead);
    check("We follow Mara home.", &|s| s.camera.r#move == Move::Follow);
    check("A wide road and a close friend.", &|s| s.provenance["camera.size"].by == Origin::Rule);
    let ordered = only("CLOSE ON Mara.");
    assert_eq!(ordered.provenance["camera.size"].by, Origin::Script);
    assert_eq!(ordered.provenance["camera.size"].source, "X02");
}

#[test]
fn an_order_inside_a_paragraph_starts_a_shot_of_its_beat() {
    let made =
        of("EXT. FIELD - DAY\n\nGrass.\n\nMara walks to the gate. CLOSE ON THE LOCK. It is gone. WIDE. Nobody.\n");
    let ids: Vec<&str> = made.shots.iter().map(|shot| shot.id.as_str()).collect();
    assert_eq!(ids, ["s1.b1", "s1.b2", "s1.b2.2", "s1.b2.3"]);
    assert_eq!(shot(&made, "s1.b2.2").text, "CLOSE ON THE LOCK. It is gone.");
    assert_eq!(shot(&made, "s1.b2.3").camera.size, ShotSize::Ws);
}

#[test]
fn every_field_has_an_origin() {
    let made = of(SAMPLE);
    for shot in &made.shots {
        assert_eq!(shot.provenance.len(), 15, "{}", shot.id);
        assert!(shot.provenance.values().all(|it| (0.0..=1.0).contains(&it.confidence)));
    }
}

#[test]
fn time_and_weather_are_inherited() {
    let made = of(
        "EXT. QUAY - NIGHT (STORM)\n\nWaves.\n\nINT. SHED - CONTINUOUS\n\nDark.\n\nEXT. HILL - DAY\n\nSun.\n\nEXT. QUAY\n\nWaves.\n\nEXT. ROAD\n\nDust.\n",
    );
    let seen: Vec<_> =
        made.shots.iter().map(|shot| (shot.setting.time, shot.provenance["setting.time"].source.as_str())).collect();
    assert_eq!(
        seen,
        [
            (TimeOfDay::Night, ""),
            (TimeOfDay::Night, "T01"),
            (TimeOfDay::Day, ""),
            (TimeOfDay::Night, "T02"),
            (TimeOfDay::Night, "T03"),
        ]
    );
    assert_eq!(made.shots[1].setting.weather, Weather::Storm);
}

#[test]
fn two_speakers_keep_their_sides_and_a_voice_is_not_seen() {
    let made = of(
        "INT. ROOM - DAY\n\nMARA\nWho is there now, and why?\n\nJON\nIt is only me again, sorry.\n\nANNA (V.O.)\nI was not there that day.\n\nMara and Jon wait.\n",
    );
    for shot in &made.shots {
        for member in &shot.cast {
            let side = if member.name == "MARA" { Side::Left } else { Side::Right };
            assert_eq!(member.side, side, "{}", shot.id);
        }
    }
    let voice = shot(&made, "s1.b3");
    assert_eq!(voice.lines[0].extension, "V.O.");
    assert!(voice.cast.iter().all(|member| member.name != "ANNA"));
    assert_eq!(shot(&made, "s1.b4").camera.framing, Framing::Two);
    assert_eq!(made.characters, ["MARA", "JON", "ANNA"]);
}

#[test]
fn montage_items_and_cards_are_shots() {
    let made = of(
        "EXT. FIELD - DAY\n\nGrass.\n\nMONTAGE\n\n- Mara mends a net.\n- Jon paints the door.\nC) Snow.\n\nEND MONTAGE\n\nSUPER: TEN YEARS LATER\n\nLATER\n\n> THE END <\n",
    );
    let texts: Vec<&str> = made.shots.iter().map(|shot| shot.text.as_str()).collect();
    assert_eq!(
        texts,
        ["Grass.", "Mara mends a net.", "Jon paints the door.", "Snow.", "SUPER: TEN YEARS LATER", "THE END"]
    );
    assert!(made.shots[1..4].iter().all(|shot| shot.purpose == "montage" && (1.5..=2.5).contains(&shot.duration_s)));
    assert_eq!(made.shots[4].camera.framing, Framing::Insert);
}

#[test]
fn text_without_headings_is_still_shots() {
    assert_eq!(of("Mara waits.\n\nIt rains.\n").shots.len(), 2);
    let made = of("Scene 1: the harbour\n\nBoats.\n\nScene 2: the hill\n\nGrass.\n");
    assert_eq!(made.shots.iter().map(|shot| shot.scene.as_str()).collect::<Vec<_>>(), ["s1", "s2"]);
    assert_eq!(of("").shots, []);
}

/// Words of all speech by the parser, and by the shots.
#[track_caller]
fn assert_all_spoken(text: &str, options: &Options) {
    let made = breakdown(text, options, None);
    let joined = |parts: Vec<&str>| words::one_line(&crate::fountain::plain(&parts.join(" ")));
    let script = crate::fountain::parse(text);
    let spoken = script.elements.iter().filter(|element| element.kind == Kind::Dialogue);
    let spoken = joined(spoken.map(|element| element.text.as_str()).collect());
    let shown = joined(made.shots.iter().flat_map(|shot| &shot.lines).map(|line| line.text.as_str()).collect());
    assert_eq!(shown, spoken);
    for shot in &made.shots {
        assert!(
            (options.min_seconds..=options.max_seconds).contains(&shot.duration_s),
            "{} {}",
            shot.id,
            shot.duration_s
        );
        let mut at = 0.0;
        for line in &shot.lines {
            assert!(at <= line.start_s + 1e-9, "{} overlaps", shot.id);
            at = line.start_s + line.duration_s;
            assert!(at <= shot.duration_s + 1e-9, "{} ends at {at} of {}", shot.id, shot.duration_s);
        }
    }
}

#[test]
fn every_spoken_line_is_in_exactly_one_shot() {
    assert_all_spoken(SAMPLE, &Options::default());
    let long = "word, ".repeat(200);
    let text = format!("INT. ROOM - DAY\n\nMARA\n(beat)\nShort. {long} end.\n(pause)\nAgain!\n\nJON\n{long}\n");
    assert_all_spoken(&text, &Options::default());
    assert_all_spoken(&text, &Options { max_seconds: 2.0, words_per_second: 1.0, ..Options::default() });
}

/// A long script: scenes with places, action and talk, every line its own.
fn feature(n_scenes: usize) -> String {
    const PLACES: &[&str] = &["LAMP ROOM", "QUAY", "KITCHEN", "CLIFF", "STAIRS", "BOAT", "CHAPEL"];
    const VERBS: &[&str] = &["climbs", "watches", "carries", "opens", "lifts", "crosses", "holds", "drops"];
    const THINGS: &[&str] =
        &["lantern", "rope", "letter", "bell", "oar", "map", "key", "radio", "coat", "bottle", "chart"];
    let mut text = String::new();
    for scene in 0..n_scenes {
        let side = if scene % 2 == 0 { "INT" } else { "EXT" };
        let time = if scene % 3 == 0 { "NIGHT" } else { "DAY" };
        text.push_str(&format!("{side}. {} - {time}\n\n", PLACES[scene % PLACES.len()]));
        for beat in 0..6 {
            let (verb, thing) = (VERBS[(scene + 3 * beat) % 8], THINGS[(scene * 7 + beat) % 11]);
            text.push_str(&format!("Mara {verb} the {thing} number {scene} and turns to window {beat}.\n\n"));
            let who = if beat % 2 == 0 { "MARA" } else { "JON" };
            text.push_str(&format!("{who}\nThe {thing} of {scene} was never {verb} here, not {beat} times.\n\n"));
        }
    }
    text
}

fn scene_blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("INT.") || line.starts_with("EXT.") {
            blocks.push(String::new());
        }
        if let Some(last) = blocks.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    blocks
}

#[test]
fn an_edit_of_one_line_changes_the_shots_of_its_beat_only() {
    for (text, stride) in [(SAMPLE.to_owned(), 1), (feature(4), 5)] {
        let before = of(&text);
        let script = crate::fountain::parse(&text);
        let editable = script.elements.iter().filter(|element| matches!(element.kind, Kind::Action | Kind::Dialogue));
        for element in editable.step_by(stride) {
            let start = &text[..element.span.start];
            let end = &text[element.span.end..];
            let replaced =
                if element.kind == Kind::Action { "Mara drops the map.\n" } else { "That is not what I said.\n" };
            let edited = after(&format!("{start}{replaced}{end}"), &before.memory);
            let changed = changed(&before, &edited);
            let beats: BTreeSet<String> =
                changed.iter().map(|id| id.split('.').take(2).collect::<Vec<_>>().join(".")).collect();
            // A paragraph that gives its scene the weather speaks for the scene.
            let weather = lexicon::weather(&words::words(&element.text)).is_some();
            assert!(beats.len() == 1 || weather, "{:?} changed {changed:?}", element.text);
            let ids = |made: &Breakdown| made.shots.iter().map(|shot| shot.id.clone()).collect::<BTreeSet<_>>();
            let lost: Vec<_> =
                ids(&before).difference(&ids(&edited)).filter(|id| id.matches('.').count() == 1).cloned().collect();
            assert_eq!(lost, Vec::<String>::new(), "{:?}", element.text);
        }
    }
}

#[test]
fn other_shots_keep_their_numbers_through_an_edit() {
    let before = of(SAMPLE);
    let edited = after(&SAMPLE.replace("Since you left.", "Since the day you left us."), &before.memory);
    let numbers =
        |made: &Breakdown| made.shots.iter().map(|shot| (shot.id.clone(), shot.number.clone())).collect::<Vec<_>>();
    assert_eq!(numbers(&before), numbers(&edited));
    assert_eq!(changed(&before, &edited).into_iter().collect::<Vec<_>>(), ["s2.b4"]);
}

#[test]
fn an_inserted_scene_or_beat_changes_no_other_shot() {
    let before = of(SAMPLE);
    let scene = "EXT. QUAY - DAY\n\nA gull.\n\nANNA\nHello there, you.\n\n";
    for place in SAMPLE.match_indices("INT. ").chain(SAMPLE.match_indices("EXT. ")).map(|(at, _)| at) {
        let edited = after(&format!("{}{scene}{}", &SAMPLE[..place], &SAMPLE[place..]), &before.memory);
        let changed: Vec<_> = changed(&before, &edited).into_iter().collect();
        assert_eq!(changed, ["s6.b1", "s6.b2"]);
        let removed = after(SAMPLE, &edited.memory);
        assert_eq!(removed.shots, before.shots);
    }
    let at = SAMPLE.find("INSERT - THE RADIO").unwrap();
    let edited = after(&format!("{}Jon sighs.\n\n{}", &SAMPLE[..at], &SAMPLE[at..]), &before.memory);
    assert_eq!(changed(&before, &edited).into_iter().collect::<Vec<_>>(), ["s2.b9"]);
}

#[test]
fn ids_are_never_used_again() {
    let first = of("EXT. A - DAY\n\nOne goes.\n\nTwo waits.\n\nEXT. B - DAY\n\nThree.\n");
    let second = after("EXT. A - DAY\n\nOne goes.\n", &first.memory);
    let third = after(
        "EXT. A - DAY\n\nOne goes.\n\nSomething else entirely here.\n\nINT. ZOO - NIGHT\n\nLions sleep.\n",
        &second.memory,
    );
    let ids: Vec<&str> = third.shots.iter().map(|shot| shot.id.as_str()).collect();
    assert_eq!(ids, ["s1.b1", "s1.b3", "s3.b1"]);
    let back = after("EXT. A - DAY\n\nOne goes.\n\nTwo waits.\n\nEXT. B - DAY\n\nThree.\n", &third.memory);
    assert_eq!(back.shots, first.shots);
}

#[test]
fn notes_give_scenes_their_ids() {
    let text = "EXT. A - DAY\n\nOne.\n\nEXT. B - DAY\n[[id:s1]]\n\nTwo.\n\nEXT. C - DAY [[id: harbour]]\n\nThree.\n\nEXT. D - DAY\n[[id:s1]]\n\nFour.\n\nEXT. E - DAY\n[[id:no way]]\n\nFive.\n";
    let made = of(text);
    let ids: Vec<&str> = made.shots.iter().map(|shot| shot.scene.as_str()).collect();
    assert_eq!(ids, ["s2", "s1", "harbour", "s3", "s4"]);
    let codes: Vec<&str> = made.warnings.iter().map(|it| it.0).collect();
    assert_eq!(codes, ["scene-id-twice", "scene-id-refused"]);
    let moved = after("EXT. Z - NIGHT\n[[id:harbour]]\n\nAll new.\n", &made.memory);
    assert_eq!(moved.shots[0].scene, "harbour");
}

#[test]
fn a_mutated_feature_keeps_nearly_all_scene_ids() {
    let text = feature(60);
    let before = of(&text);
    let blocks = scene_blocks(&text);
    let (mut kept, mut all) = (0, 0);
    let mut judge = |name: &str, order: Vec<(Option<usize>, String)>| {
        let edited = order.iter().map(|(_, block)| block.as_str()).collect::<String>();
        let made = after(&edited, &before.memory);
        let mut ids: Vec<&str> = made.shots.iter().map(|shot| shot.scene.as_str()).collect();
        ids.dedup();
        assert_eq!(ids.len(), order.len(), "{name}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name} uses an id twice");
        let good =
            order.iter().zip(&ids).filter(|((old, _), id)| old.is_some_and(|old| **id == format!("s{}", old + 1)));
        let good = good.count();
        let n = order.iter().filter(|(old, _)| old.is_some()).count();
        assert!(0.9 * n as f64 <= good as f64, "{name}: {good} of {n}");
        kept += good;
        all += n;
    };
    let plain = || blocks.iter().cloned().enumerate().map(|(idx, block)| (Some(idx), block)).collect::<Vec<_>>();
    judge("renamed place", plain().into_iter().map(|(i, b)| (i, b.replace("QUAY", "OLD PIER"))).collect());
    judge("swapped", {
        let mut order = plain();
        (0..58).step_by(4).for_each(|idx| order.swap(idx, idx + 2));
        order
    });
    judge("rewritten in part", {
        let rewrite = |block: String| -> String {
            let lines = block.lines().enumerate();
            let line = |(idx, line): (usize, &str)| match idx % 3 == 2 && line.starts_with("Mara") {
                true => format!("Suddenly nobody moves at all, {} times.\n", idx),
                false => format!("{line}\n"),
            };
            lines.map(line).collect()
        };
        plain().into_iter().map(|(i, b)| (i, rewrite(b))).collect()
    });
    judge("split", {
        let mut order = Vec::new();
        for (idx, block) in plain() {
            let at = block.rfind("Mara ").filter(|_| idx.unwrap() % 10 == 3);
            match at {
                Some(at) => {
                    order.push((idx, block[..at].to_owned()));
                    order.push((None, format!("INT. CELLAR - DAY\n\n{}", &block[at..])));
                }
                None => order.push((idx, block)),
            }
        }
        order
    });
    judge("thinned", plain().into_iter().filter(|(idx, _)| idx.unwrap() % 7 != 0).collect());
    judge("reversed", plain().into_iter().rev().collect());
    assert!(0.95 * f64::from(all as u32) <= f64::from(kept as u32), "{kept} of {all}");
}

#[test]
fn the_same_script_gives_the_same_bytes() {
    let first = of(SAMPLE);
    let second = after(SAMPLE, &first.memory);
    assert_eq!(first.shots, second.shots);
    assert_eq!(first.memory, second.memory);
    let text = |made: &Breakdown| serde_json::to_string(&made.shots).unwrap();
    assert_eq!(text(&first), text(&of(&SAMPLE.replace('\n', "\r\n"))));
}

#[test]
fn a_hundred_pages_are_quick() {
    // Twelve beats of two lines each are about a page.
    let text = feature(100);
    let first = of(&text);
    // The best of five: other work on the machine is not ours to measure.
    let times = (0..5).map(|_| {
        let started = Instant::now();
        let second = after(&text, &first.memory);
        let took = started.elapsed();
        assert_eq!(first.shots, second.shots);
        took
    });
    let took = times.min().unwrap();
    let limit = if cfg!(debug_assertions) { 2000 } else { 50 };
    assert!(took < Duration::from_millis(limit), "{} shots took {took:?}", first.shots.len());
}

#[test]
fn hostile_scripts_and_memories_cost_linear_time() {
    let started = Instant::now();
    for unit in ["INT. A\n\n", "INT. A - DAY\n\nx\n\n", "A\nb\n\n", "MARA, 30,\n\n", "a b c d e. ", ". ", "x, "] {
        let text = unit.repeat(40_000 / unit.len());
        let first = of(&text);
        let edited = text.replace('x', "y").replace("DAY", "NIGHT");
        after(&edited, &first.memory);
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn no_text_and_no_memory_panics(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "INT. A - DAY\n\n", "EXT. B (RAIN)\n\n", "\n", "\n\n", "MARA\n", "MARA AND JON (V.O.)\n", "(beat)\n", "Yes.\n",
                "MONTAGE\n", "- She, he.\n", "CLOSE ON THE KEY. ", "POV", "[[id:s2]]\n", "é…—", "They run! ", "SUPER: A\n", "> x <\n",
                "MARA, 30, waits.\n", "^", ".X\n\n",
            ]),
            0..40,
        ),
        memory in ".{0,60}",
        max_seconds in 2.0f64..8.0,
    ) {
        let text: String = parts.concat();
        let options = Options { max_seconds, ..Options::default() };
        let made = breakdown(&text, &options, Some(&memory));
        let ids: BTreeSet<&str> = made.shots.iter().map(|shot| shot.id.as_str()).collect();
        prop_assert_eq!(ids.len(), made.shots.len());
        let again = breakdown(&text, &options, Some(&made.memory));
        prop_assert_eq!(&again.shots, &made.shots);
        prop_assert_eq!(again.memory, made.memory);
        for shot in &made.shots {
            prop_assert!((options.min_seconds..=max_seconds).contains(&shot.duration_s));
        }
    }
}
