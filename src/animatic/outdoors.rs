//! Outdoor places, built in metres around the subject and seen through the camera, so that every move gives parallax.
//!
//! Things stand at whole-numbered places with chance seeded by number, so what a pan uncovers was always there.

use model::Weather;
use vello_cpu::kurbo::{BezPath, Point, Rect};

use crate::canvas::{Canvas, Paint, blend, glow};
use crate::light::Light;
use crate::math::{Rng, TAU, cos, sin};
use crate::place::{Kind, Place};
use crate::shapes::{add_ellipse, ellipse, line, poly, pt, ridge};
use crate::sky::everything;
use crate::tone::{Tone, lch};
use crate::view::View;

/// What scenery is painted with.
pub(crate) struct Set<'a> {
    pub(crate) canvas: &'a mut dyn Canvas,
    pub(crate) view: &'a View,
    pub(crate) light: &'a Light,
    pub(crate) place: &'a Place,
    pub(crate) weather: Weather,
    pub(crate) t: f64,
}

pub(crate) fn paint_outdoors(set: &mut Set<'_>) {
    match set.place.kind {
        Kind::Sea => sea(set, true),
        Kind::Lighthouse => {
            sea(set, false);
            lighthouse(set);
            foreground(set);
        }
        Kind::Harbour => harbour(set),
        Kind::Street => street(set),
        Kind::Forest => forest(set),
        Kind::Desert => desert(set),
        Kind::Mountain => mountain(set),
        _ => field(set),
    }
}

impl Set<'_> {
    fn rng(&self, salt: u64) -> Rng {
        Rng::new(self.place.seed ^ salt.wrapping_mul(0x9e37_79b9))
    }

    /// The range of X that is seen at a distance, with a margin.
    pub(crate) fn seen(&self, z: f64) -> (f64, f64) {
        let scale = self.view.scale(z);
        let middle = self.view.at[0] - self.view.shift.x / scale;
        let half = 0.74 * self.view.width / scale;
        (middle - half, middle + half)
    }

    /// Whole-numbered places that are seen, at most eighty.
    fn spots(&self, z: f64, spacing: f64) -> std::ops::RangeInclusive<i64> {
        let (from, to) = self.seen(z);
        let first = (from / spacing).floor() as i64 - 1;
        first..=((to / spacing).ceil() as i64 + 1).min(first + 80)
    }

    /// From the skyline, or from the edge at `z`, down to the bottom.
    fn ground(&mut self, tone: Tone, edge_z: Option<f64>) {
        let all = everything(self.view);
        let top = edge_z.map_or(self.view.skyline(), |z| self.view.see(0.0, 0.0, z).y).clamp(all.y0, all.y1 - 1.0);
        let z_top = edge_z.unwrap_or(400.0);
        let far = self.light.far(tone, z_top).mix(self.light.haze, 0.15);
        let near = self.light.lit(tone.lift(-0.10));
        let middle = self.light.far(tone, self.view.subject_z);
        let stops = vec![(0.0, far), (0.35, middle), (1.0, near)];
        let bottom = self.view.height.max(top + self.view.height * 0.3);
        self.canvas.rect(Rect { y0: top, ..all }, &Paint::Linear(pt(0.0, top), pt(0.0, bottom), stops));
    }

    /// A line of hills at a distance: base height, height of the waves and their length in metres.
    fn hills(&mut self, z: f64, base: f64, amp: f64, wave: f64, tone: Tone) {
        let mut rng = self.rng((z * 10.0) as u64);
        let phases: [f64; 4] = std::array::from_fn(|_| rng.unit() * TAU);
        let (from, to) = self.seen(z);
        let n = 40;
        let points: Vec<Point> = (0..=n)
            .map(|i| {
                let x = from + (to - from) * f64::from(i) / f64::from(n);
                let mut y = 0.0;
                for (k, phase) in phases.iter().enumerate() {
                    let f = [1.0, 2.3, 4.1, 8.7][k];
                    y += sin(x / wave * TAU * f + phase) * [0.55, 0.26, 0.13, 0.05][k];
                }
                self.view.see(x, base + amp * (0.55 + 0.6 * y), z)
            })
            .collect();
        let top = points.iter().map(|p| p.y).fold(f64::MAX, f64::min);
        let bottom = self.view.see(0.0, 0.0, z).y + self.view.height * 0.04;
        let tone = self.light.far(tone, z);
        let fade = tone.mix(self.light.haze, 0.45);
        self.canvas.fill(&ridge(&points, bottom.max(top + 1.0)), &blend(pt(0.0, top), pt(0.0, bottom), tone, fade));
    }

    /// Dry strokes on the ground near the subject, so that it lies flat and moves with the camera.
    fn tufts(&mut self, tone: Tone, height: f64) {
        let d = self.view.subject_z;
        for (k, factor) in [2.6, 1.7, 1.15, 0.8].into_iter().enumerate() {
            let z = d * factor;
            if self.view.scale(z) * height < 1.5 || self.view.height * 1.2 < self.view.see(0.0, 0.0, z).y {
                continue;
            }
            let spacing = (d * 0.16).max(0.3);
            let mut path = BezPath::new();
            for i in self.spots(z, spacing) {
                let mut rng = self.rng(i as u64 ^ ((k as u64) << 40) ^ 0x70f7);
                let x = (i as f64 + rng.unit()) * spacing;
                let zz = z * rng.range(0.85, 1.15);
                for _ in 0..3 {
                    let (dx, h) = (rng.range(-0.4, 0.4) * height, height * rng.range(0.4, 1.0));
                    let foot = self.view.see(x + dx, 0.0, zz);
                    let sway = 0.06 * height * sin(self.t * 1.6 + x);
                    path.move_to(foot);
                    path.line_to(self.view.see(x + dx * 1.6 + sway, h, zz));
                }
            }
            let paint: Paint = self.light.far(tone.lift(0.03 * k as f64 - 0.05), z).fade(0.8).into();
            self.canvas.stroke(&path, (self.view.scale(z) * 0.016).clamp(0.6, 4.0), &paint);
        }
    }
}

