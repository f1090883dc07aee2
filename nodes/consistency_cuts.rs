//! Measures every cut of a film against thresholds that depend on what the shots show.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::plan::{Outcome, compute};
use model::{
    Diagnostic, ElementId, Help, List, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Recipe, Scope, Shot, Stop,
    Value, Work, no_upgrade,
};
use serde_json::Value as Json;

use crate::measuring::{COMPARE_CUTS, measured, reporting, shown};

/// Diagnostics that one plan gives; the report holds all rows.
const MOST_NOTES: usize = 50;

/// `consistency.cuts`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "consistency.cuts",
    version: 1,
    help: Help {
        title: "Check cuts",
        category: "Consistency",
        summary: "Compares neighbouring clips and judges each cut by what its shots show",
        keywords: &["continuity", "cut", "match", "report", "grade", "break"],
    },
    params: &[ParamSpec::number("tolerance", 1.0)
        .range(0.25, 4.0)
        .help("Factor on all thresholds; raise it where approved cuts are flagged")],
    ports: |_| {
        reporting(Ports::new().gather("clips", PortType::Clip, "The clips in the order of the film").optional_gather(
            "shots",
            PortType::Shot,
            "The shots of the clips, which tell the same setup from another framing and from a new scene",
        ))
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let tolerance = cx.number("tolerance")?;
    let clips = cx.clips("clips")?;
    let shots = shots_of(cx, &clips)?;
    let recipes: Vec<_> = clips.iter().map(|(_, clip)| *clip).collect();
    let reports = measured(cx, &recipes)?;
    let measures = clips.iter().zip(reports).map(|((id, _), report)| ((*id).clone(), Value::Report(report)));
    let measures = Value::List(List::new(measures));
    let args = [("measures", measures), ("tolerance", Value::Number(tolerance))];
    let mut work = compute(COMPARE_CUTS.0, COMPARE_CUTS.1, args);
    if let (Work::Compute(work), Some(shots)) = (&mut work, shots) {
        work.args.insert("shots".to_owned(), Value::List(shots));
    }
    let outputs = cx.need(&work)?;
    let report = outputs.iter().find_map(|(name, value)| match value {
        Value::Report(report) if name == "report" => Some(report.clone()),
        _ => None,
    });
    let report = report.ok_or_else(|| cx.refuse("", "BUG: the worker gave no `report`"))?;
    let rows = report.data["rows"].as_array().map_or(&[][..], Vec::as_slice);
    let notes = rows.iter().flat_map(|row| notes(cx, row)).take(MOST_NOTES).collect();
    Ok(Plan { outcome: Outcome::Values(shown(report)), notes, memory: None, made_by: None, scope: Scope::default() })
}

/// The shot of each clip: by id; by position where no id is known and there are as many.
fn shots_of(cx: &PlanCx<'_>, clips: &[(&ElementId, &Arc<Recipe>)]) -> Result<Option<List>, Stop> {
    let shots = cx.shots("shots")?;
    if shots.is_empty() {
        return Ok(None);
    }
    let by_id: BTreeMap<&str, &Arc<Shot>> = shots
        .iter()
        .map(|(_, shot)| (shot.id.as_str(), *shot))
        .chain(shots.iter().map(|(id, shot)| (&***id, *shot)))
        .collect();
    let mut found: Vec<_> = clips.iter().filter_map(|(id, _)| Some(((*id).clone(), *by_id.get(&***id)?))).collect();
    if found.is_empty() {
        if shots.len() != clips.len() {
            let message = format!("{} shots cannot be told apart for {} clips", shots.len(), clips.len());
            return Err(cx.refuse("shots", message).hint("connect the shots that the clips were made from"));
        }
        found = clips.iter().zip(&shots).map(|((id, _), (_, shot))| ((*id).clone(), *shot)).collect();
    }
    Ok(Some(List::new(found.into_iter().map(|(id, shot)| (id, Value::Shot(Arc::new(compared(shot))))))))
}

/// What decides how two shots relate, so that an edit of the text compares nothing again.
fn compared(shot: &Shot) -> Shot {
    let mut kept = Shot { scene: shot.scene.clone(), ..shot.content() };
    kept.text.clear();
    kept.purpose.clear();
    kept.props.clear();
    kept.lines.clear();
    kept.seed = None;
    kept.duration_s = 0.0;
    for member in &mut kept.cast {
        member.action.clear();
        member.emotion.clear();
    }
    kept
}

/// Warnings of a row that breaks.
fn notes(cx: &PlanCx<'_>, row: &Json) -> Vec<Diagnostic> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let is_break = |value: &Json| value["verdict"] == "break";
    if row["subject"] == "cut" && is_break(row) {
        let (from, to) = (text(&row["from"]), text(&row["to"]));
        let measures = row["measures"].as_array().map_or(&[][..], Vec::as_slice);
        let broken: Vec<_> = measures
            .iter()
            .filter(|measure| is_break(measure))
            .map(|measure| format!("{} {:+.3}", text(&measure["id"]), measure["value"].as_f64().unwrap_or(0.0)))
            .collect();
        let message = format!("the cut from `{from}` to `{to}` breaks: {}", broken.join(", "));
        let note = cx.warn("cut-break", "clips", message).at_element(to);
        return vec![match hint(&row["fix"]) {
            Some(hint) => note.hint(hint),
            None => note,
        }];
    }
    let defects = row["defects"].as_array().map_or(&[][..], Vec::as_slice);
    let broken = defects.iter().filter(|defect| is_break(defect));
    broken.map(|defect| cx.warn("clip-defect", "clips", text(&defect["text"])).at_element(text(&row["id"]))).collect()
}

