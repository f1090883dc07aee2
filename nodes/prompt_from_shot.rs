//! Puts a shot into words by a language model: livelier than `prompt.compose`, and not free.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, Stop, no_upgrade};

use crate::asking;
use crate::composing::{TEMPLATE, called, compose, shot_ports, wired};
use crate::rewording::{self, reworded};
use crate::words::dialogue;

/// `prompt.from_shot`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "prompt.from_shot",
    version: 1,
    help: Help {
        title: "Prompt from a shot",
        category: "Prompts",
        summary: "Lets a language model write the prompt of a shot, by the guide of the model that gets it",
        keywords: &["llm", "describe", "shot", "rewrite", "write"],
    },
    params: &[
        rewording::FOR,
        ParamSpec::multiline("notes", "").help("What every prompt must heed"),
        asking::MODEL,
        asking::max_tokens(4096),
        asking::TEMPERATURE,
        asking::SEED,
        asking::OPTIONS,
    ],
    ports: |_| shot_ports(),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let shot = cx.shot("shot")?;
    let references = wired(cx)?;
    let facts =
        compose(TEMPLATE, "", "", shot, &called(shot, &references)).map_err(|reason| cx.refuse("shot", reason))?;
    let mut task = format!("Write the prompt of this shot of {:.1} seconds:\n{}", shot.duration_s, facts.text);
    let mut add = |title: &str, text: &str| {
        if !text.trim().is_empty() {
            task.push_str(&format!("\n{title}: {}", text.trim()));
        }
    };
    add("Dialogue", &dialogue(&shot.lines));
    add("Must not be seen", &facts.negative);
    add("Heed", &cx.text("notes")?);
    reworded(cx, &task)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;
    use model::{Role, Value};

    use super::*;
    use crate::asking::tests::{answering, calls};
    use crate::samples::{given, list, reference, shot};
    use crate::testing::Fixture;

    fn described() -> Fixture {
        let mara = Value::Reference(reference(Role::Character, "MARA", "a keeper"));
        Fixture::new(&SPEC).input("shot", Value::Shot(Arc::new(shot("s1.b1")))).input("characters", list([mara]))
    }

    #[test]
    fn a_shots_facts_and_the_guide_are_the_question() {
        let fixture = answering(described().param("for", "runway"), &[r#"{"prompt": "She climbs.", "negative": ""}"#]);
        assert_eq!(given(fixture.plan(), "prompt"), "She climbs.".into());
        assert_eq!(given(fixture.plan(), "negative"), "".into());
        let prompt = calls(&fixture).remove(0).prompt;
        let facts: Vec<_> = prompt.lines().take_while(|line| !line.is_empty()).collect();
        expect![[r#"
            Write the prompt of this shot of 2.5 seconds:
            Mara climbs the stair.
            Camera: wide shot, eye level, 35 mm lens, slow push in.
            Cast: MARA (a keeper), climbs, on the left.
            Location: LIGHTHOUSE - STAIR.
            Light: interior, night, storm.
            Dialogue: JON says: "Is it lit?"
            Must not be seen: blur"#]]
        .assert_eq(&facts.join("\n"));
        assert!(prompt.contains("Only positive wording"), "{prompt}");
    }

    #[test]
    fn a_shots_id_and_number_are_no_part_of_the_question() {
        let asked = |id: &str| {
            let renamed = model::Shot { number: id.to_owned(), ..shot(id) };
            let fixture = Fixture::new(&SPEC).input("shot", Value::Shot(Arc::new(renamed))).element(id);
            let fixture = answering(fixture, &["{}", r#"{"prompt": "x", "negative": "y"}"#]);
            fixture.plan().expect("it is mended");
            calls(&fixture)
        };
        assert_eq!(asked("s1.b1"), asked("s2.b7"));
    }

    #[test]
    fn an_answer_that_stays_wrong_is_refused() {
        let fixture = answering(described(), &["no", "{\"prompt\": \"\"}"]);
        let told = fixture.refusal();
        assert!(told.ends_with("/: `negative` is missing; /prompt: has 0 characters, at least 1 are needed"), "{told}");
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
    }
}