fn sea(set: &mut Set<'_>, with_shore: bool) {
    let all = everything(set.view);
    let top = set.view.skyline().clamp(all.y0, all.y1 - 1.0);
    let (h, w) = (set.view.height, set.view.width);
    let deep = set.light.lit(lch(0.42, 0.065, 225.0));
    let far = set.light.sky_low.mix(set.light.lit(lch(0.52, 0.06, 225.0)), 0.55);
    set.canvas.rect(
        Rect { y0: top, ..all },
        &Paint::Linear(
            pt(0.0, top),
            pt(0.0, top + h * 0.55),
            vec![(0.0, far), (0.25, far.mix(deep, 0.6)), (1.0, deep)],
        ),
    );
    // The light's road on the water.
    if -0.5 < set.light.disc {
        let x = w * (0.5 + set.light.side * 0.30) + set.view.shift.x;
        let road = Rect::new(x - w * 0.035, top, x + w * 0.035, top + h * 0.34);
        set.canvas.soft(road, h * 0.02, h * 0.035, set.light.rim.fade(if set.light.night { 0.22 } else { 0.42 }));
    }
    let rough = match set.weather {
        Weather::Storm => 2.2,
        Weather::Rain => 1.4,
        _ => 1.0,
    };
    let mut rng = set.rng(0x5ea);
    let mut light = BezPath::new();
    let mut dark = BezPath::new();
    for i in 0..130 {
        let v = rng.unit();
        let y = top + h * (0.004 + 0.5 * v * v);
        let long = w * (0.006 + 0.060 * v) * rng.range(0.5, 1.3);
        let drift = sin(set.t * rng.range(0.5, 1.1) + rng.unit() * TAU);
        let x = rng.range(-0.4, 1.4) * w + set.view.shift.x + drift * w * 0.008 * rough - set.view.at[0] * 30.0 * v;
        let swell = 1.0 + 0.6 * sin(set.t * 1.3 + f64::from(i));
        let path = if i % 2 == 0 { &mut light } else { &mut dark };
        add_ellipse(
            path,
            pt(x, y + drift * h * 0.002 * rough),
            long * 0.5,
            (h * 0.0011 + h * 0.0035 * v) * swell * 0.5 * rough,
        );
    }
    set.canvas.fill(&dark, &deep.lift(-0.08).fade(0.45).into());
    set.canvas.fill(&light, &set.light.rim.mix(far, 0.35).fade(0.50).into());
    let rock = set.place.second;
    set.hills(1800.0, -6.0, 90.0, 2600.0, rock.lift(-0.05));
    set.hills(700.0, -30.0, 44.0, 1300.0, rock.lift(-0.12));
    if with_shore {
        foreground(set);
    }
}

