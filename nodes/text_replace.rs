//! Replaces words in a text.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade};

/// `text.replace`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "text.replace",
    version: 1,
    help: Help {
        title: "Replace",
        category: "Prompts",
        summary: "Replaces a text wherever it occurs",
        keywords: &["substitute", "find", "rename", "swap"],
    },
    params: &[
        ParamSpec::multiline("text", "").help("The text to change"),
        ParamSpec::text("find", "").help("What is replaced, letter for letter"),
        ParamSpec::text("replace", "").help("What takes its place; nothing removes it"),
    ],
    ports: |_| Ports::new().output("text", PortType::Text, "The changed text"),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

/// Longer results are an accident: a short search text in a long one multiplies.
const MOST_BYTES: usize = 1 << 20;

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (text, find, replace) = (cx.text("text")?, cx.text("find")?, cx.text("replace")?);
    if find.is_empty() {
        return Err(cx.refuse("find", "there is nothing to look for").hint("type what is to be replaced"));
    }
    let growth = text.matches(&*find).count().saturating_mul(replace.len());
    if MOST_BYTES < text.len().saturating_add(growth) {
        return Err(cx.refuse("replace", "the text would grow beyond a megabyte"));
    }
    Ok(Plan::values([("text", Value::Text(text.replace(&*find, &replace).into()))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::given;
    use crate::testing::Fixture;

    #[test]
    fn every_occurrence_is_replaced() {
        let fixture =
            Fixture::new(&SPEC).input("text", "fog and fog".into()).param("find", "fog").param("replace", "rain");
        assert_eq!(given(fixture.plan(), "text"), "rain and rain".into());
    }

    #[test]
    fn looking_for_nothing_and_endless_growth_are_refused() {
        assert_eq!(Fixture::new(&SPEC).param("text", "a").refusal(), "there is nothing to look for");
        let long = "a".repeat(2000);
        let fixture = Fixture::new(&SPEC).param("text", &*long).param("find", "a").param("replace", &*long);
        assert_eq!(fixture.refusal(), "the text would grow beyond a megabyte");
    }
}
