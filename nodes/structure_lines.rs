//! The spoken lines of shots, each an element of its own.
//!
//! A line travels as a shot that is nothing but this line, so that whatever takes shots takes lines. A port type for
//! lines was rejected: every node that speaks would need both.

use std::sync::Arc;

use model::{Help, Line, List, NodeSpec, Plan, PlanCx, PortType, Ports, Shot, Stop, Value, no_upgrade};

/// `structure.lines`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "structure.lines",
    version: 1,
    help: Help {
        title: "Lines",
        category: "Structure",
        summary: "Takes the spoken lines out of shots, as a list of their own",
        keywords: &["dialogue", "speech", "subtitles", "dubbing", "voice"],
    },
    params: &[],
    ports: |_| {
        Ports::new()
            .gather("shots", PortType::Shot, "The shots in order")
            .outputs("lines", PortType::Shot, "Each line as a shot that lasts as long as it")
            .outputs("texts", PortType::Text, "The words of each line")
            .outputs("speakers", PortType::Text, "Who says each line")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    cx.input("shots")?;
    let mut found: Vec<Shot> = Vec::new();
    for (id, shot) in cx.shots("shots")? {
        for (idx, line) in shot.lines.iter().enumerate() {
            found.push(alone(shot, line, &format!("{id}.l{}", idx + 1)));
        }
    }
    let list = |value: &dyn Fn(&Shot) -> Value| {
        Value::List(List::new(found.iter().map(|line| (line.id.as_str().into(), value(line)))))
    };
    let plan = Plan::values([
        ("lines", list(&|line| Value::Shot(Arc::new(line.clone())))),
        ("texts", list(&|line| line.text.as_str().into())),
        ("speakers", list(&|line| line.lines[0].character.as_str().into())),
    ]);
    if found.is_empty() {
        return Ok(plan.note(cx.warn("no-lines", "shots", "nobody says anything in these shots")));
    }
    Ok(plan)
}

/// A shot of one line.
pub(crate) fn alone(shot: &Shot, line: &Line, id: &str) -> Shot {
    Shot {
        id: id.to_owned(),
        text: line.text.clone(),
        cast: shot.cast.iter().filter(|member| member.name == line.character).cloned().collect(),
        props: Vec::new(),
        lines: vec![Line { start_s: 0.0, ..line.clone() }],
        duration_s: line.duration_s,
        purpose: "line".to_owned(),
        provenance: std::collections::BTreeMap::new(),
        ..shot.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{given, list, shot};
    use crate::testing::Fixture;

    fn spoken() -> Fixture {
        let mut second = shot("s1.b2");
        second.lines.push(Line { start_s: 1.5, text: "No.".to_owned(), ..second.lines[0].clone() });
        let silent = Shot { lines: Vec::new(), ..shot("s1.b3") };
        let shots = [shot("s1.b1"), second, silent].map(|shot| Value::Shot(Arc::new(shot)));
        let ids = ["s1.b1", "s1.b2", "s1.b3"].map(Into::into);
        Fixture::new(&SPEC).input("shots", Value::List(List::new(ids.into_iter().zip(shots))))
    }

    #[test]
    fn every_line_is_an_element_with_its_shots_id() {
        let Value::List(lines) = given(spoken().plan(), "lines") else { panic!("a list") };
        let told: Vec<_> = lines
            .iter()
            .map(|entry| match &entry.value {
                Value::Shot(shot) => format!("{} {} {}", entry.id, shot.lines[0].start_s, shot.text),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["s1.b1.l1 0 Is it lit?", "s1.b2.l1 0 Is it lit?", "s1.b2.l2 0 No."]);
        let Value::List(speakers) = given(spoken().plan(), "speakers") else { panic!("a list") };
        assert!(speakers.iter().all(|entry| entry.value == "JON".into()));
    }

    #[test]
    fn silence_is_a_remark_and_nothing_is_refused() {
        let silent = list([Value::Shot(Arc::new(Shot { lines: Vec::new(), ..shot("a") }))]);
        let plan = Fixture::new(&SPEC).input("shots", silent).plan().expect("it plans");
        assert_eq!(plan.notes[0].code, "no-lines");
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
    }
}
