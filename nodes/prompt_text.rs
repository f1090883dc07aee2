//! Text with named slots: each `{slot}` is an input port. Without slots it is a constant.

use model::{Help, NodeSpec, ParamSpec, Params, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade};

use crate::template::{filled, slot_ports};

/// `prompt.text`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "prompt.text",
    version: 1,
    help: Help {
        title: "Text",
        category: "Prompts",
        summary: "Text with slots such as {weather}, each an input of its own",
        keywords: &["string", "template", "format", "constant", "variables"],
    },
    params: &[
        ParamSpec::multiline("text", "")
            .help("The text; `{name}` makes an input called name, `{{` and `}}` stand for braces"),
        ParamSpec::flag("keep_empty", false).help("Whether slots without a link vanish instead of being refused"),
    ],
    ports,
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn ports(params: &Params) -> Ports {
    slot_ports(&SPEC, "text", params).output("text", PortType::Text, "The text with its slots filled")
}

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (template, keep_empty) = (cx.text("text")?, cx.flag("keep_empty")?);
    let text = filled(cx, "text", &template, keep_empty)?;
    Ok(Plan::values([("text", Value::Text(text.into()))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::given;
    use crate::testing::Fixture;

    fn text(template: &str) -> Fixture {
        Fixture::new(&SPEC).param("text", template)
    }

    #[test]
    fn slots_become_ports_and_are_filled() {
        let ports = SPEC.ports_of(&Params::from([("text".to_owned(), "{a}, {b}, {a}, {text}".into())]));
        let names: Vec<_> = ports.inputs.iter().map(|port| port.name.to_string()).collect();
        assert_eq!(names, ["a", "b", "text", "keep_empty"]);
        let fixture = text("{a} and {{b}} and {b}").input("a", "fog".into()).input("b", "rain".into());
        assert_eq!(given(fixture.plan(), "text"), "fog and {b} and rain".into());
        assert_eq!(given(text("a{b}").param("keep_empty", true).plan(), "text"), "a".into());
    }

    #[test]
    fn empty_slots_and_loose_braces_are_refused() {
        assert_eq!(text("{a}").refusal(), "nothing fills the slot `a`");
        assert_eq!(text("{a b}").refusal(), "a brace stands alone at `{a b}`");
        assert_eq!(text("{text}").refusal(), "a slot cannot be called `text`");
    }
}
