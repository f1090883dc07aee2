//! A head: hair, face, features, in units of its own height around its middle, y up, facing right.
//!
//! It knows the look and the moment (turn, gaze, voice, blink), never the shot.

use vello_cpu::kurbo::{BezPath, Point};

use crate::figure::{Part, Shading};
use crate::look::{Hair, Hat, Look};
use crate::math::Rng;
use crate::shapes::{add_ellipse, ellipse, limb, pt, smooth};
use crate::tone::lch;

/// What a head does at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mien {
    /// 0 faces us, 0.75 is three quarters.
    pub(crate) turn: f64,
    pub(crate) back: bool,
    /// -1 to 1, towards where the figure faces.
    pub(crate) gaze: f64,
    /// How far the mouth is open, 0 to 1.
    pub(crate) mouth: f64,
    /// How far the eyes are open, 0 to 1.
    pub(crate) eyes: f64,
    /// -1 sad or afraid, 1 glad.
    pub(crate) mood: f64,
    /// 0 calm, 1 angry.
    pub(crate) anger: f64,
    /// 0 calm, 1 surprised.
    pub(crate) alarm: f64,
}

impl Mien {
    /// Reads the mood out of words: the emotion, the parenthetical.
    pub(crate) fn feel(&mut self, words: &str) {
        let words: String = words.chars().take(400).collect::<String>().to_lowercase();
        let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
        if has(&["smil", "happy", "joy", "laugh", "glad", "amus", "grin", "relie", "warm", "love"]) {
            self.mood = 1.0;
        }
        if has(&[
            "sad", "tear", "cry", "grief", "afraid", "scared", "fear", "worr", "anxious", "hurt", "tired", "lonely",
        ]) {
            self.mood = -1.0;
        }
        if has(&["angry", "anger", "furious", "rage", "shout", "stern", "bitter", "determin", "cold"]) {
            self.anger = 1.0;
            self.mood = self.mood.min(-0.3);
        }
        if has(&["surpris", "shock", "alarm", "startl", "terrif", "awe", "amaz", "horror"]) {
            self.alarm = 1.0;
        }
    }
}

/// What lies behind the body: long hair.
pub(crate) fn behind(look: &Look, mien: &Mien, shade: &Shading<'_>, parts: &mut Vec<Part>) {
    let q = mien.turn;
    let hair = shade.hair(look.hair.lift(-0.05));
    match look.style {
        Hair::Long => {
            let points = [
                (0.0, 0.52),
                (0.36, 0.36),
                (0.43, 0.0),
                (0.42 - 0.1 * q, -0.5),
                (0.36 - 0.2 * q, -0.95),
                (-0.1 * q, -1.05),
                (-0.44 - 0.1 * q, -0.98),
                (-0.52 - 0.12 * q, -0.5),
                (-0.46 - 0.12 * q, 0.1),
                (-0.36 - 0.1 * q, 0.42),
            ];
            parts.push(Part::outer(curve(&points), hair));
        }
        Hair::Bob => {
            let points = [
                (0.0, 0.52),
                (0.38, 0.36),
                (0.45, 0.0),
                (0.45 - 0.12 * q, -0.40),
                (0.2 - 0.1 * q, -0.50),
                (-0.28 - 0.05 * q, -0.52),
                (-0.50 - 0.08 * q, -0.40),
                (-0.48 - 0.12 * q, 0.05),
                (-0.38 - 0.1 * q, 0.42),
            ];
            parts.push(Part::outer(curve(&points), hair));
        }
        Hair::Bun => parts.push(Part::outer(ellipse(pt(-0.16 - 0.36 * q, 0.56 - 0.24 * q), 0.19, 0.18), hair)),
        Hair::Curls => {
            let mut rng = Rng::new(look.seed ^ 0xc0);
            for i in 0..11 {
                let a = std::f64::consts::PI * (f64::from(i) / 10.0 * 1.36 - 0.18);
                let (s, c) = (crate::math::sin(a), crate::math::cos(a));
                let r = rng.range(0.15, 0.20);
                parts.push(Part::outer(ellipse(pt(0.38 * c - 0.1 * q, 0.10 + 0.38 * s), r, r), hair.clone()));
            }
        }
        _ => {}
    }
}

