//! Blocking: who stands where in the frame, and where each one looks.
//!
//! Screen sides come from the script and never flip; chance moves people by little.

use model::{Framing, ShotSize, Side};

use crate::brief::{Brief, MOST_FIGURES};
use crate::math::Rng;
use crate::view::View;

/// One figure's place in the composition.
pub(crate) struct Spot {
    /// Index in the cast; none for the unnamed shoulder in front.
    pub(crate) actor: Option<usize>,
    pub(crate) x: f64,
    pub(crate) z: f64,
    pub(crate) facing: f64,
    pub(crate) turn: f64,
    pub(crate) gaze: f64,
    pub(crate) back: bool,
    pub(crate) shape: f64,
}

pub(crate) fn arrange(brief: &Brief, view: &View) -> Vec<Spot> {
    let camera = &brief.shot.camera;
    let d = view.subject_z;
    let frame_w = view.frame_m * view.width / view.height;
    let n = brief.cast.len().min(MOST_FIGURES);
    let lead = brief.lead();
    let mut rng = Rng::new(brief.seed);
    let over = match camera.framing {
        Framing::OtsLeft => Some(-1.0),
        Framing::OtsRight => Some(1.0),
        _ => None,
    };
    if let (Some(near), 1..) = (over, n) {
        let other = (0..n).find(|i| *i != lead);
        let z = d * 0.60;
        let subject = Spot {
            actor: Some(lead),
            x: view.across(-near * 0.17, d),
            z: d,
            facing: near,
            turn: 0.42,
            gaze: 0.45,
            back: false,
            shape: 0.0,
        };
        let front = Spot {
            actor: other,
            x: view.across(near * 0.37, z),
            z,
            facing: -near,
            turn: 0.3,
            gaze: 0.0,
            back: true,
            shape: 0.72,
        };
        return vec![subject, front];
    }
    // Sides first, the script's order among equals.
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|i| match brief.cast[*i].side {
        Side::Left => 0,
        Side::Centre => 1,
        Side::Right => 2,
    });
    let gap = match n {
        0 | 1 => 0.0,
        2 => (frame_w * 0.42).clamp(0.12, 1.35),
        _ => (frame_w * 0.80 / (n - 1) as f64).clamp(0.10, 1.0),
    };
    let tight = camera.size <= ShotSize::Vcu;
    order
        .iter()
        .enumerate()
        .map(|(place, &i)| {
            let actor = &brief.cast[i];
            let sideways = actor.act.sideways();
            let base = (place as f64 - n.saturating_sub(1) as f64 / 2.0) * gap;
            let (x, facing) = if n == 1 {
                let toward = match actor.side {
                    Side::Left => 1.0,
                    Side::Right => -1.0,
                    Side::Centre => {
                        if actor.look.seed & 2 == 0 {
                            1.0
                        } else {
                            -1.0
                        }
                    }
                };
                // Looking room lies ahead of the face.
                let off = if tight { 0.05 } else { 0.13 };
                let off = if camera.framing == Framing::Pov { 0.0 } else { off };
                let far = (off * frame_w).min(0.9 + 0.05 * frame_w);
                (-toward * far + rng.range(-0.012, 0.012) * frame_w, toward)
            } else {
                let facing = if base < 0.0 || (base == 0.0 && rng.chance(0.5)) { 1.0 } else { -1.0 };
                (base + rng.range(-0.05, 0.05) * gap, facing)
            };
            let turn = match (sideways, camera.framing, n) {
                (true, ..) => 0.72,
                (_, Framing::Pov, _) => 0.05,
                (_, _, 2) => 0.60,
                (_, _, 1) => {
                    if tight {
                        0.30
                    } else {
                        0.42
                    }
                }
                _ => 0.35,
            };
            let depth = if n < 3 { 0.0 } else { 0.16 * (place % 2) as f64 };
            let gaze = if camera.framing == Framing::Pov { 0.0 } else { 0.35 };
            Spot { actor: Some(i), x, z: d * (1.0 + depth), facing, turn, gaze, back: false, shape: 0.0 }
        })
        .collect()
}
