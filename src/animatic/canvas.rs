//! The few drawing operations that the animatic needs, and the one renderer behind them.
//!
//! Panels know this trait, never vello_cpu's context, because that crate's interface is young. tiny-skia would fit
//! behind it too; it measured six times slower on the same panel.

use std::sync::Arc;

use engine::codec::Frame;
use vello_cpu::kurbo::{Affine, BezPath, Cap, Join, Point, Rect, Shape, Stroke};
use vello_cpu::peniko::{
    ColorStop, ColorStops, Extend, Gradient, ImageQuality, ImageSampler, LinearGradientPosition, RadialGradientPosition,
};
use vello_cpu::{
    Image, ImageSource, Level, PixelMetadata, Pixmap, PixmapMut, RenderContext, RenderSettings, Resources,
};

use crate::tone::Tone;

/// What fills a shape.
#[derive(Clone, Debug)]
pub(crate) enum Paint {
    Flat(Tone),
    /// Along a line, stops from 0 to 1.
    Linear(Point, Point, Vec<(f64, Tone)>),
    /// Around a centre, out to a radius.
    Radial(Point, f64, Vec<(f64, Tone)>),
}

impl From<Tone> for Paint {
    fn from(tone: Tone) -> Paint {
        Paint::Flat(tone)
    }
}

/// A gradient of two tones.
pub(crate) fn blend(from: Point, to: Point, a: Tone, b: Tone) -> Paint {
    Paint::Linear(from, to, vec![(0.0, a), (1.0, b)])
}

/// A soft light: `tone` in the middle, nothing at the edge.
pub(crate) fn glow(centre: Point, radius: f64, tone: Tone) -> Paint {
    let stops = vec![(0.0, tone), (0.35, tone.fade(0.45)), (0.7, tone.fade(0.12)), (1.0, tone.fade(0.0))];
    Paint::Radial(centre, radius, stops)
}

/// A picture ready to be painted.
pub(crate) type Picture = Arc<Pixmap>;

/// Where panels are drawn.
pub(crate) trait Canvas {
    fn fill(&mut self, path: &BezPath, paint: &Paint);
    fn stroke(&mut self, path: &BezPath, width: f64, paint: &Paint);
    fn rect(&mut self, rect: Rect, paint: &Paint);
    /// A rectangle with soft edges.
    fn soft(&mut self, rect: Rect, radius: f64, blur: f64, tone: Tone);
    /// A picture, its pixels placed by `to`.
    fn image(&mut self, picture: &Picture, to: Affine);
    /// What follows is placed by this.
    fn place(&mut self, transform: Affine);
}

/// vello_cpu at its fixed baseline instructions and on one thread.
pub(crate) struct Cpu {
    context: RenderContext,
    resources: Resources,
}

impl Cpu {
    pub(crate) fn new(width: u16, height: u16) -> Cpu {
        let settings = RenderSettings { level: Level::baseline(), num_threads: 0 };
        Cpu { context: RenderContext::new_with(width, height, settings), resources: Resources::new() }
    }

    /// Forgets what was drawn.
    pub(crate) fn clear(&mut self) {
        self.context.reset();
    }

    /// Writes what was drawn into a frame of the same size; uncovered pixels become black.
    pub(crate) fn finish(&mut self, frame: &mut Frame) {
        let (width, height) = (self.context.width(), self.context.height());
        frame.width = u32::from(width);
        frame.height = u32::from(height);
        frame.data.resize(usize::from(width) * usize::from(height) * 4, 0);
        self.context.flush();
        if let Some(target) = PixmapMut::new(width, height, &mut frame.data) {
            self.context.render(target, &mut self.resources);
        }
        for pixel in frame.data.chunks_exact_mut(4) {
            pixel[3] = 255;
        }
    }

    fn paint(&mut self, paint: &Paint) {
        match paint {
            Paint::Flat(tone) => self.context.set_paint(tone.ink()),
            Paint::Linear(start, end, stops) => {
                let kind = LinearGradientPosition { start: *start, end: *end }.into();
                self.gradient(Gradient { kind, stops: color_stops(stops), extend: Extend::Pad, ..Gradient::default() });
            }
            Paint::Radial(centre, radius, stops) => {
                let kind = RadialGradientPosition {
                    start_center: *centre,
                    start_radius: 0.0,
                    end_center: *centre,
                    end_radius: radius.max(0.01) as f32,
                }
                .into();
                self.gradient(Gradient { kind, stops: color_stops(stops), extend: Extend::Pad, ..Gradient::default() });
            }
        }
    }

    fn gradient(&mut self, gradient: Gradient) {
        self.context.set_paint(gradient);
    }
}

fn color_stops(stops: &[(f64, Tone)]) -> ColorStops {
    let stops: Vec<ColorStop> = stops.iter().map(|(at, tone)| ColorStop::from((*at as f32, tone.ink()))).collect();
    ColorStops::from(stops.as_slice())
}

impl Canvas for Cpu {
    fn fill(&mut self, path: &BezPath, paint: &Paint) {
        self.paint(paint);
        self.context.fill_path(path);
    }

    fn stroke(&mut self, path: &BezPath, width: f64, paint: &Paint) {
        self.paint(paint);
        self.context.set_stroke(Stroke::new(width).with_caps(Cap::Round).with_join(Join::Round));
        self.context.stroke_path(path);
    }

    fn rect(&mut self, rect: Rect, paint: &Paint) {
        self.paint(paint);
        self.context.fill_rect(&rect);
    }

    fn soft(&mut self, rect: Rect, radius: f64, blur: f64, tone: Tone) {
        self.context.set_paint(tone.ink());
        self.context.fill_blurred_rounded_rect(&rect, radius as f32, blur as f32, false);
    }

    fn image(&mut self, picture: &Picture, to: Affine) {
        let sampler = ImageSampler { quality: ImageQuality::Medium, ..ImageSampler::default() };
        let rect = Rect::new(0.0, 0.0, f64::from(picture.width()), f64::from(picture.height()));
        let before = *self.context.transform();
        self.context.set_transform(before * to);
        self.context.set_paint(Image { image: ImageSource::Pixmap(picture.clone()), sampler });
        self.context.fill_path(&rect.to_path(0.1));
        self.context.set_transform(before);
    }

    fn place(&mut self, transform: Affine) {
        self.context.set_transform(transform);
    }
}

/// A frame as a picture, premultiplied.
pub(crate) fn picture(frame: &Frame) -> Option<Picture> {
    let (width, height) = (u16::try_from(frame.width).ok()?, u16::try_from(frame.height).ok()?);
    if frame.data.len() != usize::from(width) * usize::from(height) * 4 || frame.data.is_empty() {
        return None;
    }
    let mut data = frame.data.clone();
    for pixel in data.chunks_exact_mut(4) {
        let alpha = u16::from(pixel[3]);
        for byte in &mut pixel[..3] {
            *byte = ((u16::from(*byte) * alpha + 127) / 255) as u8;
        }
    }
    let metadata = PixelMetadata::new(vello_cpu::peniko::ImageAlphaType::AlphaPremultiplied, true);
    Some(Arc::new(Pixmap::from_parts(data, width, height, metadata)))
}