/// The cliff top that figures stand on.
fn foreground(set: &mut Set<'_>) {
    let d = set.view.subject_z;
    let z = d + 5.0 + d * 0.35;
    let mut rng = set.rng(0xc11f);
    let tilt = rng.range(-0.03, 0.03);
    let phase = rng.unit() * TAU;
    let (from, to) = set.seen(z);
    let edge: Vec<Point> = (0..=30)
        .map(|i| {
            let x = from + (to - from) * f64::from(i) / 30.0;
            let bump = 0.12 * sin(x * 0.9 + phase) + 0.06 * sin(x * 2.3 + phase) + x * tilt;
            set.view.see(x, (bump + 0.05) * z * 0.06, z)
        })
        .collect();
    let all = everything(set.view);
    let top = edge.iter().map(|p| p.y).fold(f64::MAX, f64::min);
    let far = set.light.far(set.place.base.lift(0.03), z);
    let near = set.light.lit(set.place.base.lift(-0.14));
    let bottom = set.view.height.max(top + 40.0);
    set.canvas.fill(&ridge(&edge, all.y1), &blend(pt(0.0, top), pt(0.0, bottom), far, near));
    set.canvas.stroke(&line(&edge), set.view.height * 0.0025, &set.light.rim.fade(0.30).into());
    set.tufts(set.place.base.lift(-0.06), 0.22);
    // Stones give the ground a scale.
    for i in set.spots(d * 1.5, 1.7) {
        let mut rng = set.rng(i as u64 ^ 0x570e);
        if rng.chance(0.45) {
            let zz = d * rng.range(1.15, 2.4);
            let at = set.view.see((i as f64 + rng.unit()) * 1.7, 0.0, zz);
            let r = set.view.scale(zz) * rng.range(0.08, 0.24);
            let tone = set.light.far(set.place.second.lift(-0.02), zz);
            let paint =
                blend(pt(at.x - r, at.y - r), pt(at.x + r, at.y), tone.mix(set.light.rim, 0.25), tone.lift(-0.14));
            set.canvas.fill(&ellipse(at, r * 1.4, r * 0.75), &paint);
        }
    }
}

