//! How two shots relate, and what their distance is worth: thresholds, verdicts, scores.
//!
//! The thresholds are the starting values measured on a small set of reframed photographs; a project stretches them
//! with its tolerance. One measure alone never breaks a cut: content moves single measures, grades move several.

use model::{Move, Shot, Verdict};
use serde::{Deserialize, Serialize};

use crate::distances::{d_ab, d_e00, d_ev, d_l, emd_l, gaussian_w2, hellinger, white_balance_angle};
use crate::stats::{Window, rounded};

/// What the shot list says about two shots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Relation {
    /// The same camera setup: pictures should agree closely.
    SameSetup,
    /// The same place and time, seen otherwise.
    DifferentFraming,
    /// Another place or time: told, not judged.
    SceneChange,
    /// No shot list: judged like another framing.
    Unknown,
}

impl Relation {
    /// From two shots, where they are known.
    pub(crate) fn between(a: Option<&Shot>, b: Option<&Shot>) -> Relation {
        let (Some(a), Some(b)) = (a, b) else { return Relation::Unknown };
        if a.scene != b.scene || a.setting != b.setting {
            return Relation::SceneChange;
        }
        let still = |shot: &Shot| matches!(shot.camera.r#move, Move::Static | Move::Handheld);
        let cast = |shot: &Shot| {
            let mut names: Vec<_> = shot.cast.iter().map(|member| member.name.clone()).collect();
            names.sort();
            names
        };
        let (one, other) = (&a.camera, &b.camera);
        let same_view =
            (one.size, one.framing, one.angle, one.lens_mm) == (other.size, other.framing, other.angle, other.lens_mm);
        if same_view && still(a) && still(b) && cast(a) == cast(b) {
            Relation::SameSetup
        } else {
            Relation::DifferentFraming
        }
    }

    /// From the flag of a node.
    pub(crate) fn of_flag(same_setup: bool) -> Relation {
        if same_setup { Relation::SameSetup } else { Relation::DifferentFraming }
    }
}

/// Watch and break of a measure in the same setup, and in a different framing.
type Limits = (f64, f64, f64, f64);

/// The judged measures, most sensitive first.
const LIMITS: &[(&str, Limits)] = &[
    ("hellinger_oklab", (0.12, 0.25, 0.22, 0.35)),
    ("d_l", (0.013, 0.040, 0.026, 0.060)),
    ("d_ab", (0.005, 0.011, 0.011, 0.025)),
    ("d_e00", (1.0, 2.3, 3.5, 6.0)),
    ("d_ev", (0.10, 0.30, 0.25, 0.50)),
];

/// One number of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measure {
    pub(crate) id: String,
    pub(crate) value: f64,
    /// From where it is worth a look: the noise floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) r#break: Option<f64>,
    /// None where it is told but not judged.
    pub(crate) verdict: Option<Verdict>,
}

/// Two windows compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) relation: Relation,
    pub(crate) measures: Vec<Measure>,
    /// None where it is not judged.
    pub(crate) verdict: Option<Verdict>,
    /// Mean of the judged measures in units of their break limit, for saying which of two repairs is nearer.
    pub(crate) score: f64,
}

