//! Matches the colour of a clip to a chosen shot, only where that helps.
//!
//! The repair is a grade on the clip's recipe, solved by the compute worker. It is measured again before it is kept:
//! a repair that does not bring the clip nearer is dropped and told. Where both show the same thing, it is solved on
//! that region alone and applied to the whole: what else is in the frames then does not count.

use std::sync::Arc;

use model::{
    Crop, Grade, Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Recipe, Report, Stop, Value, no_upgrade,
};
use serde_json::json;

use crate::measuring::{COMPARE_PAIR, SOLVE_MATCH, measured, number, numbers, report_of};

/// `consistency.match`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "consistency.match",
    version: 1,
    help: Help {
        title: "Match colour",
        category: "Consistency",
        summary: "Brings exposure and colour of a clip to those of a chosen shot where they break",
        keywords: &["grade", "white balance", "exposure", "color", "transfer", "repair"],
    },
    params: &[
        ParamSpec::choice("mode", "auto", &["auto", "exposure_wb", "mkl", "reinhard"]).help(
            "Exposure and white balance, a full colour map (mkl), means and spreads (reinhard), or what suits the setup",
        ),
        ParamSpec::number("strength", 1.0).range(0.0, 1.0).help("Share of the repair that is applied"),
        ParamSpec::flag("same_setup", false).help("Both clips show the same framing, so all of the look may follow"),
        ParamSpec::flag("always", false).help("Repair also where the clips agree well enough"),
        ParamSpec::text("region", "").help(
            "What both show, such as a face or a wall: its left, top, width and height in the clip as shares of the \
             frame, like `0.4 0.1 0.2 0.3`; empty is all of it",
        ),
        ParamSpec::text("to_region", "").help("Where the same is in the other clip; empty is the same place"),
    ],
    ports: |_| {
        Ports::new()
            .input("clip", PortType::Clip, "The clip to repair")
            .input("to", PortType::Clip, "The clip or picture to look like")
            .output("clip", PortType::Clip, "The repaired clip")
            .output("report", PortType::Report, "What was done and why")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (mode, strength) = (cx.choice("mode")?, cx.number("strength")?);
    let (same_setup, always) = (cx.flag("same_setup")?, cx.flag("always")?);
    let (clip, to) = (cx.clip("clip")?, cx.clip("to")?);
    if clip == to {
        return Ok(kept(clip, told("the clip is its own reference, nothing to match")));
    }
    let region = region(cx, "region")?;
    let to_region = self::region(cx, "to_region")?.or(region);
    if to_region.is_some() && region.is_none() {
        return Err(cx.refuse("region", "only one of the two regions is given").hint("say where it is in this clip"));
    }
    // The same thing in both is as good as the same framing.
    let same_setup = same_setup || region.is_some();
    let [own, reference] = <[Arc<Report>; 2]>::try_from(measured(cx, &[&part(clip, region), &part(to, to_region)])?)
        .map_err(|_| cx.refuse("", "BUG: two clips were measured"))?;
    let args = [
        ("clip", Value::Report(own)),
        ("to", Value::Report(reference.clone())),
        ("mode", mode.into()),
        ("strength", Value::Number(strength)),
        ("same_setup", Value::Flag(same_setup)),
        ("always", Value::Flag(always)),
    ];
    let solved = report_of(cx, SOLVE_MATCH, args)?;
    if solved.data["applied"] != true {
        return Ok(kept(clip, (*solved).clone()));
    }
    let grade = Grade {
        oklab: numbers(&solved.data, "/oklab").map(Box::new),
        gains: numbers(&solved.data, "/gains"),
        ..Grade::default()
    };
    if grade.oklab.is_none() && grade.gains.is_none() {
        return Err(cx.refuse("", "BUG: the solved match has no numbers"));
    }
    let repaired = Arc::new(clip.grade(grade));
    let after = measured(cx, &[&part(&repaired, region)])?.remove(0);
    let pair = [("a", Value::Report(reference)), ("b", Value::Report(after)), ("same_setup", Value::Flag(same_setup))];
    let after = report_of(cx, COMPARE_PAIR, pair)?;
    let (before, now) = (number(&solved.data, "/before/score"), number(&after.data, "/score"));
    let (Some(before), Some(now)) = (before, now) else {
        return Err(cx.refuse("", "BUG: a comparison has no score"));
    };
    let nearer = now < before;
    let mut report = (*solved).clone();
    report.data["after"] = after.data.clone();
    report.data["kept"] = json!(nearer || always);
    if !nearer && !always {
        report.summary = format!("the repair would not bring it nearer ({before:.2} to {now:.2}), left as it is");
        let note = cx.warn("match-dropped", "to", report.summary.clone());
        let note = note.hint("choose a shot with a closer framing, or make another take");
        return Ok(kept(clip, report).note(note));
    }
    report.verdict = after.verdict;
    report.summary = format!("{}; distance {before:.2} to {now:.2}", report.summary);
    Ok(kept(&repaired, report))
}