fn lighthouse(set: &mut Set<'_>) {
    let view = set.view;
    let mut rng = set.rng(0x11);
    let right = if rng.chance(0.5) { 1.0 } else { -1.0 };
    // As near as it can stand with its lantern inside the frame.
    let room = (view.horizon - view.height * 0.13).max(view.height * 0.16);
    let z = (19.0 * view.focal / room).clamp(view.subject_z + 25.0, 900.0);
    let x = view.across(right * 0.24, z);
    let s = |dx: f64, y: f64| view.see(x + dx, y - 1.5, z);
    let far = |tone: Tone| set.light.far(tone, z * 0.5);
    let cliff: Vec<Point> =
        [(-34.0, -6.0), (-20.0, 0.4), (-8.0, 1.4), (5.0, 1.6), (16.0, 0.8), (30.0, -2.0), (52.0, -7.0)]
            .iter()
            .map(|(dx, y)| s(dx * right, *y))
            .collect();
    let mut sorted = cliff;
    sorted.sort_by(|a, b| a.x.total_cmp(&b.x));
    let bottom = view.see(0.0, -40.0, z).y;
    let stone = far(set.place.second);
    let top = s(0.0, 2.0).y;
    set.canvas.fill(&ridge(&sorted, bottom), &blend(pt(0.0, top), pt(0.0, bottom), stone, stone.lift(-0.16)));
    let shaft = |y0: f64, y1: f64| {
        let half = |y: f64| 2.3 - 0.055 * y;
        poly(&[s(-half(y0), y0), s(half(y0), y0), s(half(y1), y1), s(-half(y1), y1)])
    };
    let (left, rightmost) = (s(-2.3, 0.0), s(2.3, 0.0));
    let round = |tone: Tone| {
        let tone = far(tone);
        let lit = tone.mix(set.light.rim, 0.35);
        let (a, b) = if set.light.side < 0.0 { (left, rightmost) } else { (rightmost, left) };
        Paint::Linear(a, b, vec![(0.0, lit), (0.4, tone), (1.0, tone.lift(-0.20))])
    };
    let white = round(lch(0.90, 0.01, 90.0));
    let band = round(set.place.accent);
    // The keeper's house.
    let house = |dx: f64| dx * right;
    let wall = poly(&[s(house(3.0), 0.0), s(house(11.0), 0.0), s(house(11.0), 3.4), s(house(3.0), 3.4)]);
    set.canvas.fill(&wall, &far(lch(0.80, 0.02, 85.0)).into());
    let roof = poly(&[s(house(2.4), 3.3), s(house(11.6), 3.3), s(house(10.0), 5.6), s(house(4.0), 5.6)]);
    set.canvas.fill(&roof, &far(lch(0.38, 0.05, 30.0)).into());
    for dx in [4.6, 7.0, 9.4] {
        let pane =
            poly(&[s(house(dx - 0.5), 1.1), s(house(dx + 0.5), 1.1), s(house(dx + 0.5), 2.4), s(house(dx - 0.5), 2.4)]);
        let tone = if set.light.lamps { lch(0.88, 0.13, 80.0) } else { far(lch(0.35, 0.03, 240.0)) };
        set.canvas.fill(&pane, &tone.into());
    }
    set.canvas.fill(&shaft(0.0, 17.0), &white);
    set.canvas.fill(&shaft(3.4, 6.8), &band);
    set.canvas.fill(&shaft(10.2, 13.6), &band);
    let dark = far(lch(0.26, 0.02, 260.0));
    for y in [2.0, 8.4, 15.0] {
        set.canvas.fill(&poly(&[s(-0.35, y), s(0.35, y), s(0.35, y + 1.1), s(-0.35, y + 1.1)]), &dark.into());
    }
    set.canvas.fill(&poly(&[s(-2.2, 17.0), s(2.2, 17.0), s(2.2, 17.5), s(-2.2, 17.5)]), &dark.into());
    let on = set.light.lamps || set.weather == Weather::Rain;
    let pane = if on { lch(0.97, 0.08, 92.0) } else { far(lch(0.70, 0.04, 220.0)) };
    set.canvas.fill(&poly(&[s(-1.15, 17.5), s(1.15, 17.5), s(1.05, 19.6), s(-1.05, 19.6)]), &pane.into());
    for dx in [-1.1, -0.37, 0.37, 1.1] {
        set.canvas.stroke(&line(&[s(dx, 17.5), s(dx * 0.95, 19.6)]), (view.scale(z) * 0.12).max(0.7), &dark.into());
    }
    let dome = poly(&[s(-1.45, 19.5), s(1.45, 19.5), s(0.55, 20.9), s(0.0, 21.6), s(-0.55, 20.9)]);
    set.canvas.fill(&dome, &far(set.place.accent.lift(-0.10)).into());
    if on {
        beam(set, s(0.0, 18.5));
    }
}

/// The turning light: two cones that swing around, brightest when one meets our eye.
fn beam(set: &mut Set<'_>, at: Point) {
    let (w, h) = (set.view.width, set.view.height);
    let turn = TAU * set.t / 9.0 + 0.7;
    let strength = if set.light.night { 0.55 } else { 0.32 };
    let tone = lch(0.96, 0.07, 92.0);
    for k in [0.0, 0.5] {
        let a = turn + TAU * k;
        let (along, towards) = (cos(a), sin(a));
        let reach = w * 1.25 * along;
        let spread = h * (0.045 + 0.10 * along.abs()) + h * 0.10 * towards.max(0.0);
        let end = pt(at.x + reach, at.y + h * 0.05 * towards);
        let cone = poly(&[at, pt(end.x, end.y - spread), pt(end.x, end.y + spread)]);
        let opacity = strength * (0.25 + 0.75 * along.abs());
        let stops = vec![(0.0, tone.fade(opacity)), (0.35, tone.fade(opacity * 0.35)), (1.0, tone.fade(0.0))];
        set.canvas.fill(&cone, &Paint::Linear(at, end, stops));
        let flare = towards.max(0.0);
        let flare = flare * flare * flare;
        let r = h * (0.05 + 0.20 * flare);
        set.canvas.fill(&ellipse(at, r, r), &glow(at, r, tone.fade(0.35 + 0.55 * flare)));
    }
}

