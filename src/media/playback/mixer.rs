//! The sound of a recipe, any stretch of it, with the gains, fades and crossfades of a render.
//!
//! Must not know sound cards. The lanes come from `mix`, so that what is heard here is what a film will have; mixing
//! the whole recipe beforehand was rejected, because nobody waits for two hours of sound to hear a second.

use std::collections::BTreeSet;

use engine::codec::SAMPLE_RATE;
use engine::worker::{JobCx, JobError};
use model::{Diagnostic, Digest, Recipe};

use crate::hear::SoundReader;
use crate::mix::{self, Lane};
use crate::player::check_recipe;

/// Files that stay open for the next stretch.
const N_READERS: usize = 8;

/// Sound faster than this is not heard: each stretch of it would need minutes of its source.
const MAX_SPEED: u32 = 16;

/// Mixes a recipe.
pub(super) struct Mixer<'a> {
    recipe: &'a Recipe,
    cx: &'a JobCx<'a>,
    lanes: Vec<Lane<'a>>,
    /// Least recently used first.
    readers: Vec<(Digest, SoundReader)>,
    /// Files that cannot be heard.
    broken: BTreeSet<Digest>,
    trouble: Option<Diagnostic>,
}

impl<'a> Mixer<'a> {
    /// # Errors
    /// A diagnostic for a recipe that cannot be played.
    pub(super) fn new(recipe: &'a Recipe, cx: &'a JobCx<'a>) -> Result<Mixer<'a>, JobError> {
        check_recipe(recipe)?;
        Ok(Mixer {
            recipe,
            cx,
            lanes: mix::lanes(recipe)?,
            readers: Vec::new(),
            broken: BTreeSet::new(),
            trouble: None,
        })
    }

    /// Samples in the whole recipe, for each channel.
    pub(super) fn n_samples(&self) -> u64 {
        self.recipe.rate.sample_at(self.recipe.n_frames(), SAMPLE_RATE)
    }

    /// What is wrong with a source, told once. Where it would sound is silence; the rest is heard.
    pub(super) fn trouble(&mut self) -> Option<Diagnostic> {
        self.trouble.take()
    }

    /// The sound of one frame.
    ///
    /// # Errors
    /// [`JobError::Cancelled`].
    pub(super) fn frame(&mut self, frame: u64) -> Result<Vec<f32>, JobError> {
        let sample = |frame: u64| self.recipe.rate.sample_at(frame, SAMPLE_RATE);
        let (from, to) = (sample(frame), sample(frame + 1));
        self.stretch(from, to - from)
    }

    /// `len` samples from `from` on, interleaved stereo.
    ///
    /// # Errors
    /// [`JobError::Cancelled`].
    pub(super) fn stretch(&mut self, from: u64, len: u64) -> Result<Vec<f32>, JobError> {
        let mut mixed = vec![0.0; len as usize * 2];
        let mut in_use = Vec::new();
        for lane in &self.lanes {
            let (first, last) = (from.max(lane.to), (from + len).min(lane.to + lane.envelope.len));
            let is_too_fast = MAX_SPEED * lane.speed.1 < lane.speed.0;
            if last <= first || is_too_fast || self.broken.contains(&lane.media.digest) {
                continue;
            }
            let (i, n) = (first - lane.to, last - first);
            let (num, den) = (u64::from(lane.speed.0), u64::from(lane.speed.1));
            let begin = i * num / den;
            // The last place and its neighbour, for the mean between them.
            let wanted = if num == den { n } else { (i + n - 1) * num / den + 2 - begin };
            let at = lane.from + begin;
            let slot = |(digest, reader): &(Digest, SoundReader)| *digest == lane.media.digest && reader.is_near(at);
            let same = |(digest, _): &(Digest, SoundReader)| *digest == lane.media.digest;
            let found = self.readers.iter().position(slot).or_else(|| self.readers.iter().position(same));
            let mut source = vec![0.0; wanted as usize * 2];
            let read = match found {
                Some(found) => Ok(self.readers.remove(found).1),
                None => {
                    self.cx.artifacts.locate(lane.media).map_err(JobError::from).and_then(|it| SoundReader::open(&it))
                }
            };
            let read = read.and_then(|mut reader| {
                reader.read(at, &mut source, &self.cx.cancel)?;
                Ok(reader)
            });
            match read {
                // Set aside, so that a second lane of the same file gets a reader of its own.
                Ok(reader) => in_use.push((lane.media.digest, reader)),
                Err(JobError::Cancelled) => return Err(JobError::Cancelled),
                Err(JobError::Failed(diagnostic)) => {
                    self.broken.insert(lane.media.digest);
                    self.trouble.get_or_insert(*diagnostic);
                    continue;
                }
            }
            let out = &mut mixed[(first - from) as usize * 2..(last - from) as usize * 2];
            for (k, out) in out.chunks_exact_mut(2).enumerate() {
                let j = i + k as u64;
                let gain = lane.envelope.at(j);
                let (place, part) = ((j * num / den - begin) as usize * 2, (j * num % den) as f32 / den as f32);
                for (channel, out) in out.iter_mut().enumerate() {
                    let here = source[place + channel];
                    let next = source.get(place + 2 + channel).copied().unwrap_or(here);
                    *out += (here + (next - here) * part) * gain;
                }
            }
        }
        self.readers.append(&mut in_use);
        let too_many = self.readers.len().saturating_sub(N_READERS);
        self.readers.drain(..too_many);
        for value in &mut mixed {
            *value = value.clamp(-1.0, 1.0);
        }
        Ok(mixed)
    }
}