/// A rectangle written as four shares of the frame; none where nothing is written.
fn region(cx: &PlanCx<'_>, name: &str) -> Result<Option<Crop>, Stop> {
    let text = cx.text(name)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let inside = |&[left, top, width, height]: &[f64; 4]| {
        // A third and two thirds may miss one by a rounding.
        [(left, width), (top, height)].iter().all(|(at, side)| 0.0 <= *at && 0.01 <= *side && at + side <= 1.0 + 1e-9)
    };
    match <[f64; 4]>::try_from(numbers) {
        Ok(shares) if text.split_whitespace().count() == 4 && inside(&shares) => {
            let [left, top, width, height] = shares;
            Ok(Some(Crop { left, top, width, height }))
        }
        _ => Err(cx
            .refuse(name, format!("`{text}` is not a region of the frame"))
            .hint("write left, top, width and height from 0 to 1, like `0.4 0.1 0.2 0.3`")),
    }
}

/// What is measured of a clip.
fn part(clip: &Arc<Recipe>, region: Option<Crop>) -> Arc<Recipe> {
    region.map_or_else(|| clip.clone(), |region| Arc::new(clip.crop(region)))
}

fn told(summary: &str) -> Report {
    Report {
        title: "Match".to_owned(),
        summary: summary.to_owned(),
        data: json!({ "kind": "match" }),
        ..Report::default()
    }
}

