//! What workers need of a codec, without knowing which: the media package implements it, the program hands it over.
//!
//! It exists so that the animatic and the compute package never link GStreamer, and so that their tests can run
//! without one.

use std::ops::Range;
use std::path::Path;

use model::{AudioInfo, Rate, Recipe, VideoInfo};

use crate::worker::{JobCx, JobError};

/// One picture: sRGB, 8 bits, RGBA, not premultiplied, rows top down without padding.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Frame {
    pub width: u32,
    pub height: u32,
    /// `width * height * 4` bytes.
    pub data: Vec<u8>,
}

impl Frame {
    /// An opaque black picture.
    pub fn black(width: u32, height: u32) -> Frame {
        let data = [0, 0, 0, 255].repeat(width as usize * height as usize);
        Frame { width, height, data }
    }
}

/// Sound inside the program: interleaved stereo at 48 kHz.
pub const SAMPLE_RATE: u32 = 48_000;

/// Whether a reader wants more frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    More,
    Enough,
}

/// What a mezzanine file is encoded as. Mezzanines of one shape join without another encode.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodeSpec {
    pub size: (u32, u32),
    pub rate: Rate,
    pub n_frames: u32,
}

/// Decoding, encoding and rendering. Implementations bound time and memory and stop when the job is cancelled.
pub trait Codec: Send + Sync {
    /// Encodes a mezzanine (H.264, closed GOPs, fixed settings, no sound) at `path`, asking `draw` for each frame in
    /// order; `draw` fills the frame it is given.
    fn encode(
        &self,
        spec: &EncodeSpec,
        path: &Path,
        draw: &mut dyn FnMut(u32, &mut Frame) -> Result<(), JobError>,
        cx: &JobCx<'_>,
    ) -> Result<VideoInfo, JobError>;

    /// Plays frames of a recipe with every decision applied, scaled to `size`, in order, until `each` has enough.
    fn play(
        &self,
        recipe: &Recipe,
        range: Range<u64>,
        size: (u32, u32),
        each: &mut dyn FnMut(u64, &Frame) -> Result<Flow, JobError>,
        cx: &JobCx<'_>,
    ) -> Result<(), JobError>;

    /// The recipe's mixed sound, interleaved stereo at [`SAMPLE_RATE`], as long as its picture.
    fn listen(&self, recipe: &Recipe, cx: &JobCx<'_>) -> Result<Vec<f32>, JobError>;

    /// Writes interleaved stereo at [`SAMPLE_RATE`] as a WAV file of 16 bits.
    fn write_sound(&self, samples: &[f32], path: &Path) -> Result<AudioInfo, JobError>;

    /// Reads a picture file (PNG, JPEG, WebP), at most so many pixels on the longer side.
    fn read_picture(&self, path: &Path, longest: u32) -> Result<Frame, JobError>;

    /// Writes a picture as PNG.
    fn write_picture(&self, frame: &Frame, path: &Path) -> Result<VideoInfo, JobError>;
}
