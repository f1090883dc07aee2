//! Finds out what a file contains, without trusting it: by its streams' own headers and by counting.
//!
//! Must not know the store. Streams are demuxed, never decoded, so a huge picture costs nothing, and every frame's
//! time stamp is seen: containers lie about rates and lengths, and a file that was cut off ends without an error.
//! GStreamer's discoverer was rejected for both reasons: it decodes, and it reports what the container claims.

use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use engine::worker::{Cancel, JobError};
use gstreamer as gst;
use gstreamer::prelude::*;
use model::{AudioInfo, Diagnostic, Rate, VideoInfo};

use crate::element;
use crate::encode::MAX_VIDEO_PIXELS;
use crate::line::{Line, file_source, name_of, no_decoder, not_media, regular};

/// Largest media file.
const MAX_BYTES: u64 = 16 << 30;

/// No file may take longer to read through.
const MAX_TIME: Duration = Duration::from_secs(300);

/// How long the first and the second try may be silent. Seen under load, rarely: `parsebin` swallows a demuxer's
/// error that arrives while it is still connecting that demuxer, and then waits for ever.
const PATIENCE: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(4)];

/// Most frames of a video and packets of a sound.
const MAX_PACKETS: usize = 6_000_000;

/// What a media file contains.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) video: Option<VideoInfo>,
    pub(crate) audio: Option<AudioInfo>,
}

/// What is seen of one stream.
#[derive(Default)]
struct Seen {
    caps: Option<gst::Caps>,
    /// Start of every frame of video.
    times: Vec<u64>,
    n_packets: usize,
    /// End of the last packet.
    end: u64,
    is_turned: bool,
    is_over: bool,
}

/// Reads a file through.
///
/// # Errors
/// A diagnostic for anything but a readable video or sound file.
pub(crate) fn probe(path: &Path, cancel: &Cancel) -> Result<Found, JobError> {
    let stalls = |error: &JobError| matches!(error, JobError::Failed(found) if found.code == "media-stalled");
    match read_through(path, PATIENCE[0], cancel) {
        Err(error) if stalls(&error) => read_through(path, PATIENCE[1], cancel).map_err(|error| {
            if !stalls(&error) {
                return error;
            }
            let message = format!("{} is damaged or cut off: nothing can be read from it", name_of(path));
            Diagnostic::error("media-damaged", message).hint("copy or download the file again").into()
        }),
        other => other,
    }
}

/// Whether a file starts like a text: such a file would have GStreamer guess, and now and then wait.
fn is_text(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(512).read_to_end(&mut start));
    let end = start.len().saturating_sub(3);
    let plain = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    // A character may be cut in two at the end of what was read.
    read.is_ok() && !start.is_empty() && start.iter().all(plain) && std::str::from_utf8(&start[..end]).is_ok()
}

fn read_through(path: &Path, patience: Duration, cancel: &Cancel) -> Result<Found, JobError> {
    let n_bytes = regular(path)?;
    let name = name_of(path);
    if MAX_BYTES < n_bytes {
        let message = format!("{name} has {} GB, too many to import", n_bytes >> 30);
        return Err(Diagnostic::error("media-too-large", message).hint("cut or convert it first").into());
    }
    if is_text(path) {
        return Err(not_media(&name).into());
    }
    let mut line = Line::new(name.clone())?;
    line.patience = patience;
    let source = file_source(path)?;
    let parse = element::make(demuxer(path), &[])?;
    line.chain(&[&source, &parse])?;
    let streams: Arc<Mutex<Vec<Arc<Mutex<Seen>>>>> = Arc::default();
    let (found, pipeline) = (streams.clone(), line.pipeline.downgrade());
    parse.connect_pad_added(move |_, pad| {
        let (Some(pipeline), Ok(mut found)) = (pipeline.upgrade(), found.lock()) else { return };
        let seen = Arc::new(Mutex::new(Seen { caps: pad.current_caps(), ..Seen::default() }));
        if attach(&pipeline, pad, seen.clone()).is_some() {
            found.push(seen);
        }
    });
    line.play()?;
    let start = Instant::now();
    // One wait at a time: the pipeline's own end, with what arrived as the sign that it works.
    let sum = || {
        let streams = streams.lock().map(|streams| streams.clone()).unwrap_or_default();
        let packets = streams.iter().filter_map(|seen| seen.lock().ok().map(|seen| seen.n_packets as u64));
        // After the time is up nothing counts as progress any more, and the watchdog ends it.
        if start.elapsed() < MAX_TIME { packets.sum() } else { 0 }
    };
    line.finish(cancel, &sum)?;
    let duration = line.pipeline.query_duration::<gst::ClockTime>().map(gst::ClockTime::nseconds);
    drop(line);
    let streams = streams.lock().map(|streams| streams.clone()).unwrap_or_default();
    judge(&name, &streams, duration)
}

