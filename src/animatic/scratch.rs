//! Scratch tracks on their own: a line in the murmur of its speaker, a sound by its words, music by its mood.
//!
//! Place-holders that can be timed and cut, like the pictures: free, and the same on every machine. A speech engine was
//! rejected as it was for the panels' sound.

use engine::codec::SAMPLE_RATE;
use model::{Call, Line};

use crate::brief::Brief;
use crate::look::Look;
use crate::math::{Rng, TAU, lerp, seed_of, sin};
use crate::sound::{murmur, room_tone};
use crate::voice::Speech;

/// Interleaved stereo silence as long as the call; empty for a call without a rate.
fn silence(call: &Call) -> Vec<f32> {
    if !call.rate.is_valid() {
        return Vec::new();
    }
    vec![0.0; call.rate.sample_at(u64::from(call.n_frames), SAMPLE_RATE) as usize * 2]
}

/// The call's line, or its prompt, as long as the call: the pitch is that of the first reference.
pub fn voice(call: &Call) -> Vec<f32> {
    let mut samples = silence(call);
    let rate = f64::from(SAMPLE_RATE);
    let whole = || Line {
        character: String::new(),
        text: call.prompt.clone(),
        parenthetical: String::new(),
        extension: String::new(),
        start_s: 0.0,
        duration_s: samples.len() as f64 / 2.0 / rate,
    };
    let lines = call.shot.as_ref().map_or_else(|| vec![whole()], |shot| shot.lines.clone());
    for line in &lines {
        let reference = call.references.iter().find(|it| it.is_called(&line.character));
        murmur(&Speech::of(line), Look::of(&line.character, reference.map(|it| &**it)).pitch, &mut samples);
    }
    clamped(samples)
}

/// What the words of a sound say, as far as this knows them: places and weather as tone, and blows on top.
pub fn effect(call: &Call) -> Vec<f32> {
    let mut samples = silence(call);
    room_tone(&Brief::of(call), &mut samples);
    let lower = call.prompt.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let mut rng = Rng::new(call.seed ^ seed_of(&lower));
    for gesture in GESTURES.iter().filter(|it| it.words.iter().any(|word| words.contains(word))) {
        let mut at = 0.05;
        while at < samples.len() as f64 / 2.0 / f64::from(SAMPLE_RATE) {
            gesture.strike(at, &mut rng, &mut samples);
            if gesture.every <= 0.0 {
                break;
            }
            at += gesture.every * rng.range(0.9, 1.1);
        }
    }
    edges(&mut samples, 0.01);
    clamped(samples)
}

/// A sound that begins at once and dies away.
struct Gesture {
    words: &'static [&'static str],
    /// Hertz of its tone, and how much noise is in it, 0 to 1.
    hz: f64,
    noise: f64,
    /// Seconds until it has faded to a third.
    decay: f64,
    /// Seconds until the next; 0 for a single one.
    every: f64,
    gain: f64,
}

const GESTURES: &[Gesture] = &[
    Gesture {
        words: &["step", "steps", "footsteps", "walking"],
        hz: 90.0,
        noise: 0.6,
        decay: 0.05,
        every: 0.55,
        gain: 0.22,
    },
    Gesture { words: &["running"], hz: 90.0, noise: 0.6, decay: 0.04, every: 0.3, gain: 0.24 },
    Gesture { words: &["knock", "knocks", "knocking"], hz: 140.0, noise: 0.3, decay: 0.06, every: 0.32, gain: 0.3 },
    Gesture { words: &["tick", "ticking", "clock"], hz: 2100.0, noise: 0.4, decay: 0.01, every: 0.5, gain: 0.12 },
    Gesture {
        words: &["bell", "bells", "ring", "ringing", "chime"],
        hz: 880.0,
        noise: 0.0,
        decay: 0.9,
        every: 1.6,
        gain: 0.12,
    },
    Gesture {
        words: &["thunder", "boom", "explosion", "blast"],
        hz: 48.0,
        noise: 0.7,
        decay: 0.9,
        every: 0.0,
        gain: 0.45,
    },
    Gesture {
        words: &["door", "slam", "thud", "crash", "impact"],
        hz: 75.0,
        noise: 0.5,
        decay: 0.14,
        every: 0.0,
        gain: 0.4,
    },
    Gesture {
        words: &["glass", "click", "switch", "snap"],
        hz: 3200.0,
        noise: 0.7,
        decay: 0.03,
        every: 0.0,
        gain: 0.2,
    },
    Gesture { words: &["horn", "siren", "foghorn"], hz: 150.0, noise: 0.02, decay: 1.4, every: 4.0, gain: 0.2 },
];

