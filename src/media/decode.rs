//! Frames and samples out of files, by time stamp.
//!
//! Must not know recipes. A reader is asked for the picture that shows at a time; asking for frames by number would
//! trust the container's rate, which lies for variable-rate files. Callers ask for the middle of a frame, never for
//! its exact start, which rounding puts one frame off. Forward is cheap, backward is a seek.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::codec::{Frame, SAMPLE_RATE};
use engine::worker::{Cancel, JobError};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use gstreamer_audio as audio;
use gstreamer_video as video;
use gstreamer_video::prelude::*;
use model::{Diagnostic, Media};

use crate::element;
use crate::encode::{GOP, MAX_VIDEO_PIXELS};
use crate::line::{Line, file_source, name_of, regular};
use crate::wav;

/// Frames decoded ahead.
const AHEAD: u32 = 3;

/// A gap to the wanted picture that is jumped instead of decoded, where the distance of key frames is not known.
const JUMP_NANOS: u64 = 3_000_000_000;

/// The shortest gap that is worth a jump: it costs a flush of the pipeline.
const MIN_JUMP_NANOS: u64 = 250_000_000;

/// How far beyond a file's last picture that picture still shows: rounding of lengths between frame rates.
pub(crate) const GRACE_NANOS: u64 = 200_000_000;

const CUT_OFF_HINT: &str = "the file may be cut off: copy it again, or shorten the clip";

/// How long a seek may be silent before the file is opened anew: under load one in some thousands hangs.
const FIRST_PATIENCE: Duration = Duration::from_secs(6);

/// A reader of one video file.
pub(crate) struct VideoReader {
    line: Line,
    sink: app::AppSink,
    what: String,
    /// Stream time of the first picture: containers may start anywhere.
    base: u64,
    current: Picture,
    next: Option<Picture>,
    /// The current picture is not yet copied out.
    is_fresh: bool,
    /// Longest distance between key frames seen so far, in nanoseconds; zero while it is not known.
    key_gap: Arc<AtomicU64>,
    /// The file can be entered in the middle, as far as is known.
    can_seek: bool,
    path: PathBuf,
    media: Media,
}

/// A decoded picture. The sample it came in is given back at once: `appsink` writes the next caps into it.
pub(crate) struct Picture {
    /// Nanoseconds from the first picture.
    pub(crate) time: u64,
    pub(crate) buffer: gst::Buffer,
    pub(crate) caps: Option<gst::Caps>,
}

impl VideoReader {
    /// Opens a file at the picture that shows at `start` nanoseconds.
    ///
    /// # Errors
    /// A diagnostic for a file that cannot be decoded.
    pub(crate) fn open(path: &Path, media: &Media, start: u64, cancel: &Cancel) -> Result<VideoReader, JobError> {
        match VideoReader::start(path, media, start, cancel) {
            // Under load a preroll or seek may hang where the next one does not.
            Err(JobError::Failed(diagnostic)) if diagnostic.code == "media-stalled" => {
                VideoReader::start(path, media, start, cancel)
            }
            other => other,
        }
    }

    fn start(path: &Path, media: &Media, start: u64, cancel: &Cancel) -> Result<VideoReader, JobError> {
        let what = name_of(path);
        let line = Line::new(what.clone())?;
        let source = file_source(path)?;
        let convert = element::make("videoconvert", &[("n-threads", "1"), ("dither", "none")])?;
        let caps = video::VideoCapsBuilder::new().format(video::VideoFormat::Rgba).build();
        let sink = app::AppSink::builder().caps(&caps).sync(false).max_buffers(AHEAD).build();
        let key_gap = Arc::new(AtomicU64::new(known_key_gap(media)));
        let is_h264 = media.video.as_ref().is_some_and(|info| info.codec.starts_with("h264"));
        if media.format == "mp4" && is_h264 {
            // The known path: a third of the threads of `decodebin`.
            let demux = element::make("qtdemux", &[])?;
            let parse = element::make("h264parse", &[])?;
            let decoder = element::make("avdec_h264", &[("max-threads", "1")])?;
            let flip = element::make("videoflip", &[("video-direction", "auto")])?;
            line.chain(&[&source, &demux])?;
            line.chain(&[&parse, &decoder, &convert, &flip, sink.upcast_ref()])?;
            Line::link_later(&demux, "video/", &parse);
            watch_keys(&parse, key_gap.clone());
        } else {
            let decoder = element::make("decodebin", &[("expose-all-streams", "false"), ("caps", "video/x-raw(ANY)")])?;
            let flip = element::make("videoflip", &[("video-direction", "auto")])?;
            line.chain(&[&source, &decoder])?;
            line.chain(&[&convert, &flip, sink.upcast_ref()])?;
            Line::link_later(&decoder, "video/", &convert);
        }
        line.play()?;
        let first = line.pull(&sink, cancel)?.ok_or_else(|| no_picture(&what))?;
        let base = stream_time(&first).unwrap_or(0);
        let Some(buffer) = first.buffer_owned() else { return Err(no_picture(&what).into()) };
        let current = Picture { time: 0, buffer, caps: first.caps_owned() };
        drop(first);
        let mut reader = VideoReader {
            line,
            sink,
            what,
            base,
            current,
            next: None,
            is_fresh: true,
            key_gap,
            can_seek: true,
            path: path.to_owned(),
            media: media.clone(),
        };
        if reader.is_far(start) {
            reader.seek(start, cancel)?;
        }
        Ok(reader)
    }

