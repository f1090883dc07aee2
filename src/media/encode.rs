//! Encodes frames as an H.264 MP4 without sound: our mezzanines, and films at other settings.
//!
//! Must not know where frames come from. One encoder thread and no B-frames: equal frames give equal bytes, decode
//! order is display order, and files join without an edit list. More threads make x264's output depend on their
//! number; B-frames save about a tenth of the bytes and make every later step harder to keep exact.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::codec::{EncodeSpec, Frame};
use engine::worker::{Cancel, JobError};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use gstreamer_video as video;
use model::{Diagnostic, Rate, RenderSettings, VideoInfo};

use crate::element::{self, Encoder};
use crate::line::{Line, name_of};
use crate::stamp;
use crate::yuv::{self, Planes};

/// Frames from key frame to key frame, at most.
pub(crate) const GOP: u32 = 24;

/// Frames that may wait for the encoder.
const QUEUE: u64 = 4;

/// Most pixels of one video frame: 4096 by 4096.
pub(crate) const MAX_VIDEO_PIXELS: u64 = 1 << 24;

/// x264's presets that a film may ask for.
const PRESETS: [&str; 9] =
    ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

/// Quality and speed of an encode.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Style {
    crf: u32,
    preset: String,
    encoder: Encoder,
}

impl Style {
    /// What mezzanines are made with: the default settings of a render, so that films join without another encode.
    pub(crate) fn mezzanine(encoder: Encoder) -> Style {
        let RenderSettings { crf, preset, .. } = RenderSettings::default();
        Style { crf, preset, encoder }
    }

    /// What a render asks for.
    ///
    /// # Errors
    /// `render-settings` for values that the encoder does not know.
    pub(crate) fn of(settings: &RenderSettings, encoder: Encoder) -> Result<Style, Diagnostic> {
        if 51 < settings.crf {
            let message = format!("the quality factor is {}, beyond 51", settings.crf);
            return Err(Diagnostic::error("render-settings", message).hint("use 18 for fine, 23 for small files"));
        }
        if !PRESETS.contains(&settings.preset.as_str()) {
            let message = format!("the encoder knows no preset `{}`", settings.preset);
            return Err(
                Diagnostic::error("render-settings", message).hint(format!("use one of {}", PRESETS.join(", ")))
            );
        }
        Ok(Style { crf: settings.crf, preset: settings.preset.clone(), encoder })
    }

    /// The `codec` of files in this style.
    pub(crate) fn codec(&self) -> &'static str {
        if *self == Style::mezzanine(self.encoder) { self.encoder.mark() } else { "h264" }
    }

    fn element(&self, spec: &EncodeSpec) -> Result<gst::Element, Diagnostic> {
        let gop = GOP.to_string();
        match self.encoder {
            Encoder::X264 => element::make(
                "x264enc",
                &[
                    ("speed-preset", &self.preset),
                    ("pass", if self.crf == 0 { "quant" } else { "qual" }),
                    ("quantizer", &self.crf.to_string()),
                    ("qp-min", "0"),
                    ("vbv-buf-capacity", "0"),
                    ("threads", "1"),
                    ("bframes", "0"),
                    ("key-int-max", &gop),
                ],
            ),
            Encoder::OpenH264 => {
                let pixels = u64::from(spec.size.0) * u64::from(spec.size.1);
                // A quarter of a bit per pixel at the middle factor, doubled for every six steps, as x264's scale goes.
                let rate = pixels as f64 * f64::from(spec.rate.0) / f64::from(spec.rate.1) * 0.25;
                let bits = (rate * 2_f64.powf((20.0 - f64::from(self.crf)) / 6.0)).clamp(64_000.0, 200e6);
                element::make(
                    "openh264enc",
                    &[
                        ("bitrate", &(bits as u32).to_string()),
                        ("rate-control", "bitrate"),
                        ("gop-size", &gop),
                        ("multi-thread", "1"),
                        ("complexity", "medium"),
                    ],
                )
            }
        }
    }
}