fn harbour(set: &mut Set<'_>) {
    sea(set, false);
    let d = set.view.subject_z;
    // Masts and hulls beyond the quay.
    for (z, spacing) in [(d + 46.0, 13.0), (d + 22.0, 9.0)] {
        for i in set.spots(z, spacing) {
            let mut rng = set.rng(i as u64 ^ (z as u64) << 20 ^ 0xb0a7);
            if !rng.chance(0.6) {
                continue;
            }
            let x = (i as f64 + rng.unit() * 0.6) * spacing;
            let rock = 0.12 * sin(set.t * 1.1 + x);
            let (long, hull_hue) = (rng.range(2.2, 3.6), rng.range(0.0, 360.0));
            let s = |dx: f64, y: f64| set.view.see(x + dx, y - 1.0 + rock, z);
            let hull = poly(&[s(-long, 0.0), s(-long * 0.8, -0.9), s(long * 0.8, -0.9), s(long * 1.1, 0.25)]);
            let wide = (set.view.scale(z) * 0.10).max(0.8);
            set.canvas.stroke(
                &line(&[s(0.2, 0.2), s(0.2, 5.8)]),
                wide,
                &set.light.far(lch(0.45, 0.03, 60.0), z).into(),
            );
            set.canvas.stroke(
                &line(&[s(0.2, 5.6), s(long, 0.3)]),
                wide * 0.4,
                &set.light.far(lch(0.45, 0.02, 60.0), z).into(),
            );
            let cabin = poly(&[s(-1.2, 0.0), s(0.9, 0.0), s(0.7, 1.3), s(-1.1, 1.3)]);
            set.canvas.fill(&cabin, &set.light.far(lch(0.86, 0.02, 90.0), z).into());
            set.canvas.fill(&hull, &set.light.far(lch(0.46, 0.09, hull_hue), z).into());
            if set.light.lamps {
                let lamp = s(0.2, 5.6);
                let r = set.view.scale(z) * 0.9;
                set.canvas.fill(&ellipse(lamp, r, r), &glow(lamp, r, lch(0.90, 0.12, 80.0).fade(0.8)));
            }
        }
    }
    let edge = d + 3.2 + d * 0.25;
    set.ground(set.place.base, Some(edge));
    let all = everything(set.view);
    let y = set.view.see(0.0, 0.0, edge).y;
    set.canvas.rect(Rect { y0: y - 2.0, y1: y + set.view.height * 0.006, ..all }, &set.light.rim.fade(0.35).into());
    // Planks.
    let seam: Paint = set.light.lit(set.place.base.lift(-0.18)).fade(0.55).into();
    let vanish = pt(set.view.width / 2.0 + set.view.shift.x, set.view.skyline());
    for i in set.spots(d, (d * 0.12).max(0.25)) {
        let x = i as f64 * (d * 0.12).max(0.25);
        let (a, b) = (set.view.see(x, 0.0, edge), set.view.see(x, 0.0, d * 0.45));
        if (a.x - vanish.x).abs() < set.view.width * 2.0 {
            set.canvas.stroke(&line(&[a, b]), set.view.height * 0.0016, &seam);
        }
    }
    for i in set.spots(edge, 3.4) {
        let x = i as f64 * 3.4 + 0.9;
        let s = |dx: f64, y: f64| set.view.see(x + dx, y, edge - 0.3);
        let tone = set.light.far(lch(0.32, 0.03, 55.0), edge);
        set.canvas.fill(
            &poly(&[s(-0.14, 0.0), s(0.14, 0.0), s(0.14, 0.85), s(-0.14, 0.85)]),
            &blend(s(-0.14, 0.5), s(0.14, 0.5), tone.lift(0.06), tone.lift(-0.06)),
        );
        let (a, b) = (s(0.0, 0.62), set.view.see(x + 3.4, 0.62, edge - 0.3));
        let mut rope = BezPath::new();
        rope.move_to(a);
        rope.quad_to(pt((a.x + b.x) / 2.0, a.y + set.view.scale(edge) * 0.32), b);
        set.canvas.stroke(
            &rope,
            (set.view.scale(edge) * 0.05).max(0.8),
            &set.light.far(lch(0.60, 0.05, 75.0), edge).into(),
        );
    }
}