    /// Moves to the picture that shows at `nanos`, from any place.
    fn seek(&mut self, nanos: u64, cancel: &Cancel) -> Result<(), JobError> {
        let patience = std::mem::replace(&mut self.line.patience, FIRST_PATIENCE);
        let found = self.try_seek(nanos, cancel);
        self.line.patience = patience;
        match found {
            Ok(true) => Ok(()),
            // Decoding goes on from here, or from the start.
            Ok(false) => {
                self.can_seek = false;
                if nanos < self.current.time { self.reopen(cancel) } else { Ok(()) }
            }
            Err(JobError::Failed(diagnostic)) if diagnostic.code == "media-stalled" => {
                self.reopen(cancel)?;
                self.try_seek(nanos, cancel).map(|_| ())
            }
            Err(error) => Err(error),
        }
    }

    fn reopen(&mut self, cancel: &Cancel) -> Result<(), JobError> {
        let (path, media) = (self.path.clone(), self.media.clone());
        let fresh = VideoReader::start(&path, &media, 0, cancel)?;
        *self = VideoReader { can_seek: self.can_seek, ..fresh };
        Ok(())
    }

    /// False where the file cannot be entered in the middle.
    fn try_seek(&mut self, nanos: u64, cancel: &Cancel) -> Result<bool, JobError> {
        // A time behind the last picture gives none, where that picture may still show: look a little earlier then.
        for early in [0, 2 * GRACE_NANOS] {
            let target = gst::ClockTime::from_nseconds(self.base.saturating_add(nanos.saturating_sub(early)));
            let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
            if self.line.pipeline.seek_simple(flags, target).is_err() {
                return Ok(false);
            }
            self.next = None;
            if let Some(found) = self.pull(cancel)? {
                (self.current, self.is_fresh) = (found, true);
                return Ok(true);
            }
        }
        let message = format!("{} has no picture at {:.2} seconds", self.what, nanos as f64 / 1e9);
        Err(Diagnostic::error("media-cut-off", message).hint(CUT_OFF_HINT).into())
    }

    /// Whether `nanos` is so far ahead that a seek beats decoding all that is between.
    fn is_far(&self, nanos: u64) -> bool {
        let newest = self.next.as_ref().map_or(self.current.time, |next| next.time);
        let jump = match self.key_gap.load(Ordering::Relaxed) {
            0 => JUMP_NANOS,
            // Half a group is what a seek decodes on average.
            gap => (gap / 2).clamp(MIN_JUMP_NANOS, JUMP_NANOS),
        };
        self.can_seek && jump < nanos.saturating_sub(newest)
    }

    /// Pixels of one picture.
    pub(crate) fn n_pixels(&self) -> u64 {
        let caps = self.current.caps.as_ref().and_then(|caps| video::VideoInfo::from_caps(caps).ok());
        caps.map_or(0, |info| u64::from(info.width()) * u64::from(info.height()))
    }

    /// The next [`at`](VideoReader::at) copies its picture, whatever was copied last.
    pub(crate) fn refresh(&mut self) {
        self.is_fresh = true;
    }

