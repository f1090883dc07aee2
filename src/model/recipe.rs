//! Recipes: clips as edit decisions. Nothing here decodes or renders.
//!
//! A recipe is a flat, ordered list of pieces, already normalised: trimming a joined clip cuts its pieces, grading it
//! grades each of them. A tree of operations would need flattening before every render and every comparison.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Color, Image, Media, Rate};

/// An edit decision list as plain data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    pub rate: Rate,
    /// Output width and height in pixels, both even.
    pub size: (u32, u32),
    pub pieces: Vec<Piece>,
    /// Sound laid under the whole clip, beside the pieces' own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sound: Vec<Sound>,
}

/// A run of frames from one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    pub source: Source,
    /// First frame, counted at the recipe's rate from the start of the source.
    pub start: u64,
    /// Length in output frames.
    pub frames: u64,
    /// Source time per output time, `(2, 1)` is twice as fast.
    pub speed: (u32, u32),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Crop>,
    pub fit: Fit,
    /// Applied in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grades: Vec<Grade>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub titles: Vec<Title>,
    /// Decibels on the piece's own sound.
    pub gain_db: f64,
    /// Picture and sound rise from black and silence over so many frames.
    pub fade_in: u64,
    pub fade_out: u64,
    /// Overlap with the next piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition: Option<Transition>,
}

/// Where a piece's frames come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A video file, and its sound where that is another file.
    File {
        video: Arc<Media>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audio: Option<Arc<Media>>,
    },
    Still(Image),
    Blank(Color),
}

/// The kept rectangle in fractions of the source picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crop {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

/// How a picture of another shape meets the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// All of the picture, bars around it.
    #[default]
    Contain,
    /// All of the frame, edges of the picture cut.
    Cover,
    /// Stretched.
    Fill,
}

/// A colour operation, in the order exposure, temperature, contrast, saturation, then the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grade {
    /// Stops, in linear light.
    pub exposure: f64,
    /// Factor around mid-grey, 1 is unchanged.
    pub contrast: f64,
    /// Factor on chroma, 1 is unchanged.
    pub saturation: f64,
    /// -1 (cooler) to 1 (warmer), as gains on red and blue in linear light.
    pub temperature: f64,
    /// Affine map in OKLab, `x' = m x + offset`, rows first: twelve numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oklab: Option<Box<[f64; 12]>>,
    /// Linear-light gains for red, green and blue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gains: Option<[f64; 3]>,
}

impl Default for Grade {
    fn default() -> Grade {
        Grade { exposure: 0.0, contrast: 1.0, saturation: 1.0, temperature: 0.0, oklab: None, gains: None }
    }
}

/// Text over the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Title {
    pub text: String,
    /// Centre of the text in fractions of the frame.
    pub at: (f64, f64),
    /// Height of a line as a fraction of the frame's height.
    pub size: f64,
    pub color: Color,
    /// First frame within the piece.
    pub start: u64,
    /// Frames; to the end of the piece where it is longer.
    pub frames: u64,
}

/// How one piece becomes the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub kind: TransitionKind,
    /// Overlap in frames; both pieces are at least as long.
    pub frames: u64,
}

/// Kinds of transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionKind {
    Crossfade,
    /// Through black.
    Dip,
    /// From left to right.
    Wipe,
}

/// A sound laid at a place of the clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    pub media: Arc<Media>,
    /// Frame of the clip where it starts.
    pub at: u64,
    /// First frame within the sound, at the recipe's rate.
    pub start: u64,
    pub frames: u64,
    pub gain_db: f64,
    pub fade_in: u64,
    pub fade_out: u64,
}

impl Piece {
    /// `frames` of a source from its start, untouched.
    pub fn whole(source: Source, frames: u64) -> Piece {
        Piece {
            source,
            start: 0,
            frames,
            speed: (1, 1),
            crop: None,
            fit: Fit::Contain,
            grades: Vec::new(),
            titles: Vec::new(),
            gain_db: 0.0,
            fade_in: 0,
            fade_out: 0,
            transition: None,
        }
    }
}

impl Recipe {
    /// A video artifact as a clip at `rate` and its own size. Sound in another file may be given beside it.
    /// A file with another frame rate keeps its length in time.
    pub fn file(video: Arc<Media>, audio: Option<Arc<Media>>, rate: Rate) -> Recipe {
        let (size, frames) = video.video.as_ref().map_or(((16, 16), 1), |info| {
            let frames = u128::from(info.n_frames) * u128::from(info.rate.1) * u128::from(rate.0)
                / (u128::from(info.rate.0.max(1)) * u128::from(rate.1.max(1)));
            ((even(info.width), even(info.height)), (frames as u64).max(1))
        });
        let piece = Piece::whole(Source::File { video, audio }, frames);
        Recipe { rate, size, pieces: vec![piece], sound: Vec::new() }
    }

    /// A picture held for `frames`.
    pub fn still(image: Image, frames: u64, rate: Rate) -> Recipe {
        let size = match &image {
            Image::File(media) => media.video.as_ref().map_or((16, 16), |v| (even(v.width), even(v.height))),
            Image::Frame { clip, .. } => clip.size,
        };
        Recipe { rate, size, pieces: vec![Piece::whole(Source::Still(image), frames)], sound: Vec::new() }
    }

    /// Length in frames: pieces less their overlaps.
    pub fn n_frames(&self) -> u64 {
        let total = self.pieces.iter().fold(0, |sum: u64, piece| sum.saturating_add(piece.frames));
        let last = self.pieces.len().saturating_sub(1);
        let transitions = self.pieces[..last].iter().filter_map(|piece| piece.transition);
        let overlaps = transitions.fold(0, |sum: u64, transition| sum.saturating_add(transition.frames));
        total.saturating_sub(overlaps)
    }

    /// Every artifact that the recipe reads.
    pub fn sources(&self) -> Vec<&Media> {
        let mut found = Vec::new();
        let mut pending = vec![self];
        while let Some(recipe) = pending.pop() {
            found.extend(recipe.sound.iter().map(|sound| &*sound.media));
            for piece in &recipe.pieces {
                match &piece.source {
                    Source::File { video, audio } => {
                        found.push(video);
                        found.extend(audio.as_deref());
                    }
                    Source::Still(Image::File(media)) => found.push(media),
                    Source::Still(Image::Frame { clip, .. }) => pending.push(clip),
                    Source::Blank(_) => {}
                }
            }
        }
        found
    }
}

/// The nearest even number that a 4:2:0 picture can have, at least two.
pub fn even(pixels: u32) -> u32 {
    (pixels & !1).max(2)
}