impl Gesture {
    fn strike(&self, at: f64, rng: &mut Rng, samples: &mut [f32]) {
        let rate = f64::from(SAMPLE_RATE);
        let from = (at * rate) as usize;
        let n = ((self.decay * 6.0 * rate) as usize).min((samples.len() / 2).saturating_sub(from));
        let mut dull = 0.0;
        for i in 0..n {
            let t = i as f64 / rate;
            // Struck things drop in pitch a little; noise loses its highs with the pitch of the thing.
            let tone = sin(TAU * self.hz * t * (1.0 - 0.05 * (t / self.decay).min(1.0)));
            let white = rng.unit() * 2.0 - 1.0;
            dull = lerp(dull, white, (self.hz / 2000.0).clamp(0.04, 1.0));
            let attack = (t * 400.0).min(1.0);
            let out = (tone * (1.0 - self.noise) + dull * 2.0 * self.noise) * attack * libm::exp(-t / self.decay);
            for side in 0..2 {
                samples[2 * (from + i) + side] += (out * self.gain) as f32;
            }
        }
    }
}

/// Four slow chords, again and again, over a pulse: minor and slow for dark words, major otherwise, faster for quick
/// ones. The take changes key and order.
pub fn music(call: &Call) -> Vec<f32> {
    let mut samples = silence(call);
    let rate = f64::from(SAMPLE_RATE);
    let lower = call.prompt.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let is_dark =
        says(&["dark", "sad", "tense", "night", "storm", "fear", "lonely", "minor", "horror", "mourn", "grief"]);
    let is_fast = says(&["fast", "quick", "chase", "driving", "action", "upbeat", "dance"]);
    let is_slow = says(&["slow", "calm", "ambient", "quiet", "gentle", "sparse"]);
    let beats_per_minute = if is_fast {
        116.0
    } else if is_slow {
        58.0
    } else {
        78.0
    };
    let beat = 60.0 / beats_per_minute;
    let bar = 4.0 * beat;
    let mut rng = Rng::new(call.seed ^ seed_of(&lower) ^ u64::from(call.take).rotate_left(32));
    let root = rng.range(45.0, 57.0) as i32;
    let third = if is_dark { 3 } else { 4 };
    // Steps of the roots in semitones: progressions that close in any key.
    let orders: [[i32; 4]; 3] = if is_dark {
        [[0, -4, 3, -2], [0, 5, -4, -2], [0, 3, -2, -5]]
    } else {
        [[0, 5, -3, 7], [0, -3, 5, 7], [0, 7, -3, 5]]
    };
    let order = orders[rng.below(orders.len())];
    let n = samples.len() / 2;
    for i in 0..n {
        let t = i as f64 / rate;
        let within = t % bar;
        let step = order[(t / bar) as usize % 4];
        // Every chord swells and falls within its bar, so that changes never click.
        let swell = (within / (0.3 * bar)).min(1.0) * ((bar - within) / (0.25 * bar)).min(1.0);
        // A chord on a fall keeps the mode of the piece: enough for a place-holder.
        let chord = [0, third, 7, 12].map(|above| hertz(root + step + above));
        let pad: f64 = chord.iter().enumerate().map(|(k, hz)| tone(*hz, t, k)).sum();
        let since = t % beat;
        let pulse = sin(TAU * hertz(root + step - 12) * since) * libm::exp(-since / 0.18);
        for side in 0..2 {
            let drift = 1.0 + 0.06 * sin(TAU * 0.11 * t + side as f64 * 1.9);
            samples[2 * i + side] = ((pad * swell * drift * 0.028) + pulse * 0.05) as f32;
        }
    }
    edges(&mut samples, 0.4);
    clamped(samples)
}

/// A soft voice: the note, its octave, and a twin that beats slowly against it.
fn tone(hz: f64, t: f64, k: usize) -> f64 {
    let detuned = hz * (1.0 + 0.0012 * (k as f64 + 1.0));
    0.6 * sin(TAU * hz * t) + 0.4 * sin(TAU * detuned * t) + 0.18 * sin(TAU * 2.0 * hz * t)
}