/// The head itself. `px` is its height in pixels: small heads get fewer features.
pub(crate) fn head(look: &Look, mien: &Mien, shade: &Shading<'_>, px: f64, parts: &mut Vec<Part>) {
    let q = mien.turn;
    let skin = shade.skin(look.skin);
    if mien.back {
        parts.push(Part::outer(ellipse(pt(-0.36, -0.03), 0.06, 0.10), skin.clone()));
        parts.push(Part::outer(ellipse(pt(0.36, -0.03), 0.06, 0.10), skin.clone()));
        let bald = look.style == Hair::Bald;
        let cover = if bald { skin } else { shade.hair(look.hair) };
        let points = [
            (0.0, 0.56),
            (0.27, 0.49),
            (0.40, 0.25),
            (0.38, 0.0),
            (0.30, -0.30),
            (0.12, -0.44),
            (-0.12, -0.44),
            (-0.30, -0.30),
            (-0.38, 0.0),
            (-0.40, 0.25),
            (-0.27, 0.49),
        ];
        parts.push(Part::outer(curve(&points), cover));
        hat(look, q, shade, parts);
        return;
    }
    if q < 0.35 {
        parts.push(Part::outer(ellipse(pt(0.365, -0.03), 0.05, 0.10), skin.clone()));
    }
    parts.push(Part::outer(face(look, q), skin.clone()));
    // The side away from the light, and the hollow under the brow, as one soft shadow.
    if look.beard {
        beard(look, q, shade, parts);
    }
    if 11.0 < px {
        features(look, mien, shade, px, parts);
    }
    let ear = pt(-0.355 + 0.17 * q, -0.04);
    parts.push(Part::outer(ellipse(ear, 0.055 + 0.02 * q, 0.10), skin));
    if 40.0 < px {
        let inner = ellipse(pt(ear.x + 0.005, ear.y), 0.025 + 0.012 * q, 0.055);
        parts.push(Part::inner(inner, shade.flat(look.skin.lift(-0.10))));
    }
    cap(look, q, shade, px, parts);
    hat(look, q, shade, parts);
}

fn curve(points: &[(f64, f64)]) -> BezPath {
    let points: Vec<Point> = points.iter().map(|(x, y)| pt(*x, *y)).collect();
    smooth(&points)
}

fn face(look: &Look, q: f64) -> BezPath {
    let jaw = if look.beard || look.build > 1.05 { 1.0 } else { 0.92 };
    let outline = [
        (0.0, 0.50),
        (0.22, 0.455),
        (0.345, 0.29),
        (0.365, 0.10),
        (0.35, -0.05),
        (0.335, -0.17),
        (0.27, -0.34),
        (0.15, -0.465),
        (0.02, -0.50),
        (-0.13, -0.475),
        (-0.26, -0.36),
        (-0.33, -0.19),
        (-0.365, 0.0),
        (-0.37, 0.13),
        (-0.34, 0.30),
        (-0.22, 0.455),
    ];
    let points: Vec<(f64, f64)> = outline
        .iter()
        .map(|&(x, y)| {
            let x = if y < -0.25 { x * jaw } else { x };
            let forward = if y < -0.1 { 0.12 } else { 0.02 };
            let skull = if x < 0.0 && 0.0 < y { -0.10 } else { 0.0 };
            (x + q * (forward + skull), y)
        })
        .collect();
    curve(&points)
}

fn beard(look: &Look, q: f64, shade: &Shading<'_>, parts: &mut Vec<Part>) {
    let f = 0.13 * q;
    let points = [
        (-0.35 + 0.12 * q, -0.02),
        (-0.27 + f, -0.17),
        (-0.15 + 0.18 * q, -0.185),
        (0.18 * q, -0.20),
        (0.15 + 0.18 * q, -0.185),
        (0.27 + f, -0.17),
        (0.355 + 0.02 * q, -0.02),
        (0.345 + f, -0.25),
        (0.23 + f, -0.50),
        (f, -0.60),
        (-0.23 + f, -0.50),
        (-0.345 + f, -0.25),
    ];
    parts.push(Part::outer(curve(&points), shade.hair(look.hair)));
}

