//! Poses: joint angles chosen by the verb of an action, moving with time.
//!
//! Angles are in radians from straight down, positive towards where the figure faces. Drawn from a few rules per verb;
//! recorded motion was rejected, a panel needs a readable silhouette and not a performance.

use crate::math::{TAU, ramp, sin, wander};

/// What a figure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Stand,
    Walk,
    Run,
    Sit,
    Kneel,
    Point,
    Hold,
    Talk,
    Look,
    Wave,
    Climb,
    Lie,
    Drive,
    Phone,
    Hug,
    Fight,
    Work,
    Raise,
    Crouch,
    Lean,
}

/// The first rule of which a word begins a word of the action decides.
const VERBS: &[(Act, &[&str])] = &[
    (Act::Run, &["run", "sprint", "rush", "race", "chase", "flee", "dash", "hurr"]),
    (Act::Climb, &["climb", "scale", "clamber"]),
    (Act::Drive, &["drive", "driving", "steer", "pilot"]),
    (Act::Sit, &["sit", "sat", "seated", "perch", "slump"]),
    (Act::Kneel, &["kneel", "knelt", "pray"]),
    (Act::Crouch, &["crouch", "squat", "duck", "hide", "hiding"]),
    (Act::Lie, &["lie", "lies", "lying", "sleep", "asleep", "fall", "fell", "collapse", "dead", "unconscious"]),
    (Act::Fight, &["fight", "punch", "hit", "strike", "attack", "kick", "struggl"]),
    (Act::Hug, &["hug", "embrac", "kiss", "comfort"]),
    (Act::Phone, &["phone", "call", "dial"]),
    (Act::Point, &["point", "aim", "gestur"]),
    (Act::Wave, &["wave", "waving", "greet", "signal"]),
    (Act::Raise, &["raise", "lift", "cheer", "reach", "stretch"]),
    (Act::Work, &["write", "writ", "type", "typing", "read", "cook", "repair", "fix", "polish", "clean", "turn"]),
    (Act::Hold, &["hold", "held", "carr", "grip", "clutch", "grab", "take", "took", "bring", "open", "lights", "pour"]),
    (
        Act::Walk,
        &[
            "walk", "step", "stride", "pace", "cross", "enter", "exit", "leave", "approach", "march", "wander",
            "stroll", "stagger", "descend", "ascend", "follow",
        ],
    ),
    (Act::Lean, &["lean", "rest"]),
    (Act::Look, &["look", "stare", "watch", "gaze", "search", "see", "squint", "notice", "peer", "scan", "observ"]),
    (Act::Talk, &["talk", "speak", "say", "shout", "whisper", "argue", "answer", "explain", "ask", "yell"]),
];

impl Act {
    pub(crate) fn of(action: &str) -> Act {
        let action: String = action.chars().take(400).collect::<String>().to_lowercase();
        let words: Vec<&str> = action.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let says = |stems: &[&str]| words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem)));
        VERBS.iter().find(|(_, stems)| says(stems)).map_or(Act::Stand, |(act, _)| *act)
    }

    /// Metres per second on the ground.
    pub(crate) fn speed(self) -> f64 {
        match self {
            Act::Walk => 1.1,
            Act::Run => 3.0,
            _ => 0.0,
        }
    }

    /// Whether the pose only reads from the side.
    pub(crate) fn sideways(self) -> bool {
        matches!(
            self,
            Act::Walk
                | Act::Run
                | Act::Point
                | Act::Sit
                | Act::Kneel
                | Act::Climb
                | Act::Drive
                | Act::Hug
                | Act::Fight
                | Act::Crouch
                | Act::Lie
                | Act::Lean
        )
    }
}

/// What a figure sits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    None,
    Box,
}

/// Joint angles at one moment. Arms and legs: near first, then far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pose {
    pub(crate) lean: f64,
    /// Shoulder, elbow.
    pub(crate) arms: [(f64, f64); 2],
    /// Hip, knee.
    pub(crate) legs: [(f64, f64); 2],
    /// Tilt of the head forwards.
    pub(crate) nod: f64,
    pub(crate) lying: bool,
    pub(crate) seat: Seat,
    /// Whether the near hand shows what it holds.
    pub(crate) holds: bool,
    /// Extra height of the pelvis, heads.
    pub(crate) bob: f64,
}

