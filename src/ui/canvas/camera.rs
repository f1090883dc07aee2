//! Between canvas coordinates, which the document holds, and the screen. Knows no nodes.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// How far in and out a canvas goes: screen points per canvas point.
const ZOOM: std::ops::RangeInclusive<f32> = 0.01..=4.0;
/// Space around what is brought into view, in screen points.
const MARGIN: f32 = 40.0;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Camera {
    /// The canvas point at the view's upper left corner.
    pub(crate) origin: Pos2,
    /// Screen points per canvas point.
    pub(crate) zoom: f32,
    /// Where the canvas is on the screen.
    pub(crate) view: Rect,
}

impl Default for Camera {
    fn default() -> Camera {
        Camera { origin: Pos2::ZERO, zoom: 1.0, view: Rect::from_min_size(Pos2::ZERO, vec2(800.0, 400.0)) }
    }
}

impl Camera {
    /// A canvas point on the screen.
    pub(crate) fn to_screen(self, at: Pos2) -> Pos2 {
        self.view.min + (at - self.origin) * self.zoom
    }

    /// A canvas rectangle on the screen.
    pub(crate) fn rect_to_screen(self, rect: Rect) -> Rect {
        Rect::from_min_size(self.to_screen(rect.min), rect.size() * self.zoom)
    }

    /// A screen point on the canvas.
    pub(crate) fn to_canvas(self, at: Pos2) -> Pos2 {
        self.origin + (at - self.view.min) / self.zoom
    }

    /// The part of the canvas that is seen.
    pub(crate) fn seen(self) -> Rect {
        Rect::from_min_size(self.origin, self.view.size() / self.zoom)
    }

    /// Moves what is seen along with the pointer.
    pub(crate) fn pan(&mut self, by: Vec2) {
        self.origin = bounded(self.origin - by / self.zoom);
    }

    /// Zooms; what is at this place of the screen stays there.
    pub(crate) fn zoom_at(&mut self, at: Pos2, factor: f32) {
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        let fixed = self.to_canvas(at);
        self.zoom = (self.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        self.origin = bounded(fixed - (at - self.view.min) / self.zoom);
    }

    /// Shows a rectangle as large as it fits, but not larger than life.
    pub(crate) fn fit(&mut self, rect: Rect) {
        if !rect.is_finite() || rect.is_negative() {
            return;
        }
        let room = (self.view.size() - vec2(MARGIN, MARGIN) * 2.0).max(vec2(40.0, 40.0));
        let zoom = (room.x / rect.width().max(1.0)).min(room.y / rect.height().max(1.0));
        self.zoom = zoom.clamp(*ZOOM.start(), 1.0);
        self.center(rect.center());
    }

    /// Shows a place in the middle.
    pub(crate) fn center(&mut self, at: Pos2) {
        self.origin = bounded(at - self.view.size() * 0.5 / self.zoom);
    }

    /// Moves just as far as needed to show a rectangle.
    pub(crate) fn reveal(&mut self, rect: Rect) {
        let seen = self.seen();
        if !seen.contains_rect(rect) {
            if seen.width() < rect.width() || seen.height() < rect.height() {
                self.fit(rect);
            } else {
                self.center(rect.center());
            }
        }
    }
}

/// Places beyond a million points are where nobody can have put anything.
fn bounded(at: Pos2) -> Pos2 {
    pos2(at.x.clamp(-2e6, 2e6), at.y.clamp(-2e6, 2e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zoom_keeps_what_is_under_the_cursor() {
        let mut camera = Camera { origin: pos2(120.0, -40.0), zoom: 0.7, ..Camera::default() };
        let at = pos2(333.0, 222.0);
        let under = camera.to_canvas(at);
        for factor in [1.3, 0.2, 3.0, 100.0, 1e-9, f32::NAN, -1.0] {
            camera.zoom_at(at, factor);
            assert!(camera.to_canvas(at).distance(under) < 0.1, "{factor}: {:?}", camera.to_canvas(at));
            assert!(ZOOM.contains(&camera.zoom));
        }
        assert!(camera.to_screen(camera.to_canvas(at)).distance(at) < 0.01);
    }

    #[test]
    fn fitting_shows_all_of_it() {
        let mut camera = Camera::default();
        for rect in [
            Rect::from_min_size(pos2(-500.0, 3.0), vec2(4000.0, 20.0)),
            Rect::from_min_size(pos2(5.0, 3.0), vec2(10.0, 9000.0)),
            Rect::from_min_size(pos2(5.0, 3.0), vec2(1.0, 1.0)),
        ] {
            camera.fit(rect);
            assert!(camera.seen().contains_rect(rect), "{rect:?}");
            assert!(camera.zoom <= 1.0);
        }
    }
}