fn features(look: &Look, mien: &Mien, shade: &Shading<'_>, px: f64, parts: &mut Vec<Part>) {
    let q = mien.turn;
    let fine = 34.0 < px;
    let dark = shade.flat(look.skin.lift(-0.34).mix(lch(0.2, 0.05, 30.0), 0.4));
    let shadow = shade.flat(look.skin.lift(-0.11).mix(lch(0.40, 0.10, 35.0), 0.18));
    let brow = shade.flat(look.hair.lift(-0.08).mix(lch(0.25, 0.03, 50.0), 0.35));
    let white = shade.flat(lch(0.93, 0.01, 80.0));
    let irises = [lch(0.36, 0.06, 60.0), lch(0.48, 0.07, 240.0), lch(0.46, 0.06, 150.0), lch(0.30, 0.04, 50.0)];
    let iris = shade.flat(irises[(look.seed >> 20) as usize % irises.len()]);

    let ey = 0.02;
    for (side, narrow) in [(-1.0, 1.0 - 0.08 * q), (1.0, 1.0 - 0.42 * q)] {
        let cx = q * 0.20 + side * 0.163 * (1.0 - 0.22 * q);
        let w = 0.088 * narrow;
        let open = (mien.eyes * (1.0 + 0.25 * mien.alarm - 0.15 * mien.anger)).clamp(0.0, 1.3);
        if !fine {
            parts.push(Part::inner(ellipse(pt(cx + 0.02 * mien.gaze, ey), 0.042 * narrow, 0.042), dark.clone()));
        } else {
            // The socket, the white, the iris, the lid.
            parts.push(Part::inner(
                ellipse(pt(cx, ey + 0.035), w * 1.25, 0.075),
                shade.flat(look.skin.lift(-0.06).fade(0.55)),
            ));
            let (up, down) = (0.060 * open, 0.040 * open);
            let mut eye = BezPath::new();
            eye.move_to(pt(cx - w, ey));
            eye.curve_to(pt(cx - w * 0.5, ey + up * 1.25), pt(cx + w * 0.5, ey + up * 1.25), pt(cx + w, ey + 0.004));
            eye.curve_to(pt(cx + w * 0.5, ey - down), pt(cx - w * 0.5, ey - down), pt(cx - w, ey));
            eye.close_path();
            parts.push(Part::inner(eye, white.clone()));
            if 0.2 < open {
                let at = pt(cx + mien.gaze * 0.034 * narrow, ey + 0.010);
                let ry = (0.047_f64).min(0.053 * open);
                parts.push(Part::inner(ellipse(at, 0.044 * narrow, ry), iris.clone()));
                parts.push(Part::inner(ellipse(at, 0.022 * narrow, ry * 0.5), shade.flat(lch(0.12, 0.01, 50.0))));
                let spark = pt(at.x - 0.014, at.y + 0.016);
                parts.push(Part::inner(ellipse(spark, 0.010 * narrow, 0.010), shade.flat(lch(0.99, 0.0, 0.0))));
            }
            let mut lid = BezPath::new();
            lid.move_to(pt(cx - w * 1.08, ey - 0.005));
            lid.curve_to(
                pt(cx - w * 0.5, ey + up * 1.25),
                pt(cx + w * 0.5, ey + up * 1.25),
                pt(cx + w * 1.1, ey + 0.008),
            );
            parts.push(Part::line(lid, 0.020, dark.clone()));
        }
        let height = ey + 0.125 + 0.035 * mien.alarm;
        let (inner, outer) = (cx - side * w * 1.15, cx + side * w * 1.35);
        let slope = 0.030 * mien.mood.min(0.0).abs() - 0.045 * mien.anger;
        let mut arch = BezPath::new();
        arch.move_to(pt(inner, height - 0.012 + slope));
        arch.quad_to(
            pt((inner + outer) / 2.0, height + 0.028 + 0.015 * mien.alarm),
            pt(outer, height - 0.018 - slope * 0.5),
        );
        parts.push(Part::line(arch, 0.034, brow.clone()));
        if look.glasses && fine {
            let mut rim = BezPath::new();
            add_ellipse(&mut rim, pt(cx, ey), 0.125 * narrow, 0.105);
            parts.push(Part::line(rim, 0.018, shade.flat(lch(0.25, 0.02, 60.0))));
        }
    }

    // The nose tells where a face looks: one side of it is in shadow.
    let nx = q * 0.30;
    let mut nose = BezPath::new();
    nose.move_to(pt(nx * 0.74 + 0.005, 0.05));
    nose.quad_to(pt(nx + 0.035 + 0.03 * q, -0.05), pt(nx + 0.050 + 0.075 * q, -0.145));
    nose.quad_to(pt(nx + 0.03, -0.19), pt(nx - 0.045, -0.165));
    nose.quad_to(pt(nx - 0.008, -0.10), pt(nx * 0.74 + 0.005, 0.05));
    nose.close_path();
    parts.push(Part::inner(nose, shadow.clone()));

    let (mx, my, w) = (q * 0.215, -0.292, 0.112 * (1.0 - 0.15 * q));
    let smile = 0.028 * mien.mood - 0.012 * mien.anger;
    if 0.12 < mien.mouth {
        let depth = 0.025 + 0.085 * mien.mouth;
        let mut mouth = BezPath::new();
        mouth.move_to(pt(mx - w * 0.86, my + smile));
        mouth.curve_to(pt(mx - w * 0.4, my + 0.028), pt(mx + w * 0.4, my + 0.028), pt(mx + w * 0.86, my + smile));
        mouth.curve_to(pt(mx + w * 0.6, my - depth), pt(mx - w * 0.6, my - depth), pt(mx - w * 0.86, my + smile));
        mouth.close_path();
        parts.push(Part::inner(mouth, shade.flat(lch(0.24, 0.08, 22.0))));
        if fine {
            let teeth = crate::shapes::rounded(
                vello_cpu::kurbo::Rect::new(mx - w * 0.52, my - 0.006, mx + w * 0.52, my + 0.016),
                0.01,
            );
            parts.push(Part::inner(teeth, white));
        }
    } else {
        let mut mouth = BezPath::new();
        mouth.move_to(pt(mx - w, my + smile));
        mouth.quad_to(pt(mx, my - 0.012 - smile * 0.9), pt(mx + w, my + smile));
        parts.push(Part::line(mouth, 0.022, shade.flat(look.skin.lift(-0.27).mix(lch(0.36, 0.12, 22.0), 0.5))));
    }
    if fine {
        let mut lip = BezPath::new();
        lip.move_to(pt(mx - w * 0.42, my - 0.075 - 0.05 * mien.mouth));
        lip.quad_to(pt(mx, my - 0.090 - 0.06 * mien.mouth), pt(mx + w * 0.42, my - 0.075 - 0.05 * mien.mouth));
        if !look.beard {
            parts.push(Part::line(lip, 0.016, shadow));
        }
    }
}