    fn pull(&self, cancel: &Cancel) -> Result<Option<Picture>, JobError> {
        let Some(sample) = self.line.pull(&self.sink, cancel)? else { return Ok(None) };
        // A picture without a time follows the one before it.
        let time = stream_time(&sample).map_or(self.current.time + 1, |time| time.saturating_sub(self.base));
        let picture = sample.buffer_owned().map(|buffer| Picture { time, buffer, caps: sample.caps_owned() });
        Ok(Some(picture.ok_or_else(|| no_picture(&self.what))?))
    }

    /// Copies the picture that shows at `nanos` into `out`, unless it is the one copied last; says whether it did.
    ///
    /// # Errors
    /// `media-cut-off` where the file ends before.
    pub(crate) fn at(&mut self, nanos: u64, out: &mut Frame, cancel: &Cancel) -> Result<bool, JobError> {
        if nanos < self.current.time || self.is_far(nanos) {
            self.seek(nanos, cancel)?;
        }
        loop {
            if self.next.is_none() {
                self.next = self.pull(cancel)?;
            }
            match self.next.take() {
                Some(next) if next.time <= nanos => {
                    self.current = next;
                    self.is_fresh = true;
                }
                Some(next) => {
                    self.next = Some(next);
                    break;
                }
                None => {
                    if self.current.time + self.duration() + GRACE_NANOS < nanos {
                        return Err(self.ended(nanos).into());
                    }
                    break;
                }
            }
        }
        if !self.is_fresh {
            return Ok(false);
        }
        copy_picture(&self.current, &self.what, out)?;
        self.is_fresh = false;
        Ok(true)
    }

    fn duration(&self) -> u64 {
        self.current.buffer.duration().map_or(0, |it| it.nseconds().min(10_000_000_000))
    }

    fn ended(&self, nanos: u64) -> Diagnostic {
        let message = format!(
            "{} ends after {:.2} seconds, but the picture at {:.2} seconds is wanted",
            self.what,
            (self.current.time + self.duration()) as f64 / 1e9,
            nanos as f64 / 1e9
        );
        Diagnostic::error("media-cut-off", message).hint(CUT_OFF_HINT)
    }
}

/// The distance of key frames in files that we made ourselves; zero for others.
fn known_key_gap(media: &Media) -> u64 {
    let own = media.video.as_ref().filter(|info| info.codec.starts_with("h264/") && info.rate.is_valid());
    own.map_or(0, |info| info.rate.nanos_at(u64::from(GOP)))
}

/// Learns how far apart a stream's key frames are.
fn watch_keys(parse: &gst::Element, gap: Arc<AtomicU64>) {
    // A pad that is missing fails at linking, with a message of its own.
    let Some(pad) = parse.static_pad("src") else { return };
    let last = AtomicU64::new(u64::MAX);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let Some(gst::PadProbeData::Buffer(buffer)) = &info.data else { return gst::PadProbeReturn::Ok };
        let (flags, time) = (buffer.flags(), buffer.pts());
        if let Some(time) = time.map(gst::ClockTime::nseconds)
            && !flags.contains(gst::BufferFlags::DELTA_UNIT)
        {
            let before = last.swap(time, Ordering::Relaxed);
            // After a seek the distance says nothing.
            if before < time && !flags.contains(gst::BufferFlags::DISCONT) {
                gap.fetch_max(time - before, Ordering::Relaxed);
            }
        }
        gst::PadProbeReturn::Ok
    });
}

fn no_picture(what: &str) -> Diagnostic {
    Diagnostic::error("no-picture", format!("{what} has no picture that can be decoded"))
        .hint("sound-only files belong in an audio import")
}

pub(crate) fn stream_time(sample: &gst::Sample) -> Option<u64> {
    let pts = sample.buffer()?.pts()?;
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    segment.to_stream_time(pts).map(gst::ClockTime::nseconds)
}

