//! Operations that compare measured clips: every cut of a film, and one pair.
//!
//! Works on reports of `measure.clip` alone and decodes nothing, so changing a threshold measures no clip again. Each
//! shot is also compared with an anchor, because chains of neighbours drift.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::worker::JobError;
use model::{Outputs, Report, Shot, Value, Verdict};
use serde_json::{Value as Json, json};

use crate::measure::{ClipMeasures, beyond};
use crate::plot::{self, Cut};
use crate::relation::{Comparison, Relation, compared};
use crate::solve::{gains_between, most_ev};
use crate::stats::rounded;
use crate::{OpCx, refused, reported};

/// A measured clip in its place.
struct Row {
    id: String,
    measures: ClipMeasures,
    shot: Option<Arc<Shot>>,
}

/// The measures inside a report.
///
/// # Errors
/// A diagnostic where the report is not one of `measure.clip`.
pub(crate) fn measures_of(name: &str, report: &Report) -> Result<ClipMeasures, JobError> {
    serde_json::from_value(report.data.clone()).map_err(|error| {
        refused("report-kind", format!("`{name}` is not the report of a measured clip: {error}"))
            .hint("measure the clip again with this release")
            .into()
    })
}

/// `compare.pair`: how far `a` is from `b` as a whole.
pub(crate) fn pair(cx: &OpCx<'_>) -> Result<Outputs, JobError> {
    let (a, b) = (measures_of("a", cx.report("a")?)?, measures_of("b", cx.report("b")?)?);
    let found = compared(&a.whole, &b.whole, Relation::of_flag(cx.flag("same_setup")?), 1.0);
    let verdict = found.verdict.unwrap_or(Verdict::NotMeasured);
    let summary = format!("at {:.2} of the break limits", found.score);
    let mut data = json!({ "kind": "pair" });
    merge(&mut data, &found)?;
    Ok(reported(Report { title: "Pair".to_owned(), summary, verdict, data, plot: None }))
}

fn merge(data: &mut Json, found: &Comparison) -> Result<(), JobError> {
    let found = serde_json::to_value(found).map_err(|error| refused("report", error.to_string()))?;
    if let (Json::Object(data), Json::Object(found)) = (data, found) {
        data.extend(found);
    }
    Ok(())
}

/// `compare.cuts`: one row per shot and per cut.
pub(crate) fn cuts(cx: &OpCx<'_>) -> Result<Outputs, JobError> {
    let tolerance = cx.number("tolerance", 1.0)?;
    if tolerance <= 0.0 {
        return Err(refused("op-argument", "argument `tolerance` has to be above 0").into());
    }
    let rows = rows(cx)?;
    let (mut found, mut plotted, mut counts) = (Vec::new(), Vec::new(), [0usize; 3]);
    let mut worst: Option<Verdict> = None;
    let mut note = |verdict: Option<Verdict>| worst = worst.max(verdict);
    for (at, row) in rows.iter().enumerate() {
        cx.job.cancel.check()?;
        if let Some(before) = at.checked_sub(1).and_then(|at| rows.get(at)) {
            let (data, cut) = cut_row(before, row, tolerance)?;
            note(cut.verdict);
            match cut.verdict {
                Some(Verdict::Break) => counts[2] += 1,
                Some(Verdict::Watch) => counts[1] += 1,
                _ => counts[0] += 1,
            }
            plotted.push(cut);
            found.push(data);
        }
        let (data, verdict) = shot_row(row, anchor(&rows[..at], row), tolerance)?;
        note(verdict);
        found.push(data);
        (cx.job.progress)((at + 1) as f32 / rows.len() as f32);
    }
    let n_cuts = plotted.len();
    let clips: Vec<_> = rows.iter().map(|row| (row.id.as_str(), &row.measures)).collect();
    let plot = plot::cuts_chart(&clips, &plotted).write(cx.job)?;
    let data = json!({
        "kind": "cuts",
        "engine": "tier0/1",
        "tolerance": tolerance,
        "rows": found,
        "not_measured": beyond(),
    });
    let [good, watch, broken] = counts;
    let summary = match (n_cuts, watch + broken) {
        (0, _) => "there is no cut between fewer than two clips".to_owned(),
        (_, 0) => format!("{n_cuts} cuts, none stands out"),
        _ => format!("{n_cuts} cuts: {good} fine, {watch} to watch, {broken} broken"),
    };
    let verdict = worst.unwrap_or(Verdict::NotMeasured);
    Ok(reported(Report { title: "Cuts".to_owned(), summary, verdict, data, plot: Some(plot) }))
}