fn cap(look: &Look, q: f64, shade: &Shading<'_>, px: f64, parts: &mut Vec<Part>) {
    let f = 0.13 * q;
    let b = -0.11 * q;
    let (top, points): (f64, Vec<(f64, f64)>) = match look.style {
        Hair::Bald => return,
        Hair::Crop => (
            0.565,
            vec![
                (-0.325 + 0.13 * q, 0.0),
                (-0.385 + b, 0.06),
                (-0.42 + b, 0.26),
                (-0.31 + b, 0.48),
                (0.0, 0.565),
                (0.29, 0.49),
                (0.385 + 0.01 * q, 0.28),
                (0.365 + 0.02 * q, 0.10),
                (0.33 + 0.4 * f, 0.22),
                (0.23 + f, 0.325),
                (0.02 + f, 0.345),
                (-0.20 + f, 0.31),
                (-0.285 + f, 0.18),
            ],
        ),
        Hair::Side => (
            0.60,
            vec![
                (-0.325 + 0.13 * q, -0.03),
                (-0.395 + b, 0.05),
                (-0.43 + b, 0.28),
                (-0.30 + b, 0.52),
                (0.04, 0.60),
                (0.33, 0.52),
                (0.415, 0.30),
                (0.375, 0.08),
                (0.34 + 0.4 * f, 0.20),
                (0.26 + f, 0.25),
                (0.05 + f, 0.29),
                (-0.15 + f, 0.36),
                (-0.25 + f, 0.26),
                (-0.29 + f, 0.14),
            ],
        ),
        Hair::Bob | Hair::Long => (
            0.585,
            vec![
                (-0.30 + 0.16 * q, -0.30),
                (-0.42 + b, -0.28),
                (-0.47 + b, 0.12),
                (-0.36 + b, 0.47),
                (0.0, 0.585),
                (0.34, 0.47),
                (0.43, 0.12),
                (0.41, -0.24),
                (0.36 + 0.2 * f, -0.05),
                (0.325 + 0.5 * f, 0.18),
                (0.19 + f, 0.30),
                (-0.02 + f, 0.345),
                (-0.18 + f, 0.28),
                (-0.285 + f, 0.10),
            ],
        ),
        Hair::Bun | Hair::Curls => (
            0.57,
            vec![
                (-0.325 + 0.15 * q, -0.04),
                (-0.395 + b, 0.05),
                (-0.42 + b, 0.28),
                (-0.30 + b, 0.50),
                (0.0, 0.57),
                (0.30, 0.49),
                (0.40, 0.26),
                (0.37, 0.06),
                (0.335 + 0.4 * f, 0.20),
                (0.20 + f, 0.335),
                (0.0 + f, 0.365),
                (-0.18 + f, 0.325),
                (-0.29 + f, 0.16),
            ],
        ),
    };
    parts.push(Part::outer(curve(&points), shade.hair(look.hair)));
    if look.style == Hair::Curls {
        let mut rng = Rng::new(look.seed ^ 0xc1);
        for i in 0..6 {
            let x = -0.30 + 0.12 * f64::from(i) + f * 0.5;
            let r = rng.range(0.085, 0.12);
            let y = 0.40 - 0.9 * (x - f * 0.5) * (x - f * 0.5) + 0.03;
            parts.push(Part::inner(ellipse(pt(x, y), r, r * 0.9), shade.hair(look.hair.lift(rng.range(-0.03, 0.05)))));
        }
    } else if 30.0 < px && look.hat == Hat::None {
        // Two strands of light.
        for (x, lift) in [(-0.16, 0.10), (0.02, 0.07)] {
            let mut strand = BezPath::new();
            strand.move_to(pt(x - 0.05 + f, 0.38));
            strand.quad_to(pt(x + b * 0.5, top - 0.10), pt(x + 0.15, top - 0.055));
            parts.push(Part::line(strand, 0.022, shade.flat(look.hair.lift(lift).fade(0.6))));
        }
    }
}

