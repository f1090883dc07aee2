//! The operation that solves a colour match between two measured clips.
//!
//! Statistics transfer creates error where framings differ, so the rules are strict: below the break limit nothing
//! changes; another framing gets exposure and white balance alone, capped; the same setup gets the whole map.

use engine::worker::JobError;
use model::{Outputs, Report, Verdict};
use serde_json::json;

use crate::compare::measures_of;
use crate::mkl::{mkl, reinhard};
use crate::relation::{Relation, compared};
use crate::stats::{Window, rounded};
use crate::{OpCx, refused, reported};

/// Gains that bring one window to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gains {
    /// Stops that were asked for.
    pub(crate) wanted_ev: f64,
    /// Stops that are given.
    pub(crate) ev: f64,
    /// White balance, without a change of luminance.
    pub(crate) white_balance: [f64; 3],
    /// Both together, in linear light.
    pub(crate) gains: [f64; 3],
    /// Whether a limit cut the exposure or the balance.
    pub(crate) capped: bool,
}

/// The most stops that a match gives.
pub(crate) fn most_ev(same_setup: bool) -> f64 {
    if same_setup { 2.0 } else { 0.7 }
}

/// Exposure by log-average luminance and white balance by shades of grey, from `source` to `reference`.
pub(crate) fn gains_between(source: &Window, reference: &Window, same_setup: bool) -> Gains {
    let (most, share) = (most_ev(same_setup), if same_setup { 0.5 } else { 0.15 });
    let wanted_ev = reference.ev - source.ev;
    let ev = wanted_ev.clamp(-most, most);
    let ratio: [f64; 3] = std::array::from_fn(|i| reference.illuminant[i] / source.illuminant[i].max(1e-6));
    let light = 0.2126 * ratio[0] + 0.7152 * ratio[1] + 0.0722 * ratio[2];
    let balanced = ratio.map(|c| c / light);
    let white_balance = balanced.map(|c| c.clamp(1.0 - share, 1.0 + share));
    Gains {
        wanted_ev,
        ev,
        white_balance,
        gains: white_balance.map(|c| c * ev.exp2()),
        capped: ev != wanted_ev || white_balance != balanced,
    }
}

