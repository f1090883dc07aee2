//! Joins segments into a film without another encode: demux one after the other, new time stamps, one muxer.
//!
//! Must not know recipes. GStreamer 1.22's `concat` was rejected because it deadlocks with bounded queues, its
//! `splitmuxsrc` because it loses time stamps; both were measured. Segments have no B-frames (see `encode`), so their order in
//! the file is the order on the screen.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use engine::codec::SAMPLE_RATE;
use engine::worker::{Cancel, JobError};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use model::{AudioInfo, Diagnostic, Rate};

use crate::aac::{self, Coded};
use crate::element;
use crate::encode::{count, disk, set_timescale, stamp_buffer};
use crate::line::{Line, file_source, name_of};
use crate::stamp;

/// Buffers that may wait for the muxer, per track.
const QUEUE: u64 = 96;

/// A file to join and how many frames it must have.
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(crate) n_frames: u64,
}

/// The film's sound.
pub(crate) struct Track<'a> {
    pub(crate) coded: &'a Coded,
    /// Samples of it that sound.
    pub(crate) n_samples: u64,
}

/// Writes the film at `path`. `progress` is told the number of frames joined. A failed join leaves no file.
///
/// # Errors
/// `segment-frames` for a part that is not as long as it should be, `segment-mismatch` for parts of different
/// encoders; [`JobError::Cancelled`].
pub(crate) fn join(
    parts: &[Part],
    rate: Rate,
    sound: Option<Track<'_>>,
    path: &Path,
    progress: &dyn Fn(u64),
    cancel: &Cancel,
) -> Result<Option<AudioInfo>, JobError> {
    let index = path.with_extension("index");
    let made = try_join(parts, rate, sound, path, &index, progress, cancel);
    // The muxer removes its index itself, except when it is stopped.
    let _ = std::fs::remove_file(&index);
    if made.is_err() {
        let _ = std::fs::remove_file(path);
    }
    made
}

fn try_join(
    parts: &[Part],
    rate: Rate,
    sound: Option<Track<'_>>,
    path: &Path,
    index: &Path,
    progress: &dyn Fn(u64),
    cancel: &Cancel,
) -> Result<Option<AudioInfo>, JobError> {
    let line = Line::new(name_of(path))?;
    let source = app::AppSrc::builder().format(gst::Format::Time).max_buffers(QUEUE).build();
    let parse = element::make("h264parse", &[])?;
    let mux = element::make("mp4mux", &[("faststart", "true")])?;
    mux.set_property("faststart-file", index.to_string_lossy().as_ref());
    let sink = element::make("filesink", &[])?;
    sink.set_property("location", path.to_string_lossy().as_ref());
    line.chain(&[source.upcast_ref(), &parse, &mux, &sink])?;
    set_timescale(&mux, rate);
    let mut voice = match &sound {
        Some(track) => Some(Voice::new(&line, &mux, track)?),
        None => None,
    };
    let n_muxed = count(&parse)?;

    let mut at = 0;
    let mut shape: Option<gst::Caps> = None;
    let mut is_playing = false;
    for part in parts {
        let reader = PartReader::open(&part.path)?;
        let mut n_read = 0;
        while let Some(sample) = reader.line.pull(&reader.sink, cancel)? {
            let Some(buffer) = sample.buffer() else { continue };
            if n_read == 0 {
                let caps = sample.caps().map(shape_of);
                let is_same = shape.is_none() || shape == caps;
                if !is_same {
                    let message =
                        format!("{} was encoded in another way than the clips before it", name_of(&part.path));
                    return Err(Diagnostic::error("segment-mismatch", message)
                        .hint("render with another preset, which makes every segment anew")
                        .into());
                }
                shape = caps;
            }
            if !is_playing {
                source.set_caps(sample.caps().map(|caps| with_rate(caps, rate)).as_ref());
                line.play()?;
                is_playing = true;
            }
            let mut buffer = buffer.copy();
            stamp_buffer(buffer.make_mut(), rate, at);
            line.push(&source, buffer, QUEUE, cancel)?;
            (n_read, at) = (n_read + 1, at + 1);
            if let Some(voice) = &mut voice {
                voice.push_until(&line, rate.sample_at(at, SAMPLE_RATE), cancel)?;
            }
            progress(at);
        }
        if n_read != part.n_frames {
            let name = name_of(&part.path);
            let message = format!("{name} has {n_read} frames instead of {}", part.n_frames);
            return Err(Diagnostic::error("segment-frames", message)
                .hint("the stored file is damaged: run `throughline store verify`")
                .into());
        }
    }
    if at == 0 {
        return Err(Diagnostic::error("clip-pieces", "there is nothing to join").into());
    }
    if let Some(voice) = &mut voice {
        voice.end(&line, cancel)?;
    }
    if source.end_of_stream().is_err() {
        line.check()?;
    }
    line.finish(cancel, &|| n_muxed.load(Ordering::Relaxed))?;
    drop(line);
    let muxed = n_muxed.load(Ordering::Relaxed);
    if muxed != at {
        let message = format!("{muxed} of {at} frames arrived in the film");
        return Err(Diagnostic::error("segment-frames", message).into());
    }
    stamp::clear_dates(path).map_err(|error| disk(path, &error))?;
    Ok(sound.map(|track| AudioInfo {
        sample_rate: SAMPLE_RATE,
        channels: 2,
        n_samples: track.n_samples,
        codec: "aac".to_owned(),
    }))
}

