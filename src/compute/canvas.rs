//! A picture to draw charts on: rectangles, smooth lines, text.
//!
//! Knows no charts. Everything is clipped to the picture; coverage is computed per pixel, so that the same chart is
//! the same bytes everywhere.

use crate::font::glyph;

/// Red, green and blue.
pub(crate) type Ink = [u8; 3];

/// Width of a character with its gap, per unit of scale.
pub(crate) const ADVANCE: i64 = 6;

/// An opaque RGB picture.
pub(crate) struct Canvas {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) data: Vec<u8>,
}

impl Canvas {
    /// A picture of one colour.
    pub(crate) fn new(width: u32, height: u32, ink: Ink) -> Canvas {
        Canvas { width, height, data: ink.repeat(width as usize * height as usize) }
    }

    /// Mixes ink into a pixel.
    fn blend(&mut self, x: i64, y: i64, ink: Ink, coverage: f64) {
        if x < 0 || y < 0 || i64::from(self.width) <= x || i64::from(self.height) <= y {
            return;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        for (out, ink) in self.data[at..at + 3].iter_mut().zip(ink) {
            *out = (f64::from(*out) + (f64::from(ink) - f64::from(*out)) * coverage.clamp(0.0, 1.0)).round() as u8;
        }
    }

    /// A filled rectangle, mixed in at `coverage`.
    pub(crate) fn rect(&mut self, x: i64, y: i64, width: i64, height: i64, ink: Ink, coverage: f64) {
        for y in y.max(0)..y.saturating_add(height).min(i64::from(self.height)) {
            for x in x.max(0)..x.saturating_add(width).min(i64::from(self.width)) {
                self.blend(x, y, ink, coverage);
            }
        }
    }

    /// A smooth line between two points in pixels.
    pub(crate) fn line(&mut self, (x0, y0): (f64, f64), (x1, y1): (f64, f64), width: f64, ink: Ink) {
        if ![x0, y0, x1, y1].iter().all(|c| c.is_finite()) {
            return;
        }
        let (dx, dy, reach) = (x1 - x0, y1 - y0, width / 2.0 + 1.0);
        let length = (dx * dx + dy * dy).max(1e-9);
        let span = |a: f64, b: f64, most: u32| {
            let low = (a.min(b) - reach).floor().clamp(0.0, f64::from(most)) as i64;
            let high = (a.max(b) + reach).ceil().clamp(0.0, f64::from(most)) as i64;
            low..high
        };
        for y in span(y0, y1, self.height) {
            for x in span(x0, x1, self.width) {
                let (px, py) = (x as f64 + 0.5 - x0, y as f64 + 0.5 - y0);
                let t = ((px * dx + py * dy) / length).clamp(0.0, 1.0);
                let distance = (px - t * dx).hypot(py - t * dy);
                let coverage = width / 2.0 + 0.5 - distance;
                if 0.0 < coverage {
                    self.blend(x, y, ink, coverage);
                }
            }
        }
    }

    /// Text with its top left corner at a pixel.
    pub(crate) fn text(&mut self, x: i64, y: i64, scale: i64, ink: Ink, text: &str) {
        for (at, character) in (0i64..).zip(text.chars()) {
            for (column, bits) in (0i64..).zip(glyph(character)) {
                for row in (0..7).filter(|row| bits >> row & 1 == 1) {
                    self.rect(x + (at * ADVANCE + column) * scale, y + row * scale, scale, scale, ink, 1.0);
                }
            }
        }
    }
}

/// Width of a text in pixels.
pub(crate) fn text_width(text: &str, scale: i64) -> i64 {
    text.chars().count() as i64 * ADVANCE * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_outside_is_clipped() {
        let mut canvas = Canvas::new(8, 8, [0; 3]);
        canvas.rect(-5, -5, 100, 100, [255; 3], 0.5);
        canvas.line((-1e9, -1e9), (1e9, 1e9), 2.0, [255; 3]);
        canvas.line((f64::NAN, 0.0), (4.0, 4.0), 2.0, [255; 3]);
        canvas.text(-3, 6, 2, [255; 3], "clip");
        assert_eq!(canvas.data.len(), 8 * 8 * 3);
    }

    #[test]
    fn a_level_line_covers_its_row() {
        let mut canvas = Canvas::new(10, 5, [0; 3]);
        canvas.line((0.0, 2.5), (10.0, 2.5), 1.0, [200, 0, 0]);
        for x in 0..10 {
            assert_eq!(canvas.data[(2 * 10 + x) * 3], 200);
            assert_eq!(canvas.data[x * 3], 0);
        }
    }
}