/// A suggested fix in words.
fn hint(fix: &Json) -> Option<String> {
    if fix["action"] == "retake" {
        return Some(format!("make another take: {}", fix["reason"].as_str().unwrap_or("no repair reaches that far")));
    }
    let node = fix["node"].as_str()?;
    let to = fix["to"].as_str().unwrap_or("the shot before");
    let stops = fix["ev"].as_f64().unwrap_or(0.0);
    Some(format!("match it to `{to}` with {node} ({stops:+.2} stops)"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::{Camera, Setting, Verdict};
    use serde_json::json;

    use super::*;
    use crate::measuring::tests::{answer, clip, op};
    use crate::testing::Fixture;

    fn clips(ids: &[&str]) -> Value {
        Value::List(List::new(ids.iter().map(|id| ((*id).into(), clip(id)))))
    }

    fn shot(id: &str, text: &str) -> Value {
        Value::Shot(Arc::new(Shot {
            id: id.to_owned(),
            scene: "s1".to_owned(),
            number: "1-010".to_owned(),
            text: text.to_owned(),
            setting: Setting::default(),
            camera: Camera::default(),
            cast: Vec::new(),
            props: Vec::new(),
            lines: Vec::new(),
            duration_s: 2.0,
            seed: None,
            purpose: String::new(),
            provenance: BTreeMap::new(),
        }))
    }

    fn shots(pairs: &[(&str, &str)]) -> Value {
        Value::List(List::new(pairs.iter().map(|(id, text)| ((*id).into(), shot(id, text)))))
    }

    fn rows() -> Json {
        json!({ "rows": [
            { "subject": "shot", "id": "a", "verdict": "break",
              "defects": [{ "verdict": "break", "text": "12 frames are black" }] },
            { "subject": "cut", "from": "a", "to": "b", "verdict": "break",
              "measures": [{ "id": "d_ev", "value": -0.42, "verdict": "break" },
                           { "id": "d_l", "value": 0.01, "verdict": "good" }],
              "fix": { "node": "consistency.match", "to": "a", "ev": 0.42 } },
            { "subject": "cut", "from": "b", "to": "c", "verdict": null, "measures": [], "fix": null },
        ] })
    }

    fn fixture() -> Fixture {
        Fixture::new(&SPEC).input("clips", clips(&["a", "b", "c"])).answers(|work| match op(work).as_str() {
            "measure.clip@1" => Some(answer(Verdict::Good, "", json!({}))),
            _ => Some(answer(Verdict::Break, "2 cuts: 1 fine, 0 to watch, 1 broken", rows())),
        })
    }

    #[test]
    fn every_clip_is_measured_before_cuts_are_compared() {
        let waiting = Fixture::new(&SPEC).input("clips", clips(&["a", "b", "c"]));
        assert_eq!(waiting.plan(), Err(Stop::Pending));
        assert_eq!(waiting.asked().iter().map(op).collect::<Vec<_>>(), ["measure.clip@1"; 3]);
    }

    #[test]
    fn breaks_are_diagnostics_on_the_cut() {
        let plan = fixture().plan().expect("it plans");
        let notes: Vec<_> = plan.notes.iter().map(ToString::to_string).collect();
        expect![[r#"
            warning[clip-defect]: 12 frames are black
              --> node/a.clips
            warning[cut-break]: the cut from `a` to `b` breaks: d_ev -0.420
              --> node/b.clips
              help: match it to `a` with consistency.match (+0.42 stops)"#]]
        .assert_eq(&notes.join("\n"));
    }

    #[test]
    fn the_comparison_knows_shots_but_not_their_words() {
        let asked = |text: &str| {
            let fixture = fixture().input("shots", shots(&[("a", text), ("b", "x"), ("c", "y")]));
            fixture.plan().expect("it plans");
            fixture.asked().pop().expect("it asks for a comparison")
        };
        let Work::Compute(work) = asked("She waits") else { panic!("it is compute") };
        let Some(Value::List(found)) = work.args.get("shots") else { panic!("shots are passed") };
        assert_eq!(found.iter().map(|entry| entry.id.to_string()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(asked("She waits").key(None), asked("She runs").key(None));
    }

    #[test]
    fn shots_meet_clips_by_id_else_by_position_else_refuse() {
        let other = |ids: &[(&str, &str)]| fixture().input("shots", shots(ids));
        assert!(other(&[("x", ""), ("y", ""), ("z", "")]).plan().is_ok());
        let message = other(&[("x", ""), ("y", "")]).refusal();
        assert_eq!(message, "2 shots cannot be told apart for 3 clips");
        assert!(fixture().param("tolerance", 9.0).refusal().contains("outside"));
        assert_eq!(Fixture::new(&SPEC).input("clips", Value::Flag(true)).refusal(), "this port cannot take flag");
    }
}
