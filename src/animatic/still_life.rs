//! Props that nobody holds: large in an insert, on a stand beside the figures elsewhere.

use vello_cpu::kurbo::{Affine, Rect};

use crate::brief::Brief;
use crate::canvas::{Canvas, blend, glow};
use crate::math::wander;
use crate::prop::{Icon, paint_prop};
use crate::scene::Scene;
use crate::shapes::{ellipse, line, pt, rounded};
use crate::sky::everything;
use crate::tone::lch;
use crate::view::View;

impl Scene {
    /// An object large in the frame, on a table or on the ground.
    pub(crate) fn insert_props(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        let Brief { place, light, .. } = &self.brief;
        let zoom = view.scale(view.subject_z) * view.subject_z / view.focal;
        let (w, h) = (view.width, view.height);
        let at = pt(w / 2.0 + view.shift.x - view.at[0] * view.scale(view.subject_z), h * 0.50 + view.shift.y);
        let all = everything(view);
        let edge = at.y + h * 0.12 * zoom;
        let wood = light.lit(place.second.lift(0.05));
        canvas.rect(
            Rect { y0: edge, ..all },
            &blend(pt(0.0, edge), pt(0.0, h), wood.mix(light.rim, 0.16), wood.lift(-0.13)),
        );
        canvas.rect(Rect { y0: edge - h * 0.006, y1: edge + h * 0.004, ..all }, &light.rim.fade(0.45).into());
        for i in -6..=6 {
            let x = w / 2.0 + f64::from(i) * w * 0.13;
            let seam = line(&[pt(x + view.shift.x, edge), pt(w / 2.0 + (x - w / 2.0) * 1.9 + view.shift.x, h * 1.2)]);
            canvas.stroke(&seam, h * 0.002, &wood.lift(-0.12).fade(0.6).into());
        }
        let n = self.props.len().clamp(1, 4);
        let size = h * zoom * if n == 1 { 0.56 } else { 0.46 };
        for (i, prop) in self.props.iter().take(4).enumerate() {
            let x = at.x + (i as f64 - (n - 1) as f64 / 2.0) * size * 0.98;
            let base = edge + size * 0.26;
            canvas.place(
                view.world
                    * Affine::translate((x - light.side * size * 0.12, base))
                    * Affine::scale_non_uniform(size * 0.62, size * 0.16),
            );
            canvas.fill(&ellipse(pt(0.0, 0.0), 1.0, 1.0), &glow(pt(0.0, 0.0), 1.0, lch(0.08, 0.02, 265.0).fade(0.75)));
            let flicker = 0.85 + 0.15 * wander(self.brief.seed, t * 2.0);
            canvas.place(
                view.world
                    * Affine::translate((x, base - size * (prop.foot() - 0.05)))
                    * Affine::scale_non_uniform(1.0, -1.0),
            );
            paint_prop(canvas, prop, size, &|tone| light.lit(tone), flicker);
            canvas.place(Affine::IDENTITY);
            let label = view.world * pt(x, base + h * 0.085);
            self.overlay.tag(canvas, &prop.name, label, 0.0, prop.tone.lift(0.1));
            canvas.place(view.world);
        }
    }

    pub(crate) fn standing_props(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        let heads = self.brief.shot.camera.size.heads();
        let held = self.held().is_some();
        if heads < 3.5 {
            return;
        }
        let light = &self.brief.light;
        for (i, prop) in self.props.iter().skip(usize::from(held)).take(4).enumerate() {
            let side = if i % 2 == 0 { 1.0 } else { -1.0 };
            let z = view.subject_z * 1.06;
            let x = view.across((side * (0.30 + 0.10 * (i / 2) as f64)).clamp(-0.42, 0.42), z);
            let size = match prop.icon {
                Icon::Boat => 2.4,
                Icon::Phone | Icon::Key | Icon::Ring | Icon::Cup | Icon::Knife => 0.22,
                _ => 0.38,
            };
            let stand = if prop.icon == Icon::Boat { 0.0 } else { 0.82 };
            let px = view.scale(z) * size;
            if 0.0 < stand {
                // A small stand brings a small thing to the eye.
                let (a, b) = (view.see(x - 0.30, stand, z), view.see(x + 0.30, 0.0, z));
                let tone = light.far(lch(0.40, 0.05, 58.0), z);
                canvas.fill(
                    &rounded(Rect::new(a.x, a.y, b.x, b.y), px * 0.06),
                    &blend(pt(a.x, 0.0), pt(b.x, 0.0), tone.lift(0.03), tone.lift(-0.08)),
                );
                canvas.rect(
                    Rect::new(a.x - px * 0.06, a.y - px * 0.05, b.x + px * 0.06, a.y + px * 0.05),
                    &tone.lift(0.07).into(),
                );
            }
            let rest = view.see(x, stand + size * prop.foot(), z);
            canvas.place(view.world * Affine::translate(rest.to_vec2()) * Affine::scale_non_uniform(1.0, -1.0));
            let flicker = 0.85 + 0.15 * wander(self.brief.seed ^ i as u64, t * 2.0);
            paint_prop(canvas, prop, px, &|tone| light.far(tone, z), flicker);
            canvas.place(view.world);
        }
    }
}
