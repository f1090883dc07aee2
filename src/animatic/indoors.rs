//! Indoor places: a box of walls around the subject, furnished by kind, lit by windows or lamps.
//!
//! Shares `Set` with the outdoors. What a window shows is the same sky and light as outside.

use vello_cpu::kurbo::{Point, Rect};

use crate::canvas::{Paint, blend, glow};
use crate::enclosed::{cave, lamp_room, vehicle};
use crate::math::{Rng, lerp};
use crate::place::Kind;
use crate::set::Set;
use crate::shapes::{ellipse, line, poly, pt, ridge};
use crate::sky::everything;
use crate::tone::{Tone, lch};

/// The walls of a room, metres.
struct Walls {
    back: f64,
    half: f64,
    height: f64,
    /// Where the camera may stand behind.
    near: f64,
}

pub(crate) fn paint_indoors(set: &mut Set<'_>) {
    match set.place.kind {
        Kind::Vehicle => vehicle(set),
        Kind::Cave => cave(set),
        Kind::LampRoom => lamp_room(set),
        Kind::Corridor => {
            let walls = walls(set, 14.0, 1.7, 2.6);
            shell(set, &walls);
            corridor(set, &walls);
        }
        kind => {
            let walls = walls(set, 2.6, 3.6, 2.75);
            shell(set, &walls);
            match kind {
                Kind::Kitchen => kitchen(set, &walls),
                Kind::Office => office(set, &walls),
                Kind::Bar => bar(set, &walls),
                Kind::Bedroom => bedroom(set, &walls),
                _ => sitting_room(set, &walls),
            }
        }
    }
}

fn walls(set: &Set<'_>, behind: f64, half: f64, height: f64) -> Walls {
    let d = set.view.subject_z;
    Walls { back: d + behind, half, height, near: d * 0.35 + set.view.at[2] }
}

/// 1 or -1: the side of the room that its window is on.
pub(crate) fn side(set: &Set<'_>) -> f64 {
    if set.place.seed & 1 == 0 { 1.0 } else { -1.0 }
}

pub(crate) fn rng(set: &Set<'_>, salt: u64) -> Rng {
    Rng::new(set.place.seed ^ salt)
}

impl Set<'_> {
    fn wall_rect(&mut self, x: (f64, f64), y: (f64, f64), z: f64, paint: &Paint) {
        let (a, b) = (self.view.see(x.0.min(x.1), y.1.max(y.0), z), self.view.see(x.0.max(x.1), y.0.min(y.1), z));
        self.canvas.rect(Rect::new(a.x, a.y, b.x, b.y), paint);
    }

    pub(crate) fn wall_box(&mut self, x: (f64, f64), y: (f64, f64), z: f64, tone: Tone) {
        let tone = self.light.far(tone, z);
        let (a, b) = (self.view.see(0.0, y.0.max(y.1), z), self.view.see(0.0, y.0.min(y.1), z));
        self.wall_rect(x, y, z, &blend(a, b, tone.lift(0.03), tone.lift(-0.06)));
    }
}

