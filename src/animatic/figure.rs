//! A figure: a look in a pose, lit, standing in the world.
//!
//! Built as a list of parts in heads, feet at the origin, facing right; the canvas mirrors and scales it. The rim of
//! light is the same list painted first, a little towards the source: no outlines are computed.

use vello_cpu::kurbo::{Affine, BezPath, Point, Vec2};

use crate::canvas::{Canvas, Paint, glow};
use crate::head::{Mien, behind, head};
use crate::light::Light;
use crate::look::{Look, Outfit};
use crate::math::{cos, sin};
use crate::pose::{NECK, Pose, SHIN, SOLE, Seat, THIGH, TORSO};
use crate::prop::{Prop, paint_prop};
use crate::shapes::{ellipse, limb, line, poly, pt, rounded, smooth};
use crate::tone::{Tone, lch};
use crate::view::{HEAD, View};

/// One painted path of a figure.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) path: BezPath,
    pub(crate) paint: Paint,
    /// Stroke width in heads; filled where there is none.
    width: Option<f64>,
    /// Whether it belongs to the silhouette.
    outer: bool,
}

impl Part {
    pub(crate) fn outer(path: BezPath, paint: Paint) -> Part {
        Part { path, paint, width: None, outer: true }
    }

    pub(crate) fn inner(path: BezPath, paint: Paint) -> Part {
        Part { path, paint, width: None, outer: false }
    }

    pub(crate) fn line(path: BezPath, width: f64, paint: Paint) -> Part {
        Part { path, paint, width: Some(width), outer: false }
    }
}

/// How colours of one figure look where it stands.
pub(crate) struct Shading<'a> {
    pub(crate) light: &'a Light,
    pub(crate) distance: f64,
    /// 1 where the light comes from the side that the figure faces.
    pub(crate) side: f64,
    /// 1 for a figure that is only a dark shape in front.
    pub(crate) shape: f64,
}

impl Shading<'_> {
    fn tone(&self, tone: Tone) -> Tone {
        let alpha = tone.alpha;
        let lit = self.light.far(tone, self.distance);
        let dark = Tone { l: lit.l * 0.30, alpha: 1.0, ..lit.mute(0.5) };
        Tone { alpha: 1.0, ..lit }.mix(dark, self.shape).fade(alpha)
    }

    pub(crate) fn flat(&self, tone: Tone) -> Paint {
        self.tone(tone).into()
    }

    fn sided(&self, tone: Tone, half: f64, gain: f64, loss: f64, y: (f64, f64)) -> Paint {
        let lit = self.tone(tone.lift(gain)).mix(self.light.rim, 0.10 * (1.0 - self.shape));
        let shadow = self.tone(tone.lift(-loss).mix(self.light.tint, 0.18));
        let (from, to) = (pt(half * self.side, y.0), pt(-half * self.side, y.1));
        Paint::Linear(from, to, vec![(0.0, lit), (0.40, self.tone(tone)), (1.0, shadow)])
    }

    /// In the space of a head.
    pub(crate) fn skin(&self, tone: Tone) -> Paint {
        self.sided(tone, 0.42, 0.03, 0.14, (0.15, -0.25))
    }

    /// In the space of a head.
    pub(crate) fn hair(&self, tone: Tone) -> Paint {
        self.sided(tone, 0.55, 0.07, 0.07, (0.5, -0.4))
    }

    /// In the space of a head.
    pub(crate) fn cloth(&self, tone: Tone) -> Paint {
        self.sided(tone, 0.5, 0.05, 0.10, (0.4, 0.1))
    }

    fn body(&self, tone: Tone) -> Paint {
        self.sided(tone, 1.15, 0.045, 0.13, (6.8, 3.2))
    }
}

/// A figure at one moment.
pub(crate) struct Figure<'a> {
    pub(crate) look: &'a Look,
    pub(crate) pose: Pose,
    pub(crate) mien: Mien,
    /// X and Z in metres.
    pub(crate) at: (f64, f64),
    /// 1 faces right, -1 left.
    pub(crate) facing: f64,
    pub(crate) prop: Option<&'a Prop>,
    /// 0 fully drawn, 1 a dark shape (a shoulder in front of the camera).
    pub(crate) shape: f64,
}

