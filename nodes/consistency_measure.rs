//! Measures one clip: exposure, colour, flicker, motion, loudness and defects.

use model::plan::Outcome;
use model::{Help, NodeSpec, Plan, PortType, Ports, Scope, Value, Verdict, no_upgrade};

use crate::measuring::{MEASURE_CLIP, report_of, reporting, shown};

/// `consistency.measure`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "consistency.measure",
    version: 1,
    help: Help {
        title: "Measure clip",
        category: "Consistency",
        summary: "Measures exposure, colour, flicker, motion and loudness of a clip and finds its defects",
        keywords: &["flicker", "black", "freeze", "loudness", "exposure", "quality", "check"],
    },
    params: &[],
    ports: |_| reporting(Ports::new().input("clip", PortType::Clip, "The clip to measure")),
    plan: |cx| {
        let clip = cx.clip("clip")?;
        let report = report_of(cx, MEASURE_CLIP, [("clip", Value::Clip(clip.clone()))])?;
        let defects = report.data["defects"].as_array().map_or(&[][..], Vec::as_slice);
        let notes = defects
            .iter()
            .filter(|defect| serde_json::from_value(defect["verdict"].clone()).ok() == Some(Verdict::Break))
            .map(|defect| cx.warn("clip-defect", "clip", defect["text"].as_str().unwrap_or("the clip has a defect")))
            .collect();
        Ok(Plan {
            outcome: Outcome::Values(shown(report.clone())),
            notes,
            memory: None,
            made_by: None,
            scope: Scope::default(),
        })
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::Stop;
    use serde_json::json;

    use super::*;
    use crate::measuring::tests::{answer, clip, op};
    use crate::testing::Fixture;

    #[test]
    fn asks_for_the_measure_and_warns_of_what_breaks() {
        let waiting = Fixture::new(&SPEC).input("clip", clip("a")).element("s1.b1");
        assert_eq!(waiting.plan(), Err(Stop::Pending));
        assert_eq!(waiting.asked().iter().map(op).collect::<Vec<_>>(), ["measure.clip@1"]);
        let defects = json!([
            { "id": "flicker", "verdict": "break", "text": "brightness flickers by 0.0200" },
            { "id": "frozen", "verdict": "watch", "text": "the picture holds still for 9 frames" },
        ]);
        let plan = Fixture::new(&SPEC)
            .input("clip", clip("a"))
            .element("s1.b1")
            .answers(move |_| Some(answer(Verdict::Break, "it flickers", json!({ "defects": defects }))))
            .plan()
            .expect("it is measured");
        let notes: Vec<_> = plan.notes.iter().map(ToString::to_string).collect();
        expect![[r#"
            warning[clip-defect]: brightness flickers by 0.0200
              --> node/s1.b1.clip"#]]
        .assert_eq(&notes.join("\n"));
        let Outcome::Values(outputs) = plan.outcome else { panic!("it gives values") };
        assert_eq!(outputs.len(), 1, "the report, and no plot where there is none");
    }

    #[test]
    fn refuses_what_is_no_clip() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
        let wrong = Fixture::new(&SPEC).input("clip", Value::Flag(true)).refusal();
        assert_eq!(wrong, "this port cannot take flag");
    }
}
