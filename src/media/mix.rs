//! Mixes a recipe's sound: the pieces' own, fades, equal-power crossfades, and the sounds laid beside them.
//!
//! Knows nothing of pictures. Sound is mixed for the film as a whole rather than per segment: coded sound cannot be
//! joined without clicks and drift.

use std::f32::consts::FRAC_PI_2;

use engine::codec::SAMPLE_RATE;
use engine::worker::{JobCx, JobError};
use model::{Diagnostic, Media, Piece, Recipe, Source};

use crate::decode;
use crate::player::{check_recipe, starts};

/// Two hours, 2.8 GB of samples: longer films are mixed in parts by their authors.
const MAX_SAMPLES: u64 = SAMPLE_RATE as u64 * 7200;

/// Five milliseconds over which a hard cut rises and falls, so that it does not click.
const SOFT_CUT: u64 = SAMPLE_RATE as u64 / 200;

/// A part of one file's sound and its place in the mix, in samples.
pub(crate) struct Lane<'a> {
    pub(crate) media: &'a Media,
    /// First sample of the source.
    pub(crate) from: u64,
    /// First sample of the mix.
    pub(crate) to: u64,
    pub(crate) speed: (u32, u32),
    pub(crate) envelope: Envelope,
}

/// How loud a sound is at each of its samples.
pub(crate) struct Envelope {
    gain: f32,
    pub(crate) len: u64,
    /// Lengths of ramps at both ends, in samples.
    fade: [u64; 2],
    cross: [u64; 2],
}

impl Envelope {
    pub(crate) fn at(&self, i: u64) -> f32 {
        let from_end = self.len - 1 - i;
        let ramp = |i: u64, len: u64| if i < len { (i as f32 + 0.5) / len as f32 } else { 1.0 };
        let cross = |i: u64, len: u64| if i < len { (ramp(i, len) * FRAC_PI_2).sin() } else { 1.0 };
        let fades = ramp(i, self.fade[0]) * ramp(from_end, self.fade[1]);
        self.gain * fades * cross(i, self.cross[0]) * cross(from_end, self.cross[1])
    }
}

/// Whether anything in the recipe sounds.
pub(crate) fn has_sound(recipe: &Recipe) -> bool {
    !recipe.sound.is_empty() || recipe.pieces.iter().any(|piece| sound_of(piece).is_some())
}

fn is_empty(media: &Media) -> bool {
    media.audio.as_ref().is_some_and(|info| info.n_samples == 0)
}

fn sound_of(piece: &Piece) -> Option<&Media> {
    match &piece.source {
        Source::File { audio: Some(audio), .. } => Some(audio),
        Source::File { video, audio: None } => video.audio.is_some().then_some(video),
        Source::Still(_) | Source::Blank(_) => None,
    }
}

/// The mixed sound, interleaved stereo, as long as the picture.
///
/// # Errors
/// A diagnostic of a source; [`JobError::Cancelled`].
pub(crate) fn listen(recipe: &Recipe, cx: &JobCx<'_>) -> Result<Vec<f32>, JobError> {
    check_recipe(recipe)?;
    let n_samples = recipe.rate.sample_at(recipe.n_frames(), SAMPLE_RATE);
    if MAX_SAMPLES < n_samples {
        return Err(Diagnostic::error("sound-too-long", "the clip's sound is longer than two hours")
            .hint("render it in parts")
            .into());
    }
    let mut mix = vec![0.0; n_samples as usize * 2];
    for lane in lanes(recipe)? {
        lay(&lane, &mut mix, cx)?;
    }
    for value in &mut mix {
        *value = value.clamp(-1.0, 1.0);
    }
    Ok(mix)
}