fn rows(cx: &OpCx<'_>) -> Result<Vec<Row>, JobError> {
    let mut shots = BTreeMap::new();
    if cx.args.contains_key("shots") {
        for entry in cx.list("shots")?.iter() {
            match &entry.value {
                Value::Shot(shot) => shots.insert(entry.id.clone(), shot.clone()),
                other => return Err(cx.wrong("shots", "list of shots", Some(other))),
            };
        }
    }
    cx.list("measures")?
        .iter()
        .map(|entry| match &entry.value {
            Value::Report(report) => Ok(Row {
                id: entry.id.to_string(),
                measures: measures_of(&entry.id, report)?,
                shot: shots.get(&entry.id).cloned(),
            }),
            other => Err(cx.wrong("measures", "list of reports", Some(other))),
        })
        .collect()
}

/// The shot that `row` should look like: the first of its setup, else the first of its place and time.
fn anchor<'a>(earlier: &'a [Row], row: &Row) -> Option<(&'a Row, Relation)> {
    let find = |wanted: Relation| {
        earlier
            .iter()
            .find(|other| Relation::between(other.shot.as_deref(), row.shot.as_deref()) == wanted)
            .map(|other| (other, wanted))
    };
    find(Relation::SameSetup).or_else(|| find(Relation::DifferentFraming))
}

