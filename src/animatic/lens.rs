//! What the lens adds: streaks of a whip, a darker edge.

use engine::codec::Frame;
use vello_cpu::kurbo::{Affine, Rect};

use crate::canvas::Canvas;
use crate::math::Rng;
use crate::scene::Scene;
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
        if let Some(edge) = &self.edge {
            canvas.image(edge, Affine::IDENTITY);
        }
    }
}

/// Nothing in the middle, dark towards the corners.
pub(crate) fn edge_of(width: u32, height: u32, point_of_view: bool) -> Frame {
    let [r, g, b, _] = lch(0.06, 0.02, 270.0).ink().components.map(|x| (x * 255.0).round() as u8);
    let most = if point_of_view { 0.62 } else { 0.30 };
    let (w, h) = (f64::from(width), f64::from(height));
    let across: Vec<f64> =
        (0..width).map(|x| (f64::from(x) + 0.5 - w / 2.0) * (f64::from(x) + 0.5 - w / 2.0)).collect();
    let mut frame = Frame { width, height, data: Vec::with_capacity(width as usize * height as usize * 4) };
    for y in 0..height {
        let dy = f64::from(y) + 0.5 - h / 2.0;
        for square in &across {
            let u = 2.0 * (square + dy * dy).sqrt() / (w * w + h * h).sqrt();
            let dark = most * ((u - 0.62) / 0.38).clamp(0.0, 1.0);
            frame.data.extend([r, g, b, (dark * 255.0).round() as u8]);
        }
    }
    frame
}