fn street(set: &mut Set<'_>) {
    let d = set.view.subject_z;
    let view = set.view;
    for i in set.spots(420.0, 26.0) {
        let mut rng = set.rng(i as u64 ^ 0x5c1);
        let (x, h, half) = (i as f64 * 26.0, rng.range(22.0, 95.0), rng.range(9.0, 15.0));
        let s = |dx: f64, y: f64| view.see(x + dx, y, 420.0);
        let tone = set.light.far(lch(0.42, 0.03, 260.0), 520.0);
        set.canvas.fill(
            &poly(&[s(-half, 0.0), s(-half, h), s(half, h), s(half, 0.0)]),
            &blend(s(0.0, h), s(0.0, 0.0), tone, tone.mix(set.light.haze, 0.6)),
        );
        if set.light.lamps {
            let mut panes = BezPath::new();
            for _ in 0..14 {
                let (px, py) = (rng.range(-0.8, 0.8) * half, rng.range(0.1, 0.92) * h);
                add_ellipse(
                    &mut panes,
                    s(px, py),
                    (view.scale(420.0) * 0.8).max(0.7),
                    (view.scale(420.0) * 1.1).max(0.9),
                );
            }
            set.canvas.fill(&panes, &lch(0.85, 0.12, 80.0).fade(0.65).into());
        }
    }
    set.ground(set.place.base, None);
    let half = 4.6;
    let walk = set.light.lit(set.place.base.lift(0.10));
    for side in [-1.0, 1.0] {
        let q = [
            view.see(side * half, 0.0, d * 0.4),
            view.see(side * 7.4, 0.0, d * 0.4),
            view.see(side * 7.4, 0.0, 300.0),
            view.see(side * half, 0.0, 300.0),
        ];
        set.canvas.fill(&poly(&q), &blend(q[2], pt(q[2].x, view.height), walk.mix(set.light.haze, 0.7), walk));
    }
    for i in 0..10 {
        let z = d * 0.6 + 5.0 * f64::from(i);
        let q = [
            view.see(-0.09, 0.0, z),
            view.see(0.09, 0.0, z),
            view.see(0.09, 0.0, z + 2.2),
            view.see(-0.09, 0.0, z + 2.2),
        ];
        set.canvas.fill(&poly(&q), &set.light.far(lch(0.85, 0.03, 95.0), z).fade(0.5).into());
    }
    // Houses stand behind one another down both sides.
    for i in (0..12_i32).rev() {
        for side in [-1.0, 1.0] {
            house(set, i, side);
        }
    }
    for i in (0..6_i32).rev() {
        let z = d + 3.0 + 11.0 * f64::from(i);
        for side in [-1.0, 1.0] {
            let x = side * 5.0;
            let (foot, top, head) = (view.see(x, 0.0, z), view.see(x, 4.6, z), view.see(x - side * 0.9, 4.7, z));
            let wide = (view.scale(z) * 0.09).max(0.8);
            set.canvas.stroke(&line(&[foot, top, head]), wide, &set.light.far(lch(0.26, 0.02, 200.0), z).into());
            if set.light.lamps {
                let r = view.scale(z) * 2.6;
                set.canvas.fill(&ellipse(head, r, r), &glow(head, r, lch(0.90, 0.11, 78.0).fade(0.55)));
                set.canvas.fill(&ellipse(head, r * 0.06, r * 0.06), &lch(0.98, 0.05, 90.0).into());
            }
        }
    }
}

