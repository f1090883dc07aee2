//! What scenery is painted with, and the parts that many places share: ground, hills, grass.
//!
//! Things stand at whole-numbered places with chance seeded by number, so what a pan uncovers was always there.

use model::Weather;
use vello_cpu::kurbo::{BezPath, Point, Rect};

use crate::canvas::{Canvas, Paint, blend};
use crate::light::Light;
use crate::math::{Rng, TAU, sin};
use crate::place::Place;
use crate::shapes::{pt, ridge};
use crate::sky::everything;
use crate::tone::Tone;
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

impl Set<'_> {
    pub(crate) fn rng(&self, salt: u64) -> Rng {
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
    pub(crate) fn spots(&self, z: f64, spacing: f64) -> std::ops::RangeInclusive<i64> {
        let (from, to) = self.seen(z);
        let first = (from / spacing).floor() as i64 - 1;
        first..=((to / spacing).ceil() as i64 + 1).min(first + 80)
    }

    /// From the skyline, or from the edge at `z`, down to the bottom.
    pub(crate) fn ground(&mut self, tone: Tone, edge_z: Option<f64>) {
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
    pub(crate) fn hills(&mut self, z: f64, base: f64, amp: f64, wave: f64, tone: Tone) {
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
    pub(crate) fn tufts(&mut self, tone: Tone, height: f64) {
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
