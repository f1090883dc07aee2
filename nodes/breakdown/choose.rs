//! Which rule applies to a piece of text, and what camera it gives.
//!
//! Reads the tables of `rules`, decides nothing of its own but the lens and the framing by number of figures.

use model::{Angle, Camera, Framing, ShotSize};

use super::lexicon;
use super::outline::BeatKind;
use super::rules::{DIRECTIVES, RULES, Rule, TILTS, Test};
use super::timing::finds;
use super::words::{Word, inflects, words};

/// What the tests look at.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) words: &'a [Word<'a>],
    pub(super) kind: BeatKind,
    pub(super) opening: bool,
    pub(super) interior: bool,
    pub(super) introduces: bool,
    pub(super) n_cast: usize,
    pub(super) has_prop: bool,
    /// Which shot of its beat this is, from 0.
    pub(super) part_idx: usize,
    /// The number in the beat's id, which edits do not change.
    pub(super) beat_number: usize,
    pub(super) speech: Option<SpeechFacts<'a>>,
}

/// What the tests look at in a speech.
#[derive(Debug)]
pub(super) struct SpeechFacts<'a> {
    pub(super) extension: &'a str,
    pub(super) first: bool,
    pub(super) n_speakers: usize,
    pub(super) direction: &'a str,
    pub(super) text: &'a str,
}

/// A rule's camera with what the script orders.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) rule: &'static Rule,
    pub(super) camera: Camera,
    /// Which directive set the field, where one did.
    pub(super) size_by: Option<&'static str>,
    pub(super) framing_by: Option<&'static str>,
    pub(super) angle_by: Option<&'static str>,
    pub(super) move_by: Option<&'static str>,
    /// The tilt rule that set the angle, where one did.
    pub(super) tilt: Option<&'static str>,
    /// The framing is still to follow from the number of figures.
    pub(super) framing_open: bool,
}

/// The camera for a piece of text. `before` is the camera of the same beat's shot before.
pub(super) fn choose(facts: &Facts<'_>, before: Option<&Camera>) -> Choice {
    let rule = RULES
        .iter()
        .find(|rule| rule.when.iter().all(|test| holds(test, facts)))
        .expect("the last rule asks for nothing");
    // By the id and not by the text: a revised line keeps its camera unless it asks for another.
    let turn = if rule.in_turn { facts.part_idx } else { facts.beat_number };
    let mut look = rule.looks[turn % rule.looks.len()];
    if let Some(before) = before.filter(|before| before.size == look.size && before.angle == look.angle) {
        look = rule.looks[(turn + 1) % rule.looks.len()];
        if before.size == look.size {
            look.size = two_steps(look.size);
        }
    }
    let mut choice = Choice {
        rule,
        camera: Camera {
            size: look.size,
            framing: look.framing.unwrap_or_default(),
            angle: look.angle,
            r#move: look.r#move,
            lens_mm: 0,
        },
        size_by: None,
        framing_by: None,
        angle_by: None,
        move_by: None,
        tilt: None,
        framing_open: look.framing.is_none(),
    };
    if facts.speech.is_none() {
        obey(facts.words, &mut choice);
    }
    if choice.camera.angle == Angle::Eye && choice.angle_by.is_none() {
        let tilt = TILTS.iter().find(|(_, _, phrases)| phrases.iter().any(|it| finds(facts.words, it, false)));
        if let Some((id, angle, _)) = tilt {
            choice.camera.angle = *angle;
            choice.tilt = Some(id);
        }
    }
    choice
}

/// Two steps closer, or wider where there is nothing closer.
fn two_steps(size: ShotSize) -> ShotSize {
    let idx = size as usize;
    ShotSize::ALL[if 2 <= idx { idx - 2 } else { idx + 2 }]
}