fn hat(look: &Look, q: f64, shade: &Shading<'_>, parts: &mut Vec<Part>) {
    let b = -0.09 * q;
    let cloth = shade.cloth(look.accent);
    match look.hat {
        Hat::None => {}
        Hat::Beanie => {
            let points = [
                (-0.42 + b, 0.24),
                (-0.42 + b, 0.44),
                (-0.27 + b, 0.63),
                (0.0 + b * 0.5, 0.69),
                (0.28, 0.62),
                (0.41, 0.42),
                (0.405, 0.24),
                (0.2, 0.27),
                (-0.2, 0.27),
            ];
            parts.push(Part::outer(curve(&points), cloth));
            let mut band = BezPath::new();
            limb(&mut band, pt(-0.38 + b, 0.27), 0.075, pt(0.385, 0.27), 0.075);
            parts.push(Part::inner(band, shade.cloth(look.accent.lift(-0.07))));
        }
        Hat::Cap => {
            let points = [
                (-0.42 + b, 0.22),
                (-0.46 + b, 0.42),
                (-0.25 + b, 0.62),
                (0.05, 0.66),
                (0.36, 0.58),
                (0.44, 0.36),
                (0.40, 0.22),
                (0.0, 0.26),
            ];
            parts.push(Part::outer(curve(&points), shade.cloth(look.main.lift(-0.06))));
            let mut peak = BezPath::new();
            limb(&mut peak, pt(-0.16 + 0.3 * q, 0.225), 0.045, pt(0.34 + 0.22 * q, 0.20), 0.04);
            parts.push(Part::outer(peak, shade.flat(lch(0.20, 0.02, 260.0))));
            parts.push(Part::inner(ellipse(pt(0.06 + 0.2 * q, 0.36), 0.055, 0.055), cloth));
        }
        Hat::Brim => {
            let points = [
                (-0.34 + b, 0.26),
                (-0.33 + b, 0.55),
                (-0.17 + b, 0.70),
                (0.02, 0.66),
                (0.20, 0.70),
                (0.34, 0.55),
                (0.35, 0.26),
                (0.0, 0.22),
            ];
            parts.push(Part::outer(curve(&points), cloth.clone()));
            let mut brim = BezPath::new();
            limb(&mut brim, pt(-0.60 + b, 0.27), 0.05, pt(0.62, 0.27), 0.05);
            parts.push(Part::outer(brim, cloth));
            let mut band = BezPath::new();
            limb(&mut band, pt(-0.30 + b, 0.335), 0.035, pt(0.31, 0.335), 0.035);
            parts.push(Part::inner(band, shade.flat(lch(0.22, 0.02, 60.0))));
        }
    }
}
