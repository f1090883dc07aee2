//! Shots from scenes: setting, cast, props, lines, length and where each came from.
//!
//! Takes scenes with their ids; knows nothing of how ids are found or of Fountain.

use std::collections::BTreeMap;

use model::{CastMember, Framing, IntExt, Line, Origin, Provenance, Setting, Shot, Side, TimeOfDay, Weather};

use super::choose::{Choice, Facts, SpeechFacts, choose, framing_of, lens_of, pose_after};
use super::heading::Time;
use super::identity::SceneIds;
use super::outline::{Beat, BeatKind, Scene, Speech};
use super::people::{Mention, People, pronouns, props};
use super::rules::Seen;
use super::timing::{Pace, Part, finds, parts, tenths};
use super::words::{Word, n_words, words};
use super::{Breakdown, Options, lexicon};

/// Who decided, by rule id, and how surely.
#[derive(Clone, Copy)]
struct By(Origin, &'static str, f64);

const SAID: By = By(Origin::Script, "", 1.0);

/// What all shots of a scene share.
struct SceneCx<'a> {
    setting: Setting,
    setting_by: [By; 4],
    interior: bool,
    /// Who speaks and is seen, in order.
    speakers: Vec<&'a str>,
    first_speech: Option<usize>,
}

/// All shots in order, with names of people and places.
pub(super) fn assemble(scenes: &[Scene], ids: &[SceneIds], options: &Options) -> Breakdown {
    let people = People::of(scenes);
    let pace = Pace {
        min_s: options.min_seconds,
        max_s: options.max_seconds,
        words_per_s: options.words_per_second,
        average_s: options.average_seconds,
    };
    let mut out = Breakdown::default();
    let mut light = Light::default();
    let mut known = [std::collections::BTreeSet::new(), std::collections::BTreeSet::new()];
    for (scene_idx, (scene, ids)) in scenes.iter().zip(ids).enumerate() {
        let cx = scene_cx(scene, &mut light, options);
        let location = &cx.setting.location;
        if !location.is_empty() && known[1].insert(location.clone()) {
            out.locations.push(location.clone());
        }
        let display = scene.number.clone().unwrap_or_else(|| (scene_idx + 1).to_string());
        let mut n_shots = 0;
        for (beat_idx, (beat, beat_id)) in scene.beats.iter().zip(&ids.beats).enumerate() {
            let opening = beat_idx == 0;
            let mut before = None;
            let paragraph = words(&beat.text);
            let in_paragraph = if beat.speech.is_none() { people.mentions(&beat.text, &paragraph) } else { Vec::new() };
            let names = in_paragraph.iter().map(|it| &it.name);
            for name in names.chain(beat.speech.iter().flat_map(|speech| &speech.names)) {
                if known[0].insert(name.clone()) {
                    out.characters.push(name.clone());
                }
            }
            for (part_idx, part) in parts(beat, opening, &pace).into_iter().enumerate() {
                n_shots += 1;
                let mut shot = shot_of(&PartCx {
                    scene: &cx,
                    beat,
                    part: &part,
                    part_idx,
                    beat_number: *beat_id as usize,
                    opening: opening && part_idx == 0,
                    first_speech: cx.first_speech == Some(beat_idx),
                    in_paragraph: &in_paragraph,
                    people: &people,
                    before: before.as_ref(),
                    options,
                });
                shot.id = match part_idx {
                    0 => format!("{}.b{beat_id}", ids.id),
                    _ => format!("{}.b{beat_id}.{}", ids.id, part_idx + 1),
                };
                shot.scene = ids.id.clone();
                shot.number = format!("{display}-{:03}", n_shots * 10);
                before = Some(shot.camera.clone());
                out.shots.push(shot);
            }
        }
    }
    out
}

/// What later scenes inherit.
#[derive(Default)]
struct Light {
    by_place: BTreeMap<String, (TimeOfDay, IntExt)>,
    last: Option<(TimeOfDay, Option<Weather>)>,
}

