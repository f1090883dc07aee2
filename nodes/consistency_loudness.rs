//! Brings a clip's loudness to a target with one gain, within limits.
//!
//! A gain on the recipe keeps dynamics as they are. A compressor or limiter would change the mix, which is not a
//! repair.

use std::sync::Arc;

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Report, Stop, Value, Verdict, no_upgrade};
use serde_json::json;

use crate::measuring::{MEASURE_SOUND, louder, number, report_of};

/// Decibels that a gain may add or take.
const MOST_DB: f64 = 12.0;
/// Decibels that nobody hears.
const LEAST_DB: f64 = 0.05;

/// `consistency.loudness`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "consistency.loudness",
    version: 1,
    help: Help {
        title: "Match loudness",
        category: "Consistency",
        summary: "Brings the loudness of a clip to a target without passing a peak limit",
        keywords: &["lufs", "normalize", "r128", "volume", "gain", "audio"],
    },
    params: &[
        ParamSpec::number("target", -23.0)
            .range(-40.0, -9.0)
            .unit("LUFS")
            .help("Integrated loudness; -23 for European broadcast, -16 to -14 for the web"),
        ParamSpec::number("peak", -1.0).range(-9.0, 0.0).unit("dBTP").help("True peak that is not passed"),
    ],
    ports: |_| {
        Ports::new()
            .input("clip", PortType::Clip, "The clip whose sound is levelled")
            .output("clip", PortType::Clip, "The clip with its gain")
            .output("report", PortType::Report, "Loudness before, the gain and what limited it")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (target, limit) = (cx.number("target")?, cx.number("peak")?);
    let clip = cx.clip("clip")?;
    let found = report_of(cx, MEASURE_SOUND, [("clip", Value::Clip(clip.clone()))])?;
    let mut report = Report { title: "Loudness".to_owned(), ..Report::default() };
    let loudness = number(&found.data, "/sound/integrated").zip(number(&found.data, "/sound/true_peak"));
    let Some((integrated, true_peak)) = loudness else {
        report.summary = "the clip has no loudness to level".to_owned();
        report.verdict = Verdict::NotMeasured;
        report.data = json!({ "kind": "loudness", "before": found.data["sound"] });
        let note = cx.warn("loudness-silent", "clip", report.summary.clone());
        let note = note.hint("connect a clip with sound of at least 0.4 s");
        let outputs = [("clip", Value::Clip(clip.clone())), ("report", Value::Report(Arc::new(report)))];
        return Ok(Plan::values(outputs).note(note));
    };
    let wanted = target - integrated;
    let reached = wanted.clamp(-MOST_DB, MOST_DB);
    let peaked = reached.min(limit - true_peak);
    // Two decimals, rounded down so that the peak limit holds.
    let gain = (peaked * 100.0).floor() / 100.0;
    let limited_by = match () {
        () if peaked < reached => Some("peak"),
        () if reached != wanted => Some("range"),
        () => None,
    };
    let clip = if gain.abs() < LEAST_DB { clip.clone() } else { louder(clip, gain) };
    report.verdict = if limited_by.is_some() { Verdict::Watch } else { Verdict::Good };
    report.summary = format!("{integrated:.1} LUFS {gain:+.2} dB gives {:.1} LUFS", integrated + gain);
    if let Some(limit) = limited_by {
        report.summary += &format!(", limited by {limit}");
    }
    report.data = json!({
        "kind": "loudness",
        "before": found.data["sound"],
        "target": target,
        "gain_db": gain,
        "limited_by": limited_by,
        "true_peak_after": ((true_peak + gain) * 100.0).round() / 100.0,
    });
    Ok(Plan::values([("clip", Value::Clip(clip)), ("report", Value::Report(Arc::new(report)))]))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::Recipe;
    use model::plan::Outcome;

    use super::*;
    use crate::measuring::tests::{answer, clip, op};
    use crate::testing::Fixture;

    fn fixture(integrated: Option<f64>, true_peak: Option<f64>) -> Fixture {
        let sound = json!({ "integrated": integrated, "true_peak": true_peak });
        Fixture::new(&SPEC)
            .input("clip", clip("a"))
            .answers(move |_| Some(answer(Verdict::Good, "", json!({ "sound": sound }))))
    }

    fn levelled(fixture: &Fixture) -> (Arc<Recipe>, Arc<Report>, usize) {
        let plan = fixture.plan().expect("it plans");
        let Outcome::Values(outputs) = plan.outcome else { panic!("it gives values") };
        match (&outputs[0].1, &outputs[1].1) {
            (Value::Clip(clip), Value::Report(report)) => (clip.clone(), report.clone(), plan.notes.len()),
            other => panic!("clip and report, not {other:?}"),
        }
    }

    #[test]
    fn the_gain_reaches_the_target_within_its_limits() {
        let cases = [(-30.0, -15.0), (-23.02, -9.0), (-40.0, -30.0), (-30.0, -4.0), (-18.0, -3.0)];
        let shown: Vec<_> = cases
            .iter()
            .map(|(integrated, peak)| {
                let (clip, report, _) = levelled(&fixture(Some(*integrated), Some(*peak)));
                format!("{} -> {}", clip.pieces[0].gain_db, report.summary)
            })
            .collect();
        expect![[r#"
            7 -> -30.0 LUFS +7.00 dB gives -23.0 LUFS
            0 -> -23.0 LUFS +0.01 dB gives -23.0 LUFS
            12 -> -40.0 LUFS +12.00 dB gives -28.0 LUFS, limited by range
            3 -> -30.0 LUFS +3.00 dB gives -27.0 LUFS, limited by peak
            -5 -> -18.0 LUFS -5.00 dB gives -23.0 LUFS"#]]
        .assert_eq(&shown.join("\n"));
    }

    #[test]
    fn silence_stays_and_is_told() {
        let (found, report, n_notes) = levelled(&fixture(None, None));
        assert_eq!(Value::Clip(found), clip("a"));
        assert_eq!((report.verdict, n_notes), (Verdict::NotMeasured, 1));
    }

    #[test]
    fn asks_for_the_sound_alone_and_refuses_wild_targets() {
        let fixture = fixture(Some(-30.0), Some(-15.0));
        fixture.plan().expect("it plans");
        assert_eq!(fixture.asked().iter().map(op).collect::<Vec<_>>(), ["measure.sound@1"]);
        assert_eq!(fixture.param("target", 0.0).refusal(), "0 is outside -40 to -9");
    }
}
