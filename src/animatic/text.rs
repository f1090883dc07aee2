//! Text as outlines of the one embedded font: measured and wrapped when a scene is prepared, filled like any path.
//!
//! There is no shaping: one glyph per character, boxes for what the font lacks. A shaping engine was rejected for its
//! size; captions of scripts in Latin, Greek and Cyrillic do without.

use std::sync::OnceLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlineGlyphCollection, OutlinePen};
use skrifa::raw::TableProvider;
use skrifa::{FontRef, MetadataProvider};
use vello_cpu::kurbo::{Affine, BezPath};

use crate::shapes::pt;

const FONT: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
/// Characters whose outlines are kept.
const KEPT: usize = 0x250;

#[derive(Clone, Default)]
struct Glyph {
    path: BezPath,
    advance: f64,
}

struct Font {
    kept: Vec<Glyph>,
}

struct Pen(BezPath);

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to((f64::from(x), -f64::from(y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to((f64::from(x), -f64::from(y)));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.0.quad_to((f64::from(cx), -f64::from(cy)), (f64::from(x), -f64::from(y)));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.0.curve_to(
            (f64::from(ax), -f64::from(ay)),
            (f64::from(bx), -f64::from(by)),
            (f64::from(x), -f64::from(y)),
        );
    }

    fn close(&mut self) {
        self.0.close_path();
    }
}

fn load(font: &FontRef<'_>, outlines: &OutlineGlyphCollection<'_>, c: char) -> Glyph {
    let em = font.head().map_or(1000.0, |head| f64::from(head.units_per_em()).max(1.0));
    let glyph = font.charmap().map(c).and_then(|id| {
        let mut pen = Pen(BezPath::new());
        let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
        outlines.get(id)?.draw(settings, &mut pen).ok()?;
        let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
        let advance = f64::from(metrics.advance_width(id)?) / em;
        pen.0.apply_affine(Affine::scale(1.0 / em));
        Some(Glyph { path: pen.0, advance })
    });
    glyph.unwrap_or_else(missing)
}

/// A box, as wide as a letter.
fn missing() -> Glyph {
    let mut path = BezPath::new();
    for (x0, y0, x1, y1) in [(0.08, 0.0, 0.56, -0.72), (0.50, -0.06, 0.14, -0.66)] {
        path.move_to(pt(x0, y0));
        for corner in [pt(x1, y0), pt(x1, y1), pt(x0, y1)] {
            path.line_to(corner);
        }
        path.close_path();
    }
    Glyph { path, advance: 0.64 }
}

fn font() -> &'static Font {
    static LOADED: OnceLock<Font> = OnceLock::new();
    LOADED.get_or_init(|| {
        let font = FontRef::new(FONT).expect("the embedded font is whole");
        let outlines = font.outline_glyphs();
        let kept = (0..KEPT as u32).filter_map(char::from_u32).map(|c| load(&font, &outlines, c)).collect();
        Font { kept }
    })
}

fn with_glyph<R>(c: char, then: impl FnOnce(&Glyph) -> R) -> R {
    let c = if c.is_control() || c.is_whitespace() { ' ' } else { c };
    match font().kept.get(c as usize) {
        Some(glyph) => then(glyph),
        None => {
            let font = FontRef::new(FONT).expect("the embedded font is whole");
            then(&load(&font, &font.outline_glyphs(), c))
        }
    }
}

/// Width of a line in ems.
pub(crate) fn width(text: &str) -> f64 {
    text.chars().map(|c| with_glyph(c, |glyph| glyph.advance)).sum()
}

/// The outline of a line, its baseline starting at the origin, one em being one unit.
pub(crate) fn outline(text: &str) -> BezPath {
    let mut path = BezPath::new();
    let mut x = 0.0;
    for c in text.chars() {
        with_glyph(c, |glyph| {
            path.extend(Affine::translate((x, 0.0)) * &glyph.path);
            x += glyph.advance;
        });
    }
    path
}

/// The outline placed: `size` pixels per em, baseline starting at `x`, `y`.
pub(crate) fn at(text: &str, x: f64, y: f64, size: f64) -> BezPath {
    Affine::translate((x, y)) * Affine::scale(size) * outline(text)
}

/// The start of `text` that fits `room` ems, with an ellipsis where something is cut.
pub(crate) fn fit(text: &str, room: f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut left = room - width("…");
    let mut kept = String::new();
    for c in text.chars() {
        left -= with_glyph(c, |glyph| glyph.advance);
        if left < 0.0 {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept + "…"
}

/// Lines no wider than `room` ems, broken at spaces, in words where a word is longer than a line.
pub(crate) fn wrap(text: &str, room: f64) -> Vec<String> {
    let room = room.max(1.0);
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut used = 0.0;
    let space = width(" ");
    for word in text.split_whitespace() {
        let wide = width(word);
        if !current.is_empty() && room < used + space + wide {
            lines.push(std::mem::take(&mut current));
            used = 0.0;
        }
        if room < wide {
            for c in word.chars() {
                let advance = with_glyph(c, |glyph| glyph.advance);
                if room < used + advance && !current.is_empty() {
                    lines.push(std::mem::take(&mut current));
                    used = 0.0;
                }
                current.push(c);
                used += advance;
            }
            continue;
        }
        if !current.is_empty() {
            current.push(' ');
            used += space;
        }
        current.push_str(word);
        used += wide;
    }
    if !current.is_empty() {
        lines.push(current);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wrap_within_their_room() {
        let lines =
            wrap("The lamp has not been lit since the storm took the keeper Supercalifragilisticexpialidocious", 12.0);
        assert!(3 < lines.len());
        assert!(lines.iter().all(|line| width(line) <= 12.0), "{lines:?}");
        assert!(wrap("   ", 10.0).is_empty());
    }

    #[test]
    fn any_character_has_an_outline() {
        for text in ["Mara", "Ελένη", "Жанна", "灯台", "منارة", "\u{1F6A2}"] {
            assert!(0.0 < width(text) && !outline(text).is_empty(), "{text}");
        }
        assert!(outline("\t \n").is_empty());
    }

    #[test]
    fn cut_lines_end_in_an_ellipsis() {
        assert_eq!(fit("Lamp", 10.0), "Lamp");
        assert!(fit("The lamp of the old lighthouse", 8.0).ends_with('…'));
        assert!(width(&fit("The lamp of the old lighthouse", 8.0)) <= 8.0);
    }
}
