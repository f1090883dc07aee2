//! What lies on the panel and does not move with the camera: slate, captions, name tags, the previs mark.
//!
//! Everything that keeps its text is laid out once. Sizes follow the frame's height, so that text stays legible.

use model::{Call, Rate};
use vello_cpu::kurbo::{Affine, BezPath, Point, Rect};

use crate::arrows::arrows_of;
use crate::brief::Brief;
use crate::canvas::{Canvas, Paint};
use crate::math::finite;
use crate::shapes::{poly, pt, rounded};
use crate::text;
use crate::tone::{Tone, lch};

/// Lines of a caption shown at once.
const ROWS: usize = 2;
/// Characters of one line of dialogue that are laid out.
const MOST_CHARS: usize = 12_000;
/// Captions of one shot.
const MOST_PAGES: usize = 2000;

struct Page {
    /// Frames, the end not included.
    from: u32,
    to: u32,
    plate: BezPath,
    rows: BezPath,
    speaker: BezPath,
    tone: Tone,
}

/// See the module.
pub(crate) struct Overlay {
    width: f64,
    height: f64,
    rate: Rate,
    n_frames: u32,
    /// Plate and text that stay.
    slate: Option<(BezPath, BezPath, BezPath)>,
    pages: Vec<Page>,
    arrows: BezPath,
    mark: BezPath,
    mark_plate: BezPath,
}

/// Height of the strip that the slate keeps to, as a fraction of the frame's height.
pub(crate) const SLATE: f64 = 0.095;

