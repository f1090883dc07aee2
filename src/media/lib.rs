//! Media through GStreamer: probing and importing files, frames and sound out of recipes, mezzanines, films.
//!
//! Knows no window, no provider and no node. `Gst` is the only door; everything it does is bounded in time and
//! memory and stops when its job is cancelled.

mod aac;
mod decode;
mod element;
mod encode;
mod grade;
mod hear;
mod import;
mod join;
mod line;
mod mix;
mod picture;
pub mod playback;
mod player;
mod probe;
mod quick;
mod render;
mod scale;
mod segment;
mod stamp;
mod table;
mod title;
mod wav;
mod yuv;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::Path;

use engine::codec::{Codec, EncodeSpec, Flow, Frame};
use engine::worker::{Job, JobCx, JobError, Worker};
use model::{AudioInfo, Diagnostic, ImportKind, Outputs, Recipe, VideoInfo, Work};

use crate::element::Encoder;
use crate::encode::Style;
use crate::player::Player;

/// GStreamer, ready: a codec for other workers, and the worker for renders and imports.
#[derive(Clone, Copy, Debug)]
pub struct Gst {
    encoder: Encoder,
}

impl Gst {
    /// Starts GStreamer, once per process, and checks that everything it needs is installed.
    ///
    /// # Errors
    /// `gstreamer-missing`, or `gstreamer-element-missing` with the Debian package to install.
    pub fn new() -> Result<Gst, Diagnostic> {
        gstreamer::init().map_err(|error| {
            Diagnostic::error("gstreamer-missing", format!("GStreamer does not start: {error}"))
                .hint("install it: apt install libgstreamer1.0-0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good")
        })?;
        Ok(Gst { encoder: element::check()? })
    }

    /// One frame of a recipe with every decision applied, `width` pixels wide and as high as its shape asks.
    ///
    /// # Errors
    /// A diagnostic of the recipe or a source; [`JobError::Cancelled`].
    pub fn thumbnail(&self, recipe: &Recipe, frame: u64, width: u32, cx: &JobCx<'_>) -> Result<Frame, JobError> {
        let height = u64::from(recipe.size.1) * u64::from(width) / u64::from(recipe.size.0.max(1));
        let size = (width, u32::try_from(height).unwrap_or(u32::MAX).max(1));
        let mut out = Frame::default();
        Player::new(recipe, size, cx)?.frame(frame, &mut out)?;
        Ok(out)
    }
}

impl Codec for Gst {
    fn encode(
        &self,
        spec: &EncodeSpec,
        path: &Path,
        draw: &mut dyn FnMut(u32, &mut Frame) -> Result<(), JobError>,
        cx: &JobCx<'_>,
    ) -> Result<VideoInfo, JobError> {
        encode::encode(&Style::mezzanine(self.encoder), spec, path, draw, &cx.cancel)
    }

    fn play(
        &self,
        recipe: &Recipe,
        range: Range<u64>,
        size: (u32, u32),
        each: &mut dyn FnMut(u64, &Frame) -> Result<Flow, JobError>,
        cx: &JobCx<'_>,
    ) -> Result<(), JobError> {
        let mut player = Player::new(recipe, size, cx)?;
        let mut frame = Frame::default();
        for at in range {
            player.frame(at, &mut frame)?;
            if each(at, &frame)? == Flow::Enough {
                break;
            }
        }
        Ok(())
    }

    fn listen(&self, recipe: &Recipe, cx: &JobCx<'_>) -> Result<Vec<f32>, JobError> {
        mix::listen(recipe, cx)
    }

    fn write_sound(&self, samples: &[f32], path: &Path) -> Result<AudioInfo, JobError> {
        wav::write(samples, path).map_err(|error| encode::disk(path, &error))?;
        Ok(wav::info(samples))
    }

    fn read_picture(&self, path: &Path, longest: u32) -> Result<Frame, JobError> {
        Ok(picture::read(path, longest)?)
    }

    fn write_picture(&self, frame: &Frame, path: &Path) -> Result<VideoInfo, JobError> {
        Ok(picture::write(frame, path)?)
    }
}

impl Worker for Gst {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        match &job.work {
            Work::Render(render) => render::render(render, self.encoder, cx),
            Work::Import(it) if matches!(it.kind, ImportKind::Image | ImportKind::Clip | ImportKind::Audio) => {
                import::import(it, cx)
            }
            other => {
                let message = format!("the media worker does not do work of the kind `{}`", other.kind());
                Err(Diagnostic::error("wrong-worker", message).into())
            }
        }
    }
}