fn cut_row(before: &Row, after: &Row, tolerance: f64) -> Result<(Json, Cut), JobError> {
    let relation = Relation::between(before.shot.as_deref(), after.shot.as_deref());
    let (tail, head) = (&before.measures.tail, &after.measures.head);
    let found = compared(tail, head, relation, tolerance);
    let sound = before.measures.sound.as_ref().zip(after.measures.sound.as_ref());
    let step = sound.and_then(|(a, b)| Some(rounded(b.head? - a.tail?)));
    let (last, first) = (before.measures.motion.last, after.measures.motion.first);
    let mut data = json!({
        "subject": "cut",
        "from": before.id,
        "to": after.id,
        "frames": { "from": tail.frames, "to": head.frames },
        "motion": { "before": last, "after": first },
        "loudness_step": step,
        "fix": fix(&found, &before.id, &after.id, tail, head),
    });
    merge(&mut data, &found)?;
    // Scene changes are drawn against the limits too, in grey: the distance is told, not judged.
    let worst = compared(tail, head, Relation::DifferentFraming, tolerance);
    let shown = if found.verdict.is_some() { &found } else { &worst };
    let height =
        shown.measures.iter().filter_map(|measure| Some(measure.value.abs() / measure.r#break?)).fold(0.0, f64::max);
    Ok((data, Cut { height, verdict: found.verdict }))
}

fn shot_row(row: &Row, anchor: Option<(&Row, Relation)>, tolerance: f64) -> Result<(Json, Option<Verdict>), JobError> {
    let measures = &row.measures;
    let mut verdict = measures.defects.iter().map(|defect| defect.verdict).max().unwrap_or(Verdict::Good);
    let mut anchored = Json::Null;
    if let Some((anchor, relation)) = anchor {
        let (reference, own) = (&anchor.measures.whole, &measures.whole);
        let found = compared(reference, own, relation, tolerance);
        verdict = verdict.max(found.verdict.unwrap_or(Verdict::Good));
        anchored = json!({ "shot": anchor.id, "fix": fix(&found, &anchor.id, &row.id, reference, own) });
        merge(&mut anchored, &found)?;
    }
    let data = json!({
        "subject": "shot",
        "id": row.id,
        "n_frames": measures.n_frames,
        "verdict": verdict,
        "l_median": rounded(measures.whole.l_median),
        "ev": rounded(measures.whole.ev),
        "flicker": measures.flicker,
        "frozen_share": measures.frozen_share,
        "motion": measures.motion.median,
        "loudness": measures.sound.as_ref().and_then(|sound| sound.integrated),
        "true_peak": measures.sound.as_ref().and_then(|sound| sound.true_peak),
        "defects": measures.defects,
        "anchor": anchored,
    });
    Ok((data, Some(verdict)))
}

/// What would bring `to` near `from`: arithmetic where it reaches, another take where it does not.
fn fix(found: &Comparison, from: &str, to: &str, reference: &crate::stats::Window, own: &crate::stats::Window) -> Json {
    if found.verdict.is_none_or(|verdict| verdict <= Verdict::Good) {
        return Json::Null;
    }
    let same_setup = found.relation == Relation::SameSetup;
    let solved = gains_between(own, reference, same_setup);
    if solved.capped {
        let reason = if solved.ev == solved.wanted_ev {
            "the colour of the light is too far away for a white balance".to_owned()
        } else {
            format!("{:+.2} stops are more than the {} that a repair may give", solved.wanted_ev, most_ev(same_setup))
        };
        return json!({ "action": "retake", "element": to, "reason": reason, "ev": rounded(solved.wanted_ev) });
    }
    json!({
        "node": "consistency.match",
        "element": to,
        "to": from,
        "params": { "mode": "auto", "same_setup": same_setup },
        "ev": rounded(solved.ev),
        "gains": solved.gains.map(rounded),
    })
}

#[cfg(test)]
mod tests {
    use model::{List, ShotSize};

    use super::*;
    use crate::measure;
    use crate::relation::tests::shot;
    use crate::testing::{Generated, clip, flat, moved, with_cx};

    fn report(gain: f64, seed: u64) -> Value {
        let codec = Generated::new(move |at| moved(seed, [gain; 3], at as f64 * 0.5));
        let args = BTreeMap::from([("clip".to_owned(), Value::Clip(clip(16)))]);
        with_cx(|job| measure::clip(&OpCx { codec: &codec, args: &args, job }).expect("it measures")).remove(0).1
    }

    fn list(values: Vec<(&str, Value)>) -> Value {
        Value::List(List::new(values.into_iter().map(|(id, value)| (id.into(), value))))
    }

    fn run(args: BTreeMap<String, Value>) -> Result<Arc<Report>, JobError> {
        let codec = Generated::new(|_| flat([0; 3]));
        let outputs = with_cx(|job| cuts(&OpCx { codec: &codec, args: &args, job }))?;
        let Value::Report(found) = &outputs[0].1 else { panic!("it is a report") };
        Ok(found.clone())
    }

    fn rows_of(report: &Report, subject: &str) -> Vec<Json> {
        let rows = report.data["rows"].as_array().expect("there are rows");
        rows.iter().filter(|row| row["subject"] == subject).cloned().collect()
    }

    #[test]
    fn cuts_are_judged_by_what_the_shots_say() {
        let measures =
            list(vec![("a", report(0.8, 1)), ("b", report(0.8, 1)), ("c", report(1.1, 1)), ("d", report(0.3, 2))]);
        let shots = |sizes: [ShotSize; 3]| {
            let [a, b, c] = sizes;
            list(vec![
                ("a", Value::Shot(Arc::new(shot("a", "s1", a)))),
                ("b", Value::Shot(Arc::new(shot("b", "s1", b)))),
                ("c", Value::Shot(Arc::new(shot("c", "s1", c)))),
                ("d", Value::Shot(Arc::new(shot("d", "s2", ShotSize::Ms)))),
            ])
        };
        let args = |sizes| BTreeMap::from([("measures".into(), measures.clone()), ("shots".into(), shots(sizes))]);
        let found = run(args([ShotSize::Ms; 3])).expect("it compares");
        let cuts = rows_of(&found, "cut");
        assert_eq!(
            cuts.iter().map(|cut| cut["relation"].as_str().unwrap_or("")).collect::<Vec<_>>(),
            ["same_setup", "same_setup", "scene_change"]
        );
        assert_eq!(cuts[0]["verdict"], "good");
        assert_eq!(cuts[1]["verdict"], "break");
        assert_eq!(cuts[2]["verdict"], Json::Null, "a scene change is told, not judged");
        assert_eq!(cuts[1]["fix"]["node"], "consistency.match");
        let ev = cuts[1]["fix"]["ev"].as_f64().expect("it is a number");
        assert!((ev + 0.46).abs() < 0.1, "{ev}");
        assert_eq!((cuts[0]["fix"].clone(), cuts[2]["fix"].clone()), (Json::Null, Json::Null));
        assert_eq!(found.verdict, Verdict::Break);
        assert!(found.summary.contains("1 broken") && found.plot.is_some());
        let shots = rows_of(&found, "shot");
        assert_eq!((shots.len(), &shots[2]["anchor"]["shot"]), (4, &json!("a")));

        let wider = run(args([ShotSize::Ms, ShotSize::Cu, ShotSize::Ws])).expect("it compares");
        assert_eq!(rows_of(&wider, "cut")[1]["relation"], "different_framing");
        assert_ne!(found.data, wider.data);
    }

    #[test]
    fn a_step_beyond_repair_asks_for_another_take() {
        let measures = list(vec![("a", report(0.9, 1)), ("b", report(0.15, 1))]);
        let found = run(BTreeMap::from([("measures".into(), measures)])).expect("it compares");
        let cut = &rows_of(&found, "cut")[0];
        assert_eq!((&cut["relation"], &cut["fix"]["action"]), (&json!("unknown"), &json!("retake")));
    }

    #[test]
    fn what_is_no_measure_is_refused_by_name() {
        let foreign = Value::Report(Arc::new(Report { data: json!({ "kind": "poem" }), ..Report::default() }));
        let refused = run(BTreeMap::from([("measures".into(), list(vec![("a", foreign)]))]));
        assert!(matches!(refused, Err(JobError::Failed(it)) if it.code == "report-kind" && it.message.contains("`a`")));
        let none = run(BTreeMap::from([("measures".into(), list(vec![]))])).expect("an empty film is a film");
        assert_eq!(none.verdict, Verdict::NotMeasured);
    }
}
