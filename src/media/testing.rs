//! Fixtures for the package's tests: a store in a temporary folder, numbered frames, generated files.

use std::path::Path;
use std::sync::Arc;

use engine::codec::{Codec, EncodeSpec, Frame, SAMPLE_RATE};
use engine::scratch::ScratchFolder;
use engine::worker::{Artifacts, Cancel, Job, JobCx, JobError, Worker};
use model::{Diagnostic, Digest, Media, Outputs, Piece, Rate, Recipe, Render, RenderSettings, Source, Work};

use crate::Gst;

/// Size of test clips.
pub(crate) const SIZE: (u32, u32) = (160, 96);

/// A worker with a store of its own.
pub(crate) struct Bench {
    pub(crate) gst: Gst,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: ScratchFolder,
    pub(crate) cancel: Cancel,
}

impl Bench {
    /// None, with a message, where GStreamer or an element is not installed.
    pub(crate) fn new() -> Option<Bench> {
        let gst = match Gst::new() {
            Ok(gst) => gst,
            Err(diagnostic) => {
                use std::io::Write;
                // Written past the test harness, which would swallow it: a skipped test must be visible.
                let _ = writeln!(std::io::stderr(), "SKIPPED: {diagnostic}");
                return None;
            }
        };
        let folder = tempfile::tempdir().unwrap();
        let store = ScratchFolder::new(folder.path());
        Some(Bench { gst, folder, store, cancel: Cancel::default() })
    }

    pub(crate) fn cx(&self) -> JobCx<'_> {
        JobCx { artifacts: &self.store, cancel: self.cancel.clone(), progress: &|_| {}, project: self.folder.path() }
    }

    /// A mezzanine whose frame `i` shows the number `first + i`.
    pub(crate) fn clip(&self, first: u32, n_frames: u32) -> Arc<Media> {
        self.clip_at(first, n_frames, Rate::FILM)
    }

    pub(crate) fn clip_at(&self, first: u32, n_frames: u32, rate: Rate) -> Arc<Media> {
        let spec = EncodeSpec { size: SIZE, rate, n_frames };
        self.drawn(&spec, &mut |i, frame| number(frame, first + i))
    }

    pub(crate) fn drawn(&self, spec: &EncodeSpec, draw: &mut dyn FnMut(u32, &mut Frame)) -> Arc<Media> {
        let path = self.store.scratch("mp4").unwrap();
        let mut drawing = |i: u32, frame: &mut Frame| {
            draw(i, frame);
            Ok(())
        };
        let info = self.gst.encode(spec, &path, &mut drawing, &self.cx()).unwrap();
        Arc::new(self.store.adopt(&path, "mp4", Some(info), None).unwrap())
    }

    /// A clip of one colour.
    pub(crate) fn flat(&self, rgb: [u8; 3], n_frames: u32) -> Arc<Media> {
        let spec = EncodeSpec { size: SIZE, rate: Rate::FILM, n_frames };
        self.drawn(&spec, &mut |_, frame| fill(frame, rgb))
    }

    /// A sound from samples of both channels.
    pub(crate) fn sound(&self, mono: &[f32]) -> Arc<Media> {
        let samples: Vec<f32> = mono.iter().flat_map(|value| [*value, *value]).collect();
        let path = self.store.scratch("wav").unwrap();
        let info = self.gst.write_sound(&samples, &path).unwrap();
        Arc::new(self.store.adopt(&path, "wav", None, Some(info)).unwrap())
    }

    /// The frames of a recipe.
    pub(crate) fn frames(&self, recipe: &Recipe) -> Result<Vec<Frame>, JobError> {
        let mut frames = Vec::new();
        let mut each = |_, frame: &Frame| {
            frames.push(frame.clone());
            Ok(engine::codec::Flow::More)
        };
        self.gst.play(recipe, 0..recipe.n_frames(), recipe.size, &mut each, &self.cx())?;
        Ok(frames)
    }

    /// The numbers that a recipe's frames show.
    pub(crate) fn numbers(&self, recipe: &Recipe) -> Vec<u32> {
        self.frames(recipe).unwrap().iter().map(read_number).collect()
    }

    pub(crate) fn run(&self, work: Work) -> Result<Outputs, JobError> {
        let job = Job { key: Digest::of(b"test"), work, model: None };
        self.gst.run(&job, &self.cx())
    }

    /// Renders a film and gives its file.
    pub(crate) fn film(&self, recipe: Recipe, settings: RenderSettings) -> Result<Arc<Media>, JobError> {
        let outputs = self.run(Work::Render(Render { recipe: Arc::new(recipe), settings }))?;
        let Some((_, model::Value::Clip(clip))) = outputs.first() else { panic!("not a clip: {outputs:?}") };
        let Source::File { video, .. } = &clip.pieces[0].source else { panic!("not a file") };
        Ok(video.clone())
    }

    pub(crate) fn path(&self, media: &Media) -> std::path::PathBuf {
        self.store.locate(media).unwrap()
    }

    /// Imports a file of the folder.
    pub(crate) fn import(&self, kind: model::ImportKind, name: &str) -> Result<Outputs, JobError> {
        self.run(Work::Import(model::Import { kind, path: name.to_owned(), content: None, rate: None }))
    }
}