pub(crate) fn copy_picture(picture: &Picture, what: &str, out: &mut Frame) -> Result<(), Diagnostic> {
    let broken = |why: &str| Diagnostic::error("media-damaged", format!("a picture of {what} cannot be read: {why}"));
    let caps = picture.caps.as_ref().ok_or_else(|| broken("it has no format"))?;
    let info = video::VideoInfo::from_caps(caps).map_err(|error| broken(&error.to_string()))?;
    if MAX_VIDEO_PIXELS < u64::from(info.width()) * u64::from(info.height()) {
        return Err(broken("it is too large"));
    }
    let frame = video::VideoFrameRef::from_buffer_ref_readable(&picture.buffer, &info)
        .map_err(|error| broken(&error.to_string()))?;
    let plane = frame.plane_data(0).map_err(|error| broken(&error.to_string()))?;
    let (row, stride) = (info.width() as usize * 4, frame.plane_stride()[0] as usize);
    (out.width, out.height) = (info.width(), info.height());
    out.data.clear();
    if row == stride {
        out.data.extend_from_slice(plane.get(..row * info.height() as usize).ok_or_else(|| broken("it is short"))?);
    } else {
        for line in plane.chunks(stride).take(info.height() as usize) {
            out.data.extend_from_slice(line.get(..row).ok_or_else(|| broken("it is short"))?);
        }
    }
    Ok(())
}

/// A running decoder of a file's sound: interleaved stereo at [`SAMPLE_RATE`].
pub(crate) fn sound_line(path: &Path) -> Result<(Line, app::AppSink), JobError> {
    let line = Line::new(name_of(path))?;
    let source = file_source(path)?;
    let decoder = element::make("decodebin", &[("expose-all-streams", "false"), ("caps", "audio/x-raw")])?;
    let convert = element::make("audioconvert", &[("dithering", "none")])?;
    let resample = element::make("audioresample", &[])?;
    let caps = audio::AudioCapsBuilder::new_interleaved()
        .format(audio::AudioFormat::F32le)
        .rate(SAMPLE_RATE as i32)
        .channels(2)
        .build();
    let sink = app::AppSink::builder().caps(&caps).sync(false).max_buffers(16).build();
    line.chain(&[&source, &decoder])?;
    line.chain(&[&convert, &resample, sink.upcast_ref()])?;
    Line::link_later(&decoder, "audio/", &convert);
    line.play()?;
    Ok((line, sink))
}

/// Decodes `len` stereo samples from `start` at [`SAMPLE_RATE`], in order, in pieces; a file that ends earlier gives
/// fewer. Each piece comes with the index of its first sample, counted from `start`.
///
/// # Errors
/// A diagnostic for a file without sound that can be decoded.
pub(crate) fn sound(
    path: &Path,
    start: u64,
    len: u64,
    cancel: &Cancel,
    each: &mut dyn FnMut(u64, &[f32]),
) -> Result<(), JobError> {
    regular(path)?;
    let what = name_of(path);
    // Scratch sound is most of what a film sounds with; a pipeline for each of its files takes longer than reading them.
    if let Some(mut ours) = wav::Reader::open(path, start, len) {
        let unread = |error| Diagnostic::error("file-missing", format!("cannot read {what}: {error}"));
        let (mut at, mut values) = (0, Vec::new());
        while ours.next(&mut values).map_err(unread)? {
            cancel.check()?;
            each(at, &values);
            at += values.len() as u64 / 2;
        }
        return Ok(());
    }
    let (line, sink) = sound_line(path)?;
    let end = start + len;
    // Index of the next sample, where the last buffer ended.
    let mut at = 0;
    let mut values = Vec::new();
    while let Some(sample) = line.pull(&sink, cancel)? {
        let Some(map) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) else { continue };
        if let Some(time) = stream_time(&sample) {
            let stamp = (u128::from(time) * u128::from(SAMPLE_RATE) + 500_000_000) / 1_000_000_000;
            let stamp = stamp as u64;
            // Time stamps jitter by rounding; only a real gap or a late start moves the place.
            if SAMPLE_RATE as u64 / 50 < stamp.abs_diff(at) {
                at = stamp;
            }
        }
        values.clear();
        values.extend(map.as_slice().chunks_exact(4).map(|it| f32::from_le_bytes([it[0], it[1], it[2], it[3]])));
        let n_samples = values.len() as u64 / 2;
        let (from, to) = (start.clamp(at, at + n_samples), end.clamp(at, at + n_samples));
        if from < to {
            each(from - start, &values[(from - at) as usize * 2..(to - at) as usize * 2]);
        }
        at += n_samples;
        if end <= at {
            return Ok(());
        }
    }
    if at == 0 {
        let message = format!("{what} has no sound that can be decoded");
        return Err(Diagnostic::error("no-sound", message).hint("check the file in a player").into());
    }
    Ok(())
}