/// What a figure measures on screen.
impl Figure<'_> {
    fn heads_px(&self, view: &View) -> f64 {
        view.scale(self.at.1) * HEAD * self.look.stature
    }

    /// Where the top of the head is seen.
    pub(crate) fn crown(&self, view: &View) -> Point {
        let y = self.pose.crown() * HEAD * self.look.stature * view.squash;
        view.see(self.at.0, y, self.at.1)
    }

    /// How far below its crown a name leaves the face free, pixels.
    pub(crate) fn below_face(&self, view: &View) -> f64 {
        1.45 * self.heads_px(view)
    }

    pub(crate) fn paint(&self, canvas: &mut dyn Canvas, view: &View, light: &Light) {
        let px = self.heads_px(view);
        let feet = view.see(self.at.0, 0.0, self.at.1);
        if feet.x < -6.0 * px || view.width + 6.0 * px < feet.x {
            return;
        }
        self.shadow(canvas, view, light);
        let place = view.world * Affine::translate(feet.to_vec2());
        let mut scale = Affine::scale_non_uniform(self.facing * px, -px * view.squash);
        if self.pose.lying {
            scale *= Affine::new([0.0, 1.0, -1.0, 0.0, 4.0, 0.35]);
        }
        let shade =
            Shading { light, distance: self.at.1 - view.at[2], side: light.side * self.facing, shape: self.shape };
        let parts = self.parts(&shade, px);
        // Rim light: one pixel or two on a small figure, a soft band on a large one.
        let reach = (px * 0.020).clamp(0.6, 6.0);
        let towards = Vec2::new(light.side * reach, -reach * 0.5);
        let rim: Paint =
            light.rim.mix(light.haze, 0.5 * light.air(shade.distance)).fade(0.85 - 0.35 * self.shape).into();
        canvas.place(place.then_translate(towards) * scale);
        for part in parts.iter().filter(|part| part.outer) {
            canvas.fill(&part.path, &rim);
        }
        canvas.place(place * scale);
        for part in &parts {
            match part.width {
                Some(width) => canvas.stroke(&part.path, width, &part.paint),
                None => canvas.fill(&part.path, &part.paint),
            }
        }
        if let (Some(prop), true) = (self.prop, self.pose.holds) {
            let hand = self.hand(0);
            canvas.place(
                place
                    * scale
                    * Affine::translate((hand.x + 0.12, hand.y - 0.1))
                    * Affine::scale_non_uniform(self.facing, 1.0),
            );
            paint_prop(canvas, prop, 0.95, &|tone| shade.tone(tone), 1.0);
        }
        canvas.place(view.world);
    }

    /// On the ground, away from the light.
    pub(crate) fn shadow(&self, canvas: &mut dyn Canvas, view: &View, light: &Light) {
        let (px, feet) = (self.heads_px(view), view.see(self.at.0, 0.0, self.at.1));
        if view.height * 1.3 < feet.y || light.shade <= 0.0 {
            return;
        }
        let flat = (view.at[1] / (self.at.1 - view.at[2]).max(0.5)).clamp(0.05, 0.45);
        let wide = if self.pose.lying { 4.2 } else { 1.5 };
        let place = view.world
            * Affine::translate((feet.x - light.side * px * wide * 0.45, feet.y))
            * Affine::scale_non_uniform(px * wide * 1.3, px * wide.min(2.0) * 1.3 * flat);
        canvas.place(place);
        let dark = lch(0.10, 0.03, 265.0).fade(light.shade * (1.0 - 0.8 * light.air(self.at.1)) * 1.5);
        canvas.fill(&ellipse(pt(0.0, 0.0), 1.0, 1.0), &glow(pt(0.0, 0.0), 1.0, dark));
        canvas.place(view.world);
    }

    fn frame(&self) -> (Point, Point) {
        let pelvis = pt(0.0, self.pose.pelvis());
        let lean = self.pose.lean;
        (pelvis, pelvis + Vec2::new(sin(lean), cos(lean)) * TORSO)
    }

    /// How much of a swing is seen from where we look.
    fn seen(&self) -> f64 {
        0.35 + 0.65 * (self.mien.turn / 0.7).min(1.0)
    }

    fn shoulder(&self, side: usize) -> Point {
        let (pelvis, neck) = self.frame();
        let along = (neck - pelvis) / TORSO;
        let half = 0.80 * self.look.build * (1.0 - 0.34 * self.mien.turn);
        let x = if side == 0 { -half } else { half };
        neck - along * 0.40 + Vec2::new(along.y, -along.x) * x
    }

    fn arm(&self, side: usize) -> (Point, Point, Point) {
        let (shoulder, elbow) = self.pose.arms[side];
        let from = self.shoulder(side);
        let seen = self.seen();
        let out = if side == 0 { -0.10 } else { 0.10 } * (1.0 - self.mien.turn);
        let a = shoulder + self.pose.lean * 0.5;
        let mid = from + Vec2::new(sin(a) * seen + out, -cos(a)) * 1.42;
        let b = a + elbow;
        // Forearms that come towards us lie before the body.
        let across = if side == 0 { 0.5 } else { -0.5 } * (1.0 - seen) * sin(b).max(0.0);
        (from, mid, mid + Vec2::new(sin(b) * seen + across, -cos(b)) * 1.22)
    }

    fn hand(&self, side: usize) -> Point {
        self.arm(side).2
    }

    fn leg(&self, side: usize) -> (Point, Point, Point) {
        let (hip, knee) = self.pose.legs[side];
        let seen = self.seen();
        let (pelvis, _) = self.frame();
        let spread = 0.32 * (1.0 - 0.45 * self.mien.turn) * if side == 0 { -1.0 } else { 1.0 };
        let from = pelvis + Vec2::new(spread, 0.0);
        let mid = from + Vec2::new(sin(hip) * seen + spread * 0.12, -cos(hip)) * THIGH;
        let shin = hip - knee;
        (from, mid, mid + Vec2::new(sin(shin) * seen, -cos(shin)) * SHIN)
    }

    fn parts(&self, shade: &Shading<'_>, px: f64) -> Vec<Part> {
        let mut parts = Vec::with_capacity(80);
        let look = self.look;
        let (_, neck) = self.frame();
        let nod = self.pose.lean * 0.4 + self.pose.nod;
        let centre = neck + Vec2::new(sin(nod) + 0.06 * self.mien.turn, cos(nod)) * NECK;
        let (s, c) = (sin(-nod), cos(-nod));
        let to_body = Affine::new([c, s, -s, c, centre.x, centre.y]);
        let start = parts.len();
        behind(look, &self.mien, shade, &mut parts);
        move_parts(&mut parts[start..], to_body);

        if self.pose.seat == Seat::Box && !self.mien.back {
            self.seat(shade, &mut parts);
        }
        self.one_leg(1, shade, &mut parts);
        self.one_arm(1, shade, px, &mut parts);
        self.one_leg(0, shade, &mut parts);
        let mut throat = BezPath::new();
        limb(&mut throat, neck + Vec2::new(0.0, -0.1), 0.27 * look.build, centre + Vec2::new(-0.04, -0.2), 0.215);
        parts.push(Part::outer(throat, shade.flat(look.skin.lift(-0.09).mix(shade.light.tint, 0.12))));
        self.torso(shade, px, &mut parts);

        let start = parts.len();
        head(look, &self.mien, shade, px, &mut parts);
        move_parts(&mut parts[start..], to_body);
        self.one_arm(0, shade, px, &mut parts);
        parts
    }

    fn seat(&self, shade: &Shading<'_>, parts: &mut Vec<Part>) {
        let top = self.pose.pelvis() - 0.42;
        let rect = vello_cpu::kurbo::Rect::new(-0.95, 0.0, 0.75, top);
        parts.push(Part::outer(rounded(rect, 0.08), shade.body(lch(0.42, 0.05, 60.0))));
        parts.push(Part::line(
            line(&[pt(-0.9, top - 0.08), pt(0.7, top - 0.08)]),
            0.10,
            shade.flat(lch(0.52, 0.05, 62.0)),
        ));
    }

    fn one_leg(&self, side: usize, shade: &Shading<'_>, parts: &mut Vec<Part>) {
        let look = self.look;
        let (hip, knee, ankle) = self.leg(side);
        let b = look.build;
        let far = if side == 1 { -0.07 } else { 0.0 };
        let bare = look.outfit == Outfit::Dress;
        let seated = self.pose.seat != Seat::None;
        let thigh_tone = if bare && seated { look.main } else { look.second };
        let mut thigh = BezPath::new();
        limb(&mut thigh, hip, 0.40 * b, knee, 0.27 * b);
        parts.push(Part::outer(thigh, shade.body(thigh_tone.lift(far))));
        let shin_tone = if bare { look.skin.lift(far - 0.03) } else { look.second.lift(far) };
        let mut shin = BezPath::new();
        let slim = if bare { 0.8 } else { 1.0 };
        limb(&mut shin, knee, 0.265 * b * slim, ankle, 0.17 * b * slim);
        parts.push(Part::outer(shin, shade.body(shin_tone)));
        let ahead = 0.12 + 0.36 * self.mien.turn;
        let mut shoe = BezPath::new();
        let heel = ankle + Vec2::new(-0.06, -SOLE * 0.35);
        let out = if side == 0 { -0.12 } else { 0.12 } * (1.0 - self.mien.turn);
        limb(&mut shoe, heel, 0.15, ankle + Vec2::new(ahead + out, -SOLE * 0.5), 0.10);
        parts.push(Part::outer(shoe, shade.body(lch(0.27, 0.025, 50.0).lift(far * 0.5))));
    }

    fn one_arm(&self, side: usize, shade: &Shading<'_>, px: f64, parts: &mut Vec<Part>) {
        let look = self.look;
        let (from, mid, hand) = self.arm(side);
        let b = look.build;
        let thick = if matches!(look.outfit, Outfit::Coat | Outfit::Oilskin) { 1.12 } else { 1.0 };
        let tone = look.main.lift(if side == 1 { -0.07 } else { -0.015 });
        let fist = mid + (hand - mid) * 1.13;
        parts.push(Part::outer(ellipse(fist, 0.17, 0.19), shade.flat(look.skin.lift(-0.02))));
        let mut upper = BezPath::new();
        limb(&mut upper, from, 0.265 * b * thick, mid, 0.215 * b * thick);
        parts.push(Part::outer(upper, shade.body(tone)));
        let mut lower = BezPath::new();
        limb(&mut lower, mid, 0.225 * b * thick, hand, 0.165 * b * thick);
        parts.push(Part::outer(lower, shade.body(tone)));
        if 14.0 < px {
            let along = (hand - mid) / (hand - mid).hypot().max(1e-6);
            let n = Vec2::new(-along.y, along.x) * 0.17 * thick;
            let cuff = line(&[hand + n, hand - n]);
            parts.push(Part::line(cuff, 0.09, shade.flat(look.accent)));
        }
    }

    fn torso(&self, shade: &Shading<'_>, px: f64, parts: &mut Vec<Part>) {
        let look = self.look;
        let (pelvis, neck) = self.frame();
        let along = (neck - pelvis) / TORSO;
        let n = Vec2::new(along.y, -along.x);
        let q = self.mien.turn;
        let b = look.build * (1.0 - 0.24 * q);
        let on = |x: f64, y: f64| pelvis + along * (y * TORSO) + n * x;
        let sw = 0.98 * look.build * (1.0 - 0.34 * q);
        let seated = self.pose.seat != Seat::None || self.pose.lying || self.pose.crown() < 6.9;
        let (hem, flare) = match look.outfit {
            Outfit::Jacket | Outfit::Jumper => (0.30, 0.02),
            Outfit::Suit => (0.62, 0.06),
            Outfit::Coat => (1.75, 0.30),
            Outfit::Oilskin => (1.35, 0.26),
            Outfit::Dress => (1.95, 0.52),
        };
        let hem = if seated { 0.34 } else { hem };
        // The skirt of a coat follows the thighs.
        let knees = [self.leg(0), self.leg(1)].map(|(hip, knee, _)| hip + (knee - hip) * (hem / THIGH).min(1.0));
        let left = knees.iter().map(|p| p.x).fold(f64::MAX, f64::min) - 0.36 * b - if seated { 0.1 } else { flare };
        let right = knees.iter().map(|p| p.x).fold(f64::MIN, f64::max) + 0.36 * b + if seated { 0.1 } else { flare };
        let (left, right) = if seated { (left.max(-0.85), right.min(0.85)) } else { (left, right) };
        let low = pelvis.y - hem;
        let waist = if matches!(look.outfit, Outfit::Dress) { 0.56 } else { 0.70 };
        let points = [
            on(-0.26, 1.03),
            on(-sw * 0.56, 0.965),
            on(-sw * 0.92, 0.885),
            on(-sw * 0.98, 0.76),
            on(-0.80 * b, 0.58),
            on(-waist * b, 0.26),
            on(-0.78 * b, 0.0),
            pt(left, low + 0.04),
            pt(left + 0.06, low),
            pt((left + right) / 2.0, low - 0.03),
            pt(right - 0.06, low),
            pt(right, low + 0.04),
            on(0.78 * b, 0.0),
            on(waist * b, 0.26),
            on(0.80 * b, 0.58),
            on(sw * 0.98, 0.76),
            on(sw * 0.92, 0.885),
            on(sw * 0.56, 0.965),
            on(0.26, 1.03),
        ];
        parts.push(Part::outer(smooth(&points), shade.body(look.main)));
        if px < 12.0 {
            return;
        }
        self.trimmings(&on, b, low, shade, px, parts);
    }

    fn trimmings(
        &self,
        on: &dyn Fn(f64, f64) -> Point,
        b: f64,
        low: f64,
        shade: &Shading<'_>,
        px: f64,
        parts: &mut Vec<Part>,
    ) {
        let look = self.look;
        if self.mien.back {
            let seam = line(&[on(0.0, 0.96), on(0.0, 0.1)]);
            parts.push(Part::line(seam, 0.03, shade.flat(look.main.lift(-0.08))));
            return;
        }
        // The middle of the chest turns with the figure.
        let m = 0.32 * self.mien.turn * b;
        let dark = shade.flat(look.main.lift(-0.10));
        let edge = shade.flat(look.main.lift(0.07));
        match look.outfit {
            Outfit::Suit => {
                let shirt = poly(&[on(m - 0.24, 1.04), on(m + 0.24, 1.04), on(m + 0.03, 0.56)]);
                parts.push(Part::inner(shirt, shade.flat(lch(0.92, 0.01, 90.0))));
                let tie = poly(&[
                    on(m - 0.06, 0.985),
                    on(m + 0.06, 0.985),
                    on(m + 0.10, 0.66),
                    on(m + 0.02, 0.58),
                    on(m - 0.06, 0.66),
                ]);
                parts.push(Part::inner(tie, shade.flat(look.accent)));
                for side in [-1.0, 1.0] {
                    let lapel = poly(&[
                        on(m + side * 0.22, 1.05),
                        on(m + side * 0.40, 0.80),
                        on(m + side * 0.26, 0.77),
                        on(m + 0.03, 0.54),
                        on(m + side * 0.12, 0.86),
                    ]);
                    parts.push(Part::inner(lapel, edge.clone()));
                }
                parts.push(Part::line(line(&[on(m + 0.03, 0.55), pt(m + 0.05, low + 0.03)]), 0.035, dark));
            }
            Outfit::Jacket | Outfit::Coat | Outfit::Oilskin => {
                let inner = poly(&[on(m - 0.25, 1.05), on(m + 0.25, 1.05), on(m + 0.02, 0.70)]);
                parts.push(Part::inner(inner, shade.flat(look.accent)));
                for side in [-1.0, 1.0] {
                    let collar = poly(&[
                        on(m + side * 0.20, 1.10),
                        on(m + side * 0.44, 0.93),
                        on(m + side * 0.30, 0.80),
                        on(m + 0.02, 0.68),
                        on(m + side * 0.15, 0.92),
                    ]);
                    parts.push(Part::inner(collar, edge.clone()));
                    let pocket = line(&[on(m * 0.5 + side * 0.48 * b, 0.16), on(m * 0.5 + side * 0.24 * b, 0.13)]);
                    parts.push(Part::line(pocket, 0.05, dark.clone()));
                }
                parts.push(Part::line(line(&[on(m + 0.02, 0.69), pt(m + 0.06, low + 0.03)]), 0.04, dark.clone()));
                if 26.0 < px {
                    for y in [0.56, 0.38, 0.20] {
                        parts.push(Part::inner(
                            ellipse(on(m + 0.12, y), 0.045, 0.045),
                            shade.flat(look.accent.lift(-0.1)),
                        ));
                    }
                }
                if look.outfit == Outfit::Oilskin {
                    let band = line(&[on(-0.72 * b, 0.02), on(0.72 * b, 0.02)]);
                    parts.push(Part::line(band, 0.07, edge));
                }
            }
            Outfit::Jumper => {
                let collar = line(&[on(m - 0.24, 1.0), on(m, 0.95), on(m + 0.24, 1.0)]);
                parts.push(Part::line(collar, 0.15, edge));
                for y in [0.66, 0.60] {
                    let stripe = line(&[on(-0.70 * b, y + 0.01), on(m * 0.4, y), on(0.70 * b, y + 0.01)]);
                    parts.push(Part::line(stripe, 0.075, shade.flat(look.accent)));
                }
            }
            Outfit::Dress => {
                let neckline = poly(&[on(m - 0.26, 1.06), on(m + 0.26, 1.06), on(m + 0.10, 0.86), on(m - 0.10, 0.86)]);
                parts.push(Part::inner(neckline, shade.flat(look.skin.lift(-0.03))));
                let belt = line(&[on(-0.54 * b, 0.27), on(0.54 * b, 0.27)]);
                parts.push(Part::line(belt, 0.13, shade.flat(look.accent)));
            }
        }
    }
}

fn move_parts(parts: &mut [Part], by: Affine) {
    for part in parts {
        part.path.apply_affine(by);
        match &mut part.paint {
            Paint::Flat(_) => {}
            Paint::Linear(a, b, _) => (*a, *b) = (by * *a, by * *b),
            Paint::Radial(c, ..) => *c = by * *c,
        }
    }
}
