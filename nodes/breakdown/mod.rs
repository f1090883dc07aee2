//! A screenplay broken down into shots by rules: scenes, beats, camera, cast, light, time, with stable ids.
//!
//! Pure and deterministic: text, settings and remembered ids in, shots out. Every choice looks at its own beat and its
//! scene's heading and cues, so that an edit changes the shots of its beat and no other. Smoothing over neighbours was
//! rejected for that reason.

mod choose;
mod heading;
mod identity;
mod lexicon;
mod outline;
mod people;
mod rules;
mod shots;
mod similar;
mod timing;
mod words;

#[cfg(test)]
mod tests;

use model::{Shot, Weather};

use crate::fountain;

/// What a user may set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Limits of a shot's length, seconds; `min_seconds` is not above `max_seconds`.
    pub min_seconds: f64,
    pub max_seconds: f64,
    /// Speed of speech.
    pub words_per_second: f64,
    /// Action beats are cut into shots of about this length, seconds.
    pub average_seconds: f64,
    /// Where the script names none.
    pub weather: Weather,
    /// Millimetres for every shot; 0 lets size and framing decide.
    pub lens_mm: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            min_seconds: 1.2,
            max_seconds: 6.0,
            words_per_second: 2.5,
            average_seconds: 4.5,
            weather: Weather::Clear,
            lens_mm: 0,
        }
    }
}

/// A script in shots.
#[derive(Clone, Debug, Default)]
pub struct Breakdown {
    pub shots: Vec<Shot>,
    /// Names in order of appearance.
    pub characters: Vec<String>,
    /// Names in order of appearance.
    pub locations: Vec<String>,
    /// What to hand in next time, so that ids survive.
    pub memory: String,
    /// Code and message.
    pub warnings: Vec<(&'static str, String)>,
}

/// Breaks a Fountain script down. `memory` is what the last breakdown of this script gave.
pub fn breakdown(text: &str, options: &Options, memory: Option<&str>) -> Breakdown {
    let scenes = outline::scenes(&fountain::parse(text));
    let keys: Vec<identity::SceneKey> = scenes.iter().map(key_of).collect();
    let ids = identity::assign(&keys, memory);
    let mut out = shots::assemble(&scenes, &ids.scenes, options);
    out.memory = ids.memory;
    out.warnings.extend(ids.warnings);
    out
}

fn key_of(scene: &outline::Scene) -> identity::SceneKey {
    let beats = scene.beats.iter().map(|beat| match &beat.speech {
        Some(speech) => {
            let directions = speech.segments.iter().map(|it| it.direction.as_str()).collect::<Vec<_>>().join(" ");
            format!("{}: {} {}", words::normal(&speech.cue), words::normal(&directions), words::normal(&beat.text))
        }
        None => format!(":{} {}", beat.kind as u8, words::normal(&beat.text)),
    });
    identity::SceneKey {
        heading: words::normal(&scene.raw),
        explicit: scene.explicit.clone(),
        beats: beats.map(|text| words::one_line(&text)).collect(),
    }
}
