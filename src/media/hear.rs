//! Sound out of a file, from any place, a little at a time.
//!
//! Must not know recipes or mixes. Renders read a file from its start, so that no seek can shift a sample; a listener
//! who jumps cannot wait for that. Where a seek is needed it goes a little further back: decoders need a run-up.

use std::path::Path;

use engine::codec::SAMPLE_RATE;
use engine::worker::{Cancel, JobError};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use model::Diagnostic;

use crate::decode::{sound_line, stream_time};
use crate::line::{Line, name_of};

/// Decoded before what is wanted after a seek: a tenth of a second.
const RUN_UP: u64 = SAMPLE_RATE as u64 / 10;

/// A gap that is jumped instead of decoded: two seconds.
const JUMP: u64 = SAMPLE_RATE as u64 * 2;

/// Time stamps jitter by rounding; only more than this is a gap in the file.
const JITTER: u64 = SAMPLE_RATE as u64 / 50;

/// A reader of one file's sound, interleaved stereo at [`SAMPLE_RATE`].
pub(crate) struct SoundReader {
    line: Line,
    sink: app::AppSink,
    what: String,
    /// Decoded and not yet thrown away, from sample `start` on.
    kept: Vec<f32>,
    start: u64,
    is_over: bool,
}

impl SoundReader {
    /// Opens a file.
    ///
    /// # Errors
    /// A diagnostic for a file that is missing or cannot be decoded.
    pub(crate) fn open(path: &Path) -> Result<SoundReader, JobError> {
        let (line, sink) = sound_line(path)?;
        Ok(SoundReader { line, sink, what: name_of(path), kept: Vec::new(), start: 0, is_over: false })
    }

    fn end(&self) -> u64 {
        self.start + self.kept.len() as u64 / 2
    }

    /// Whether `sample` can be read without a seek.
    pub(crate) fn is_near(&self, sample: u64) -> bool {
        (self.start..=self.end() + JUMP).contains(&sample)
    }

    /// Fills `out` with the sound from sample `from` on; silence where the file has none.
    ///
    /// # Errors
    /// A diagnostic of the file; [`JobError::Cancelled`].
    pub(crate) fn read(&mut self, from: u64, out: &mut [f32], cancel: &Cancel) -> Result<(), JobError> {
        let to = from + out.len() as u64 / 2;
        if !self.is_near(from) {
            self.seek(from.saturating_sub(RUN_UP))?;
        }
        while self.end() < to && !self.is_over {
            self.pull(cancel)?;
            // What lies before is not wanted any more; a mixer that stretches asks for the last two again.
            let passed = from.saturating_sub(self.start + 2).min(self.kept.len() as u64 / 2);
            self.kept.drain(..passed as usize * 2);
            self.start += passed;
        }
        out.fill(0.0);
        let (first, last) = (from.max(self.start), to.min(self.end()));
        if first < last {
            let source = &self.kept[(first - self.start) as usize * 2..(last - self.start) as usize * 2];
            out[(first - from) as usize * 2..][..source.len()].copy_from_slice(source);
        }
        Ok(())
    }

    fn seek(&mut self, to: u64) -> Result<(), JobError> {
        let nanos = u128::from(to) * 1_000_000_000 / u128::from(SAMPLE_RATE);
        let target = gst::ClockTime::from_nseconds(nanos as u64);
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
        // Before the first sample has arrived a pipeline cannot seek.
        let (_, state, _) = self.line.pipeline.state(gst::ClockTime::from_mseconds(2000));
        if state < gst::State::Paused || self.line.pipeline.seek_simple(flags, target).is_err() {
            self.line.check()?;
            let message = format!("{} cannot be heard from another place than its start", self.what);
            return Err(Diagnostic::error("media-no-seek", message).hint("convert it to WAV").into());
        }
        self.kept.clear();
        (self.start, self.is_over) = (to, false);
        Ok(())
    }

    fn pull(&mut self, cancel: &Cancel) -> Result<(), JobError> {
        let Some(sample) = self.line.pull(&self.sink, cancel)? else {
            self.is_over = true;
            return Ok(());
        };
        let Some(map) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) else { return Ok(()) };
        if let Some(time) = stream_time(&sample) {
            let stamp = ((u128::from(time) * u128::from(SAMPLE_RATE) + 500_000_000) / 1_000_000_000) as u64;
            if self.kept.is_empty() {
                self.start = stamp;
            } else if self.end() + JITTER < stamp && stamp - self.end() < JUMP {
                self.kept.resize((stamp - self.start) as usize * 2, 0.0);
            } else if JITTER < stamp.abs_diff(self.end()) {
                self.kept.clear();
                self.start = stamp;
            }
        }
        self.kept.extend(map.as_slice().chunks_exact(4).map(|it| f32::from_le_bytes([it[0], it[1], it[2], it[3]])));
        Ok(())
    }
}