/// What must be equal among joined files: the decoder's set-up and the size.
fn shape_of(caps: &gst::CapsRef) -> gst::Caps {
    let mut shape = gst::Structure::new_empty("video/x-h264");
    if let Some(structure) = caps.structure(0) {
        for field in ["codec_data", "width", "height", "stream-format"] {
            if let Ok(value) = structure.value(field) {
                shape.set_value(field, value.clone());
            }
        }
    }
    gst::Caps::builder_full().structure(shape).build()
}

fn with_rate(caps: &gst::CapsRef, rate: Rate) -> gst::Caps {
    let mut caps = caps.to_owned();
    caps.make_mut().set("framerate", gst::Fraction::new(rate.0 as i32, rate.1 as i32));
    caps
}

/// Coded frames of one file, in order.
struct PartReader {
    line: Line,
    sink: app::AppSink,
}

impl PartReader {
    fn open(path: &Path) -> Result<PartReader, JobError> {
        let line = Line::new(name_of(path))?;
        let source = file_source(path)?;
        let demux = element::make("qtdemux", &[])?;
        let caps = gst::Caps::builder("video/x-h264").field("stream-format", "avc").build();
        let sink = app::AppSink::builder().caps(&caps).sync(false).max_buffers(16).build();
        line.chain(&[&source, &demux])?;
        line.chain(&[sink.upcast_ref()])?;
        Line::link_later(&demux, "video/", sink.upcast_ref());
        line.play()?;
        Ok(PartReader { line, sink })
    }
}

/// The sound track on its way into the muxer.
struct Voice<'a> {
    source: app::AppSrc,
    frames: &'a [gst::Buffer],
    /// Frames handed over.
    at: usize,
}

impl<'a> Voice<'a> {
    fn new(line: &Line, mux: &gst::Element, track: &Track<'a>) -> Result<Voice<'a>, JobError> {
        let caps = &track.coded.caps;
        let source = app::AppSrc::builder().caps(caps).format(gst::Format::Time).max_buffers(QUEUE).build();
        let parse = element::make("aacparse", &[])?;
        line.chain(&[source.upcast_ref(), &parse])?;
        let linked = parse.link(mux);
        linked.map_err(|error| Diagnostic::error("media-pipeline", error.to_string()))?;
        Ok(Voice { source, frames: &track.coded.frames, at: 0 })
    }

    /// Hands over what sounds before sample `end` of the film.
    fn push_until(&mut self, line: &Line, end: u64, cancel: &Cancel) -> Result<(), JobError> {
        while let Some(frame) = self.frames.get(self.at).filter(|_| self.at as u64 * (aac::FRAME as u64) < end) {
            let mut frame = frame.copy();
            aac::stamp(frame.make_mut(), self.at * aac::FRAME, aac::FRAME);
            self.at += 1;
            line.push(&self.source, frame, QUEUE, cancel)?;
        }
        Ok(())
    }

    fn end(&mut self, line: &Line, cancel: &Cancel) -> Result<(), JobError> {
        self.push_until(line, u64::MAX, cancel)?;
        if self.source.end_of_stream().is_err() {
            line.check()?;
        }
        Ok(())
    }
}
