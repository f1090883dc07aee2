//! Generated pictures, sound and a codec that plays them, for this package's tests.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use engine::codec::{Codec, EncodeSpec, Flow, Frame};
use engine::scratch::ScratchFolder;
use engine::worker::{Cancel, JobCx, JobError};
use model::{AudioInfo, Color, Digest, Media, Piece, Rate, Recipe, Source, VideoInfo};

pub(crate) const SIZE: (u32, u32) = (160, 90);

/// sRGB value of linear light, both 0 to 1.
pub(crate) fn encoded(c: f64) -> f64 {
    if c <= 0.003_130_8 { c * 12.92 } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 }
}

/// A picture from a function of column and row that gives linear light.
pub(crate) fn painted(mut pixel: impl FnMut(u32, u32) -> [f64; 3]) -> Frame {
    let mut frame = Frame::black(SIZE.0, SIZE.1);
    for (i, out) in frame.data.chunks_exact_mut(4).enumerate() {
        let rgb = pixel(i as u32 % SIZE.0, i as u32 / SIZE.0);
        for (out, c) in out.iter_mut().zip(rgb) {
            *out = (encoded(c.clamp(0.0, 1.0)) * 255.0).round() as u8;
        }
    }
    frame
}

/// One 8-bit colour.
pub(crate) fn flat(rgb: [u8; 3]) -> Frame {
    let data = [rgb[0], rgb[1], rgb[2], 255].repeat((SIZE.0 * SIZE.1) as usize);
    Frame { width: SIZE.0, height: SIZE.1, data }
}

/// Pseudo-random numbers in 0 to 1 from a seed.
pub(crate) fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A colourful picture with smooth shapes and texture, its linear light times `gains`; unclipped up to gains of 1.4.
pub(crate) fn picture(seed: u64, gains: [f64; 3]) -> Frame {
    moved(seed, gains, 0.0)
}

/// The same, shifted sideways by so many pixels.
pub(crate) fn moved(seed: u64, gains: [f64; 3], shift: f64) -> Frame {
    let mut next = random(seed + 1);
    let waves: Vec<[f64; 6]> = (0..6).map(|_| std::array::from_fn(|_| next())).collect();
    painted(|x, y| {
        let (x, y) = ((f64::from(x) + shift) / 160.0, f64::from(y) / 90.0);
        let mut rgb = [0.30, 0.27, 0.24];
        for [fx, fy, phase, r, g, b] in &waves {
            let wave = ((fx * 18.0 * x + fy * 12.0 * y + phase) * std::f64::consts::TAU).sin();
            for (c, tint) in rgb.iter_mut().zip([r, g, b]) {
                *c += 0.065 * wave * (0.4 + 0.6 * tint);
            }
        }
        std::array::from_fn(|i| rgb[i].clamp(0.02, 0.68) * gains[i])
    })
}

/// Stereo sine at 48 kHz.
pub(crate) fn sine(hertz: f64, dbfs: f64, seconds: f64) -> Vec<f32> {
    let amplitude = 10f64.powf(dbfs / 20.0);
    (0..(seconds * 48_000.0) as usize)
        .flat_map(|i| [(amplitude * (std::f64::consts::TAU * hertz * i as f64 / 48_000.0).sin()) as f32; 2])
        .collect()
}

/// Plays pictures from a function of the frame number.
pub(crate) struct Generated {
    pub(crate) frame: Box<dyn Fn(u64) -> Frame + Send + Sync>,
    pub(crate) sound: Vec<f32>,
}

impl Generated {
    pub(crate) fn new(frame: impl Fn(u64) -> Frame + Send + Sync + 'static) -> Generated {
        Generated { frame: Box::new(frame), sound: Vec::new() }
    }
}

impl Codec for Generated {
    fn encode(
        &self,
        _: &EncodeSpec,
        _: &Path,
        _: &mut dyn FnMut(u32, &mut Frame) -> Result<(), JobError>,
        _: &JobCx<'_>,
    ) -> Result<VideoInfo, JobError> {
        unreachable!("nothing here encodes")
    }

    fn play(
        &self,
        recipe: &Recipe,
        range: Range<u64>,
        size: (u32, u32),
        each: &mut dyn FnMut(u64, &Frame) -> Result<Flow, JobError>,
        _: &JobCx<'_>,
    ) -> Result<(), JobError> {
        assert_eq!(size, SIZE);
        for at in range.start..range.end.min(recipe.n_frames()) {
            if each(at, &(self.frame)(at))? == Flow::Enough {
                break;
            }
        }
        Ok(())
    }

    fn listen(&self, _: &Recipe, _: &JobCx<'_>) -> Result<Vec<f32>, JobError> {
        Ok(self.sound.clone())
    }

    fn write_sound(&self, _: &[f32], _: &Path) -> Result<AudioInfo, JobError> {
        unreachable!("nothing here writes sound")
    }

    fn read_picture(&self, _: &Path, _: u32) -> Result<Frame, JobError> {
        Ok((self.frame)(0))
    }

    fn write_picture(&self, _: &Frame, _: &Path) -> Result<VideoInfo, JobError> {
        unreachable!("plots are written with the image crate")
    }
}

/// A clip of so many frames from one file that the fake codec stands for.
pub(crate) fn clip(n_frames: u64) -> Arc<Recipe> {
    let video = Media {
        digest: Digest::of(b"clip"),
        bytes: 1,
        format: "mp4".to_owned(),
        video: Some(VideoInfo { width: 1280, height: 720, rate: Rate::FILM, n_frames, codec: "h264".to_owned() }),
        audio: None,
    };
    Arc::new(Recipe::file(Arc::new(video), None, Rate::FILM))
}

/// A black clip of another shape.
pub(crate) fn blank(n_frames: u64) -> Arc<Recipe> {
    let piece = Piece::whole(Source::Blank(Color::default()), n_frames);
    Arc::new(Recipe { rate: Rate::FILM, size: (1280, 720), pieces: vec![piece], sound: Vec::new() })
}

/// A job's surroundings in a temporary folder.
pub(crate) fn with_cx<T>(use_it: impl FnOnce(&JobCx<'_>) -> T) -> T {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let artifacts = ScratchFolder::new(folder.path());
    use_it(&JobCx { artifacts: &artifacts, cancel: Cancel::default(), progress: &|_| {}, project: folder.path() })
}