impl Overlay {
    pub(crate) fn of(call: &Call, brief: &Brief, width: f64, height: f64) -> Overlay {
        let unit = height.min(width * 0.75);
        let size = unit * 0.021;
        let mark = "PREVIS";
        let long = text::width(mark) * size;
        let at = pt(width - unit * 0.028 - long, height - unit * 0.028);
        let plate = Rect::new(at.x - size * 0.5, at.y - size * 1.05, at.x + long + size * 0.5, at.y + size * 0.35);
        Overlay {
            width,
            height,
            rate: call.rate,
            n_frames: call.n_frames,
            slate: call.slate.as_ref().map(|slate| slate_of(call, slate, brief, width, unit)),
            pages: pages_of(call, brief, width, height),
            arrows: arrows_of(call, brief.shot.camera.r#move, width, height),
            mark: text::at(mark, at.x, at.y, size),
            mark_plate: rounded(plate, size * 0.3),
        }
    }

    pub(crate) fn paint(&self, canvas: &mut dyn Canvas, frame: u32) {
        canvas.place(Affine::IDENTITY);
        let unit = self.height.min(self.width * 0.75);
        canvas.fill(&self.mark_plate, &lch(0.12, 0.02, 265.0).fade(0.45).into());
        canvas.fill(&self.mark, &lch(0.97, 0.0, 0.0).fade(0.85).into());
        if !self.arrows.is_empty() {
            canvas.fill(&self.arrows, &lch(0.56, 0.21, 27.0).fade(0.85).into());
        }
        let white: Paint = lch(0.97, 0.005, 90.0).into();
        for page in self.pages.iter().filter(|page| page.from <= frame && frame < page.to) {
            canvas.fill(&page.plate, &lch(0.13, 0.02, 265.0).fade(0.74).into());
            canvas.fill(&page.speaker, &page.tone.into());
            canvas.fill(&page.rows, &white);
        }
        if let Some((plates, texts, lens)) = &self.slate {
            canvas.fill(plates, &lch(0.13, 0.02, 265.0).fade(0.72).into());
            canvas.fill(texts, &white);
            canvas.fill(lens, &lch(0.84, 0.10, 82.0).into());
            let size = unit * 0.026;
            let code = self.rate.timecode(u64::from(frame));
            // Digits stand in columns of their own, so that a running code does not jitter.
            let column = text::width("0") * size;
            let mut path = BezPath::new();
            let (left, base) = (self.width - unit * 0.030 - size * 0.6 - column * 10.4, unit * 0.0635);
            let mut x = left;
            for c in code.chars() {
                let narrow = if c == ':' { 0.55 } else { 1.0 };
                let mut utf8 = [0; 4];
                let glyph = c.encode_utf8(&mut utf8);
                path.extend(text::at(glyph, x + (column * narrow - text::width(glyph) * size) / 2.0, base, size));
                x += column * narrow;
            }
            canvas.fill(&path, &white);
            // How far the shot is, under the code.
            let done = f64::from(frame + 1) / f64::from(self.n_frames.max(1));
            let bar = Rect::new(left, base + size * 0.42, left + column * 10.4 * done.min(1.0), base + size * 0.50);
            canvas.rect(bar, &lch(0.68, 0.18, 28.0).into());
        }
    }

    /// The name over a figure, kept inside the frame; `below` its crown where there is no room above.
    pub(crate) fn tag(&self, canvas: &mut dyn Canvas, name: &str, crown: Point, below: f64, tone: Tone) {
        let unit = self.height.min(self.width * 0.75);
        let size = unit * 0.023;
        let name = text::fit(name, 14.0);
        let long = text::width(&name) * size;
        if crown.x < 0.0 || self.width < crown.x || self.height < crown.y || long <= 0.0 {
            return;
        }
        let top = if self.slate.is_some() { SLATE * unit } else { 0.0 };
        let above = crown.y - size * 1.1;
        let y = if above < top + size * 1.7 { (crown.y + below).max(top + size * 1.7) } else { above };
        let pad = size * 0.55;
        let x = (crown.x - long / 2.0).clamp(pad * 2.0, (self.width - long - pad * 2.0).max(pad * 2.0));
        let plate = Rect::new(x - pad - size * 0.5, y - size * 1.05, x + long + pad, y + size * 0.40);
        canvas.fill(&rounded(plate, size * 0.4), &lch(0.13, 0.02, 265.0).fade(0.62).into());
        let stripe =
            Rect::new(plate.x0 + size * 0.22, plate.y0 + size * 0.28, plate.x0 + size * 0.42, plate.y1 - size * 0.28);
        canvas.fill(&rounded(stripe, size * 0.1), &tone.into());
        canvas.fill(&text::at(&name, x, y, size), &lch(0.97, 0.0, 0.0).into());
    }
}

fn slate_of(call: &Call, slate: &model::Slate, brief: &Brief, width: f64, unit: f64) -> (BezPath, BezPath, BezPath) {
    let size = unit * 0.026;
    let (top, bottom, base) = (unit * 0.028, unit * 0.082, unit * 0.0635);
    let camera = &brief.shot.camera;
    let room = (width - unit * 0.44).max(unit * 0.2) / size;
    let left = text::fit(&format!("SC {}   SHOT {}   TAKE {}", slate.scene, slate.shot, call.take), room * 0.62);
    let kind = camera.r#move.name().replace('_', " ").to_uppercase();
    let kind = kind.replace("PAN L", "PAN LEFT").replace("PAN R", "PAN RIGHT").replace("TRACK L", "TRACK LEFT");
    let kind = kind.replace("TRACK R", "TRACK RIGHT").replace("TILT U", "TILT UP").replace("TILT D", "TILT DOWN");
    let kind = kind.replace("CRANE U", "CRANE UP").replace("CRANE D", "CRANE DOWN").replace("ARC L", "ARC LEFT");
    let kind = kind.replace("ARC R", "ARC RIGHT");
    let lens = if camera.lens_mm == 0 { String::new() } else { format!("   {} mm", camera.lens_mm) };
    let right =
        text::fit(&format!("{}{lens}   {kind}", camera.size.name()), (room - text::width(&left) - 3.0).max(4.0));
    let (mut plates, mut texts) = (BezPath::new(), BezPath::new());
    let x = unit * 0.030;
    let pad = size * 0.6;
    let left_end = x + pad * 2.0 + text::width(&left) * size;
    plates.extend(rounded(Rect::new(x, top, left_end, bottom), size * 0.35));
    texts.extend(text::at(&left, x + pad, base, size));
    let mut lens_text = BezPath::new();
    let x2 = left_end + size * 0.5;
    let right_end = x2 + pad * 2.0 + text::width(&right) * size;
    let code = width - x - pad * 2.0 - text::width("0") * size * 10.4;
    if right_end < code {
        plates.extend(rounded(Rect::new(x2, top, right_end, bottom), size * 0.35));
        lens_text.extend(text::at(&right, x2 + pad, base, size));
    }
    plates.extend(rounded(Rect::new(code, top, width - x, bottom), size * 0.35));
    (plates, texts, lens_text)
}

fn pages_of(call: &Call, brief: &Brief, width: f64, height: f64) -> Vec<Page> {
    let mut pages = Vec::new();
    if !call.rate.is_valid() {
        return pages;
    }
    let unit = height.min(width * 0.75);
    let size = unit * 0.042;
    let room = width * 0.76 / size;
    let frame_at = |s: f64| (finite(s).max(0.0) * f64::from(call.rate.0) / f64::from(call.rate.1)).min(4e9) as u32;
    let mut add = |speaker: &str, tone: Tone, words: &str, from: u32, to: u32, size: f64, room: f64| {
        let words: String = words.chars().take(MOST_CHARS).collect();
        let rows = text::wrap(&words, room);
        let chunks: Vec<&[String]> = rows.chunks(ROWS).collect();
        let total = u64::from(to.saturating_sub(from));
        for (i, rows) in chunks.iter().enumerate() {
            let at = |k: usize| from + (total * k as u64 / chunks.len().max(1) as u64) as u32;
            let (from, to) = (at(i), at(i + 1));
            if from < to && pages.len() < MOST_PAGES {
                pages.push(page(speaker, tone, rows, from, to, (width, height, unit, size)));
            }
        }
    };
    if brief.from_prompt && !call.prompt.trim().is_empty() {
        let short: String = text::wrap(&call.prompt.chars().take(600).collect::<String>(), width * 0.76 / (size * 0.8))
            .into_iter()
            .take(ROWS)
            .collect::<Vec<_>>()
            .join(" ");
        add("", lch(0.8, 0.0, 0.0), &short, 0, u32::MAX, size * 0.8, width * 0.78 / (size * 0.8));
    }
    if call.captions {
        for (line, speech) in brief.shot.lines.iter().zip(&brief.speeches) {
            let tone = brief.look_of(&line.character).map_or(lch(0.84, 0.10, 82.0), |look| legible(look.main));
            let extension =
                if line.extension.trim().is_empty() { String::new() } else { format!(" ({})", line.extension.trim()) };
            let name = text::fit(&format!("{}{extension}", line.character), 24.0);
            let (from, to) = (frame_at(speech.start), frame_at(speech.start + speech.length + 0.25));
            add(&name, tone, &line.text, from, to.max(from + 1), size, room);
        }
    }
    // Where two people speak at once the later line is shown.
    for i in 0..pages.len() {
        let (from, to) = (pages[i].from, pages[i].to);
        let next = pages[i + 1..].iter().map(|page| page.from).filter(|next| from < *next && *next < to).min();
        if let Some(cut) = next.filter(|_| !brief.from_prompt) {
            pages[i].to = cut;
        }
    }
    pages
}

/// A character's colour, light enough for text on a dark plate.
fn legible(tone: Tone) -> Tone {
    Tone { l: tone.l.max(0.80), ..tone.mute(0.9) }
}

fn page(speaker: &str, tone: Tone, rows: &[String], from: u32, to: u32, frame: (f64, f64, f64, f64)) -> Page {
    let (width, height, unit, size) = frame;
    let leading = size * 1.32;
    let wide = rows.iter().map(|row| text::width(row)).fold(0.0, f64::max) * size;
    let small = size * 0.62;
    let wide = wide.max(text::width(speaker) * small);
    let head = if speaker.is_empty() { 0.0 } else { small * 1.6 };
    let bottom = height - unit * 0.070;
    let pad = size * 0.62;
    let top = bottom - pad * 1.3 - leading * rows.len() as f64 - head;
    let x0 = (width - wide) / 2.0;
    let plate = rounded(Rect::new(x0 - pad * 1.5, top, x0 + wide + pad * 1.5, bottom), size * 0.35);
    let mut text_path = BezPath::new();
    for (i, row) in rows.iter().enumerate() {
        let x = (width - text::width(row) * size) / 2.0;
        text_path.extend(text::at(row, x, top + pad * 0.65 + head + leading * (i as f64 + 0.76), size));
    }
    let name = text::at(speaker, (width - text::width(speaker) * small) / 2.0, top + pad * 0.65 + small * 0.95, small);
    Page { from, to, plate, rows: text_path, speaker: name, tone }
}

/// A small arrow, for counts beyond the frame.
pub(crate) fn more_mark(canvas: &mut dyn Canvas, width: f64, height: f64, n: usize) {
    let size = height * 0.03;
    let label = format!("+{n}");
    let x = width - size * 2.2 - text::width(&label) * size;
    let y = height * 0.5;
    canvas.fill(&text::at(&label, x, y, size), &lch(0.97, 0.0, 0.0).into());
    let arrow = poly(&[
        pt(width - size * 1.6, y - size * 0.75),
        pt(width - size * 0.8, y - size * 0.35),
        pt(width - size * 1.6, y + size * 0.05),
    ]);
    canvas.fill(&arrow, &lch(0.97, 0.0, 0.0).into());
}
