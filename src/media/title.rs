//! Draws titles: GStreamer's `textoverlay` makes a coverage mask once per title, and each frame only blends it.
//!
//! Knows no pieces. Drawing the text anew on every frame through the overlay was rejected: it would tie the whole
//! film to one more element's negotiation, and cost more than the blend.

use engine::codec::Frame;
use engine::worker::{Cancel, JobError};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use gstreamer_video as video;
use model::{Diagnostic, Title};

use crate::element;
use crate::line::Line;

/// The family; where it is not installed, fontconfig picks the nearest.
const FAMILY: &str = "DejaVu Sans";

/// Longer titles are cut: a screen holds no more, and text from a file may be anything.
const MAX_CHARS: usize = 600;

/// Factor between two tries.
const SHRINK: f64 = 0.7;
/// Line height in pixels where trying ends.
const SMALLEST: f64 = 3.0;
/// Line height in pixels from which a title must be visible; below, in thumbnails, it may vanish.
const READABLE: f64 = 8.0;

/// A title ready to blend.
pub(crate) struct Mask {
    pub(crate) start: u64,
    pub(crate) end: u64,
    color: [u8; 3],
    /// Left and top of the mask in the frame.
    at: (i64, i64),
    width: usize,
    /// Coverage, row by row.
    coverage: Vec<u8>,
    /// Distance of the shadow in pixels, none for dark text.
    shadow: Option<i64>,
}

impl Mask {
    /// Draws the text for frames of `size`; none where nothing is visible.
    ///
    /// # Errors
    /// `title` for a place or size that is not a number.
    pub(crate) fn new(title: &Title, size: (u32, u32), cancel: &Cancel) -> Result<Option<Mask>, JobError> {
        let numbers = [title.at.0, title.at.1, title.size];
        if numbers.iter().any(|number| !number.is_finite() || 10.0 < number.abs()) || title.size <= 0.0 {
            let message = "a title's place and size are fractions of the frame".to_owned();
            return Err(Diagnostic::error("title", message).hint("use 0 to 1, and a size above 0").into());
        }
        let is_shown = |c: &char| *c == '\n' || !c.is_control();
        let text: String = title.text.chars().filter(is_shown).take(MAX_CHARS).collect();
        if text.trim().is_empty() {
            return Ok(None);
        }
        let mut line_height = (title.size * f64::from(size.1)).clamp(1.0, f64::from(size.1));
        let is_readable = READABLE <= line_height;
        let mut drawn = draw(&text, line_height, size, cancel)?;
        // What is higher than the frame is drawn cut or not at all: shrink it until it fits.
        while ink(&drawn, size).is_none_or(|[_, top, _, bottom]| top == 0 && bottom == size.1 as usize) {
            line_height *= SHRINK;
            if line_height < SMALLEST && is_readable {
                let message = "a title leaves no mark on the picture".to_owned();
                return Err(Diagnostic::error("title", message)
                    .hint("shorten it, or install fonts-dejavu-core")
                    .into());
            }
            if line_height < SMALLEST {
                return Ok(None);
            }
            drawn = draw(&text, line_height, size, cancel)?;
        }
        let Some([left, top, right, bottom]) = ink(&drawn, size) else { return Ok(None) };
        let width = size.0 as usize;
        let coverage: Vec<u8> =
            (top..bottom).flat_map(|y| &drawn[y * width + left..y * width + right]).copied().collect();
        // The overlay centred the text in the frame: move the centre to the wanted place.
        let moved = |at: f64, len: u32| ((at - 0.5) * f64::from(len)).round() as i64;
        let color = [title.color.r, title.color.g, title.color.b];
        let brightness = 2 * u32::from(color[0]) + 7 * u32::from(color[1]) + u32::from(color[2]);
        Ok(Some(Mask {
            start: title.start,
            end: title.start.saturating_add(title.frames),
            color,
            at: (left as i64 + moved(title.at.0, size.0), top as i64 + moved(title.at.1, size.1)),
            width: right - left,
            coverage,
            shadow: (1000 < brightness).then(|| (line_height / 18.0).round().max(1.0) as i64),
        }))
    }

