//! From elements to scenes and beats: what is said and done, in order, before any camera.
//!
//! One action paragraph or one speech is one beat. Longer runs would make better coverage and worse identity: an edit
//! inside a run would touch all of it.

use model::Weather;

use super::heading::{self, Heading};
use super::lexicon;
use super::words::{n_words, one_line, words};
use crate::fountain::{Fountain, Kind, plain};

/// One scene of the script.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub(super) heading: Heading,
    /// The heading as it stands.
    pub(super) raw: String,
    /// The number that the script gives it.
    pub(super) number: Option<String>,
    /// The id that a note `[[id:s3]]` gives it.
    pub(super) explicit: Option<String>,
    /// The weather that heading, note or opening paragraph give it.
    pub(super) weather: Option<Weather>,
    pub(super) beats: Vec<Beat>,
}

/// One beat: a paragraph or a speech.
#[derive(Clone, Debug)]
pub(super) struct Beat {
    pub(super) kind: BeatKind,
    /// On one line, without emphasis marks; all segments of a speech.
    pub(super) text: String,
    pub(super) speech: Option<Speech>,
}

/// What a beat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BeatKind {
    Action,
    Speech,
    /// Words on screen.
    Card,
    /// An item of a montage.
    Montage,
}

/// Who says what, and how.
#[derive(Clone, Debug)]
pub(super) struct Speech {
    /// The cue's name, upper case.
    pub(super) cue: String,
    /// Its speakers: `MARA AND JON` are two.
    pub(super) names: Vec<String>,
    /// `V.O.`, `O.S.`, `O.C.` or empty.
    pub(super) extension: &'static str,
    pub(super) segments: Vec<Segment>,
}

/// A run of dialogue under one direction.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Without parentheses.
    pub(super) direction: String,
    pub(super) text: String,
}

/// Scenes in order. Text before the first heading is a scene without one.
pub(super) fn scenes(fountain: &Fountain) -> Vec<Scene> {
    let mut scenes: Vec<Scene> = Vec::new();
    let with_headings = fountain.elements.iter().any(|element| matches!(element.kind, Kind::Heading { .. }));
    let mut montage = false;
    let mut at_heading = false;
    let mut in_speech = false;
    for element in &fountain.elements {
        let text = plain(&element.text);
        let starts = match &element.kind {
            Kind::Heading { number } => Some(number.clone()),
            Kind::Section { .. } if !with_headings => Some(None),
            Kind::Action if !with_headings && is_plain_heading(&text) => Some(None),
            _ => None,
        };
        if let Some(number) = starts {
            let heading = heading::parse(&text);
            let weather = heading.weather;
            scenes.push(Scene { heading, raw: one_line(&text), number, weather, ..Scene::default() });
            montage = false;
            at_heading = true;
            in_speech = false;
            read_notes(fountain, element, at_heading, scenes.last_mut());
            continue;
        }
        let speaks =
            matches!(element.kind, Kind::Character { .. } | Kind::Parenthetical | Kind::Dialogue | Kind::Lyrics);
        if scenes.is_empty() && (speaks || matches!(element.kind, Kind::Action | Kind::Centered)) {
            scenes.push(Scene::default());
        }
        read_notes(fountain, element, at_heading, scenes.last_mut());
        let Some(scene) = scenes.last_mut() else { continue };
        match &element.kind {
            Kind::Character { name, extension, .. } => {
                scene.beats.push(speech_of(name, extension));
                in_speech = true;
            }
            Kind::Parenthetical | Kind::Dialogue | Kind::Lyrics if in_speech => {
                if let Some(speech) = scene.beats.last_mut().and_then(|beat| beat.speech.as_mut()) {
                    add_to_speech(speech, &element.kind, &text);
                }
            }
            Kind::Action | Kind::Lyrics => {
                add_action(scene, &text, &mut montage);
                in_speech = false;
            }
            Kind::Centered => {
                scene.beats.push(Beat { kind: BeatKind::Card, text: one_line(&text), speech: None });
                in_speech = false;
            }
            Kind::Note | Kind::Boneyard => continue,
            Kind::Blank => {
                in_speech = false;
                continue;
            }
            _ => in_speech = false,
        }
        at_heading = false;
    }
    for scene in &mut scenes {
        finish(scene);
    }
    scenes
}

/// `Scene 3: the harbour`, in a text without Fountain headings.
fn is_plain_heading(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let scene = words.next().is_some_and(|word| word.eq_ignore_ascii_case("scene"));
    scene
        && words.next().is_some_and(|word| word.trim_end_matches([':', '.']).parse::<u32>().is_ok())
        && n_words(text) <= 12
}

fn read_notes(fountain: &Fountain, element: &crate::fountain::Element, at_heading: bool, scene: Option<&mut Scene>) {
    let Some(scene) = scene else { return };
    for note in fountain.notes(element) {
        let Some((key, value)) = note.split_once(':') else { continue };
        match key.trim().to_ascii_lowercase().as_str() {
            "id" if at_heading => scene.explicit = Some(value.trim().to_owned()),
            "weather" => scene.weather = Weather::named(value.trim()).or(scene.weather),
            _ => {}
        }
    }
}

