//! Frames along a line of the screen: where each is, which are in view, and where the ruler has its ticks. Pure.

use egui::Rangef;
use model::Rate;

/// Points for a frame, at most: one frame is never wider than this.
const WIDEST: f64 = 120.0;

/// A stretch of frames along a stretch of the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) left: f32,
    pub(crate) width: f32,
    /// The frame at the left edge, and points for a frame.
    pub(crate) first: f64,
    pub(crate) step: f64,
    pub(crate) n_frames: u64,
}

impl Scale {
    /// All frames in view.
    pub(crate) fn fitted(x: Rangef, n_frames: u64) -> Scale {
        let width = x.span().max(1.0);
        Scale { left: x.min, width, first: 0.0, step: f64::from(width) / n_frames.max(1) as f64, n_frames }
    }

    /// So many times as large as [`Scale::fitted`], from a frame on; never smaller, and never beyond the ends.
    pub(crate) fn zoomed(x: Rangef, n_frames: u64, zoom: f64, first: f64) -> Scale {
        let fitted = Scale::fitted(x, n_frames);
        let step = (fitted.step * zoom.max(1.0)).min(WIDEST.max(fitted.step));
        let last = (n_frames as f64 - f64::from(fitted.width) / step).max(0.0);
        Scale { first: first.clamp(0.0, last), step, ..fitted }
    }

    /// Where a frame begins.
    pub(crate) fn x(&self, frame: u64) -> f32 {
        self.left + ((frame as f64 - self.first) * self.step) as f32
    }

    /// The frame under a place; the nearest one beyond the ends.
    pub(crate) fn frame(&self, x: f32) -> u64 {
        let frame = (self.first + f64::from(x - self.left) / self.step).floor();
        (frame.max(0.0) as u64).min(self.n_frames.saturating_sub(1))
    }

    /// The frames in view.
    pub(crate) fn visible(&self) -> std::ops::Range<u64> {
        let end = (self.first + f64::from(self.width) / self.step).ceil();
        self.first as u64..(end as u64).min(self.n_frames)
    }

    /// How much larger than fitted it is.
    pub(crate) fn zoom(&self) -> f64 {
        self.step * self.n_frames.max(1) as f64 / f64::from(self.width)
    }

    /// The scale after zooming by a factor at a place, which keeps its frame.
    pub(crate) fn zoom_at(&self, x: f32, factor: f64) -> Scale {
        let range = Rangef::new(self.left, self.left + self.width);
        let at = self.first + f64::from(x - self.left) / self.step;
        let next = Scale::zoomed(range, self.n_frames, self.zoom() * factor, 0.0);
        let first = at - f64::from(x - self.left) / next.step;
        Scale::zoomed(range, self.n_frames, self.zoom() * factor, first)
    }

    /// Frames between ticks that are at least so many points apart: 1, 2, 5, 10 frames, then whole seconds.
    pub(crate) fn tick(&self, rate: Rate, least: f32) -> u64 {
        let second = u64::from(rate.0.div_ceil(rate.1.max(1))).max(1);
        let frames = [1, 2, 5, 10].into_iter().filter(|frames| *frames < second);
        let seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600].map(|seconds| seconds * second);
        let mut steps = frames.chain(seconds);
        steps.find(|frames| f64::from(least) <= *frames as f64 * self.step).unwrap_or(7200 * second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: Rangef = Rangef { min: 10.0, max: 510.0 };

    #[test]
    fn places_and_frames_agree() {
        let scale = Scale::fitted(X, 1000);
        assert_eq!((scale.x(0), scale.x(1000), scale.frame(10.0), scale.frame(260.0)), (10.0, 510.0, 0, 500));
        assert_eq!((scale.frame(-900.0), scale.frame(9000.0)), (0, 999));
        let zoomed = scale.zoom_at(260.0, 10.0);
        assert_eq!(zoomed.frame(260.0), 500);
        assert!((zoomed.zoom() - 10.0).abs() < 1e-6);
        assert_eq!(zoomed.visible(), 450..550);
    }

    #[test]
    fn it_never_leaves_the_film() {
        let scale = Scale::fitted(X, 240);
        assert_eq!(scale.zoom_at(300.0, 0.01), scale);
        assert_eq!(Scale::zoomed(X, 240, 4.0, 1e9).visible(), 180..240);
        assert!(scale.zoom_at(300.0, 1e9).step <= WIDEST);
        for n_frames in [0, 1, u64::MAX] {
            let scale = Scale::fitted(X, n_frames).zoom_at(100.0, 3.0);
            assert!(scale.x(n_frames).is_finite() && scale.frame(1e9) <= n_frames);
        }
    }

    #[test]
    fn ticks_keep_their_distance() {
        assert_eq!(Scale::fitted(X, 100).tick(Rate::FILM, 60.0), 24);
        assert_eq!(Scale::fitted(X, 10).tick(Rate::FILM, 60.0), 2);
        assert_eq!(Scale::fitted(X, 24 * 600).tick(Rate::FILM, 60.0), 24 * 120);
    }
}
