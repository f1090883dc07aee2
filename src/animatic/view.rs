//! The camera: where it stands for a shot, what a move does to it at each frame, and how metres become pixels.
//!
//! A pinhole with shift, so that verticals stay vertical: X to the right, Y up, Z away, the subject at `subject_z`.
//! Moves are real: tracking, craning and pushing change the position and so give parallax, panning and zooming do not.

use model::{Angle, Camera, Move};
use vello_cpu::kurbo::{Affine, Point, Vec2};

use crate::math::{ease, lerp, wander};

/// Height of a head in metres: an eighth of a tall figure.
pub(crate) const HEAD: f64 = 0.225;

/// Frames at the end of a move that stand still.
const HOLD: u32 = 4;

/// A camera at one frame.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Pixels per metre at one metre.
    pub(crate) focal: f64,
    pub(crate) at: [f64; 3],
    /// Where the horizon lies in pixels from the top.
    pub(crate) horizon: f64,
    /// Pan and tilt in pixels.
    pub(crate) shift: Vec2,
    pub(crate) subject_z: f64,
    /// Roll and zoom, applied to everything in the world.
    pub(crate) world: Affine,
    /// 0 sharp in front, 1 sharp in the back.
    pub(crate) focus: f64,
    /// Speed of a whip in frame widths per second.
    pub(crate) whip: f64,
    /// Height of the frame at the subject in metres.
    pub(crate) frame_m: f64,
    pub(crate) from_above: bool,
    /// Vertical foreshortening of figures.
    pub(crate) squash: f64,
}

impl View {
    /// The composition before any move: `head_top` is the height of the subject's crown in metres.
    pub(crate) fn compose(size: (f64, f64), camera: &Camera, head_top: f64, grounded: bool) -> View {
        let (width, height) = size;
        let heads = camera.size.heads();
        let frame_m = heads * HEAD;
        let from_above = matches!(camera.angle, Angle::Overhead | Angle::BirdsEye);
        // A lens too long or too short for the distance would put the camera into a wall or beyond sight.
        let lens = f64::from(if camera.lens_mm == 0 { 35 } else { camera.lens_mm.clamp(12, 200) });
        let focal = lens / 36.0 * width.max(height * 1.2);
        let distance = focal * frame_m / height;
        let bottom = if heads <= 1.0 {
            head_top - HEAD * 0.53 - frame_m / 2.0
        } else if !grounded {
            1.0 - frame_m / 2.0
        } else if heads < 12.0 {
            let under_crown = head_top + frame_m * if heads < 3.0 { 0.15 } else { 0.13 } - frame_m;
            if 8.0 < heads { under_crown.clamp(-0.14 * frame_m, -0.03 * frame_m) } else { under_crown }
        } else {
            frame_m * if heads < 20.0 { -0.20 } else { -0.25 }
        };
        let middle = bottom + frame_m / 2.0;
        let metre = height / frame_m;
        let eye = 1.58;
        let level = height / 2.0 - (eye - middle) * metre;
        let horizon = match camera.angle {
            Angle::Eye | Angle::Dutch => level.clamp(height * 0.14, height * 0.62),
            // A wide shot from above still shows how far the land goes.
            Angle::High if 8.0 < heads => (level - height * 0.42).max(height * 0.20),
            Angle::High => (level - height * 0.42).max(height * -0.30),
            Angle::Low => (level + height * 0.36).min(height * 0.93),
            Angle::WormsEye => (level + height * 0.55).min(height * 1.05),
            Angle::BirdsEye | Angle::Overhead => -height * 1.4,
        };
        // Never below the ground.
        let mut y = middle + (height / 2.0 - horizon) / metre;
        let mut horizon = horizon;
        if y < 0.12 {
            y = 0.12;
            horizon = height / 2.0 - (y - middle) * metre;
        }
        let roll = if camera.angle == Angle::Dutch { 0.13 } else { 0.0 };
        let cover = 1.0 + 2.1 * f64::abs(roll);
        View {
            width,
            height,
            focal,
            at: [0.0, y, 0.0],
            horizon,
            shift: Vec2::ZERO,
            subject_z: distance,
            world: about(width, height, roll, cover),
            focus: 0.0,
            whip: 0.0,
            frame_m,
            from_above,
            squash: match camera.angle {
                Angle::High => 0.93,
                Angle::BirdsEye => 0.6,
                _ => 1.0,
            },
        }
    }