fn scene_cx<'a>(scene: &'a Scene, light: &mut Light, options: &Options) -> SceneCx<'a> {
    let heading = &scene.heading;
    let place = light.by_place.get(&heading.location).copied();
    let (time, time_by) = match (heading.time, place, light.last) {
        (Time::Said(time), ..) => (time, SAID),
        (Time::Inherited, _, Some((time, _))) => (time, By(Origin::Rule, "T01", 0.9)),
        (Time::Unsaid, Some((time, _)), _) => (time, By(Origin::Rule, "T02", 0.7)),
        (Time::Unsaid, None, Some((time, _))) => (time, By(Origin::Rule, "T03", 0.5)),
        (_, _, None) => (TimeOfDay::Day, By(Origin::Rule, "T04", 0.3)),
    };
    let (int_ext, int_ext_by) = match (heading.int_ext, place) {
        (Some(int_ext), _) => (int_ext, SAID),
        (None, Some((_, int_ext))) => (int_ext, By(Origin::Rule, "T05", 0.6)),
        (None, None) => (IntExt::Ext, By(Origin::Rule, "T05", 0.3)),
    };
    let inherited = light.last.and_then(|(_, weather)| weather).filter(|_| heading.time == Time::Inherited);
    let (weather, weather_by) = match (scene.weather, inherited) {
        (Some(weather), _) => (weather, By(Origin::Script, "T06", 0.9)),
        (None, Some(weather)) => (weather, By(Origin::Rule, "T07", 0.7)),
        (None, None) => (options.weather, By(Origin::Rule, "T08", 0.3)),
    };
    light.by_place.insert(heading.location.clone(), (time, int_ext));
    light.last = Some((time, scene.weather.or(inherited)));
    let mut speakers: Vec<&str> = Vec::new();
    let mut first_speech = None;
    for (idx, beat) in scene.beats.iter().enumerate() {
        let Some(speech) = beat.speech.as_ref().filter(|speech| speech.extension.is_empty()) else { continue };
        first_speech = first_speech.or(Some(idx));
        for name in &speech.names {
            if !speakers.contains(&name.as_str()) {
                speakers.push(name);
            }
        }
    }
    SceneCx {
        interior: int_ext == IntExt::Int,
        setting: Setting { location: heading.location.clone(), int_ext, time, weather },
        setting_by: [SAID, int_ext_by, time_by, weather_by],
        speakers,
        first_speech,
    }
}

/// Everything one shot is made from.
struct PartCx<'a> {
    scene: &'a SceneCx<'a>,
    beat: &'a Beat,
    part: &'a Part,
    part_idx: usize,
    /// The beat's number in its id: it survives every edit.
    beat_number: usize,
    opening: bool,
    first_speech: bool,
    /// Names in the whole paragraph.
    in_paragraph: &'a [Mention],
    people: &'a People,
    before: Option<&'a model::Camera>,
    options: &'a Options,
}

/// A shot without its ids.
fn shot_of(cx: &PartCx<'_>) -> Shot {
    let words = words(&cx.part.text);
    let is_speech = cx.beat.speech.is_some();
    let mentions = if is_speech { Vec::new() } else { cx.people.mentions(&cx.part.text, &words) };
    let (named, named_by) = named(cx, &mentions, &words);
    let props = if is_speech { Vec::new() } else { props(&words, &mentions) };
    let speech_text = cx.part.lines.last().map_or("", |line| line.text.as_str());
    let facts = Facts {
        words: &words,
        kind: cx.beat.kind,
        opening: cx.opening,
        interior: cx.scene.interior,
        introduces: mentions.iter().any(|mention| mention.introduced),
        n_cast: named.len(),
        has_prop: !props.is_empty(),
        part_idx: cx.part_idx,
        beat_number: cx.beat_number,
        speech: cx.beat.speech.as_ref().map(|speech| SpeechFacts {
            extension: speech.extension,
            first: cx.first_speech,
            n_speakers: n_speakers(cx.scene, speech),
            direction: &cx.part.direction,
            text: speech_text,
        }),
    };
    let mut choice = choose(&facts, cx.before);
    let mut cast = match &cx.beat.speech {
        Some(speech) => speech_cast(cx, speech, &choice),
        None => action_cast(cx, &named, &words),
    };
    frame(&mut choice, &mut cast, &mentions, cx);
    let (duration_s, duration_by) = duration(cx, &choice, &words);
    let text = match &cx.beat.speech {
        Some(speech) => spoken(speech, cx.part),
        None => cx.part.text.clone(),
    };
    let purpose = purpose(&choice);
    let provenance = provenance(cx, &choice, named_by, duration_by);
    Shot {
        id: String::new(),
        scene: String::new(),
        number: String::new(),
        text,
        setting: cx.scene.setting.clone(),
        camera: choice.camera,
        cast,
        props,
        lines: fitted(&cx.part.lines, duration_s),
        duration_s,
        seed: None,
        purpose: purpose.to_owned(),
        provenance,
    }
}

/// The rule's purpose, unless an order of the script made an insert of the shot, or a figure of an insert.
fn purpose(choice: &Choice) -> &'static str {
    match (choice.rule.purpose, choice.camera.framing) {
        ("action" | "reaction", Framing::Insert) => "insert",
        ("insert", framing) if framing != Framing::Insert => "action",
        (purpose, _) => purpose,
    }
}