fn speech_of(name: &str, extension: &str) -> Beat {
    let cue = one_line(&plain(name)).to_uppercase().replace('’', "'");
    let mut names: Vec<String> = Vec::new();
    for name in cue.replace(" AND ", "/").replace(" & ", "/").split('/').map(str::trim) {
        if !name.is_empty() && !names.iter().any(|it| it == name) {
            names.push(name.to_owned());
        }
    }
    let letters: String = extension.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_uppercase).collect();
    let extension = match letters.as_str() {
        it if it.starts_with("VO") || it.starts_with("VOICEOVER") => "V.O.",
        it if it.starts_with("OS") || it.starts_with("OFFSCREEN") => "O.S.",
        it if it.starts_with("OC") || it.starts_with("OFFCAMERA") => "O.C.",
        _ => "",
    };
    let speech = Speech { cue, names, extension, segments: Vec::new() };
    Beat { kind: BeatKind::Speech, text: String::new(), speech: Some(speech) }
}

fn add_to_speech(speech: &mut Speech, kind: &Kind, text: &str) {
    let text = one_line(text);
    if *kind == Kind::Parenthetical {
        let direction = text.trim_start_matches('(').trim_end_matches(')').trim().to_owned();
        speech.segments.push(Segment { direction, text: String::new() });
        return;
    }
    match speech.segments.last_mut() {
        Some(last) if last.text.is_empty() => last.text = text,
        Some(last) => {
            last.text.push(' ');
            last.text.push_str(&text);
        }
        None => speech.segments.push(Segment { direction: String::new(), text }),
    }
}

fn add_action(scene: &mut Scene, text: &str, montage: &mut bool) {
    let line = one_line(text);
    if line.is_empty() {
        return;
    }
    let mut text = text.trim();
    match slug(&line) {
        Some(Slug::Silent) => {
            *montage = false;
            return;
        }
        Some(Slug::Montage) => *montage = true,
        None => {}
    }
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if matches!(slug(first.trim()), Some(Slug::Montage)) {
        *montage = true;
        text = rest;
    }
    if *montage {
        for item in text.lines().map(item_text).filter(|item| !item.is_empty() && slug(item).is_none()) {
            scene.beats.push(Beat { kind: BeatKind::Montage, text: item, speech: None });
        }
        return;
    }
    let kind = if is_card(&line) { BeatKind::Card } else { BeatKind::Action };
    scene.beats.push(Beat { kind, text: line, speech: None });
}

/// Lines in capitals that order the scene instead of showing something.
enum Slug {
    Montage,
    Silent,
}

fn slug(line: &str) -> Option<Slug> {
    if line.len() > 60 || line.chars().any(char::is_lowercase) {
        return None;
    }
    let bare = line.trim_end_matches(['.', ':', '-', ' ']);
    const MONTAGE: &[&str] = &["MONTAGE", "SERIES OF SHOTS", "BEGIN MONTAGE"];
    const SILENT: &[&str] = &[
        "LATER",
        "MOMENTS LATER",
        "CONTINUOUS",
        "SAME TIME",
        "THE END",
        "END",
        "INTERCUT",
        "BACK TO SCENE",
        "BACK TO",
        "END MONTAGE",
        "END OF MONTAGE",
        "END INTERCUT",
        "END FLASHBACK",
        "FLASHBACK",
        "BLACK",
        "CUT TO BLACK",
        "FADE IN",
        "FADE OUT",
    ];
    if SILENT.contains(&bare) || bare.starts_with("INTERCUT ") || bare.starts_with("BACK TO ") {
        return Some(Slug::Silent);
    }
    MONTAGE.iter().any(|slug| bare.starts_with(slug)).then_some(Slug::Montage)
}

/// A montage item without its bullet: `- `, `A) `, `1. `.
fn item_text(line: &str) -> String {
    let line = one_line(line);
    let bare = line.trim_start_matches(['-', '–', '—', '•', '*', ' ']);
    let bullet = bare.split(' ').next().filter(|it| it.len() <= 3 && it.ends_with([')', '.']) && it.len() >= 2);
    match bullet {
        Some(bullet) if bullet[..bullet.len() - 1].chars().all(|c| c.is_ascii_alphanumeric()) => {
            bare[bullet.len()..].trim().to_owned()
        }
        _ => bare.to_owned(),
    }
}

fn is_card(line: &str) -> bool {
    const CARDS: &[&str] = &["TITLE", "SUPER", "SUPERIMPOSE", "CHYRON", "CAPTION", "TITLE CARD", "ON SCREEN"];
    line.split_once(':').is_some_and(|(key, rest)| CARDS.contains(&key.trim()) && !rest.trim().is_empty())
}

/// Drops what shows nothing, joins the texts of speeches, and reads the opening paragraph's weather.
fn finish(scene: &mut Scene) {
    for beat in &mut scene.beats {
        if let Some(speech) = &beat.speech {
            let texts = speech.segments.iter().map(|segment| segment.text.as_str()).filter(|text| !text.is_empty());
            beat.text = texts.collect::<Vec<_>>().join(" ");
        }
    }
    scene.beats.retain(|beat| match &beat.speech {
        Some(speech) => !speech.names.is_empty() && !speech.segments.is_empty(),
        None => 0 < n_words(&beat.text),
    });
    if scene.weather.is_none() {
        let opening = scene.beats.first().filter(|beat| beat.kind == BeatKind::Action);
        scene.weather = opening.and_then(|beat| lexicon::weather(&words(&beat.text)));
    }
}
