//! Charts as data, drawn to a PNG: panels of lines and stems over one horizontal axis.
//!
//! Knows no measures. Drawn in plain Rust on a bitmap font, because a plotting crate would bring a font stack whose
//! output differs between machines.

use engine::worker::JobCx;
use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use model::{Diagnostic, Media, Rate, VideoInfo};

use crate::canvas::{Canvas, Ink, text_width};
use crate::refused;

const WIDTH: i64 = 1200;
const HEADER: i64 = 56;
const PANEL: i64 = 190;
const FOOTER: i64 = 44;
const LEFT: i64 = 100;
const RIGHT: i64 = 28;
/// Above the plot area of a panel: its label.
const LABEL: i64 = 30;

const PAPER: Ink = [24, 26, 31];
const FIELD: Ink = [32, 35, 42];
const GRID: Ink = [58, 62, 72];
const TEXT: Ink = [214, 218, 226];
const FAINT: Ink = [148, 154, 166];

pub(crate) const BLUE: Ink = [98, 164, 255];
pub(crate) const TEAL: Ink = [84, 204, 184];
pub(crate) const GREEN: Ink = [112, 196, 108];
pub(crate) const AMBER: Ink = [240, 184, 72];
pub(crate) const RED: Ink = [240, 92, 84];
pub(crate) const GREY: Ink = [140, 146, 158];

/// One chart.
pub(crate) struct Chart {
    pub(crate) title: String,
    /// Under the horizontal axis.
    pub(crate) x_label: String,
    pub(crate) x: (f64, f64),
    /// Upright lines through all panels.
    pub(crate) marks: Vec<(f64, Ink)>,
    /// Coloured stretches through all panels.
    pub(crate) bands: Vec<(f64, f64, Ink)>,
    pub(crate) legend: Vec<(String, Ink)>,
    pub(crate) panels: Vec<Panel>,
}

/// One plot area with its own upright axis.
pub(crate) struct Panel {
    pub(crate) label: String,
    /// The least range that the upright axis spans, so that noise does not fill the panel.
    pub(crate) least: f64,
    /// Values that the axis always shows.
    pub(crate) shown: Vec<f64>,
    /// Level lines with a label.
    pub(crate) levels: Vec<(f64, String, Ink)>,
    pub(crate) lines: Vec<Line>,
    pub(crate) stems: Vec<(f64, f64, Ink)>,
}

/// Points joined by a line; a value that is no number breaks it.
pub(crate) struct Line {
    pub(crate) ink: Ink,
    pub(crate) points: Vec<(f64, f64)>,
}

/// About `n` round numbers inside a range, with their decimals.
fn ticks((low, high): (f64, f64), n: f64) -> (Vec<f64>, usize) {
    let raw = ((high - low) / n).max(1e-9);
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| raw <= *step).unwrap_or(raw);
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    ((first..=last.min(first + 40)).map(|i| i as f64 * step).collect(), decimals)
}

impl Panel {
    /// A panel of lines.
    pub(crate) fn new(label: impl Into<String>, least: f64) -> Panel {
        let label = label.into();
        Panel { label, least, shown: Vec::new(), levels: Vec::new(), lines: Vec::new(), stems: Vec::new() }
    }

    /// What the upright axis spans, with some air.
    fn range(&self) -> (f64, f64) {
        let points = self.lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
        let all = points
            .chain(self.stems.iter().map(|(_, y, _)| *y))
            .chain(self.levels.iter().map(|(y, ..)| *y))
            .chain(self.shown.iter().copied())
            .filter(|y| y.is_finite());
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), y| (l.min(y), h.max(y)));
        if high < low {
            return (0.0, 1.0);
        }
        let missing = (self.least - (high - low)).max(0.0) / 2.0;
        let air = (high - low + 2.0 * missing).max(1e-6) * 0.06;
        let floor = if self.shown.contains(&0.0) && 0.0 <= low { 0.0 } else { low - missing - air };
        (floor, high + missing + air)
    }
}

impl Chart {
    /// Draws the chart.
    pub(crate) fn draw(&self) -> Canvas {
        let height = HEADER + PANEL * self.panels.len() as i64 + FOOTER;
        let mut canvas = Canvas::new(WIDTH as u32, height as u32, PAPER);
        canvas.text(LEFT, 18, 3, TEXT, &fitted(&self.title, 3, WIDTH - LEFT - RIGHT));
        let mut right = WIDTH - RIGHT;
        for (name, ink) in self.legend.iter().rev() {
            right -= text_width(name, 2);
            canvas.text(right, 22, 2, FAINT, name);
            right -= 20;
            canvas.rect(right, 22, 12, 14, *ink, 1.0);
            right -= 18;
        }
        let (x_ticks, x_decimals) = ticks(self.x, 10.0);
        for (at, panel) in (0i64..).zip(&self.panels) {
            self.panel(&mut canvas, panel, HEADER + at * PANEL, &x_ticks);
        }
        let bottom = HEADER + PANEL * self.panels.len() as i64;
        for tick in &x_ticks {
            let text = format!("{tick:.x_decimals$}");
            canvas.text(self.to_x(*tick) as i64 - text_width(&text, 2) / 2, bottom, 2, FAINT, &text);
        }
        canvas.text(LEFT, bottom + 22, 2, FAINT, &self.x_label);
        canvas
    }