fn obey(words: &[Word<'_>], choice: &mut Choice) {
    for directive in DIRECTIVES {
        if !directive.phrases.iter().any(|phrase| finds(words, phrase, directive.caps)) {
            continue;
        }
        if let Some(size) = directive.size.filter(|_| choice.size_by.is_none()) {
            choice.camera.size = size;
            choice.size_by = Some(directive.id);
            // The rule's framing belonged to the rule's size.
            if choice.framing_by.is_none() {
                choice.framing_open = true;
            }
        }
        if let Some(framing) = directive.framing.filter(|_| choice.framing_by.is_none()) {
            choice.camera.framing = framing;
            choice.framing_by = Some(directive.id);
            choice.framing_open = false;
        }
        if let Some(angle) = directive.angle.filter(|_| choice.angle_by.is_none()) {
            choice.camera.angle = angle;
            choice.angle_by = Some(directive.id);
        }
        if let Some(r#move) = directive.r#move.filter(|_| choice.move_by.is_none()) {
            choice.camera.r#move = r#move;
            choice.move_by = Some(directive.id);
        }
    }
}

fn holds(test: &Test, facts: &Facts<'_>) -> bool {
    let within = |n: usize, from: usize, to: usize| (from..=to).contains(&n);
    let speech = facts.speech.as_ref();
    match *test {
        Test::Opening => facts.opening && facts.speech.is_none(),
        Test::Interior => facts.interior,
        Test::Montage => facts.kind == BeatKind::Montage,
        Test::Card => facts.kind == BeatKind::Card,
        Test::Introduces => facts.introduces,
        Test::Verb(verbs) => facts.words.iter().any(|word| verbs.iter().any(|verb| inflects(verb, &word.lower))),
        Test::Word(names) => facts.words.iter().any(|word| names.contains(&word.lower.as_str())),
        Test::Cast(from, to) => within(facts.n_cast, from, to),
        Test::Prop => facts.has_prop,
        Test::Speaks => speech.is_some_and(|it| it.extension.is_empty()),
        Test::VoiceOver => speech.is_some_and(|it| it.extension == "V.O."),
        Test::OffScreen => speech.is_some_and(|it| matches!(it.extension, "O.S." | "O.C.")),
        Test::FirstSpeech => speech.is_some_and(|it| it.first) && facts.part_idx == 0,
        Test::Continued => facts.part_idx % 2 == 1,
        Test::Speakers(from, to) => speech.is_some_and(|it| within(it.n_speakers, from, to)),
        Test::Direction(stems) => speech.is_some_and(|it| {
            words(it.direction).iter().any(|word| stems.iter().any(|stem| inflects(stem, &word.lower)))
        }),
        Test::Ends(mark) => speech.is_some_and(|it| it.text.trim_end_matches(['"', '”', '*', '_']).ends_with(mark)),
        Test::Longer(n) => n < facts.words.len(),
        Test::Shorter(n) => facts.words.len() < n,
    }
}

/// The framing that so many figures ask for.
pub(super) fn framing_of(n_cast: usize, size: ShotSize) -> Framing {
    match n_cast {
        0 if ShotSize::Mls <= size => Framing::Establishing,
        0 => Framing::Insert,
        1 => Framing::Single,
        2 => Framing::Two,
        3 => Framing::Three,
        _ => Framing::Group,
    }
}

/// The focal length that a size and a framing usually get, millimetres.
pub(super) fn lens_of(camera: &Camera) -> u32 {
    match (camera.framing, camera.size) {
        (Framing::Pov, _) => 35,
        (Framing::Aerial, _) => 24,
        (Framing::Insert, _) => 85,
        (_, ShotSize::Ecu) => 135,
        (_, ShotSize::Vcu | ShotSize::Cu) => 85,
        (_, ShotSize::Mcu | ShotSize::Bust | ShotSize::Ms) => 50,
        (_, ShotSize::Cowboy | ShotSize::Mls | ShotSize::Fs) => 35,
        (_, ShotSize::Ws) => 24,
        (_, ShotSize::Ews) => 18,
    }
}

/// The pose of the first verb after a word, else of any verb, else the default.
pub(super) fn pose_after(words: &[Word<'_>], word_idx: usize) -> &'static str {
    let after = words.get(word_idx + 1..).and_then(lexicon::pose);
    after.or_else(|| lexicon::pose(words)).unwrap_or("stands")
}
