//! What the lens adds: streaks of a whip, a darker edge.

use vello_cpu::kurbo::{BezPath, Rect};

use crate::canvas::{Canvas, Paint};
use crate::math::Rng;
use crate::scene::Scene;
use crate::shapes::{ellipse, poly, pt};
use crate::tone::lch;
use crate::view::View;

impl Scene {
    /// What lens and hand add: streaks of a whip, a darker edge.
    pub(crate) fn lens(&self, canvas: &mut dyn Canvas, view: &View) {
        let (w, h) = (view.width, view.height);
        if 0.05 < view.whip {
            let mut rng = Rng::new(self.brief.seed ^ 0x3417);
            let strength = (view.whip * 0.3).min(0.6);
            for _ in 0..46 {
                let y = rng.unit() * h;
                let thick = h * rng.range(0.004, 0.03);
                let tone = self.brief.light.haze.lift(rng.range(-0.16, 0.16)).fade(strength * rng.range(0.3, 0.9));
                canvas.rect(Rect::new(0.0, y, w, y + thick), &tone.into());
            }
        }
        canvas.fill(&self.edge.0, &self.edge.1);
    }
}

/// Dark towards the corners. Only what lies outside of a circle is painted; a picture of the whole edge, kept from
/// frame to frame, measured a millisecond slower.
pub(crate) fn edge_of(w: f64, h: f64, point_of_view: bool) -> (BezPath, Paint) {
    let dark = lch(0.06, 0.02, 270.0).fade(if point_of_view { 0.62 } else { 0.30 });
    let (middle, reach) = (pt(w / 2.0, h / 2.0), (w * w + h * h).sqrt() / 2.0);
    let mut path = poly(&[pt(0.0, 0.0), pt(w, 0.0), pt(w, h), pt(0.0, h)]);
    // Wound the other way, so that the two together leave a hole.
    path.extend(ellipse(middle, reach * CLEAR, reach * CLEAR).reverse_subpaths());
    (path, Paint::Radial(middle, reach, vec![(0.0, dark.fade(0.0)), (CLEAR, dark.fade(0.0)), (1.0, dark)]))
}

/// The part of the way to a corner that is clear.
const CLEAR: f64 = 0.62;