/// Checks what a caller wants encoded.
///
/// # Errors
/// `video-size`, `video-rate`, `video-length`.
pub(crate) fn check_shape(size: (u32, u32), rate: Rate, n_frames: u64) -> Result<(), Diagnostic> {
    let (width, height) = size;
    if width % 2 == 1 || height % 2 == 1 || width < 16 || height < 16 {
        let message = format!("a video of {width} by {height} pixels cannot be encoded");
        return Err(Diagnostic::error("video-size", message).hint("both sides must be even and at least 16 pixels"));
    }
    if MAX_VIDEO_PIXELS < u64::from(width) * u64::from(height) || 8192 < width.max(height) {
        let message = format!("a video of {width} by {height} pixels is too large");
        return Err(Diagnostic::error("video-size", message).hint("use at most 4096 by 4096 pixels"));
    }
    if !rate.is_valid() || i32::try_from(rate.0).is_err() || i32::try_from(rate.1).is_err() {
        let message = format!("{}/{} is not a frame rate", rate.0, rate.1);
        return Err(Diagnostic::error("video-rate", message).hint("use 24/1, 25/1, 30000/1001 or the like"));
    }
    // A day at 60 frames per second; also keeps every time in nanoseconds within 64 bits.
    if n_frames == 0 || 60 * 86_400 < n_frames || 172_800.0 < rate.seconds(n_frames) {
        let message = format!("a video of {n_frames} frames cannot be made");
        return Err(Diagnostic::error("video-length", message).hint("use between one frame and one day"));
    }
    Ok(())
}

/// Encodes `spec.n_frames` frames at `path`, asking `draw` for each. A failed encode leaves no file.
///
/// # Errors
/// Those of `draw`, of the encoder and of the disk; [`JobError::Cancelled`].
pub(crate) fn encode(
    style: &Style,
    spec: &EncodeSpec,
    path: &Path,
    draw: &mut dyn FnMut(u32, &mut Frame) -> Result<(), JobError>,
    cancel: &Cancel,
) -> Result<VideoInfo, JobError> {
    let made = try_encode(style, spec, path, draw, cancel);
    if made.is_err() {
        // The file may not exist yet.
        let _ = std::fs::remove_file(path);
    }
    made
}

fn try_encode(
    style: &Style,
    spec: &EncodeSpec,
    path: &Path,
    draw: &mut dyn FnMut(u32, &mut Frame) -> Result<(), JobError>,
    cancel: &Cancel,
) -> Result<VideoInfo, JobError> {
    check_shape(spec.size, spec.rate, u64::from(spec.n_frames))?;
    let (width, height) = spec.size;
    let Rate(num, den) = spec.rate;
    let layout = video::VideoInfo::builder(video::VideoFormat::I420, width, height)
        .fps(gst::Fraction::new(num as i32, den as i32))
        .colorimetry(&video::VideoColorimetry::new(
            video::VideoColorRange::Range16_235,
            video::VideoColorMatrix::Bt709,
            video::VideoTransferFunction::Bt709,
            video::VideoColorPrimaries::Bt709,
        ))
        .build()
        .and_then(|layout| layout.to_caps().map(|caps| (layout, caps)));
    let (layout, caps) = layout.map_err(|error| Diagnostic::error("video-size", error.to_string()))?;
    let stride = layout.stride();
    let planes = Planes {
        stride: [stride[0] as usize, stride[1] as usize, stride[2] as usize],
        offset: [layout.offset()[0], layout.offset()[1], layout.offset()[2]],
    };

    let line = Line::new(name_of(path))?;
    let source = app::AppSrc::builder().caps(&caps).format(gst::Format::Time).max_buffers(QUEUE).build();
    let encoder = style.element(spec)?;
    let parse = element::make("h264parse", &[])?;
    let mux = element::make("mp4mux", &[])?;
    let sink = element::make("filesink", &[])?;
    sink.set_property("location", path.to_string_lossy().as_ref());
    line.chain(&[source.upcast_ref(), &encoder, &parse, &mux, &sink])?;
    set_timescale(&mux, spec.rate);
    let n_coded = count(&parse)?;
    line.play()?;

    let mut frame = Frame::black(width, height);
    for idx in 0..spec.n_frames {
        cancel.check()?;
        draw(idx, &mut frame)?;
        if (frame.width, frame.height) != spec.size || frame.data.len() != width as usize * height as usize * 4 {
            let message =
                format!("frame {idx} has {} by {} pixels instead of {width} by {height}", frame.width, frame.height);
            return Err(Diagnostic::error("frame-size", message).into());
        }
        let mut bytes = vec![0; layout.size()];
        yuv::to_i420(&frame, planes, &mut bytes);
        line.push(&source, stamped(bytes, spec.rate, u64::from(idx)), QUEUE, cancel)?;
    }
    if source.end_of_stream().is_err() {
        line.check()?;
    }
    line.finish(cancel, &|| n_coded.load(Ordering::Relaxed))?;
    drop(line);

    let coded = n_coded.load(Ordering::Relaxed);
    if coded != u64::from(spec.n_frames) {
        let message = format!("the encoder made {coded} of {} frames", spec.n_frames);
        return Err(Diagnostic::error("encoder-frames", message).into());
    }
    stamp::clear_dates(path).map_err(|error| disk(path, &error))?;
    Ok(VideoInfo {
        width,
        height,
        rate: spec.rate,
        n_frames: u64::from(spec.n_frames),
        codec: style.codec().to_owned(),
    })
}

