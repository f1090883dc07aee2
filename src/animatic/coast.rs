//! Places by the water: the sea with its cliff top, the lighthouse and its turning light, the harbour.
//!
//! Built as the other outdoors are, in metres around the subject.

use model::Weather;
use vello_cpu::kurbo::{BezPath, Point, Rect};

use crate::canvas::{Paint, blend, glow};
use crate::math::{TAU, cos, sin};
use crate::set::Set;
use crate::shapes::{add_ellipse, ellipse, line, poly, pt, ridge};
use crate::sky::everything;
use crate::tone::{Tone, lch};

pub(crate) fn sea(set: &mut Set<'_>, with_shore: bool) {
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
pub(crate) fn foreground(set: &mut Set<'_>) {
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

pub(crate) fn lighthouse(set: &mut Set<'_>) {
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

pub(crate) fn harbour(set: &mut Set<'_>) {
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
