//! Insides that are no rooms: the lamp room of a lighthouse, a cave, a vehicle on its way.
//!
//! Shares walls and chance with the rooms.

use vello_cpu::kurbo::{BezPath, Point, Rect};

use crate::canvas::{Paint, blend, glow};
use crate::indoors::{rng, side};
use crate::math::{TAU, cos, sin};
use crate::set::Set;
use crate::shapes::{add_ellipse, ellipse, line, poly, pt, ridge, rounded};
use crate::sky::everything;
use crate::tone::lch;

pub(crate) fn lamp_room(set: &mut Set<'_>) {
    let view = set.view;
    let d = view.subject_z;
    let z = d + 2.4;
    let s = side(set);
    let all = everything(view);
    // The sea far below, then panes all around.
    let top = view.skyline().clamp(all.y0, all.y1 - 1.0);
    let deep = set.light.lit(lch(0.40, 0.06, 228.0));
    set.canvas.rect(
        Rect { y0: top, ..all },
        &blend(pt(0.0, top), pt(0.0, top + view.height * 0.4), set.light.sky_low.mix(deep, 0.5), deep),
    );
    let iron = set.place.second.lift(-0.08);
    let (from, to) = set.seen(z);
    let first = (from / 0.9).floor() as i64 - 1;
    for i in first..=((to / 0.9).ceil() as i64 + 1).min(first + 60) {
        let x = i as f64 * 0.9 + 0.45;
        set.wall_box((x - 0.035, x + 0.035), (0.75, 3.0), z, iron);
    }
    let wide = (from - 1.0, to + 1.0);
    set.wall_box(wide, (1.86, 1.92), z, iron);
    set.wall_box(wide, (2.75, 3.6), z, iron.lift(-0.04));
    set.wall_box(wide, (0.0, 0.8), z, set.place.base.lift(-0.10));
    set.wall_box(wide, (0.76, 0.84), z, set.place.accent.mute(0.6));
    let mut rivets = BezPath::new();
    for i in first..=((to / 0.9).ceil() as i64 + 1).min(first + 60) {
        add_ellipse(&mut rivets, view.see(i as f64 * 0.9, 0.62, z), view.scale(z) * 0.022, view.scale(z) * 0.022);
    }
    set.canvas.fill(&rivets, &set.light.far(set.place.base.lift(0.08), z).into());
    let floor = view.see(0.0, 0.0, z).y;
    set.canvas.rect(
        Rect { y0: floor.clamp(all.y0, all.y1 - 1.0), ..all },
        &blend(
            pt(0.0, floor),
            pt(0.0, floor + view.height * 0.5),
            set.light.lit(iron.lift(0.06)),
            set.light.lit(iron.lift(-0.10)),
        ),
    );
    // The great lens.
    let (x, zl) = (-s * 0.95, z - 0.7);
    let at = view.see(x, 1.62, zl);
    let k = view.scale(zl);
    let brass = set.place.accent;
    set.wall_box((x - 0.36, x + 0.36), (0.0, 0.98), zl, iron.lift(0.04));
    set.wall_box((x - 0.48, x + 0.48), (0.94, 1.06), zl, brass);
    let lit = set.light.lamps;
    let glass = if lit { lch(0.95, 0.09, 92.0) } else { set.light.far(lch(0.80, 0.04, 200.0), zl) };
    let outline = [
        (-0.34, 1.06),
        (-0.46, 1.35),
        (-0.50, 1.62),
        (-0.46, 1.90),
        (-0.30, 2.20),
        (0.30, 2.20),
        (0.46, 1.90),
        (0.50, 1.62),
        (0.46, 1.35),
        (0.34, 1.06),
    ];
    let outline: Vec<Point> = outline.iter().map(|(dx, y)| view.see(x + dx, *y, zl)).collect();
    set.canvas.fill(
        &poly(&outline),
        &Paint::Radial(at, k * 0.6, vec![(0.0, glass.lift(0.04)), (0.6, glass), (1.0, glass.mix(brass, 0.5))]),
    );
    for y in [1.25, 1.40, 1.52, 1.72, 1.84, 2.0] {
        let half = 0.50 - 0.9 * (y - 1.62) * (y - 1.62);
        set.canvas.stroke(
            &line(&[view.see(x - half, y, zl), view.see(x + half, y, zl)]),
            (k * 0.018).max(0.7),
            &set.light.far(brass.lift(-0.12), zl).fade(0.8).into(),
        );
    }
    set.canvas.fill(&ellipse(at, k * 0.15, k * 0.15), &glass.lift(0.05).into());
    let cap = poly(&[
        view.see(x - 0.32, 2.20, zl),
        view.see(x + 0.32, 2.20, zl),
        view.see(x + 0.12, 2.42, zl),
        view.see(x - 0.12, 2.42, zl),
    ]);
    set.canvas.fill(&cap, &set.light.far(brass.lift(-0.06), zl).into());
    if lit {
        let a = TAU * set.t / 9.0;
        for phase in [0.0, std::f64::consts::PI] {
            let along = cos(a + phase);
            let end = pt(at.x + along * view.width * 1.1, at.y - view.height * 0.03);
            let spread = view.height * (0.10 + 0.18 * along.abs());
            let tone = lch(0.96, 0.08, 92.0);
            let cone = poly(&[
                pt(at.x, at.y - k * 0.1),
                pt(end.x, end.y - spread),
                pt(end.x, end.y + spread),
                pt(at.x, at.y + k * 0.1),
            ]);
            set.canvas.fill(&cone, &blend(at, end, tone.fade(0.38 * (0.3 + 0.7 * along.abs())), tone.fade(0.0)));
        }
        let r = k * (1.9 + 0.7 * sin(a).abs());
        set.canvas.fill(&ellipse(at, r, r), &glow(at, r, lch(0.95, 0.09, 90.0).fade(0.62)));
    }
}