/// Compares two windows; limits are stretched by `tolerance`.
pub(crate) fn compared(a: &Window, b: &Window, relation: Relation, tolerance: f64) -> Comparison {
    let values = [hellinger(a, b), d_l(a, b), d_ab(a, b), d_e00(a, b), d_ev(a, b)];
    let judged = relation != Relation::SceneChange;
    let (mut measures, mut score, mut n_watch, mut n_break) = (Vec::new(), 0.0, 0, 0);
    for ((id, (same_watch, same_break, watch, brk)), value) in LIMITS.iter().zip(values) {
        let (floor, limit) = if relation == Relation::SameSetup { (same_watch, same_break) } else { (watch, brk) };
        let (floor, limit) = (floor * tolerance, limit * tolerance);
        score += value.abs() / limit / LIMITS.len() as f64;
        let verdict = match value.abs() {
            size if limit <= size => Verdict::Break,
            size if floor <= size => Verdict::Watch,
            _ => Verdict::Good,
        };
        n_break += usize::from(verdict == Verdict::Break);
        n_watch += usize::from(Verdict::Watch <= verdict);
        measures.push(Measure {
            id: (*id).to_owned(),
            value: rounded(value),
            floor: judged.then(|| rounded(floor)),
            r#break: judged.then(|| rounded(limit)),
            verdict: judged.then_some(verdict),
        });
    }
    let told = [
        ("emd_l", emd_l(a, b)),
        ("gaussian_w2", gaussian_w2(a, b)),
        ("white_balance_angle", white_balance_angle(a, b)),
    ];
    for (id, value) in told {
        measures.push(Measure { id: id.to_owned(), value: rounded(value), floor: None, r#break: None, verdict: None });
    }
    let verdict = match (n_break, n_watch) {
        (2.., _) => Verdict::Break,
        (1, _) | (_, 2..) => Verdict::Watch,
        _ => Verdict::Good,
    };
    Comparison { relation, measures, verdict: judged.then_some(verdict), score: rounded(score) }
}

#[cfg(test)]
pub(crate) mod tests {
    use model::{Camera, CastMember, Setting, ShotSize, Side, TimeOfDay};

    use super::*;
    use crate::stats::Tally;
    use crate::testing::{moved, picture};

    /// A plain shot of a scene.
    pub(crate) fn shot(id: &str, scene: &str, size: ShotSize) -> Shot {
        Shot {
            id: id.to_owned(),
            scene: scene.to_owned(),
            number: String::new(),
            text: String::new(),
            setting: Setting { location: "HARBOUR".to_owned(), ..Setting::default() },
            camera: Camera { size, lens_mm: 50, ..Camera::default() },
            cast: Vec::new(),
            props: Vec::new(),
            lines: Vec::new(),
            duration_s: 2.0,
            seed: None,
            purpose: String::new(),
            provenance: Default::default(),
        }
    }

    fn window(frame: &engine::codec::Frame) -> Window {
        Tally::of(frame).window((0, 1))
    }

    #[test]
    fn relations_come_from_the_shot_list() {
        let a = shot("s1.b1", "s1", ShotSize::Ms);
        assert_eq!(Relation::between(Some(&a), Some(&a)), Relation::SameSetup);
        assert_eq!(Relation::between(Some(&a), None), Relation::Unknown);
        let close = shot("s1.b2", "s1", ShotSize::Cu);
        assert_eq!(Relation::between(Some(&a), Some(&close)), Relation::DifferentFraming);
        let elsewhere = shot("s2.b1", "s2", ShotSize::Ms);
        assert_eq!(Relation::between(Some(&a), Some(&elsewhere)), Relation::SceneChange);
        let mut night = a.clone();
        night.setting.time = TimeOfDay::Night;
        assert_eq!(Relation::between(Some(&a), Some(&night)), Relation::SceneChange);
        let mut panned = a.clone();
        panned.camera.r#move = Move::PanLeft;
        assert_eq!(Relation::between(Some(&a), Some(&panned)), Relation::DifferentFraming);
        let mut joined = a.clone();
        let member = |name: &str| CastMember {
            name: name.to_owned(),
            action: String::new(),
            emotion: String::new(),
            side: Side::Left,
        };
        joined.cast.push(member("MARA"));
        assert_eq!(Relation::between(Some(&a), Some(&joined)), Relation::DifferentFraming);
    }

    #[test]
    fn the_column_decides_the_verdict() {
        let (a, b) = (window(&picture(1, [0.7; 3])), window(&picture(1, [0.7 * 1.25; 3])));
        let verdict = |relation| compared(&a, &b, relation, 1.0).verdict;
        assert_eq!(verdict(Relation::SameSetup), Some(Verdict::Break));
        assert_eq!(verdict(Relation::DifferentFraming), Some(Verdict::Watch));
        assert_eq!(verdict(Relation::SceneChange), None);
        assert_eq!(compared(&a, &b, Relation::SameSetup, 4.0).verdict, Some(Verdict::Good));
        assert_eq!(compared(&a, &a, Relation::SameSetup, 1.0).verdict, Some(Verdict::Good));
    }

    #[test]
    fn a_moved_camera_alone_is_good() {
        let (a, b) = (window(&moved(1, [0.9; 3], 0.0)), window(&moved(1, [0.9; 3], 12.0)));
        let found = compared(&a, &b, Relation::DifferentFraming, 1.0);
        assert_eq!(found.verdict, Some(Verdict::Good), "{found:?}");
    }

    #[test]
    fn the_score_grows_with_the_error() {
        let reference = window(&picture(1, [0.7; 3]));
        let scores: Vec<f64> = [0.7, 0.75, 0.85, 1.1]
            .iter()
            .map(|gain| compared(&reference, &window(&picture(1, [*gain; 3])), Relation::SameSetup, 1.0).score)
            .collect();
        assert!(scores.is_sorted() && scores[0] == 0.0, "{scores:?}");
    }
}