    /// Blends the title over a frame, on a shadow where the text is bright.
    pub(crate) fn blend(&self, frame: &mut Frame) {
        if let Some(offset) = self.shadow {
            self.paint(frame, offset, [0; 3], 170);
        }
        self.paint(frame, 0, self.color, 255);
    }

    fn paint(&self, frame: &mut Frame, offset: i64, color: [u8; 3], strength: u32) {
        let (frame_width, frame_height) = (i64::from(frame.width), i64::from(frame.height));
        for (y, row) in self.coverage.chunks_exact(self.width).enumerate() {
            let y = self.at.1 + offset + y as i64;
            if !(0..frame_height).contains(&y) {
                continue;
            }
            for (x, coverage) in row.iter().enumerate() {
                let x = self.at.0 + offset + x as i64;
                if *coverage == 0 || !(0..frame_width).contains(&x) {
                    continue;
                }
                let alpha = u32::from(*coverage) * strength / 255;
                let at = (y * frame_width + x) as usize * 4;
                for (byte, ink) in frame.data[at..at + 3].iter_mut().zip(color) {
                    *byte = ((u32::from(*byte) * (255 - alpha) + u32::from(ink) * alpha + 127) / 255) as u8;
                }
            }
        }
    }
}

/// The box around the ink: left, top, right, bottom.
fn ink(coverage: &[u8], size: (u32, u32)) -> Option<[usize; 4]> {
    let width = size.0 as usize;
    let places = coverage.iter().enumerate().filter(|(_, coverage)| 0 < **coverage);
    places.map(|(i, _)| (i % width, i / width)).fold(None, |found, (x, y)| {
        let [left, top, right, bottom] = found.unwrap_or([x, y, x + 1, y + 1]);
        Some([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)])
    })
}

/// White text in the middle of a black frame; its red channel is the coverage.
fn draw(text: &str, line_height: f64, size: (u32, u32), cancel: &Cancel) -> Result<Vec<u8>, JobError> {
    let line = Line::new("a title")?;
    let source = element::make("videotestsrc", &[("num-buffers", "1"), ("pattern", "black")])?;
    let caps = video::VideoCapsBuilder::new()
        .format(video::VideoFormat::Rgba)
        .width(size.0 as i32)
        .height(size.1 as i32)
        .build();
    let filter = element::make("capsfilter", &[])?;
    filter.set_property("caps", &caps);
    let overlay = element::make(
        "textoverlay",
        &[
            // DejaVu's line is 1.164 times its em.
            ("font-desc", &format!("{FAMILY} {:.2}px", line_height / 1.164)),
            ("auto-resize", "false"),
            ("halignment", "center"),
            ("valignment", "center"),
            ("line-alignment", "center"),
            ("wrap-mode", "wordchar"),
            ("draw-shadow", "false"),
            ("draw-outline", "false"),
        ],
    )?;
    // The property is read as markup.
    overlay.set_property("text", gst::glib::markup_escape_text(text).as_str());
    let sink = app::AppSink::builder().caps(&caps).sync(false).max_buffers(1).build();
    line.chain(&[&source, &filter, &overlay, sink.upcast_ref()])?;
    line.play()?;
    let sample = line.pull(&sink, cancel)?;
    let failed = || Diagnostic::error("title", "a title could not be drawn");
    let map = sample.as_ref().and_then(|sample| sample.buffer()).ok_or_else(failed)?.map_readable();
    let map = map.map_err(|_| failed())?;
    let coverage: Vec<u8> = map.as_slice().chunks_exact(4).map(|pixel| pixel[0]).collect();
    if coverage.len() == size.0 as usize * size.1 as usize { Ok(coverage) } else { Err(failed().into()) }
}