/// A buffer that shows during frame `idx`.
pub(crate) fn stamped(bytes: Vec<u8>, rate: Rate, idx: u64) -> gst::Buffer {
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    stamp_buffer(buffer.make_mut(), rate, idx);
    buffer
}

/// Gives a buffer the time of frame `idx`.
pub(crate) fn stamp_buffer(buffer: &mut gst::BufferRef, rate: Rate, idx: u64) {
    let (start, end) = (rate.nanos_at(idx), rate.nanos_at(idx + 1));
    buffer.set_pts(gst::ClockTime::from_nseconds(start));
    buffer.set_dts(gst::ClockTime::from_nseconds(start));
    buffer.set_duration(gst::ClockTime::from_nseconds(end - start));
}

/// Gives the muxer's picture track a time scale in which every frame's time is a whole number.
pub(crate) fn set_timescale(mux: &gst::Element, rate: Rate) {
    let scale = if rate.0 < 1000 { rate.0 * 1000 } else { rate.0 };
    for pad in mux.sink_pads().iter().filter(|pad| pad.name().starts_with("video")) {
        pad.set_property("trak-timescale", scale);
    }
}

/// Counts the buffers that leave an element.
pub(crate) fn count(element: &gst::Element) -> Result<Arc<AtomicU64>, Diagnostic> {
    let counter = Arc::new(AtomicU64::new(0));
    let pad =
        element.static_pad("src").ok_or_else(|| Diagnostic::error("media-pipeline", "an element has no output"))?;
    let seen = counter.clone();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        seen.fetch_add(1, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
    Ok(counter)
}

/// A diagnostic for an error of the file system.
pub(crate) fn disk(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("disk", format!("cannot write {}: {error}", name_of(path)))
        .hint("check that the disk has space and that the folder may be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_shapes_and_settings_are_refused() {
        let code = |size, rate, n| check_shape(size, rate, n).err().map(|it| it.code);
        assert_eq!(code((64, 36), Rate::FILM, 1), None);
        assert_eq!(code((63, 36), Rate::FILM, 1).as_deref(), Some("video-size"));
        assert_eq!(code((30_000, 20_000), Rate::FILM, 1).as_deref(), Some("video-size"));
        assert_eq!(code((64, 36), Rate(0, 1), 1).as_deref(), Some("video-rate"));
        assert_eq!(code((64, 36), Rate(1, u32::MAX), 1).as_deref(), Some("video-rate"));
        assert_eq!(code((64, 36), Rate::FILM, 0).as_deref(), Some("video-length"));
        let settings = |crf, preset: &str| RenderSettings { crf, preset: preset.into(), ..RenderSettings::default() };
        assert!(Style::of(&settings(52, "fast"), Encoder::X264).is_err());
        assert!(Style::of(&settings(20, "placebo"), Encoder::X264).is_err());
        assert_eq!(Style::of(&settings(20, "veryfast"), Encoder::X264).unwrap().codec(), Encoder::X264.mark());
        assert_eq!(Style::of(&settings(18, "slow"), Encoder::X264).unwrap().codec(), "h264");
    }
}