fn shell(set: &mut Set<'_>, walls: &Walls) {
    let view = set.view;
    let all = everything(view);
    let Walls { back, half, height, near } = *walls;
    let tone = set.place.base;
    let glow_x = side(set) * 1.0;
    set.canvas.rect(all, &set.light.lit(tone.lift(-0.22)).into());
    // Floor and ceiling.
    let floor =
        [view.see(-half, 0.0, near), view.see(half, 0.0, near), view.see(half, 0.0, back), view.see(-half, 0.0, back)];
    let wood = set.place.second;
    let floor_y = floor[2].y;
    set.canvas.rect(
        Rect { y0: floor_y.clamp(all.y0, all.y1 - 1.0), ..all },
        &blend(
            pt(0.0, floor_y),
            pt(0.0, floor_y + view.height * 0.7),
            set.light.far(wood.lift(0.04), back),
            set.light.lit(wood.lift(-0.12)),
        ),
    );
    let seam: Paint = set.light.lit(wood.lift(-0.14)).fade(0.5).into();
    for i in -9..=9 {
        let x = f64::from(i) * 0.42;
        set.canvas.stroke(&line(&[view.see(x, 0.0, back), view.see(x * 1.0, 0.0, near)]), view.height * 0.0016, &seam);
    }
    let top = [
        view.see(-half, height, near),
        view.see(half, height, near),
        view.see(half, height, back),
        view.see(-half, height, back),
    ];
    set.canvas.fill(&poly(&top), &set.light.far(tone.lift(0.06).mute(0.5), back).into());
    // The back wall, brightest beside the window or under the lamp.
    let wall = set.light.far(tone, back);
    let (a, b) = (view.see(-half, height, back), view.see(half, 0.0, back));
    let warm = if set.light.lamps {
        wall.mix(set.light.rim, 0.20).lift(0.02)
    } else {
        wall.mix(set.light.rim, 0.14).lift(0.03)
    };
    let centre = view.see(glow_x * 0.5, 1.9, back);
    let radius = view.scale(back) * 3.6;
    let stops = vec![(0.0, warm), (0.5, wall), (1.0, wall.lift(if set.light.lamps { -0.20 } else { -0.09 }))];
    set.canvas.rect(Rect::new(a.x, a.y, b.x, b.y), &Paint::Radial(centre, radius, stops));
    for sign in [-1.0, 1.0] {
        let q = [
            view.see(sign * half, 0.0, near),
            view.see(sign * half, height, near),
            view.see(sign * half, height, back),
            view.see(sign * half, 0.0, back),
        ];
        let shade = if sign == side(set) { -0.09 } else { -0.03 };
        let tone = set.light.far(tone.lift(shade), back);
        set.canvas.fill(&poly(&q), &blend(q[3], q[0], tone, tone.lift(-0.13)));
    }
    let skirting = set.place.base.lift(-0.16);
    set.wall_box((-half, half), (0.0, 0.13), back, skirting);
}

/// A window on the back wall with what is outside, and its light on the floor by day.
fn window(set: &mut Set<'_>, x: f64, half_width: f64, y: (f64, f64), z: f64, panes: u32) {
    let view = set.view;
    let light = set.light;
    let frame = set.place.base.lift(0.10).mute(0.4);
    if !light.night {
        let centre = view.see(x, (y.0 + y.1) / 2.0, z);
        let r = view.scale(z) * (y.1 - y.0) * 1.5;
        set.canvas.fill(&ellipse(centre, r, r), &glow(centre, r, light.rim.fade(0.40)));
    }
    set.wall_rect(
        (x - half_width - 0.08, x + half_width + 0.08),
        (y.0 - 0.08, y.1 + 0.08),
        z,
        &light.far(frame, z).into(),
    );
    let (top, bottom) = (view.see(x, y.1, z), view.see(x, y.0, z));
    let outside = Paint::Linear(top, bottom, vec![(0.0, light.sky_top.mix(light.sky_low, 0.3)), (1.0, light.sky_low)]);
    set.wall_rect((x - half_width, x + half_width), y, z, &outside);
    // A far line of hills seen through it.
    let mut random = rng(set, 0x41);
    let hill: Vec<Point> = (0..=8)
        .map(|i| {
            let u = f64::from(i) / 8.0;
            view.see(x + lerp(-half_width, half_width, u), y.0 + (y.1 - y.0) * random.range(0.12, 0.30), z)
        })
        .collect();
    set.canvas.fill(&ridge(&hill, bottom.y), &light.haze.lift(-0.12).into());
    let bar = (view.scale(z) * 0.045).max(1.0);
    let paint: Paint = light.far(frame.lift(-0.03), z).into();
    for i in 1..panes {
        let bx = lerp(x - half_width, x + half_width, f64::from(i) / f64::from(panes));
        set.canvas.stroke(&line(&[view.see(bx, y.0, z), view.see(bx, y.1, z)]), bar, &paint);
    }
    let cross = lerp(y.0, y.1, 0.55);
    set.canvas.stroke(&line(&[view.see(x - half_width, cross, z), view.see(x + half_width, cross, z)]), bar, &paint);
    set.wall_box((x - half_width - 0.14, x + half_width + 0.14), (y.0 - 0.12, y.0 - 0.04), z, frame.lift(0.02));
    if !light.lamps {
        // Light falls away from the window, along the floor towards us.
        let lean = -side(set) * 0.5;
        let q = [
            view.see(x - half_width, 0.0, z - 0.2),
            view.see(x + half_width, 0.0, z - 0.2),
            view.see(x + half_width + lean, 0.0, z - 1.7),
            view.see(x - half_width + lean, 0.0, z - 1.7),
        ];
        set.canvas.fill(&poly(&q), &blend(q[0], q[2], light.rim.fade(0.42), light.rim.fade(0.08)));
        let shaft = [view.see(x - half_width, y.1, z), view.see(x + half_width, y.1, z), q[2], q[3]];
        set.canvas.fill(&poly(&shaft), &blend(shaft[0], shaft[3], light.rim.fade(0.16), light.rim.fade(0.0)));
    }
}