/// The diagnostic of a failure.
#[track_caller]
pub(crate) fn failed<T: std::fmt::Debug>(result: Result<T, JobError>) -> Diagnostic {
    match result {
        Err(JobError::Failed(diagnostic)) => *diagnostic,
        other => panic!("not a diagnostic: {other:?}"),
    }
}

/// A piece that is a whole file.
pub(crate) fn piece(media: &Arc<Media>, frames: u64) -> Piece {
    Piece::whole(Source::File { video: media.clone(), audio: None }, frames)
}

pub(crate) fn recipe(pieces: Vec<Piece>) -> Recipe {
    Recipe { rate: Rate::FILM, size: SIZE, pieces, sound: Vec::new() }
}

pub(crate) fn fill(frame: &mut Frame, rgb: [u8; 3]) {
    for pixel in frame.data.chunks_exact_mut(4) {
        pixel.copy_from_slice(&[rgb[0], rgb[1], rgb[2], 255]);
    }
}

/// Draws a number as twelve blocks, black or white.
pub(crate) fn number(frame: &mut Frame, number: u32) {
    let (width, height) = (frame.width as usize, frame.height as usize);
    for (i, pixel) in frame.data.chunks_exact_mut(4).enumerate() {
        let block = (i % width) * 4 / width + (i / width) * 3 / height * 4;
        let level = if number >> block & 1 == 1 { 235 } else { 20 };
        pixel.copy_from_slice(&[level, level, level, 255]);
    }
}

/// Reads what [`number`] drew.
pub(crate) fn read_number(frame: &Frame) -> u32 {
    let (width, height) = (frame.width as usize, frame.height as usize);
    (0..12).fold(0, |number, block| {
        let (x, y) = ((block % 4 * 2 + 1) * width / 8, (block / 4 * 2 + 1) * height / 6);
        number | u32::from(128 < frame.data[(y * width + x) * 4]) << block
    })
}

/// The mean of each colour.
pub(crate) fn mean(frame: &Frame) -> [f64; 3] {
    let n = (frame.data.len() / 4) as f64;
    [0, 1, 2].map(|i| frame.data.chunks_exact(4).map(|pixel| f64::from(pixel[i])).sum::<f64>() / n)
}

/// One loud sample in `seconds` of silence.
pub(crate) fn click(at: usize, seconds: f64) -> Vec<f32> {
    let mut samples = vec![0.0; (seconds * f64::from(SAMPLE_RATE)) as usize];
    samples[at] = 0.9;
    samples
}

/// A PNG whose header claims a size that nobody has.
pub(crate) fn huge_png(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    header.extend_from_slice(&[8, 6, 0, 0, 0]);
    let chunk = |body: &[u8]| {
        let length = (body.len() as u32 - 4).to_be_bytes();
        [&length[..], body, &crc(body).to_be_bytes()].concat()
    };
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(&header), chunk(b"IDATxxxx"), chunk(b"IEND")].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

/// A silent file made by GStreamer's own sources, as a stranger would send it.
pub(crate) fn foreign(path: &Path, pipeline: &str) {
    use gstreamer::prelude::*;
    let text = format!("{pipeline} ! filesink location={}", path.display());
    let pipeline = gstreamer::parse::launch(&text).unwrap();
    pipeline.set_state(gstreamer::State::Playing).unwrap();
    let bus = pipeline.bus().unwrap();
    let kinds = [gstreamer::MessageType::Eos, gstreamer::MessageType::Error];
    let message = bus.timed_pop_filtered(gstreamer::ClockTime::from_seconds(60), &kinds).unwrap();
    assert_eq!(message.type_(), gstreamer::MessageType::Eos, "{message:?}");
    pipeline.set_state(gstreamer::State::Null).unwrap();
}
