//! The way to the sound card.
//!
//! Must not know recipes: it is given samples and says how many have been heard. The sink is GStreamer's own choice of
//! what the computer has. Between two stretches the pipeline goes back to ready, which empties it and keeps the
//! device open; flushing seeks through `appsrc` were rejected, because they wait for a sink that may wait for samples.

use std::time::Duration;

use engine::codec::SAMPLE_RATE;
use engine::worker::JobError;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use gstreamer_audio as audio;
use model::Diagnostic;

use crate::element;
use crate::line::Line;

/// The sink that finds the computer's sound card.
pub(super) const AUTOMATIC: &str = "autoaudiosink";

/// Samples that may wait in the pipeline: a second, in any number of buffers.
const MAX_BYTES: u64 = SAMPLE_RATE as u64 * 8;

/// An open sound card.
pub(super) struct Output {
    line: Line,
    source: app::AppSrc,
    volume: gst::Element,
    /// Samples handed over since the last restart.
    n_pushed: u64,
}

impl Output {
    /// Opens the sink; none where there is no sound card behind it.
    ///
    /// # Errors
    /// A diagnostic for an element that is missing or does not start.
    pub(super) fn open(sink: &str) -> Result<Option<Output>, JobError> {
        Output::on(element::make(sink, &[])?)
    }

    /// Opens a sink that was made for a device.
    ///
    /// # Errors
    /// A diagnostic for an element that is missing or does not start.
    pub(super) fn on(sink: gst::Element) -> Result<Option<Output>, JobError> {
        let line = Line::new("the sound card")?;
        let caps = audio::AudioCapsBuilder::new_interleaved()
            .format(audio::AudioFormat::F32le)
            .rate(SAMPLE_RATE as i32)
            .channels(2)
            .build();
        let source = app::AppSrc::builder().caps(&caps).format(gst::Format::Time).max_bytes(MAX_BYTES).build();
        let convert = element::make("audioconvert", &[])?;
        let resample = element::make("audioresample", &[])?;
        let volume = element::make("volume", &[])?;
        line.chain(&[source.upcast_ref(), &convert, &resample, &volume, &sink])?;
        if line.pipeline.set_state(gst::State::Ready).is_err() {
            line.check()?;
            return Ok(None);
        }
        // Without a card the automatic sink puts one in its place that plays to nobody.
        let is_nobody = |child: &gst::Element| child.factory().is_some_and(|factory| factory.name() == "fakesink");
        let is_automatic = sink.factory().is_some_and(|factory| factory.name() == AUTOMATIC);
        let is_silent = sink.downcast_ref::<gst::Bin>().is_some_and(|bin| bin.children().iter().any(is_nobody));
        Ok((!(is_automatic && is_silent)).then_some(Output { line, source, volume, n_pushed: 0 }))
    }

    /// Forgets everything that has not been heard, and takes new samples.
    ///
    /// # Errors
    /// A diagnostic where the card does not work any more.
    pub(super) fn restart(&mut self) -> Result<(), JobError> {
        self.stop();
        self.n_pushed = 0;
        self.set_state(gst::State::Paused)
    }

    /// Falls silent.
    pub(super) fn stop(&self) {
        // A card that does not even stop shows that at the next start.
        let _ = self.line.pipeline.set_state(gst::State::Ready);
    }

    /// Lets the samples be heard.
    ///
    /// # Errors
    /// A diagnostic where the card does not work any more.
    pub(super) fn roll(&self) -> Result<(), JobError> {
        self.set_state(gst::State::Playing)
    }

    fn set_state(&self, state: gst::State) -> Result<(), JobError> {
        if self.line.pipeline.set_state(state).is_err() {
            self.check()?;
            return Err(broken().into());
        }
        Ok(())
    }

    /// # Errors
    /// A diagnostic where the card does not work any more.
    pub(super) fn check(&self) -> Result<(), JobError> {
        self.line.check()
    }

    pub(super) fn set_volume(&self, volume: f32) {
        self.volume.set_property("volume", f64::from(volume));
    }

    /// Samples that wait to be heard, about.
    pub(super) fn n_waiting(&self) -> u64 {
        self.source.current_level_bytes() / 8
    }

    /// Hands over interleaved stereo.
    ///
    /// # Errors
    /// A diagnostic where the card does not work any more.
    pub(super) fn push(&mut self, samples: &[f32]) -> Result<(), JobError> {
        let mut bytes = Vec::with_capacity(samples.len() * 4);
        for value in samples {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        let time = |sample: u64| gst::ClockTime::from_nseconds(sample * 1_000_000_000 / u64::from(SAMPLE_RATE));
        let end = self.n_pushed + samples.len() as u64 / 2;
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        let stamped = buffer.make_mut();
        stamped.set_pts(time(self.n_pushed));
        stamped.set_duration(time(end) - time(self.n_pushed));
        self.n_pushed = end;
        if self.source.push_buffer(buffer).is_err() {
            self.check()?;
            return Err(broken().into());
        }
        Ok(())
    }

    /// How long the samples since the restart have been heard; none before the first.
    pub(super) fn heard(&self) -> Option<Duration> {
        let position = self.line.pipeline.query_position::<gst::ClockTime>()?;
        (position != gst::ClockTime::ZERO).then(|| Duration::from_nanos(position.nseconds()))
    }
}

fn broken() -> Diagnostic {
    Diagnostic::error("sound-output", "the sound card takes no sound").hint("check the computer's sound settings")
}