pub(crate) const THIGH: f64 = 1.95;
pub(crate) const SHIN: f64 = 1.9;
pub(crate) const SOLE: f64 = 0.2;
pub(crate) const TORSO: f64 = 2.68;
/// From the base of the neck to the middle of the head.
pub(crate) const NECK: f64 = 0.72;

impl Pose {
    /// At `t` seconds; `voice` is how loud the figure speaks, 0 to 1.
    pub(crate) fn of(act: Act, t: f64, seed: u64, voice: f64) -> Pose {
        let breath = sin(TAU * (t * 0.27 + (seed % 97) as f64 / 97.0));
        let sway = wander(seed, t * 0.5);
        let mut pose = Pose {
            lean: 0.02 + 0.012 * sway,
            arms: [(0.06 + 0.02 * breath, 0.22), (0.02 - 0.02 * breath, 0.18)],
            legs: [(0.05, 0.04), (-0.05, 0.04)],
            nod: 0.02 * sway + 0.05 * voice * wander(seed ^ 7, t * 2.5),
            lying: false,
            seat: Seat::None,
            holds: false,
            bob: 0.012 * breath,
        };
        let phase = (seed % 61) as f64 / 61.0;
        match act {
            Act::Stand => {}
            Act::Walk | Act::Run => {
                let run = act == Act::Run;
                let turn = t * if run { 1.45 } else { 0.9 } + phase;
                let s = sin(TAU * turn);
                // A leg that swings forwards is bent, one that carries is straight.
                let swing = sin(TAU * (turn + 0.19));
                let (stride, bend) = if run { (0.72, 1.5) } else { (0.42, 0.75) };
                pose.legs =
                    [(stride * s, bend * swing.max(0.0) + 0.08), (-stride * s, bend * (-swing).max(0.0) + 0.08)];
                pose.arms = if run { [(-0.75 * s, 1.5), (0.75 * s, 1.5)] } else { [(-0.38 * s, 0.3), (0.38 * s, 0.3)] };
                pose.lean = if run { 0.24 } else { 0.06 };
                pose.bob = if run { 0.10 * s * s } else { 0.0 };
            }
            Act::Sit | Act::Drive => {
                pose.seat = Seat::Box;
                pose.legs = [(1.42, 1.42), (1.36, 1.30)];
                pose.arms = [(0.55, 0.85), (0.5, 0.8)];
                pose.lean = 0.05 + 0.02 * sway;
                if act == Act::Drive {
                    let turn = 0.06 * wander(seed, t);
                    pose.arms = [(0.95 + turn, 0.5), (0.95 - turn, 0.5)];
                }
            }
            Act::Kneel => {
                pose.legs = [(1.35, 1.5), (-0.15, 1.45)];
                pose.arms = [(0.6, 0.8), (0.5, 0.7)];
                pose.lean = 0.15;
            }
            Act::Crouch => {
                pose.legs = [(1.5, 2.2), (1.2, 2.1)];
                pose.arms = [(0.9, 0.5), (0.7, 0.6)];
                pose.lean = 0.5;
            }
            Act::Point => pose.arms[0] = (1.45 * ramp(0.0, 0.5, t) + 0.03 * sway, 0.06),
            // Out to the side: an arm that rises in front hides the face.
            Act::Wave => pose.arms[0] = (-2.25, -0.45 - 0.40 * sin(TAU * t * 1.3)),
            Act::Raise => pose.arms = [(0.3, 0.4), (2.45 * ramp(0.0, 0.8, t) + 0.04 * sway, 0.2)],
            Act::Hold => {
                // At the chest, over where a caption lies.
                pose.arms = [(0.60 + 0.03 * sway, 1.72), (0.35, 1.05)];
                pose.holds = true;
            }
            Act::Work => {
                let busy = sin(TAU * t * 0.8);
                pose.arms = [(0.75 + 0.06 * busy, 0.75), (0.65 - 0.06 * busy, 0.8)];
                pose.lean = 0.14;
                pose.nod = 0.16;
                pose.holds = true;
            }
            Act::Talk => {
                pose.arms[0] = (0.45 + 0.12 * wander(seed ^ 3, t * 1.4), 1.1 + 0.25 * wander(seed ^ 5, t * 1.7))
            }
            Act::Look => {
                pose.nod = -0.04 + 0.03 * sway;
                pose.lean = 0.05;
            }
            Act::Climb => {
                let s = sin(TAU * (t * 0.6 + phase));
                pose.arms = [(2.2 + 0.3 * s, 0.25), (2.2 - 0.3 * s, 0.25)];
                pose.legs = [(0.7 + 0.5 * s, 1.0 + 0.4 * s), (0.7 - 0.5 * s, 1.0 - 0.4 * s)];
            }
            Act::Lie => {
                pose.lying = true;
                pose.arms = [(0.35, 0.5), (0.1, 0.3)];
                pose.legs = [(0.35, 0.6), (0.05, 0.15)];
            }
            Act::Phone => {
                pose.arms[0] = (0.75, 2.25);
                pose.holds = true;
            }
            Act::Hug => pose.arms = [(1.25, 0.55), (1.1, 0.6)],
            Act::Fight => {
                let hit = ramp(0.0, 0.15, (t + phase) % 0.9) * (1.0 - ramp(0.2, 0.5, (t + phase) % 0.9));
                pose.arms = [(0.8 + 0.7 * hit, 1.7 - 1.5 * hit), (0.6, 1.8)];
                pose.legs = [(0.35, 0.25), (-0.4, 0.2)];
                pose.lean = 0.12 + 0.12 * hit;
            }
            Act::Lean => {
                pose.lean = -0.12;
                pose.arms = [(0.4, 1.3), (0.35, 1.4)];
                pose.legs = [(0.25, 0.0), (0.0, 0.1)];
            }
        }
        // Hands underline what is said, where they are free.
        if 0.0 < voice && matches!(act, Act::Stand | Act::Look | Act::Talk | Act::Sit) {
            let lift = voice.min(1.0) * (0.5 + 0.5 * wander(seed ^ 11, t * 0.9));
            pose.arms[0].0 += 0.22 * lift;
            pose.arms[0].1 += 0.75 * lift;
        }
        pose
    }