    fn to_x(&self, x: f64) -> f64 {
        let (low, high) = self.x;
        LEFT as f64 + (x - low) / (high - low).max(1e-9) * (WIDTH - LEFT - RIGHT) as f64
    }

    fn panel(&self, canvas: &mut Canvas, panel: &Panel, top: i64, x_ticks: &[f64]) {
        let (top, height, width) = (top + LABEL, PANEL - LABEL - 8, WIDTH - LEFT - RIGHT);
        let (low, high) = panel.range();
        let to_y = |y: f64| top as f64 + (high - y) / (high - low) * height as f64;
        canvas.text(LEFT, top - 20, 2, TEXT, &panel.label);
        canvas.rect(LEFT, top, width, height, FIELD, 1.0);
        for (from, to, ink) in &self.bands {
            let (from, to) = (self.to_x(*from) as i64, self.to_x(*to) as i64);
            canvas.rect(from, top, (to - from).max(2), height, *ink, 0.22);
        }
        for tick in x_ticks {
            canvas.rect(self.to_x(*tick) as i64, top, 1, height, GRID, 0.5);
        }
        let (y_ticks, decimals) = ticks((low, high), 4.0);
        for tick in y_ticks {
            let (y, text) = (to_y(tick) as i64, format!("{tick:.decimals$}"));
            canvas.rect(LEFT, y, width, 1, GRID, 1.0);
            canvas.text(LEFT - 10 - text_width(&text, 2), y - 7, 2, FAINT, &text);
        }
        for (x, ink) in &self.marks {
            canvas.rect(self.to_x(*x) as i64, top, 2, height, *ink, 0.8);
        }
        for (y, name, ink) in &panel.levels {
            canvas.rect(LEFT, to_y(*y) as i64, width, 2, *ink, 0.7);
            canvas.text(LEFT + width - text_width(name, 2) - 6, to_y(*y) as i64 - 17, 2, *ink, name);
        }
        for (x, y, ink) in &panel.stems {
            let (x, y, foot) = (self.to_x(*x), to_y(*y), to_y(low));
            canvas.line((x, foot), (x, y), 5.0, *ink);
            canvas.line((x, y), (x, y), 11.0, *ink);
        }
        for line in &panel.lines {
            let at = |(x, y): (f64, f64)| (self.to_x(x), to_y(y));
            for pair in line.points.windows(2) {
                canvas.line(at(pair[0]), at(pair[1]), 2.2, line.ink);
            }
            if let [only] = line.points[..] {
                canvas.line(at(only), at(only), 6.0, line.ink);
            }
        }
    }

    /// Draws the chart into the store.
    ///
    /// # Errors
    /// A diagnostic where the file cannot be written.
    pub(crate) fn write(&self, cx: &JobCx<'_>) -> Result<Media, Diagnostic> {
        let canvas = self.draw();
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes)
            .write_image(&canvas.data, canvas.width, canvas.height, image::ExtendedColorType::Rgb8)
            .map_err(|error| refused("plot-encode", error.to_string()))?;
        let path = cx.artifacts.scratch("png")?;
        std::fs::write(&path, bytes).map_err(|error| {
            refused("plot-write", format!("the plot cannot be written: {error}: {}", path.display()))
        })?;
        let codec = "png".to_owned();
        let info = VideoInfo { width: canvas.width, height: canvas.height, rate: Rate(1, 1), n_frames: 1, codec };
        cx.artifacts.adopt(&path, "png", Some(info), None)
    }
}

/// The text, cut to a width in pixels.
fn fitted(text: &str, scale: i64, width: i64) -> String {
    if text_width(text, scale) <= width {
        return text.to_owned();
    }
    let n = (width / text_width("x", scale)).max(3) as usize;
    text.chars().take(n - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((0.0, 10.0), 5.0), (vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0], 0));
        let (found, decimals) = ticks((-0.12, 0.31), 4.0);
        assert_eq!((found.len(), decimals), (2, 1));
        assert!(ticks((5.0, 5.0), 4.0).0.len() < 50);
    }

    #[test]
    fn degenerate_charts_draw() {
        let mut panel = Panel::new("Nothing", 0.0);
        let chart = |panels| Chart {
            title: "t".repeat(300),
            x_label: "frame".to_owned(),
            x: (0.0, 0.0),
            marks: vec![(f64::MAX, RED)],
            bands: vec![(0.0, 0.0, RED)],
            legend: vec![("good".to_owned(), GREEN)],
            panels,
        };
        assert_eq!(chart(vec![]).draw().height, (HEADER + FOOTER) as u32);
        panel.lines.push(Line { ink: BLUE, points: vec![(0.0, f64::NAN), (0.0, 1.0), (f64::INFINITY, 2.0)] });
        panel.stems.push((0.0, 0.0, RED));
        assert_eq!(chart(vec![panel]).draw().width, WIDTH as u32);
    }
}