/// Pitch of a note as MIDI counts them.
fn hertz(note: i32) -> f64 {
    440.0 * libm::pow(2.0, f64::from(note - 69) / 12.0)
}

/// Fades both ends, so that a sound can be laid anywhere.
fn edges(samples: &mut [f32], seconds: f64) {
    let n = samples.len() / 2;
    let fade = ((seconds * f64::from(SAMPLE_RATE)) as usize).min(n / 2).max(1);
    for i in 0..fade.min(n) {
        let gain = i as f32 / fade as f32;
        for side in 0..2 {
            samples[2 * i + side] *= gain;
            samples[2 * (n - 1 - i) + side] *= gain;
        }
    }
}

fn clamped(mut samples: Vec<f32>) -> Vec<f32> {
    samples.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
    samples
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Digest, Rate, Task};

    use super::*;
    use crate::tests::{call, line, shot};

    fn asked(task: Task, prompt: &str, n_frames: u32) -> Call {
        Call { task, prompt: prompt.to_owned(), shot: None, references: Vec::new(), n_frames, ..call(shot()) }
    }

    /// Mean square between two times.
    fn energy(samples: &[f32], from_s: f64, to_s: f64) -> f64 {
        let at = |t: f64| ((t * 48_000.0) as usize * 2).min(samples.len());
        let part = &samples[at(from_s)..at(to_s)];
        part.iter().map(|it| f64::from(*it).powi(2)).sum::<f64>() / part.len().max(1) as f64
    }

    #[test]
    fn a_line_is_heard_where_it_stands_and_nothing_else_is() {
        let spoken = model::Shot { lines: vec![line("MARA", 0.5, 1.0)], ..shot() };
        let call = Call { shot: Some(Arc::new(spoken)), ..asked(Task::Voice, "", 48) };
        let samples = voice(&call);
        assert_eq!(samples.len(), 2 * 96_000);
        assert_eq!((energy(&samples, 0.0, 0.49), energy(&samples, 1.55, 2.0)), (0.0, 0.0), "no room tone");
        assert!(1e-4 < energy(&samples, 0.6, 1.4));
        assert!(1e-4 < energy(&voice(&asked(Task::Voice, "The lamp is out.", 48)), 0.2, 1.8));
    }

    #[test]
    fn sounds_follow_their_words() {
        let of = |words: &str| effect(&asked(Task::Sound, words, 72));
        let (bell, knock) = (of("a bell"), of("knocking on a door"));
        assert_ne!(bell, knock);
        assert!(energy(&of("a quiet room"), 0.1, 0.4) * 10.0 < energy(&knock, 0.05, 0.35));
        assert_eq!(of("waves at sea").len(), 2 * 144_000, "a place alone is a sound");
        assert_eq!((bell[0], bell[bell.len() - 1]), (0.0, 0.0), "it begins and ends in silence");
    }

    #[test]
    fn music_lasts_and_takes_differ() {
        let slow = asked(Task::Music, "slow dark strings", 240);
        let samples = music(&slow);
        assert_eq!(samples.len(), 2 * 480_000);
        assert!(1e-4 < energy(&samples, 1.0, 9.0) && samples.iter().all(|it| it.abs() < 0.5));
        assert_ne!(samples, music(&Call { take: 2, ..slow.clone() }));
        assert_ne!(samples, music(&asked(Task::Music, "fast bright brass", 240)));
    }

    #[test]
    fn every_sample_is_the_same_everywhere() {
        let digest =
            |samples: Vec<f32>| Digest::of(&samples.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>()).short();
        let made = [
            digest(voice(&asked(Task::Voice, "The lamp is out.", 24))),
            digest(effect(&asked(Task::Sound, "footsteps in the rain", 24))),
            digest(music(&asked(Task::Music, "calm", 24))),
        ];
        expect_test::expect!["5c2dbbe1 29a24a57 ffa6f11b"].assert_eq(&made.join(" "));
    }

    #[test]
    fn odd_calls_are_silent() {
        for call in [Call { rate: Rate(1, 0), ..asked(Task::Music, "", 24) }, asked(Task::Music, "", 0)] {
            assert!(voice(&call).is_empty() && effect(&call).is_empty() && music(&call).is_empty());
        }
    }
}