    /// The camera `frame` frames into a move of `n_frames`.
    pub(crate) fn moved(&self, kind: Move, frame: u32, n_frames: u32, seconds: f64, seed: u64) -> View {
        let last = n_frames.saturating_sub(1 + HOLD).max(1);
        let u = ease(f64::from(frame) / f64::from(last));
        let mut view = self.clone();
        let (w, h, d) = (self.width, self.height, self.subject_z);
        match kind {
            Move::Static => {}
            Move::PanLeft => view.shift.x = lerp(-0.24, 0.0, u) * w,
            Move::PanRight => view.shift.x = lerp(0.24, 0.0, u) * w,
            Move::TiltUp => view.shift.y = lerp(-0.30, 0.0, u) * h,
            Move::TiltDown => view.shift.y = lerp(0.30, 0.0, u) * h,
            Move::PushIn => view.dolly(lerp(0.0, 0.24, u) * d),
            Move::PullOut => view.dolly(lerp(0.24, 0.0, u) * d),
            Move::TrackLeft => view.at[0] = lerp(0.22, -0.12, u) * self.frame_m * w / h,
            Move::TrackRight => view.at[0] = lerp(-0.22, 0.12, u) * self.frame_m * w / h,
            Move::CraneUp => view.crane(lerp(-0.32, 0.10, u)),
            Move::CraneDown => view.crane(lerp(0.40, 0.0, u)),
            Move::ZoomIn => view.zoom(lerp(1.0, 1.38, u)),
            Move::ZoomOut => view.zoom(lerp(1.38, 1.0, u)),
            Move::Handheld => {
                let sway = |salt: u64| wander(seed ^ salt, seconds);
                view.shift = Vec2::new(sway(1) * 0.016 * w, sway(2) * 0.018 * h);
                view.world *= about(w, h, sway(3) * 0.009, 1.03);
            }
            Move::WhipPan => {
                // In from the left within the first third of a second, then it settles.
                let t = (seconds / 0.36).clamp(0.0, 1.0);
                let left = 1.0 - ease(t);
                view.shift.x = 1.9 * w * left;
                view.whip = 6.0 * t * (1.0 - t) + if t < 0.5 { 2.5 * (1.0 - 2.0 * t) } else { 0.0 };
            }
            Move::Follow => view.at[0] = lerp(-0.2, 0.2, u) * self.frame_m * w / h,
            Move::ArcLeft | Move::ArcRight => {
                let sign = if kind == Move::ArcLeft { -1.0 } else { 1.0 };
                let x = sign * lerp(-0.35, 0.35, u) * d;
                view.at[0] = x;
                // Panned back, so that the subject stays where it was while the world turns behind it.
                view.shift.x = x * self.focal / d;
            }
            Move::RackFocus => {
                view.focus = ease((f64::from(frame) / f64::from(last) - 0.35) / 0.3);
            }
        }
        view
    }

    fn dolly(&mut self, by: f64) {
        self.at[2] = by;
    }

    /// Up by a fraction of the frame, tilting half of the way back.
    fn crane(&mut self, by: f64) {
        let metres = (by * self.frame_m).max(0.15 - self.at[1]);
        self.at[1] += metres;
        self.shift.y = -metres * self.focal / self.subject_z * 0.55;
    }

    fn zoom(&mut self, by: f64) {
        let about = Vec2::new(self.width / 2.0, self.height * 0.45);
        self.world *= Affine::translate(about) * Affine::scale(by) * Affine::translate(-about);
    }

    fn depth(&self, z: f64) -> f64 {
        (z - self.at[2]).max(0.05 * self.subject_z.min(1.0))
    }

    /// Pixels per metre at a distance.
    pub(crate) fn scale(&self, z: f64) -> f64 {
        self.focal / self.depth(z)
    }

    /// Where a point of the world is seen.
    pub(crate) fn see(&self, x: f64, y: f64, z: f64) -> Point {
        let scale = self.scale(z);
        let limit = 20_000.0;
        Point::new(
            (self.width / 2.0 + self.shift.x + (x - self.at[0]) * scale).clamp(-limit, limit),
            (self.horizon + self.shift.y - (y - self.at[1]) * scale).clamp(-limit, limit),
        )
    }

    /// The horizon with the tilt in it.
    pub(crate) fn skyline(&self) -> f64 {
        self.horizon + self.shift.y
    }

    /// X in metres at a distance for a fraction of the frame's width from its middle, before any move.
    pub(crate) fn across(&self, fraction: f64, z: f64) -> f64 {
        fraction * self.width * z / self.focal
    }
}

fn about(width: f64, height: f64, roll: f64, scale: f64) -> Affine {
    if roll == 0.0 && scale == 1.0 {
        return Affine::IDENTITY;
    }
    let (s, c) = (crate::math::sin(roll) * scale, crate::math::cos(roll) * scale);
    let middle = Vec2::new(width / 2.0, height / 2.0);
    Affine::translate(middle) * Affine::new([c, s, -s, c, 0.0, 0.0]) * Affine::translate(-middle)
}

#[cfg(test)]
mod tests {
    use model::ShotSize;

    use super::*;

    fn view(size: ShotSize) -> View {
        let camera = Camera { size, lens_mm: 35, ..Camera::default() };
        View::compose((1280.0, 720.0), &camera, 1.8, true)
    }

    #[test]
    fn a_head_has_the_height_that_its_size_asks_for() {
        for size in ShotSize::ALL {
            let view = view(*size);
            let head = HEAD * view.scale(view.subject_z);
            assert!((head - 720.0 / size.heads()).abs() < 0.5, "{size:?}");
        }
    }

    #[test]
    fn tracking_moves_the_near_faster_than_the_far_and_panning_does_not() {
        let still = view(ShotSize::Ms);
        let shift = |kind, z| {
            let a = still.moved(kind, 0, 48, 0.0, 1).see(0.0, 1.0, z).x;
            let b = still.moved(kind, 47, 48, 2.0, 1).see(0.0, 1.0, z).x;
            b - a
        };
        let z = still.subject_z;
        assert!(shift(Move::TrackRight, z) < shift(Move::TrackRight, 4.0 * z));
        assert!((shift(Move::PanRight, z) - shift(Move::PanRight, 4.0 * z)).abs() < 1e-9);
        assert!(shift(Move::PanRight, z) < 0.0 && 0.0 < shift(Move::PanLeft, z));
    }

    #[test]
    fn moves_end_in_a_hold() {
        let still = view(ShotSize::Ms);
        for kind in [Move::PushIn, Move::TiltUp, Move::CraneUp, Move::ArcLeft, Move::ZoomOut, Move::TrackLeft] {
            let at = |frame| still.moved(kind, frame, 48, f64::from(frame) / 24.0, 1);
            assert_eq!(at(44), at(47), "{kind:?}");
            assert_ne!(at(0), at(30), "{kind:?}");
        }
    }
}