fn kept(clip: &Arc<Recipe>, report: Report) -> Plan {
    Plan::values([("clip", Value::Clip(clip.clone())), ("report", Value::Report(Arc::new(report)))])
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::plan::Outcome;
    use model::{Verdict, Work};

    use super::*;
    use crate::measuring::tests::{answer, clip, op};
    use crate::testing::Fixture;

    /// A worker whose solved match leads from score 1.5 to `after`.
    fn fixture(applied: bool, after: f64) -> Fixture {
        Fixture::new(&SPEC).input("clip", clip("a")).input("to", clip("b")).answers(move |work: &Work| {
            Some(match op(work).as_str() {
                "measure.clip@1" => answer(Verdict::Good, "", json!({ "of": work.key(None).short() })),
                "solve.match@1" => answer(
                    Verdict::Break,
                    "+0.42 stops and white balance",
                    json!({ "applied": applied, "gains": [1.3, 1.34, 1.4], "oklab": null, "before": { "score": 1.5 } }),
                ),
                _ => answer(Verdict::Good, "", json!({ "score": after })),
            })
        })
    }

    fn outputs(fixture: &Fixture) -> (Recipe, Report, usize) {
        let plan = fixture.plan().expect("it plans");
        let Outcome::Values(outputs) = plan.outcome else { panic!("it gives values") };
        match (&outputs[0].1, &outputs[1].1) {
            (Value::Clip(clip), Value::Report(report)) => ((**clip).clone(), (**report).clone(), plan.notes.len()),
            other => panic!("clip and report, not {other:?}"),
        }
    }

    #[test]
    fn a_repair_that_helps_becomes_a_grade() {
        let (found, report, _) = outputs(&fixture(true, 0.2));
        let grade = ron::to_string(&found.pieces[0].grades).expect("grades are RON");
        expect![[r#"[(exposure:0.0,contrast:1.0,saturation:1.0,temperature:0.0,gains:Some((1.3,1.34,1.4)))]"#]]
            .assert_eq(&grade);
        assert_eq!(report.summary, "+0.42 stops and white balance; distance 1.50 to 0.20");
        assert_eq!((report.verdict, &report.data["kept"]), (Verdict::Good, &json!(true)));
        let asked: Vec<_> = {
            let fixture = fixture(true, 0.2);
            fixture.plan().expect("it plans");
            fixture.asked().iter().map(op).collect()
        };
        assert_eq!(
            asked,
            ["measure.clip@1", "measure.clip@1", "solve.match@1", "measure.clip@1", "compare.pair@1"],
            "the repaired clip is measured before it is kept"
        );
    }

    #[test]
    fn a_repair_that_does_not_help_is_dropped_unless_forced() {
        let (found, report, n_notes) = outputs(&fixture(true, 1.7));
        assert_eq!((found.pieces[0].grades.len(), n_notes, &report.data["kept"]), (0, 1, &json!(false)));
        let (forced, ..) = outputs(&fixture(true, 1.7).param("always", true));
        assert_eq!(forced.pieces[0].grades.len(), 1);
    }

    #[test]
    fn a_region_is_measured_and_the_whole_is_repaired() {
        let fixture = fixture(true, 0.2).param("region", "0.5 0 0.5 0.5").param("to_region", "0 0 0.25 0.25");
        let (repaired, ..) = outputs(&fixture);
        let Value::Clip(whole) = clip("a") else { panic!("a clip") };
        assert_eq!((repaired.size, repaired.pieces[0].crop), (whole.size, whole.pieces[0].crop));
        assert_eq!(repaired.pieces[0].grades.len(), 1);
        let asked = fixture.asked();
        let measured: Vec<_> = asked
            .iter()
            .filter_map(|work| match work {
                Work::Compute(compute) if compute.op == "measure.clip" => match &compute.args["clip"] {
                    Value::Clip(clip) => {
                        Some((clip.size, clip.pieces[0].crop.map(|it| it.left), clip.pieces[0].grades.len()))
                    }
                    other => panic!("a clip is measured, not {other:?}"),
                },
                _ => None,
            })
            .collect();
        assert_eq!(measured, [((640, 360), Some(0.5), 0), ((320, 180), Some(0.0), 0), ((640, 360), Some(0.5), 1)]);
        let solved = asked.iter().find_map(|work| match work {
            Work::Compute(compute) if compute.op == "solve.match" => Some(compute.args["same_setup"].clone()),
            _ => None,
        });
        assert_eq!(solved, Some(Value::Flag(true)), "all of the look may follow");
    }

    #[test]
    fn clips_that_agree_and_a_clip_against_itself_stay() {
        assert_eq!(Value::Clip(Arc::new(outputs(&fixture(false, 0.0)).0)), clip("a"));
        let own = Fixture::new(&SPEC).input("clip", clip("a")).input("to", clip("a"));
        assert_eq!(Value::Clip(Arc::new(outputs(&own).0)), clip("a"));
        assert!(own.asked().is_empty(), "nothing is measured for that");
    }

    #[test]
    fn refuses_wrong_parameters_and_missing_references() {
        assert_eq!(fixture(true, 0.0).param("strength", 2.0).refusal(), "2 is outside 0 to 1");
        assert_eq!(fixture(true, 0.0).param("mode", "magic").refusal(), "`magic` is not one of the choices");
        for bad in ["0.5", "0 0 1 1 1", "0.5 0 0.6 1", "a b c d", "0 0 0 0", "NaN 0 1 1", "0 0 1 1 x"] {
            let refused = fixture(true, 0.0).param("region", bad).refusal();
            assert_eq!(refused, format!("`{bad}` is not a region of the frame"));
        }
        let half = fixture(true, 0.0).param("to_region", "0 0 1 1").refusal();
        assert_eq!(half, "only one of the two regions is given");
        assert_eq!(Fixture::new(&SPEC).input("clip", clip("a")).refusal(), "nothing is connected here");
    }
}