/// Everything that sounds in a recipe that has been checked.
///
/// # Errors
/// `gain` for a loudness that is no number.
pub(crate) fn lanes(recipe: &Recipe) -> Result<Vec<Lane<'_>>, Diagnostic> {
    let sample = |frame: u64| recipe.rate.sample_at(frame, SAMPLE_RATE);
    let mut lanes = Vec::new();
    let starts = starts(recipe);
    for (i, piece) in recipe.pieces.iter().enumerate() {
        // A sound file without a single sample is silence.
        let Some(media) = sound_of(piece).filter(|media| !is_empty(media)) else { continue };
        let start = starts[i];
        let len = sample(start + piece.frames) - sample(start);
        let overlap = |piece: Option<&Piece>| piece.and_then(|it| it.transition).map_or(0, |it| it.frames);
        let before = i.checked_sub(1).map(|i| &recipe.pieces[i]);
        let after = recipe.pieces.get(i + 1);
        let cross_in = sample(start + overlap(before)) - sample(start);
        let cross_out = after.map_or(0, |_| sample(start + piece.frames))
            - after.map_or(0, |_| sample(start + piece.frames - overlap(Some(piece))));
        let soft = |is_crossed: bool, neighbour: bool| if is_crossed || neighbour { 0 } else { SOFT_CUT.min(len / 2) };
        let goes_on = |a: Option<&Piece>, b: Option<&Piece>| a.zip(b).is_some_and(|(a, b)| is_seamless(a, b));
        let fade_in = sample(start + piece.fade_in.min(piece.frames)) - sample(start);
        let fade_out = sample(start + piece.frames) - sample(start + piece.frames - piece.fade_out.min(piece.frames));
        let envelope = Envelope {
            gain: decibels(piece.gain_db)?,
            len,
            fade: [
                fade_in.max(soft(0 < cross_in, goes_on(before, Some(piece)))),
                fade_out.max(soft(0 < cross_out, goes_on(Some(piece), after))),
            ],
            cross: [cross_in, cross_out],
        };
        let (from, to) = (sample(piece.start), sample(start));
        lanes.push(Lane { media, from, to, speed: piece.speed, envelope });
    }
    for sound in &recipe.sound {
        let end = sound.at.saturating_add(sound.frames).min(recipe.n_frames());
        if end <= sound.at || 1 << 32 < sound.start || is_empty(&sound.media) {
            continue;
        }
        let len = sample(end) - sample(sound.at);
        let ramp = |frames: u64| sample(frames.min(end - sound.at)).max(SOFT_CUT.min(len / 2));
        let envelope = Envelope {
            gain: decibels(sound.gain_db)?,
            len,
            fade: [ramp(sound.fade_in), ramp(sound.fade_out)],
            cross: [0, 0],
        };
        let (from, to) = (sample(sound.start), sample(sound.at));
        lanes.push(Lane { media: &sound.media, from, to, speed: (1, 1), envelope });
    }
    Ok(lanes)
}

/// Adds a lane to the mix.
fn lay(lane: &Lane<'_>, mix: &mut [f32], cx: &JobCx<'_>) -> Result<(), JobError> {
    let Lane { media, from, to, speed, envelope } = lane;
    let (from, to) = (*from, *to);
    let path = cx.artifacts.locate(media)?;
    let mix = &mut mix[to as usize * 2..(to + envelope.len) as usize * 2];
    if speed.0 == speed.1 {
        return decode::sound(&path, from, envelope.len, &cx.cancel, &mut |at, values| {
            let out = &mut mix[at as usize * 2..];
            for (i, (out, value)) in out.chunks_exact_mut(2).zip(values.chunks_exact(2)).enumerate() {
                let gain = envelope.at(at + i as u64);
                out[0] += value[0] * gain;
                out[1] += value[1] * gain;
            }
        });
    }
    // Faster sound is higher, as on tape. Positions are exact: sample i is at i * num / den.
    let (num, den) = (u64::from(speed.0), u64::from(speed.1));
    let wanted = (envelope.len * num / den + 2).min(MAX_SAMPLES);
    let mut source: Vec<f32> = Vec::new();
    decode::sound(&path, from, wanted, &cx.cancel, &mut |at, values| {
        source.resize(at as usize * 2, 0.0);
        source.extend_from_slice(values);
    })?;
    for (i, out) in mix.chunks_exact_mut(2).enumerate() {
        let (place, part) = (i as u64 * num / den, (i as u64 * num % den) as f32 / den as f32);
        let at = place as usize * 2;
        let gain = envelope.at(i as u64);
        for (channel, out) in out.iter_mut().enumerate() {
            let here = source.get(at + channel).copied().unwrap_or(0.0);
            let next = source.get(at + 2 + channel).copied().unwrap_or(0.0);
            *out += (here + (next - here) * part) * gain;
        }
    }
    Ok(())
}

/// Whether the second piece goes on where the first stops, so that the cut between them is none.
fn is_seamless(a: &Piece, b: &Piece) -> bool {
    let is_same = match (sound_of(a), sound_of(b)) {
        (Some(a), Some(b)) => a.digest == b.digest,
        _ => false,
    };
    is_same
        && a.speed == b.speed
        && a.speed.0 == a.speed.1
        && a.start + a.frames == b.start
        && a.gain_db == b.gain_db
        && a.transition.is_none()
}

fn decibels(db: f64) -> Result<f32, Diagnostic> {
    if db.is_nan() || 60.0 < db {
        return Err(Diagnostic::error("gain", format!("a gain of {db} dB is no loudness")).hint("use at most 60 dB"));
    }
    Ok(10_f64.powf(db / 20.0) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossfades_keep_their_power() {
        let out = Envelope { gain: 1.0, len: 1000, fade: [0, 0], cross: [0, 400] };
        let into = Envelope { gain: 1.0, len: 1000, fade: [0, 0], cross: [400, 0] };
        for i in 0..400 {
            let power = out.at(600 + i).powi(2) + into.at(i).powi(2);
            assert!((power - 1.0).abs() < 1e-4, "{i}: {power}");
        }
        assert_eq!((out.at(0), out.at(599), into.at(999)), (1.0, 1.0, 1.0));
    }

    #[test]
    fn gains_are_decibels() {
        assert!((decibels(-6.0).unwrap() - 0.501).abs() < 0.001);
        assert_eq!(decibels(f64::NEG_INFINITY).unwrap(), 0.0);
        assert!(decibels(f64::NAN).is_err() && decibels(1e9).is_err());
    }
}