fn house(set: &mut Set<'_>, i: i32, side: f64) {
    let view = set.view;
    let mut rng = set.rng(0x40 ^ (i as u64) << 8 ^ u64::from(side > 0.0));
    let z0 = 1.0 + view.at[2] + 8.5 * f64::from(i) + view.subject_z * 0.25;
    let z1 = z0 + 8.5;
    let (x, h) = (side * 7.4, rng.range(6.5, 13.5));
    let base = set.place.second;
    let tone = Tone { l: base.l + rng.range(-0.10, 0.12), ..base.mute(rng.range(0.5, 1.5)) };
    let lit_side = if (side < 0.0) == (set.light.side > 0.0) { 0.04 } else { -0.09 };
    let (near, far) = (set.light.far(tone.lift(lit_side), z0), set.light.far(tone.lift(lit_side), z1));
    let q = [view.see(x, 0.0, z0), view.see(x, h, z0), view.see(x, h, z1), view.see(x, 0.0, z1)];
    set.canvas.fill(&poly(&q), &blend(q[0], q[3], near, far));
    let roof = [
        view.see(x - side * 0.35, h, z0),
        view.see(x - side * 0.35, h + 0.35, z0),
        view.see(x - side * 0.35, h + 0.35, z1),
        view.see(x - side * 0.35, h, z1),
    ];
    set.canvas.fill(&poly(&roof), &set.light.far(tone.lift(-0.18), z0).into());
    let mut dark = BezPath::new();
    let mut bright = BezPath::new();
    let floors = (h / 2.9) as i32;
    for floor in 0..floors.max(1) {
        for k in 0..3 {
            let z = z0 + 1.1 + 2.6 * f64::from(k);
            let y = 0.95 + 2.9 * f64::from(floor);
            let tall = if floor == 0 { 1.7 } else { 1.5 };
            let pane = poly(&[
                view.see(x, y, z),
                view.see(x, y + tall, z),
                view.see(x, y + tall, z + 1.3),
                view.see(x, y, z + 1.3),
            ]);
            let path = if set.light.lamps && rng.chance(0.42) { &mut bright } else { &mut dark };
            path.extend(pane);
        }
    }
    set.canvas.fill(&dark, &set.light.far(lch(0.30, 0.03, 245.0), z0).into());
    set.canvas
        .fill(&bright, &lch(0.84, 0.12, rng.range(70.0, 90.0)).mix(set.light.haze, set.light.air(z0) * 0.6).into());
}

fn forest(set: &mut Set<'_>) {
    let d = set.view.subject_z;
    set.hills(500.0, 0.0, 55.0, 420.0, lch(0.38, 0.05, 150.0));
    set.ground(set.place.base, None);
    let leaf = set.place.accent;
    for (k, gap) in [70.0, 44.0, 27.0, 15.0, 7.5].into_iter().enumerate() {
        let z = d + gap;
        let depth = gap * 2.6;
        let spacing = gap * 0.13 + 1.6;
        for i in set.spots(z, spacing) {
            let mut rng = set.rng(i as u64 ^ (k as u64) << 44 ^ 0x7ee);
            let x = (i as f64 + rng.range(0.1, 0.9)) * spacing;
            let (r, h) = (rng.range(0.13, 0.26), rng.range(9.0, 15.0));
            let bend = rng.range(-0.4, 0.4);
            let s = |dx: f64, y: f64| set.view.see(x + dx + bend * y * 0.06, y, z);
            let trunk =
                poly(&[s(-r * 1.5, -0.1), s(-r, 0.9), s(-r * 0.5, h), s(r * 0.5, h), s(r, 0.9), s(r * 1.5, -0.1)]);
            let bark = set.light.far(set.place.second, depth);
            let (a, b) = (s(set.light.side * r, 2.0), s(-set.light.side * r, 2.0));
            set.canvas.fill(&trunk, &blend(a, b, bark.mix(set.light.rim, 0.30), bark.lift(-0.07)));
            let mut crown = BezPath::new();
            for _ in 0..5 {
                let at = s(rng.range(-1.9, 1.9), h * rng.range(0.42, 1.02));
                let rr = set.view.scale(z) * rng.range(1.0, 1.9);
                add_ellipse(&mut crown, at, rr, rr * 0.75);
            }
            let tone = set.light.far(leaf.lift(rng.range(-0.07, 0.03)), depth);
            set.canvas
                .fill(&crown, &blend(s(0.0, h), s(0.0, h * 0.4), tone.mix(set.light.rim, 0.18), tone.lift(-0.07)));
        }
        // Air between the rows.
        let y = set.view.see(0.0, 0.0, z).y;
        let mist = Rect::new(
            -0.5 * set.view.width,
            y - set.view.height * 0.22,
            1.5 * set.view.width,
            y + set.view.height * 0.02,
        );
        set.canvas.rect(
            mist,
            &blend(pt(0.0, mist.y0), pt(0.0, mist.y1), set.light.haze.fade(0.0), set.light.haze.fade(0.16)),
        );
    }
    set.tufts(leaf.lift(0.02), 0.34);
}