/// A lamp hanging from the ceiling.
fn pendant(set: &mut Set<'_>, x: f64, y: f64, z: f64) {
    let view = set.view;
    let at = view.see(x, y, z);
    let s = view.scale(z);
    let dark = set.light.far(lch(0.25, 0.02, 260.0), z);
    set.canvas.stroke(&line(&[view.see(x, 3.4, z), at]), (s * 0.02).max(0.7), &dark.into());
    let shade = poly(&[
        pt(at.x - s * 0.22, at.y + s * 0.16),
        pt(at.x + s * 0.22, at.y + s * 0.16),
        pt(at.x + s * 0.07, at.y),
        pt(at.x - s * 0.07, at.y),
    ]);
    if set.light.lamps {
        let warm = lch(0.92, 0.11, 80.0);
        let r = s * 1.7;
        let low = pt(at.x, at.y + s * 0.2);
        set.canvas.fill(&ellipse(low, r, r), &glow(low, r, warm.fade(0.50)));
        set.canvas.fill(&shade, &set.light.far(set.place.accent, z).into());
        set.canvas.fill(&ellipse(pt(at.x, at.y + s * 0.17), s * 0.15, s * 0.05), &lch(0.98, 0.05, 90.0).into());
    } else {
        set.canvas.fill(&shade, &set.light.far(set.place.accent, z).into());
    }
}

fn picture(set: &mut Set<'_>, x: f64, y: f64, w: f64, h: f64, z: f64, salt: u64) {
    let mut random = rng(set, salt);
    set.wall_box((x - w - 0.05, x + w + 0.05), (y - h - 0.05, y + h + 0.05), z, set.place.second.lift(-0.08));
    let hue = random.range(0.0, 360.0);
    set.wall_box((x - w, x + w), (y - h, y + h), z, lch(0.74, 0.04, hue));
    set.wall_box((x - w, x + w), (y - h, y - h * random.range(-0.2, 0.4)), z, lch(0.48, 0.06, hue + 60.0));
}

fn door(set: &mut Set<'_>, x: f64, z: f64) {
    let tone = set.place.second;
    set.wall_box((x - 0.52, x + 0.52), (0.0, 2.14), z, set.place.base.lift(0.08).mute(0.5));
    set.wall_box((x - 0.44, x + 0.44), (0.0, 2.06), z, tone);
    for y in [(0.2, 0.95), (1.1, 1.9)] {
        set.wall_box((x - 0.30, x + 0.30), y, z, tone.lift(-0.05));
    }
    let knob = set.view.see(x + 0.36, 1.0, z);
    let r = set.view.scale(z) * 0.035;
    set.canvas.fill(&ellipse(knob, r, r), &set.light.far(lch(0.75, 0.10, 82.0), z).into());
}