/// How many people a speech is between; for a voice, how many can listen.
fn n_speakers(scene: &SceneCx<'_>, speech: &Speech) -> usize {
    match speech.extension {
        "" => scene.speakers.len(),
        "V.O." => scene.speakers.len(),
        _ => scene.speakers.iter().filter(|name| !speech.names.iter().any(|it| it == *name)).count(),
    }
}

/// Figures of an action: names in the piece, else those its pronouns stand for, with the word that they stand at.
fn named<'a>(cx: &PartCx<'a>, mentions: &'a [Mention], words: &[Word<'_>]) -> (Vec<(&'a str, usize)>, By) {
    if cx.beat.speech.is_some() {
        return (Vec::new(), By(Origin::Script, "C01", 0.95));
    }
    if !mentions.is_empty() {
        return (mentions.iter().map(|it| (it.name.as_str(), it.word_idx)).collect(), By(Origin::Script, "C01", 0.95));
    }
    let n = pronouns(words);
    let at = words.iter().position(|word| matches!(word.lower.as_str(), "she" | "he" | "they")).unwrap_or(0);
    let antecedents: Vec<_> = cx.in_paragraph.iter().take(n).map(|it| (it.name.as_str(), at)).collect();
    if !antecedents.is_empty() {
        return (antecedents, By(Origin::Rule, "C02", 0.8));
    }
    let speakers: Vec<_> = cx.scene.speakers.iter().take(n).map(|name| (*name, at)).collect();
    if speakers.is_empty() {
        return (speakers, By(Origin::Rule, "C04", 0.6));
    }
    (speakers, By(Origin::Rule, "C03", 0.4))
}

/// The first two speakers of a scene keep left and right; the others find their place in the shot.
fn side_of(scene: &SceneCx<'_>, name: &str) -> Side {
    match scene.speakers.iter().position(|speaker| *speaker == name) {
        Some(0) => Side::Left,
        Some(1) => Side::Right,
        _ => Side::Centre,
    }
}

fn action_cast(cx: &PartCx<'_>, named: &[(&str, usize)], words: &[Word<'_>]) -> Vec<CastMember> {
    let emotion = lexicon::feeling(words).unwrap_or_default();
    let member = |(name, word_idx): &(&str, usize)| CastMember {
        name: (*name).to_owned(),
        action: pose_after(words, *word_idx).to_owned(),
        emotion: emotion.to_owned(),
        side: side_of(cx.scene, name),
    };
    named.iter().take(6).map(member).collect()
}

fn speech_cast(cx: &PartCx<'_>, speech: &Speech, choice: &Choice) -> Vec<CastMember> {
    let scene = cx.scene;
    let feeling = lexicon::feeling(&words(&cx.part.direction));
    let member = |name: &str, speaks: bool| CastMember {
        name: name.to_owned(),
        action: if speaks { "talks" } else { "stands" }.to_owned(),
        emotion: feeling.filter(|_| speaks).unwrap_or_default().to_owned(),
        side: side_of(scene, name),
    };
    let other = scene.speakers.iter().find(|name| !speech.names.iter().any(|it| it == *name)).copied();
    let own = scene.speakers.iter().find(|name| speech.names.iter().any(|it| it == *name)).copied();
    let speakers = speech.names.iter().map(|name| member(name, true));
    match choice.rule.seen {
        Seen::Named => speakers.take(4).collect(),
        Seen::Both => speakers.chain(other.map(|name| member(name, false))).take(4).collect(),
        // Nobody else is there: a voice over may lie on its own speaker.
        Seen::Listener => {
            let own = own.filter(|_| speech.extension == "V.O.");
            other.or(own).map(|name| member(name, false)).into_iter().collect()
        }
    }
}

