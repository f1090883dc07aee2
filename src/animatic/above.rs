//! The panel from right above: a floor plan with people on it.
//!
//! A plan and not a view: perspective from above hides who stands where.

use vello_cpu::kurbo::{Affine, BezPath, Point, Rect};

use crate::brief::Brief;
use crate::canvas::{Canvas, Paint, glow};
use crate::figure::{Part, Shading};
use crate::light::Light;
use crate::look::Look;
use crate::math::{Rng, sin};
use crate::scene::Scene;
use crate::shapes::{ellipse, limb, line, pt, rounded, smooth};
use crate::sky::everything;
use crate::tone::lch;
use crate::view::View;

impl Scene {
    pub(crate) fn floor_from_above(&self, canvas: &mut dyn Canvas, view: &View) {
        let Brief { place, light, .. } = &self.brief;
        let (w, h) = (view.width, view.height);
        let metre = h / view.frame_m.max(2.4);
        let tone = light.lit(if place.kind.indoors() { place.second } else { place.base });
        let middle = pt(w / 2.0 + view.shift.x, h / 2.0);
        let stops = vec![(0.0, tone.lift(0.06)), (0.6, tone), (1.0, tone.lift(-0.12))];
        canvas.rect(everything(view), &Paint::Radial(middle, w * 0.7, stops));
        let zoom = view.scale(view.subject_z) * view.subject_z / view.focal;
        let step = metre * zoom * if place.kind.indoors() { 0.22 } else { 0.9 };
        let (ox, oy) = (middle.x - view.at[0] * metre, middle.y + view.shift.y);
        let mut rng = Rng::new(place.seed);
        if place.kind.indoors() {
            let mut seams = BezPath::new();
            for i in -60..=60 {
                let y = oy + f64::from(i) * step;
                seams.extend(line(&[pt(-w, y), pt(2.0 * w, y)]));
                let x = ox + rng.range(-0.8, 0.8) * w;
                seams.extend(line(&[pt(x, y), pt(x, y + step)]));
            }
            canvas.stroke(&seams, h * 0.002, &tone.lift(-0.09).fade(0.7).into());
            let rug = Rect::new(ox - metre * 1.3, oy - metre * 0.9, ox + metre * 1.3, oy + metre * 0.9);
            canvas.fill(&rounded(rug, metre * 0.1), &light.lit(place.accent.mute(0.6)).into());
            canvas.stroke(
                &rounded(rug.inset(-metre * 0.12), metre * 0.06),
                metre * 0.03,
                &light.lit(place.accent.lift(0.15)).into(),
            );
        } else {
            for _ in 0..70 {
                let at = pt(ox + rng.range(-1.2, 1.2) * w, oy + rng.range(-1.2, 1.2) * h);
                let r = step * rng.range(0.08, 0.5);
                canvas.fill(&ellipse(at, r, r * 0.8), &tone.lift(rng.range(-0.07, 0.05)).fade(0.6).into());
            }
        }
    }

    pub(crate) fn people_from_above(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        let zoom = view.scale(view.subject_z) * view.subject_z / view.focal;
        let px = view.height / self.brief.shot.camera.size.heads().max(7.0) * zoom * 0.95;
        let n = self.brief.cast.len().max(1) as f64;
        for (i, actor) in self.brief.cast.iter().enumerate() {
            let u = (i as f64 + 0.5) / n - 0.5;
            let walk = actor.act.speed() * (t - 1.0) * px * 0.8;
            let x = view.width / 2.0 + view.shift.x + u * (n * px * 3.2).min(view.width * 0.8) - view.at[0] * px * 4.0;
            let y = view.height * (0.52 + 0.05 * sin(i as f64 * 2.0)) + view.shift.y + walk;
            let facing = if u < 0.0 { 1.0 } else { -1.0 };
            let look = &actor.look;
            paint_from_above(
                canvas,
                view.world * Affine::translate((x, y)),
                px * look.stature,
                look,
                &self.brief.light,
                facing,
            );
        }
    }
}

/// A figure seen from right above: shoulders, arms, the top of the head, a nose for the direction.
fn paint_from_above(canvas: &mut dyn Canvas, place: Affine, px: f64, look: &Look, light: &Light, facing: f64) {
    let shade = Shading { light, distance: 2.0, side: light.side * facing, shape: 0.0 };
    canvas.place(place);
    let dark = lch(0.10, 0.03, 265.0).fade(light.shade * 1.5);
    let far = pt(-light.side * px * 1.1, px * 0.5);
    canvas.fill(&ellipse(far, px * 1.9, px * 1.2), &glow(far, px * 1.9, dark));
    canvas.place(place * Affine::scale_non_uniform(facing * px, -px));
    let mut parts = Vec::new();
    for x in [-0.30, 0.30] {
        let mut foot = BezPath::new();
        limb(&mut foot, pt(x, -0.25), 0.15, pt(x + 0.06, -0.75), 0.13);
        parts.push(Part::outer(foot, shade.flat(lch(0.27, 0.02, 50.0))));
    }
    for x in [-1.0, 1.0] {
        let mut arm = BezPath::new();
        limb(&mut arm, pt(x * 0.82, 0.0), 0.27, pt(x * 0.78, -0.66), 0.19);
        parts.push(Part::outer(arm, shade.flat(look.main.lift(-0.05))));
        parts.push(Part::outer(ellipse(pt(x * 0.76, -0.82), 0.14, 0.15), shade.flat(look.skin)));
    }
    let body =
        [(-1.0, 0.05), (-0.6, 0.33), (0.0, 0.38), (0.6, 0.33), (1.0, 0.05), (0.6, -0.32), (0.0, -0.38), (-0.6, -0.32)];
    let body: Vec<Point> = body.iter().map(|(x, y)| pt(*x, *y)).collect();
    parts.push(Part::outer(smooth(&body), shade.cloth(look.main)));
    parts.push(Part::outer(ellipse(pt(0.0, -0.42), 0.09, 0.12), shade.flat(look.skin)));
    parts.push(Part::outer(ellipse(pt(0.0, -0.06), 0.39, 0.44), shade.hair(look.hair)));
    for part in &parts {
        canvas.fill(&part.path, &part.paint);
    }
}
