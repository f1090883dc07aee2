//! Puts a shot into words for a model, with the references that the shot names and all styles.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, Stop, Value, no_upgrade};

use crate::composing::{TEMPLATE, called, compose, shot_ports, wired};

/// `prompt.compose`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "prompt.compose",
    version: 1,
    help: Help {
        title: "Compose prompt",
        category: "Prompts",
        summary: "Puts a shot into words, with the looks of whoever and whatever it names",
        keywords: &["template", "shot", "describe", "cast", "style"],
    },
    params: &[
        ParamSpec::multiline("template", TEMPLATE).help(
            "One line per subject with the slots {shot} {camera} {cast} {location} {props} {light} {style} {dialogue} \
             {palette} {scene}; lines whose slots are all empty are left out",
        ),
        ParamSpec::multiline("prefix", "").help("What every prompt begins with"),
        ParamSpec::multiline("negative", "").help("What no shot may show; the references add their own"),
    ],
    ports: |_| shot_ports(),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let shot = cx.shot("shot")?;
    let references = wired(cx)?;
    let (template, prefix, negative) = (cx.text("template")?, cx.text("prefix")?, cx.text("negative")?);
    let prompt = compose(&template, &prefix, &negative, shot, &called(shot, &references))
        .map_err(|reason| cx.refuse("template", reason).hint("write {{ or }} for a brace in the text"))?;
    let plan =
        Plan::values([("prompt", Value::Text(prompt.text.into())), ("negative", Value::Text(prompt.negative.into()))]);
    if cx.maybe("characters").is_none() {
        return Ok(plan);
    }
    let unknown = shot.cast.iter().filter(|member| !references.iter().any(|it| it.is_called(&member.name)));
    Ok(unknown.fold(plan, |plan, member| {
        let message = format!("no character is called {}, so nothing says how they look", member.name);
        plan.note(cx.warn("no-reference", "characters", message).hint("add a character of that name, or an alias"))
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;
    use model::Role;

    use super::*;
    use crate::samples::{list, reference, shot, shown};
    use crate::testing::Fixture;

    fn composed() -> Fixture {
        let style = Value::Reference(reference(Role::Style, "STORM", "16 mm grain"));
        Fixture::new(&SPEC).input("shot", Value::Shot(Arc::new(shot("s1.b1")))).input("styles", list([style]))
    }

    #[test]
    fn a_shot_is_put_into_words() {
        let mara = Value::Reference(reference(Role::Character, "MARA", "a keeper"));
        let jon = Value::Reference(reference(Role::Character, "ADA", "a boy"));
        let fixture = composed().param("prefix", "Film still.").input("characters", list([mara, jon]));
        expect![[r#"
            prompt.text=Film still.
            Mara climbs the stair.
            Camera: wide shot, eye level, 35 mm lens, slow push in.
            Cast: MARA (a keeper), climbs, on the left.
            Location: LIGHTHOUSE - STAIR.
            Light: interior, night, storm.
            Style: 16 mm grain.
            negative.text=blur, blur
        "#]]
        .assert_eq(&shown(fixture.plan()));
    }

    #[test]
    fn a_stranger_in_the_cast_is_a_warning() {
        let other = Value::Reference(reference(Role::Character, "ADA", "a boy"));
        let plan = composed().input("characters", list([other])).plan().expect("it plans");
        assert_eq!(plan.notes[0].message, "no character is called MARA, so nothing says how they look");
    }

    #[test]
    fn unknown_slots_are_refused() {
        assert!(composed().param("template", "{mood}").refusal().starts_with("`{mood}` is not a slot"));
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
    }
}