/// Boards with things on them: books, jars or bottles in a row.
fn shelf(set: &mut Set<'_>, x: (f64, f64), y: f64, z: f64, salt: u64, tall: (f64, f64)) {
    let mut random = rng(set, salt);
    let mut at = x.0 + 0.04;
    while at < x.1 - 0.08 {
        let w = random.range(0.04, 0.10);
        let h = random.range(tall.0, tall.1);
        let tone = lch(random.range(0.40, 0.72), random.range(0.03, 0.10), random.range(0.0, 360.0));
        if random.chance(0.85) {
            set.wall_rect((at, at + w), (y, y + h), z, &set.light.far(tone.lift(-0.015), z).into());
        }
        at += w + random.range(0.008, 0.05);
    }
    set.wall_box(x, (y - 0.045, y), z, set.place.second.lift(0.02));
}

fn table(set: &mut Set<'_>, x: (f64, f64), top: f64, z: f64) {
    let tone = set.place.second.lift(-0.03);
    for leg in [x.0 + 0.06, x.1 - 0.06] {
        set.wall_box((leg - 0.04, leg + 0.04), (0.0, top), z, tone.lift(-0.06));
    }
    set.wall_box(x, (top - 0.07, top), z, tone.lift(0.06));
}

fn sitting_room(set: &mut Set<'_>, walls: &Walls) {
    let (s, z) = (side(set), walls.back);
    window(set, s * 1.15, 0.55, (0.95, 2.15), z, 2);
    // Curtains.
    for dx in [-0.72, 0.72] {
        let x = s * 1.15 + dx;
        set.wall_box((x - 0.14, x + 0.14), (0.5, 2.32), z - 0.05, set.place.accent.mute(0.6));
    }
    picture(set, -s * 0.62, 1.72, 0.28, 0.21, z, 0x91);
    picture(set, -s * 1.30, 1.62, 0.17, 0.24, z, 0x92);
    door(set, -s * 2.45, z);
    shelf(set, (s * 2.5 - 0.5, s * 2.5 + 0.5), 1.25, z, 0x93, (0.14, 0.26));
    shelf(set, (s * 2.5 - 0.5, s * 2.5 + 0.5), 1.75, z, 0x94, (0.12, 0.24));
    table(set, (-s * 1.0 - 0.55, -s * 1.0 + 0.55), 0.62, z - 0.5);
    // A standing lamp in the corner by the table.
    let x = -s * 1.75;
    let foot = set.view.see(x, 0.0, z - 0.4);
    let head = set.view.see(x, 1.45, z - 0.4);
    let scale = set.view.scale(z - 0.4);
    set.canvas.stroke(&line(&[foot, head]), (scale * 0.03).max(0.8), &set.light.far(lch(0.30, 0.02, 60.0), z).into());
    if set.light.lamps {
        let r = scale * 1.9;
        set.canvas.fill(&ellipse(head, r, r), &glow(head, r, lch(0.92, 0.11, 78.0).fade(0.60)));
    }
    let shade = poly(&[
        pt(head.x - scale * 0.24, head.y),
        pt(head.x + scale * 0.24, head.y),
        pt(head.x + scale * 0.15, head.y - scale * 0.32),
        pt(head.x - scale * 0.15, head.y - scale * 0.32),
    ]);
    let cloth = if set.light.lamps { lch(0.93, 0.09, 82.0) } else { set.light.far(lch(0.82, 0.04, 85.0), z) };
    set.canvas.fill(&shade, &cloth.into());
}