/// What takes the file apart. The common containers go without `parsebin`, see [`PATIENCE`].
fn demuxer(path: &Path) -> &'static str {
    use std::io::Read;
    let mut head = [0; 8];
    // A file that cannot be read gets its diagnostic from `filesrc`.
    let is_read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok();
    match &head {
        [.., b'f', b't', b'y', b'p'] if is_read => "qtdemux",
        [0x1a, 0x45, 0xdf, 0xa3, ..] if is_read => "matroskademux",
        _ => "parsebin",
    }
}

/// Sends a stream into nothing, counting.
fn attach(pipeline: &gst::Pipeline, pad: &gst::Pad, seen: Arc<Mutex<Seen>>) -> Option<()> {
    let sink = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false).build().ok()?;
    pipeline.add(&sink).ok()?;
    sink.sync_state_with_parent().ok()?;
    let target = sink.static_pad("sink")?;
    let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    target.add_probe(kinds, move |_, info| {
        let Ok(mut seen) = seen.lock() else { return gst::PadProbeReturn::Ok };
        match &info.data {
            Some(gst::PadProbeData::Buffer(buffer)) => seen.count(buffer),
            Some(gst::PadProbeData::Event(event)) => match event.view() {
                gst::EventView::Caps(caps) => seen.caps = Some(caps.caps_owned()),
                gst::EventView::Tag(tag) => {
                    if let Some(turn) = tag.tag().get::<gst::tags::ImageOrientation>() {
                        seen.is_turned = turn.get().ends_with("90") || turn.get().ends_with("270");
                    }
                }
                _ => {}
            },
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
    pad.link(&target).ok()?;
    Some(())
}

impl Seen {
    fn count(&mut self, buffer: &gst::Buffer) {
        let flags = buffer.flags();
        if flags.intersects(gst::BufferFlags::HEADER) && buffer.pts().is_none()
            || flags.intersects(gst::BufferFlags::DECODE_ONLY | gst::BufferFlags::GAP)
        {
            return;
        }
        if MAX_PACKETS <= self.n_packets {
            self.is_over = true;
            return;
        }
        self.n_packets += 1;
        let start = buffer.pts().or(buffer.dts()).map(gst::ClockTime::nseconds);
        if let Some(start) = start {
            self.end = self.end.max(start + buffer.duration().map_or(0, gst::ClockTime::nseconds));
            if is_video(self.kind()) {
                self.times.push(start);
            }
        }
    }

    fn kind(&self) -> &str {
        self.caps.as_ref().and_then(|caps| caps.structure(0)).map_or("", |structure| structure.name().as_str())
    }

    fn number(&self, field: &str) -> Option<u32> {
        let structure = self.caps.as_ref()?.structure(0)?;
        structure.get::<i32>(field).ok().and_then(|number| u32::try_from(number).ok())
    }
}

/// Motion JPEG calls its frames images.
fn is_video(kind: &str) -> bool {
    kind.starts_with("video/") || kind.starts_with("image/")
}

fn judge(name: &str, streams: &[Arc<Mutex<Seen>>], duration: Option<u64>) -> Result<Found, JobError> {
    let mut found = Found { video: None, audio: None };
    let mut longest = 0;
    for seen in streams {
        let Ok(seen) = seen.lock() else { continue };
        if seen.is_over {
            let message = format!("{name} has more than {MAX_PACKETS} frames");
            return Err(Diagnostic::error("media-too-large", message).hint("cut it first").into());
        }
        longest = longest.max(seen.end);
        let kind = seen.kind().to_owned();
        if is_video(&kind) && found.video.is_none() {
            check_decoder(name, &seen)?;
            found.video = Some(video_of(name, &seen)?);
        } else if kind.starts_with("audio/") && found.audio.is_none() {
            check_decoder(name, &seen)?;
            found.audio = audio_of(&seen);
        }
    }
    if found.video.is_none() && found.audio.is_none() {
        return Err(not_media(name).into());
    }
    // Whole frames and packets may be missing at the end without being an accident, a tenth of a second is not much.
    if let Some(claimed) = duration.filter(|claimed| longest + (claimed / 100).max(300_000_000) < *claimed) {
        let message =
            format!("{name} is cut off: it holds {:.2} of {:.2} seconds", longest as f64 / 1e9, claimed as f64 / 1e9);
        return Err(Diagnostic::error("media-cut-off", message)
            .hint("copy or download it again, or keep what is there: ffmpeg -i FILE -c copy shorter.mp4")
            .into());
    }
    Ok(found)
}

/// Whether something installed decodes the stream.
fn check_decoder(name: &str, seen: &Seen) -> Result<(), Diagnostic> {
    let kind = seen.kind();
    let Some(caps) = seen.caps.as_ref().filter(|_| !kind.ends_with("/x-raw")) else { return Ok(()) };
    let decoders = gst::ElementFactory::factories_with_type(gst::ElementFactoryType::DECODER, gst::Rank::MARGINAL);
    if decoders.iter().any(|decoder| decoder.can_sink_any_caps(caps)) { Ok(()) } else { Err(no_decoder(name, kind)) }
}

fn video_of(name: &str, seen: &Seen) -> Result<VideoInfo, Diagnostic> {
    let (mut width, mut height) = (seen.number("width").unwrap_or(0), seen.number("height").unwrap_or(0));
    if seen.is_turned {
        (width, height) = (height, width);
    }
    if MAX_VIDEO_PIXELS < u64::from(width) * u64::from(height) {
        let message = format!("{name} has {width} by {height} pixels, too many to edit");
        return Err(Diagnostic::error("media-too-large", message).hint("convert it to at most 4096 by 4096 pixels"));
    }
    let mut times = seen.times.clone();
    times.sort_unstable();
    times.dedup();
    let n_frames = if times.is_empty() { seen.n_packets } else { times.len() } as u64;
    if n_frames == 0 || width == 0 || height == 0 {
        return Err(Diagnostic::error("media-cut-off", format!("{name} has a video track without a single frame"))
            .hint("copy or download it again"));
    }
    let structure = seen.caps.as_ref().and_then(|caps| caps.structure(0));
    let claimed = structure.and_then(|structure| structure.get::<gst::Fraction>("framerate").ok());
    let claimed = claimed.map(|it| Rate(it.numer().max(0) as u32, it.denom().max(0) as u32)).filter(|it| it.is_valid());
    let rate = rate_of(&times, claimed);
    Ok(VideoInfo { width, height, rate, n_frames, codec: short_name(seen.kind()).to_owned() })
}

/// The claimed rate where the time stamps agree with it, else their mean.
fn rate_of(times: &[u64], claimed: Option<Rate>) -> Rate {
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return claimed.unwrap_or(Rate(25, 1)) };
    let gaps = times.len() as u64 - 1;
    if gaps == 0 || last == first {
        return claimed.unwrap_or(Rate(25, 1));
    }
    let span = last - first;
    if let Some(rate) = claimed
        && rate.nanos_at(gaps).abs_diff(span) <= rate.nanos_at(1).max(1) / 2 + span / 2000
    {
        return rate;
    }
    // Gaps per millisecond rather than per nanosecond keeps both numbers small.
    let (num, den) = (gaps * 1000, (span / 1_000_000).max(1));
    let divisor = gcd(num, den).max(1);
    let rate = Rate((num / divisor).min(1_000_000_000) as u32, (den / divisor).min(1_000_000_000) as u32);
    if rate.is_valid() { rate } else { Rate(25, 1) }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn audio_of(seen: &Seen) -> Option<AudioInfo> {
    let (sample_rate, channels) = (seen.number("rate")?, seen.number("channels")?);
    let n_samples = (u128::from(seen.end) * u128::from(sample_rate) + 500_000_000) / 1_000_000_000;
    (0 < seen.n_packets).then(|| AudioInfo {
        sample_rate,
        channels,
        n_samples: n_samples as u64,
        codec: short_name(seen.kind()).to_owned(),
    })
}

fn short_name(media_type: &str) -> &str {
    match media_type {
        "audio/x-raw" => "pcm",
        "audio/mpeg" => "mpeg",
        other => other.rsplit('/').next().map_or(other, |name| name.strip_prefix("x-").unwrap_or(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_judged_by_time_stamps() {
        let every = |nanos: u64, n: u64| (0..n).map(|i| i * nanos).collect::<Vec<_>>();
        assert_eq!(rate_of(&every(41_666_666, 48), Some(Rate::FILM)), Rate::FILM);
        assert_eq!(rate_of(&every(100_000_000, 11), Some(Rate(30, 1))), Rate(10, 1), "the container lies");
        assert_eq!(rate_of(&every(40_000_000, 11), None), Rate(25, 1));
        assert_eq!(rate_of(&[], Some(Rate::FILM)), Rate::FILM);
        assert_eq!(rate_of(&[5], None), Rate(25, 1));
    }
}