/// `solve.match`: the grade that makes `clip` look like `to`, or the reason why there is none.
pub(crate) fn matching(cx: &OpCx<'_>) -> Result<Outputs, JobError> {
    let (clip, to) = (measures_of("clip", cx.report("clip")?)?, measures_of("to", cx.report("to")?)?);
    let (same_setup, always) = (cx.flag("same_setup")?, cx.flag("always")?);
    let strength = cx.number("strength", 1.0)?.clamp(0.0, 1.0);
    let relation = Relation::of_flag(same_setup);
    let before = compared(&to.whole, &clip.whole, relation, 1.0);
    let solved = gains_between(&clip.whole, &to.whole, same_setup);
    let mode = match cx.text("mode")? {
        "auto" | "" if same_setup => "mkl",
        "auto" | "" => "exposure_wb",
        "mkl" => "mkl",
        "reinhard" => "reinhard",
        "exposure_wb" => "exposure_wb",
        other => return Err(refused("op-argument", format!("`{other}` is not a mode of matching")).into()),
    };
    // Half strength is as far as statistics of other framings can be trusted.
    let is_map = mode != "exposure_wb";
    let strength = if is_map && !same_setup { strength.min(0.5) } else { strength };
    let broken = before.verdict == Some(Verdict::Break);
    let applied = (broken || always) && 0.0 < strength;
    let (mut gains, mut oklab) = (None, None);
    if applied && is_map {
        let solve = if mode == "mkl" { mkl } else { reinhard };
        oklab = Some(solve(&clip.whole, &to.whole).blended(strength).numbers());
    } else if applied {
        gains = Some(solved.gains.map(|gain| gain.powf(strength)));
    }
    let capped = applied && !is_map && solved.capped;
    let summary = match (applied, is_map) {
        (false, _) if strength == 0.0 => "strength 0 changes nothing".to_owned(),
        (false, _) => "within the break limits, left as it is".to_owned(),
        (true, true) => format!("colour map at {:.0} %", strength * 100.0),
        (true, _) => {
            format!("{:+.2} stops and white balance{}", solved.ev * strength, if capped { ", capped" } else { "" })
        }
    };
    let data = json!({
        "kind": "match",
        "applied": applied,
        "mode": mode,
        "strength": strength,
        "capped": capped,
        "ev": rounded(solved.ev * strength),
        "wanted_ev": rounded(solved.wanted_ev),
        "white_balance": solved.white_balance.map(|gain| rounded(gain.powf(strength))),
        "gains": gains,
        "oklab": oklab,
        "before": before,
    });
    let verdict = before.verdict.unwrap_or(Verdict::NotMeasured);
    Ok(reported(Report { title: "Match".to_owned(), summary, verdict, data, plot: None }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use model::Value;
    use serde_json::Value as Json;

    use super::*;
    use crate::measure::tests::measures;
    use crate::oklab::{LINEAR, linear_of_oklab, oklab};
    use crate::stats::Tally;
    use crate::testing::{Generated, flat, moved, with_cx};

    fn report(gains: [f64; 3]) -> Value {
        let found = measures(8, Generated::new(move |at| moved(1, gains, at as f64)));
        let data = serde_json::to_value(found).expect("it is JSON");
        Value::Report(Arc::new(Report { data, ..Report::default() }))
    }

    fn solve(clip: [f64; 3], to: [f64; 3], mode: &str, same_setup: bool, always: bool) -> Json {
        let args = BTreeMap::from([
            ("clip".to_owned(), report(clip)),
            ("to".to_owned(), report(to)),
            ("mode".to_owned(), mode.into()),
            ("same_setup".to_owned(), Value::Flag(same_setup)),
            ("always".to_owned(), Value::Flag(always)),
        ]);
        let codec = Generated::new(|_| flat([0; 3]));
        let outputs = with_cx(|job| matching(&OpCx { codec: &codec, args: &args, job }).expect("it solves"));
        let Value::Report(found) = &outputs[0].1 else { panic!("it is a report") };
        found.data.clone()
    }

    #[test]
    fn small_differences_are_left_alone_unless_forced() {
        let near = |always| solve([0.7; 3], [0.72; 3], "auto", false, always);
        assert_eq!((&near(false)["applied"], &near(false)["gains"]), (&json!(false), &Json::Null));
        assert_eq!(near(true)["applied"], json!(true));
    }

    #[test]
    fn another_framing_gets_capped_gains() {
        let found = solve([0.35; 3], [1.2; 3], "auto", false, false);
        assert_eq!((&found["mode"], &found["capped"]), (&json!("exposure_wb"), &json!(true)));
        assert_eq!(found["ev"], json!(0.7));
        let warm = solve([0.7 * 1.3, 0.7, 0.7 / 1.3], [0.7; 3], "exposure_wb", false, false);
        let red = warm["white_balance"][0].as_f64().expect("a number");
        assert!((0.85..0.86).contains(&red), "{red}");
        assert_eq!(warm["oklab"], Json::Null);
    }

    #[test]
    fn a_gain_is_undone_by_its_inverse() {
        let found = solve([0.7 * 1.3; 3], [0.7; 3], "exposure_wb", true, false);
        for gain in found["gains"].as_array().expect("three gains") {
            let gain = gain.as_f64().expect("a number");
            assert!((gain * 1.3 - 1.0).abs() < 0.03, "{gain}");
        }
    }

    /// The window of a picture under a solved grade, applied as a renderer does: gains in linear light, then three
    /// rows of three factors and an offset in OKLab.
    fn under(grade: &Json, gains: [f64; 3]) -> Window {
        let numbers = |name: &str| -> Option<Vec<f64>> { serde_json::from_value(grade[name].clone()).ok() };
        let mut tally = Tally::default();
        for pixel in moved(1, gains, 0.0).data.chunks_exact(4) {
            let mut rgb = [pixel[0], pixel[1], pixel[2]].map(|code| LINEAR[usize::from(code)]);
            if let Some(gains) = numbers("gains") {
                rgb = std::array::from_fn(|i| rgb[i] * gains[i] as f32);
            }
            if let Some(m) = numbers("oklab") {
                let lab = oklab(rgb).map(f64::from);
                let row = |i: usize| (m[i] * lab[0] + m[i + 1] * lab[1] + m[i + 2] * lab[2] + m[i + 3]) as f32;
                rgb = linear_of_oklab([row(0), row(4), row(8)]);
            }
            tally.add(rgb.map(|c| c.clamp(0.0, 1.0)));
        }
        tally.window((0, 1))
    }

    #[test]
    fn every_mode_brings_the_pictures_together() {
        let (clip, to) = ([0.95, 0.7, 0.55], [0.7; 3]);
        let reference = under(&Json::Null, to);
        let before = compared(&reference, &under(&Json::Null, clip), Relation::SameSetup, 1.0);
        assert_eq!(before.verdict, Some(Verdict::Break));
        for (mode, most) in [("exposure_wb", 0.5), ("mkl", 0.25), ("reinhard", 0.5)] {
            let solved = solve(clip, to, mode, true, false);
            let after = compared(&reference, &under(&solved, clip), Relation::SameSetup, 1.0);
            assert!(after.score < most * before.score, "{mode}: {} to {}", before.score, after.score);
        }
    }

    #[test]
    fn the_same_setup_gets_the_whole_map_and_another_at_most_half() {
        let same = solve([1.0; 3], [0.7; 3], "auto", true, false);
        assert_eq!((&same["mode"], &same["strength"]), (&json!("mkl"), &json!(1.0)));
        assert_eq!(same["oklab"].as_array().map(Vec::len), Some(12));
        for mode in ["mkl", "reinhard"] {
            let other = solve([1.2; 3], [0.7; 3], mode, false, false);
            assert_eq!((&other["mode"], &other["strength"]), (&json!(mode), &json!(0.5)));
        }
    }
}
