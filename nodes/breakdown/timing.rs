//! How long things take: words to seconds, long beats to several shots, lines to places in a shot.
//!
//! Calibrated on a produced feature (see `docs/BREAKDOWN.md`). Measured sound, once there is some, is the edit's.

use model::Line;

use super::outline::{Beat, BeatKind, Segment, Speech};
use super::rules::DIRECTIVES;
use super::words::{Word, n_words, pieces, sentences, words};

/// Seconds per word of action, and for seeing where one is.
const ACTION: (f64, f64) = (0.2, 0.6);
/// Silence around a speech, seconds; the first part of it comes before.
const AROUND_SPEECH: f64 = 0.35;
const BEFORE_SPEECH: f64 = 0.2;
/// A direction that is a pause, seconds.
const PAUSE: f64 = 1.0;
/// Three commas or more slow a speech, seconds.
const COMMAS: f64 = 0.25;
/// Opening a scene takes longer, seconds.
pub(super) const OPENING: f64 = 1.0;

/// The knobs of the duration model, within their limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    pub(super) min_s: f64,
    pub(super) max_s: f64,
    pub(super) words_per_s: f64,
    pub(super) average_s: f64,
}

/// What one shot shows and how long that takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) text: String,
    /// Before limits.
    pub(super) seconds: f64,
    pub(super) lines: Vec<Line>,
    /// The directions of the lines, joined.
    pub(super) direction: String,
}

/// Tenths of a second: finer is not what an estimate knows.
pub(super) fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

/// The shots of a beat, at least one.
pub(super) fn parts(beat: &Beat, opening: bool, pace: &Pace) -> Vec<Part> {
    match &beat.speech {
        Some(speech) => speech_parts(speech, pace),
        None => action_parts(beat, opening, pace),
    }
}

fn action_parts(beat: &Beat, opening: bool, pace: &Pace) -> Vec<Part> {
    if beat.kind == BeatKind::Card {
        let seconds = n_words(&beat.text) as f64 / 3.0 + 1.0;
        return vec![Part { text: beat.text.clone(), seconds, ..Part::default() }];
    }
    let mut out = Vec::new();
    for (idx, moment) in moments(&beat.text).into_iter().enumerate() {
        let extra = if opening && idx == 0 { OPENING } else { 0.0 };
        let estimate = |n: usize| ACTION.0 * n as f64 + ACTION.1;
        let seconds = estimate(n_words(&moment)) + extra;
        let most = ((pace.max_s - ACTION.1) / ACTION.0).max(1.0) as usize;
        let n = ((seconds / pace.average_s).round().max(1.0)).min((seconds / pace.min_s).ceil()) as usize;
        let n = if beat.kind == BeatKind::Montage { 1 } else { n };
        for (piece_idx, text) in pieces(&moment, n, most).into_iter().enumerate() {
            let scale = if beat.kind == BeatKind::Montage { 1.3 } else { 1.0 };
            let extra = if piece_idx == 0 { extra } else { 0.0 };
            let seconds = estimate(n_words(&text)) * scale + extra;
            out.push(Part { text, seconds, ..Part::default() });
        }
    }
    out
}

/// A paragraph cut where the script orders another shot.
fn moments(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for sentence in sentences(text) {
        let orders = has_directive(&words(sentence));
        match out.last_mut() {
            Some(last) if !orders => {
                last.push(' ');
                last.push_str(sentence);
            }
            _ => out.push(sentence.to_owned()),
        }
    }
    out
}

fn has_directive(words: &[Word<'_>]) -> bool {
    words.iter().any(|word| word.caps)
        && DIRECTIVES.iter().any(|it| it.caps && it.phrases.iter().any(|phrase| finds(words, phrase, true)))
}

/// Whether the words of a phrase stand in a row, in capitals where `caps` says so.
pub(super) fn finds(words: &[Word<'_>], phrase: &str, caps: bool) -> bool {
    let n = phrase.split(' ').count();
    words.windows(n).any(|run| {
        run.iter().zip(phrase.split(' ')).all(|(word, part)| {
            let part = part.strip_suffix("'s").unwrap_or(part);
            word.lower == part && (!caps || word.caps || word.lower.len() == 1)
        })
    })
}

fn speech_parts(speech: &Speech, pace: &Pace) -> Vec<Part> {
    let limit = ((pace.max_s - AROUND_SPEECH - COMMAS) * pace.words_per_s).floor().max(1.0) as usize;
    let mut out: Vec<Part> = vec![Part::default()];
    let mut held = 0;
    let mut wait = 0.0;
    for segment in &speech.segments {
        wait += if is_pause(&segment.direction) { PAUSE } else { 0.0 };
        let mut direction = Some(&segment.direction);
        for text in pieces(&segment.text, 1, limit) {
            let n = n_words(&text);
            let seconds = n as f64 / pace.words_per_s + commas(&text);
            let held_s = out.last().map_or(0.0, |part| part.seconds);
            let full = 0 < held && (limit < held + n || pace.max_s < held_s + wait + seconds);
            if full {
                out.push(Part::default());
                held = 0;
            }
            let Some(part) = out.last_mut() else { continue };
            if part.lines.is_empty() && part.text.is_empty() {
                part.seconds = AROUND_SPEECH;
            }
            // A pause that the shot has no room for is dropped rather than pushing words out of it.
            let wait_here = wait.min((pace.max_s - part.seconds - seconds).max(0.0));
            wait = 0.0;
            if let Some(direction) = direction.take().filter(|it| !it.is_empty()) {
                part.direction.push_str(if part.direction.is_empty() { "" } else { ", " });
                part.direction.push_str(direction);
            }
            if !text.is_empty() {
                let start_s = part.seconds - (AROUND_SPEECH - BEFORE_SPEECH) + wait_here;
                part.lines.push(line(speech, segment, &text, start_s, seconds));
                part.text.push_str(if part.text.is_empty() { "" } else { " " });
                part.text.push_str(&text);
            }
            part.seconds += seconds + wait_here;
            held += n;
        }
    }
    out
}

fn line(speech: &Speech, segment: &Segment, text: &str, start_s: f64, seconds: f64) -> Line {
    Line {
        character: speech.cue.clone(),
        text: text.to_owned(),
        parenthetical: segment.direction.clone(),
        extension: speech.extension.to_owned(),
        start_s: hundredths(start_s),
        duration_s: hundredths(seconds),
    }
}

fn hundredths(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

fn is_pause(direction: &str) -> bool {
    words(direction).iter().any(|word| matches!(word.lower.as_str(), "beat" | "pause" | "pauses" | "silence"))
}

fn commas(text: &str) -> f64 {
    if 3 <= text.matches(',').count() { COMMAS } else { 0.0 }
}