    /// Height of the pelvis over the ground, heads: the longer leg stands.
    pub(crate) fn pelvis(&self) -> f64 {
        if self.lying {
            return 0.55;
        }
        let reach = |(hip, knee): (f64, f64)| {
            let shin = hip - knee;
            // A shin that points backwards puts the knee or the toes on the ground.
            (THIGH * crate::math::cos(hip) + SHIN * crate::math::cos(shin).max(0.0)).max(THIGH * crate::math::cos(hip))
        };
        self.legs.iter().map(|leg| reach(*leg)).fold(0.3, f64::max) + SOLE + self.bob
    }

    /// Height of the crown over the ground, heads.
    pub(crate) fn crown(&self) -> f64 {
        if self.lying {
            return 1.3;
        }
        self.pelvis() + (TORSO + NECK) * crate::math::cos(self.lean) + 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_choose_poses() {
        assert_eq!(Act::of("runs down the stairs"), Act::Run);
        assert_eq!(Act::of("SITS at the table"), Act::Sit);
        assert_eq!(Act::of("stares out to sea"), Act::Look);
        assert_eq!(Act::of(""), Act::Stand);
        assert_eq!(Act::of(&"x".repeat(100_000)), Act::Stand);
    }

    #[test]
    fn standing_figures_are_eight_heads_tall_and_sitting_ones_less() {
        let crown = |act| Pose::of(act, 0.0, 5, 0.0).crown();
        assert!((7.7..8.2).contains(&crown(Act::Stand)), "{}", crown(Act::Stand));
        assert!((5.5..6.9).contains(&crown(Act::Sit)), "{}", crown(Act::Sit));
        assert!(crown(Act::Kneel) < crown(Act::Walk));
    }
}
