//! The outline of a sound, for timelines.
//!
//! Must not know how it is drawn. Mixed a second at a time, so that memory does not grow with the film.

use std::sync::Arc;

use engine::codec::SAMPLE_RATE;
use engine::worker::{Artifacts, Cancel, JobCx, JobError};
use model::{Color, Media, Piece, Rate, Recipe, Sound, Source};

use super::mixer::Mixer;

/// Most columns of one outline.
const MAX_COLUMNS: usize = 1 << 20;

/// What can be heard.
#[derive(Clone, Debug)]
pub enum Audible {
    Clip(Arc<Recipe>),
    Sound(Arc<Media>),
}

impl Audible {
    /// A recipe that can be played: a sound alone is laid under a black picture of that size and rate.
    pub fn recipe(&self, size: (u32, u32), rate: Rate) -> Recipe {
        let media = match self {
            Audible::Clip(recipe) => return (**recipe).clone(),
            Audible::Sound(media) => media,
        };
        let seconds =
            media.audio.as_ref().map_or(0.0, |info| info.n_samples as f64 / f64::from(info.sample_rate.max(1)));
        let frames = u64::from(rate.frames_in(seconds));
        let sound = Sound { media: media.clone(), at: 0, start: 0, frames, gain_db: 0.0, fade_in: 0, fade_out: 0 };
        let black = Piece::whole(Source::Blank(Color { r: 0, g: 0, b: 0 }), frames);
        Recipe { rate, size: (model::even(size.0), model::even(size.1)), pieces: vec![black], sound: vec![sound] }
    }
}

/// Lowest and highest sample of each of `columns` equal parts, of both channels together. Blocks while it decodes.
///
/// # Errors
/// A diagnostic of a source; [`JobError::Cancelled`].
pub fn waveform_blocking(
    audible: &Audible,
    columns: usize,
    files: &dyn Artifacts,
    cancel: &Cancel,
) -> Result<Vec<(f32, f32)>, JobError> {
    let recipe = audible.recipe((16, 16), Rate::FILM);
    let cx = JobCx { artifacts: files, cancel: cancel.clone(), progress: &|_| {}, project: std::path::Path::new("") };
    let mut mixer = Mixer::new(&recipe, &cx)?;
    let n_samples = mixer.n_samples();
    let mut outline = vec![(0.0_f32, 0.0_f32); columns.clamp(1, MAX_COLUMNS)];
    let n_columns = outline.len() as u64;
    let mut at = 0;
    while at < n_samples {
        cancel.check()?;
        let samples = mixer.stretch(at, u64::from(SAMPLE_RATE).min(n_samples - at))?;
        if let Some(trouble) = mixer.trouble() {
            return Err(trouble.into());
        }
        for pair in samples.chunks_exact(2) {
            let column = (u128::from(at) * u128::from(n_columns) / u128::from(n_samples)) as usize;
            let (low, high) = &mut outline[column];
            (*low, *high) = (low.min(pair[0]).min(pair[1]), high.max(pair[0]).max(pair[1]));
            at += 1;
        }
    }
    Ok(outline)
}