/// What the script's orders and the number of figures make of framing, sides and lens.
fn frame(choice: &mut Choice, cast: &mut Vec<CastMember>, mentions: &[Mention], cx: &PartCx<'_>) {
    let camera = &mut choice.camera;
    if camera.framing == Framing::Pov && !choice.framing_open {
        // Whoever looks is not seen.
        let looks = |name: &str| match mentions {
            [one] => one.name == name,
            _ => mentions.iter().any(|it| it.possessive && it.name == name),
        };
        cast.retain(|member| !looks(&member.name));
    }
    if choice.framing_open {
        camera.framing = framing_of(cast.len(), camera.size);
    }
    if camera.framing == Framing::Insert {
        cast.clear();
    }
    if matches!(camera.framing, Framing::OtsLeft | Framing::OtsRight) {
        // The shoulder in front is the listener's, on the listener's side.
        let listener = cast.get(1).map_or(Side::Left, |member| member.side);
        camera.framing = if listener == Side::Right { Framing::OtsRight } else { Framing::OtsLeft };
    }
    let n_centre = cast.iter().filter(|member| member.side == Side::Centre).count();
    if 1 < cast.len() && 0 < n_centre {
        let taken: Vec<Side> = cast.iter().map(|member| member.side).collect();
        let mut free = [Side::Left, Side::Right, Side::Centre]
            .into_iter()
            .filter(|side| !taken.contains(side) || (*side == Side::Centre && cast.len() != 2));
        let free: Vec<Side> = free.by_ref().collect();
        let centred = cast.iter_mut().filter(|member| member.side == Side::Centre);
        for (member, side) in centred.zip(free.into_iter().chain(std::iter::repeat(Side::Centre))) {
            member.side = side;
        }
    }
    camera.lens_mm = if cx.options.lens_mm == 0 { lens_of(camera) } else { cx.options.lens_mm };
}

fn duration(cx: &PartCx<'_>, choice: &Choice, words: &[Word<'_>]) -> (f64, By) {
    let (min_s, max_s) = (cx.options.min_seconds, cx.options.max_seconds);
    let (shortest, longest) = choice.rule.seconds;
    let slow = if cx.beat.speech.is_none() && finds(words, "slow motion", true) { 1.5 } else { 1.0 };
    let seconds = (cx.part.seconds * slow).clamp(shortest, longest.max(shortest));
    let id = match cx.beat.kind {
        BeatKind::Speech => "L01",
        BeatKind::Action => "L02",
        BeatKind::Montage => "L03",
        BeatKind::Card => "L04",
    };
    // Rounding must not leave the limits.
    (tenths(seconds.clamp(min_s, max_s)).clamp(min_s, max_s), By(Origin::Rule, id, 0.7))
}

/// A limit that the pace cannot keep (one long word, a short maximum) speeds the words up rather than cutting them.
fn fitted(lines: &[Line], duration_s: f64) -> Vec<Line> {
    let end = lines.last().map_or(0.0, |line| line.start_s + line.duration_s);
    let scale = if duration_s < end { duration_s / end } else { 1.0 };
    let cut = |seconds: f64| (seconds * scale * 100.0).floor() / 100.0;
    lines
        .iter()
        .map(|line| match scale < 1.0 {
            true => Line { start_s: cut(line.start_s), duration_s: cut(line.duration_s), ..line.clone() },
            false => line.clone(),
        })
        .collect()
}

fn spoken(speech: &Speech, part: &Part) -> String {
    let mut text = speech.cue.clone();
    if !part.direction.is_empty() {
        text.push_str(&format!(" ({})", part.direction));
    }
    if 0 < n_words(&part.text) {
        text.push_str(": ");
        text.push_str(&part.text);
    }
    text
}

fn provenance(cx: &PartCx<'_>, choice: &Choice, cast: By, duration: By) -> BTreeMap<String, Provenance> {
    let rule = By(Origin::Rule, choice.rule.id, choice.rule.confidence);
    let ordered = |by: Option<&'static str>| by.map_or(rule, |id| By(Origin::Script, id, 0.95));
    let angle = choice.tilt.map_or(ordered(choice.angle_by), |id| By(Origin::Rule, id, 0.5));
    let framing = match choice.framing_by {
        None if choice.framing_open => By(Origin::Rule, "F01", 0.6),
        by => ordered(by),
    };
    let lens = match cx.options.lens_mm {
        0 => By(Origin::Rule, "F02", 0.5),
        _ => By(Origin::User, "lens_mm", 1.0),
    };
    let cast = match (&cx.beat.speech, choice.rule.seen) {
        (Some(_), Seen::Both | Seen::Listener) => rule,
        _ => cast,
    };
    let props = if cx.beat.speech.is_some() { rule } else { By(Origin::Script, "C05", 0.6) };
    let [location, int_ext, time, weather] = cx.scene.setting_by;
    [
        ("text", SAID),
        ("setting.location", location),
        ("setting.int_ext", int_ext),
        ("setting.time", time),
        ("setting.weather", weather),
        ("camera.size", ordered(choice.size_by)),
        ("camera.framing", framing),
        ("camera.angle", angle),
        ("camera.move", ordered(choice.move_by)),
        ("camera.lens_mm", lens),
        ("cast", cast),
        ("props", props),
        ("lines", SAID),
        ("duration_s", duration),
        ("purpose", rule),
    ]
    .into_iter()
    .map(|(field, By(by, source, confidence))| {
        (field.to_owned(), Provenance { by, source: source.to_owned(), confidence })
    })
    .collect()
}