fn kitchen(set: &mut Set<'_>, walls: &Walls) {
    let (s, z) = (side(set), walls.back);
    window(set, s * 0.95, 0.60, (1.15, 2.10), z, 2);
    for i in 0..9 {
        let x = -3.4 + 0.42 * f64::from(i) * 2.0;
        set.wall_box((x, x + 0.015), (0.9, 1.12), z, set.place.base.lift(-0.08));
    }
    shelf(set, (-s * 1.05 - 0.75, -s * 1.05 + 0.75), 1.45, z, 0xa1, (0.10, 0.22));
    shelf(set, (-s * 1.05 - 0.75, -s * 1.05 + 0.75), 1.85, z, 0xa2, (0.10, 0.20));
    door(set, s * 2.6, z);
    let counter = set.place.accent.mute(0.55).lift(-0.02);
    set.wall_box((-3.6, s * 0.0 + 1.9), (0.0, 0.86), z - 0.3, counter);
    for i in 0..7 {
        let x = -3.5 + 0.76 * f64::from(i);
        set.wall_box((x, x + 0.02), (0.08, 0.80), z - 0.3, counter.lift(-0.10));
    }
    set.wall_box((-3.6, 1.95), (0.86, 0.92), z - 0.32, lch(0.80, 0.02, 85.0));
    // Kettle and jars.
    let at = set.view.see(-s * 0.55, 1.02, z - 0.35);
    let k = set.view.scale(z - 0.35);
    set.canvas.fill(&ellipse(at, k * 0.12, k * 0.11), &set.light.far(lch(0.55, 0.13, 30.0), z).into());
    pendant(set, -s * 0.25, 2.05, z - 0.9);
}

fn office(set: &mut Set<'_>, walls: &Walls) {
    let (s, z) = (side(set), walls.back);
    window(set, s * 0.9, 1.5, (1.0, 2.3), z, 4);
    let blind: Paint = set.light.far(set.place.base.lift(0.08), z).fade(0.55).into();
    for i in 0..9 {
        let y = 1.66 + 0.075 * f64::from(i);
        set.wall_rect((s * 0.9 - 1.5, s * 0.9 + 1.5), (y, y + 0.035), z, &blind);
    }
    shelf(set, (-s * 1.5 - 0.55, -s * 1.5 + 0.55), 1.3, z, 0xb1, (0.24, 0.30));
    shelf(set, (-s * 1.5 - 0.55, -s * 1.5 + 0.55), 1.75, z, 0xb2, (0.24, 0.30));
    shelf(set, (-s * 1.5 - 0.55, -s * 1.5 + 0.55), 0.85, z, 0xb3, (0.24, 0.30));
    table(set, (s * 1.0 - 0.8, s * 1.0 + 0.8), 0.74, z - 0.8);
    set.wall_box((s * 1.0 - 0.28, s * 1.0 + 0.28), (0.86, 1.22), z - 0.8, lch(0.22, 0.01, 260.0));
    set.wall_rect((s * 1.0 - 0.25, s * 1.0 + 0.25), (0.89, 1.19), z - 0.8, &lch(0.70, 0.07, 230.0).into());
    set.wall_box((s * 1.0 - 0.03, s * 1.0 + 0.03), (0.74, 0.88), z - 0.8, lch(0.30, 0.01, 260.0));
    for x in [-1.4, 1.4] {
        let q = [
            set.view.see(x - 0.15, 2.74, z - 0.5),
            set.view.see(x + 0.15, 2.74, z - 0.5),
            set.view.see(x + 0.15, 2.74, z - 2.0),
            set.view.see(x - 0.15, 2.74, z - 2.0),
        ];
        set.canvas.fill(&poly(&q), &lch(0.97, 0.02, 220.0).into());
    }
}