fn desert(set: &mut Set<'_>) {
    set.hills(1600.0, 0.0, 130.0, 2200.0, set.place.second.lift(-0.02));
    set.hills(800.0, 0.0, 30.0, 900.0, set.place.second);
    set.ground(set.place.base, None);
    set.hills(260.0, 0.0, 9.0, 240.0, set.place.base.lift(0.02));
    set.hills(90.0, -1.0, 3.4, 95.0, set.place.base.lift(-0.03));
    let ripple: Paint = set.light.lit(set.place.base.lift(-0.10)).fade(0.4).into();
    for i in 0..16 {
        let z = set.view.subject_z * (0.7 + 0.35 * f64::from(i));
        let (from, to) = set.seen(z);
        let points: Vec<Point> = (0..=16)
            .map(|k| {
                let x = from + (to - from) * f64::from(k) / 16.0;
                set.view.see(x, 0.05 * sin(x * 1.3 + f64::from(i)), z)
            })
            .collect();
        set.canvas.stroke(&line(&points), (set.view.scale(z) * 0.012).clamp(0.5, 3.0), &ripple);
    }
    set.tufts(set.place.accent, 0.14);
}

fn mountain(set: &mut Set<'_>) {
    let stone = set.place.second;
    set.hills(9000.0, 0.0, 2400.0, 5200.0, stone.mix(set.place.accent, 0.45));
    set.hills(4200.0, 0.0, 900.0, 2700.0, stone);
    set.hills(1500.0, 0.0, 240.0, 1100.0, stone.mix(set.place.base, 0.5));
    set.hills(420.0, 0.0, 42.0, 340.0, set.place.base.lift(-0.06));
    set.ground(set.place.base, None);
    set.tufts(set.place.base.lift(-0.06), 0.18);
}

fn field(set: &mut Set<'_>) {
    set.hills(2200.0, 0.0, 160.0, 1900.0, set.place.second.mix(lch(0.5, 0.05, 250.0), 0.5));
    set.hills(700.0, 0.0, 38.0, 620.0, set.place.second);
    set.ground(set.place.base, None);
    set.hills(240.0, 0.0, 9.0, 210.0, set.place.base.lift(-0.03));
    for z in [150.0, 62.0] {
        let spacing = z * 0.22;
        for i in set.spots(z, spacing) {
            let mut rng = set.rng(i as u64 ^ (z as u64) << 30 ^ 0xf1e1d);
            if !rng.chance(0.40) {
                continue;
            }
            let x = (i as f64 + rng.unit()) * spacing;
            let h = rng.range(5.0, 9.0);
            let s = |dx: f64, y: f64| set.view.see(x + dx, y, z);
            let dark = set.light.far(lch(0.32, 0.04, 60.0), z);
            set.canvas.stroke(&line(&[s(0.0, 0.0), s(0.1, h * 0.6)]), (set.view.scale(z) * 0.4).max(0.8), &dark.into());
            let mut crown = BezPath::new();
            for _ in 0..7 {
                let r = set.view.scale(z) * rng.range(0.9, 1.7);
                add_ellipse(&mut crown, s(rng.range(-1.8, 1.8), h * rng.range(0.5, 1.0)), r, r * 0.85);
            }
            let tone = set.light.far(set.place.second.lift(-0.08), z);
            set.canvas.fill(
                &crown,
                &blend(
                    s(set.light.side * 3.0, h),
                    s(-set.light.side * 3.0, h * 0.4),
                    tone.mix(set.light.rim, 0.32),
                    tone.lift(-0.08),
                ),
            );
        }
    }
    // A fence leads the eye.
    let z = set.view.subject_z + 9.0;
    let rail: Paint = set.light.far(lch(0.40, 0.04, 60.0), z).into();
    let wide = (set.view.scale(z) * 0.07).max(0.8);
    for i in set.spots(z, 2.4) {
        let x = i as f64 * 2.4;
        set.canvas.stroke(&line(&[set.view.see(x, 0.0, z), set.view.see(x, 1.15, z)]), wide, &rail);
        for y in [0.55, 0.98] {
            set.canvas.stroke(&line(&[set.view.see(x, y, z), set.view.see(x + 2.4, y, z)]), wide * 0.7, &rail);
        }
    }
    set.tufts(set.place.base.lift(-0.09), 0.26);
}