pub(crate) fn cave(set: &mut Set<'_>) {
    let view = set.view;
    let all = everything(view);
    let d = view.subject_z;
    set.canvas.rect(all, &set.light.lit(set.place.second.lift(-0.06)).into());
    let mouth = view.see(side(set) * 2.2, 2.4, d + 9.0);
    let r = view.scale(d + 9.0) * 5.5;
    set.canvas.fill(&ellipse(mouth, r, r), &glow(mouth, r, set.light.rim.fade(0.55)));
    for (k, gap) in [8.0, 4.5, 2.2].into_iter().enumerate() {
        let z = d + gap;
        let mut random = rng(set, 0xca ^ k as u64);
        let (from, to) = set.seen(z);
        let phase = random.unit() * TAU;
        let tone = set.light.lit(set.place.base.lift(-0.04 * k as f64));
        for roof in [true, false] {
            let points: Vec<Point> = (0..=26)
                .map(|i| {
                    let x = from + (to - from) * f64::from(i) / 26.0;
                    let bump = 0.5 * sin(x * 1.1 + phase) + 0.3 * sin(x * 2.7 - phase) + 0.12 * sin(x * 6.1);
                    view.see(x, if roof { 3.6 - 0.2 * gap * 0.3 + bump * 0.7 } else { 0.10 + bump.max(-0.2) * 0.35 }, z)
                })
                .collect();
            let end = if roof { all.y0 } else { all.y1 };
            let y = points[0].y;
            let paint = blend(
                pt(0.0, y),
                pt(0.0, if roof { y - view.height * 0.4 } else { y + view.height * 0.4 }),
                tone.mix(set.light.rim, 0.10),
                tone.lift(-0.13),
            );
            set.canvas.fill(&ridge(&points, end), &paint);
        }
    }
}

pub(crate) fn vehicle(set: &mut Set<'_>) {
    let view = set.view;
    let z = view.subject_z + 0.9;
    let all = everything(view);
    // The world slides by behind the glass.
    let horizon = view.skyline().clamp(all.y0, all.y1 - 1.0);
    let ground = set.light.far(lch(0.48, 0.05, 120.0), 60.0);
    set.canvas.rect(
        Rect { y0: horizon, ..all },
        &blend(pt(0.0, horizon), pt(0.0, horizon + view.height * 0.3), ground.mix(set.light.haze, 0.6), ground),
    );
    for (k, (speed, height)) in [(0.04, 0.10), (0.12, 0.06)].into_iter().enumerate() {
        let points: Vec<Point> = (0..=40)
            .map(|i| {
                let u = f64::from(i) / 40.0 * 1.8 - 0.4;
                let p = u * 9.0 + set.t * speed * 9.0 + (set.place.seed % 50) as f64;
                let y = height * (0.6 + 0.4 * sin(p) + 0.25 * sin(p * 2.3 + 1.0));
                pt(u * view.width, horizon - y * view.height)
            })
            .collect();
        let tone = set.light.far(lch(0.42, 0.05, 140.0), [500.0, 160.0][k]);
        set.canvas.fill(&ridge(&points, horizon + view.height * 0.02), &tone.into());
    }
    for i in 0..4 {
        let x = ((f64::from(i) / 4.0 - set.t * 0.55).rem_euclid(1.0) * 1.6 - 0.3) * view.width;
        let post = Rect::new(x, horizon - view.height * 0.30, x + view.width * 0.006, horizon + view.height * 0.12);
        set.canvas.rect(post, &set.light.far(lch(0.3, 0.02, 60.0), 30.0).into());
    }
    // Door and roof leave a window.
    let (a, b) = (view.see(-1.15, 1.86, z), view.see(1.15, 1.02, z));
    let mut frame = BezPath::new();
    frame.move_to(pt(all.x0, all.y0));
    for corner in [pt(all.x1, all.y0), pt(all.x1, all.y1), pt(all.x0, all.y1)] {
        frame.line_to(corner);
    }
    frame.close_path();
    let hole = rounded(Rect::new(a.x, a.y, b.x, b.y), view.scale(z) * 0.12);
    // Wound the other way, so that the two together leave a hole.
    frame.extend(hole.reverse_subpaths());
    let tone = set.light.lit(set.place.base);
    set.canvas.fill(&frame, &blend(pt(0.0, a.y), pt(0.0, b.y + view.height * 0.3), tone.lift(-0.04), tone.lift(0.02)));
    set.canvas.stroke(
        &rounded(Rect::new(a.x, a.y, b.x, b.y), view.scale(z) * 0.12),
        (view.scale(z) * 0.03).max(1.0),
        &set.light.lit(set.place.second).into(),
    );
    for x in [-0.45, 0.45] {
        let (p, q) = (view.see(x - 0.22, 1.18, z - 0.25), view.see(x + 0.22, 0.3, z - 0.25));
        set.canvas.fill(
            &rounded(Rect::new(p.x, p.y, q.x, q.y), view.scale(z) * 0.1),
            &set.light.lit(set.place.accent.mute(0.4).lift(-0.16)).into(),
        );
    }
}