fn bar(set: &mut Set<'_>, walls: &Walls) {
    let z = walls.back;
    set.wall_box((-2.3, 2.3), (1.0, 2.4), z, set.place.base.lift(-0.10));
    for (i, y) in [1.15, 1.55, 1.95].into_iter().enumerate() {
        shelf(set, (-2.2, 2.2), y, z, 0xc1 + i as u64, (0.16, 0.30));
    }
    set.wall_box((-3.6, 3.6), (0.0, 1.02), z - 0.7, set.place.second);
    for i in 0..9 {
        let x = -3.4 + 0.8 * f64::from(i);
        set.wall_box((x, x + 0.62), (0.12, 0.86), z - 0.7, set.place.second.lift(-0.05));
    }
    set.wall_box((-3.6, 3.6), (1.02, 1.10), z - 0.75, set.place.second.lift(0.10));
    for x in [-1.5, 0.2, 1.9] {
        pendant(set, x, 1.98, z - 0.8);
    }
}

fn bedroom(set: &mut Set<'_>, walls: &Walls) {
    let (s, z) = (side(set), walls.back);
    window(set, s * 1.2, 0.5, (1.0, 2.15), z, 2);
    picture(set, -s * 0.9, 1.75, 0.34, 0.22, z, 0xd1);
    set.wall_box((-s * 0.9 - 0.85, -s * 0.9 + 0.85), (0.2, 1.12), z - 0.1, set.place.second);
    set.wall_box((-s * 0.9 - 0.80, -s * 0.9 + 0.80), (0.2, 0.62), z - 0.9, set.place.accent.mute(0.7));
    set.wall_box((-s * 0.9 - 0.62, -s * 0.9 - 0.06), (0.60, 0.80), z - 0.4, lch(0.92, 0.01, 90.0));
    set.wall_box((-s * 0.9 + 0.06, -s * 0.9 + 0.62), (0.60, 0.80), z - 0.4, lch(0.90, 0.01, 90.0));
    let x = s * 0.28;
    table(set, (x - 0.2, x + 0.2), 0.55, z - 0.3);
    let head = set.view.see(x, 0.85, z - 0.3);
    let k = set.view.scale(z - 0.3);
    if set.light.lamps {
        set.canvas.fill(&ellipse(head, k * 1.6, k * 1.6), &glow(head, k * 1.6, lch(0.92, 0.11, 78.0).fade(0.6)));
    }
    let shade = poly(&[
        pt(head.x - k * 0.17, head.y + k * 0.1),
        pt(head.x + k * 0.17, head.y + k * 0.1),
        pt(head.x + k * 0.1, head.y - k * 0.14),
        pt(head.x - k * 0.1, head.y - k * 0.14),
    ]);
    set.canvas.fill(
        &shade,
        &if set.light.lamps { lch(0.94, 0.08, 85.0) } else { set.light.far(lch(0.85, 0.03, 85.0), z) }.into(),
    );
    door(set, s * 2.6, z);
}

fn corridor(set: &mut Set<'_>, walls: &Walls) {
    let view = set.view;
    for i in (0..5_i32).rev() {
        let z = view.subject_z + 1.2 + 2.6 * f64::from(i);
        for sign in [-1.0, 1.0] {
            let x = sign * walls.half;
            let q = [view.see(x, 0.0, z), view.see(x, 2.1, z), view.see(x, 2.1, z + 1.0), view.see(x, 0.0, z + 1.0)];
            set.canvas.fill(&poly(&q), &set.light.far(set.place.second, z).into());
        }
        let q = [
            view.see(-0.3, 2.58, z),
            view.see(0.3, 2.58, z),
            view.see(0.3, 2.58, z + 0.7),
            view.see(-0.3, 2.58, z + 0.7),
        ];
        set.canvas.fill(&poly(&q), &lch(0.97, 0.03, 95.0).into());
        let at = view.see(0.0, 2.5, z + 0.3);
        let r = view.scale(z) * 1.3;
        set.canvas.fill(&ellipse(at, r, r), &glow(at, r, set.light.rim.fade(0.30)));
    }
    window(set, 0.0, 0.55, (0.9, 2.0), walls.back, 2);
}
