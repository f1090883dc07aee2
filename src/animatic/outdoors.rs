//! Outdoor places, built in metres around the subject and seen through the camera, so that every move gives parallax.
//!
//! Things stand at whole-numbered places with chance seeded by number, so what a pan uncovers was always there.

use vello_cpu::kurbo::{BezPath, Point, Rect};

use crate::canvas::{Paint, blend, glow};
use crate::coast::{foreground, harbour, lighthouse, sea};
use crate::math::sin;
use crate::place::Kind;
use crate::set::Set;
use crate::shapes::{add_ellipse, ellipse, line, poly, pt};
use crate::tone::{Tone, lch};

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
            // Far trees are flat: nobody sees their shading through the air, and gradients cost time.
            let flat = 20.0 < gap;
            let bark: Paint = if flat {
                bark.mix(set.light.rim, 0.10).into()
            } else {
                blend(a, b, bark.mix(set.light.rim, 0.30), bark.lift(-0.07))
            };
            set.canvas.fill(&trunk, &bark);
            let mut crown = BezPath::new();
            for _ in 0..5 {
                let at = s(rng.range(-1.9, 1.9), h * rng.range(0.42, 1.02));
                let rr = set.view.scale(z) * rng.range(1.0, 1.9);
                add_ellipse(&mut crown, at, rr, rr * 0.75);
            }
            let tone = set.light.far(leaf.lift(rng.range(-0.07, 0.03)), depth);
            let tone: Paint = if flat {
                tone.mix(set.light.rim, 0.06).into()
            } else {
                blend(s(0.0, h), s(0.0, h * 0.4), tone.mix(set.light.rim, 0.18), tone.lift(-0.07))
            };
            set.canvas.fill(&crown, &tone);
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
