//! Lets one of two values through.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade};

/// `logic.switch`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "logic.switch",
    version: 1,
    help: Help {
        title: "Switch",
        category: "Logic",
        summary: "Lets one of two values through",
        keywords: &["if", "else", "condition", "choose", "branch", "compare", "a/b"],
    },
    params: &[ParamSpec::choice("use", "a", &["a", "b"]).help("Which input goes on; the input `when` overrides it")],
    ports: |_| {
        Ports::new()
            .optional("a", PortType::Any, "The first value")
            .optional("b", PortType::Any, "The second value")
            .optional("when", PortType::Flag, "True lets `a` through, false `b`")
            .output("value", PortType::Any, "The value that was let through")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let port = match cx.maybe("when") {
        Some(Value::Flag(true)) => "a",
        Some(Value::Flag(false)) => "b",
        Some(other) => {
            return Err(cx.refuse("when", format!("this port cannot take {}", other.port_type().name())));
        }
        None => cx.choice("use")?,
    };
    Ok(Plan::values([("value", cx.input(port)?.clone())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::given;
    use crate::testing::Fixture;

    fn switch() -> Fixture {
        Fixture::new(&SPEC).input("a", "one".into()).input("b", Value::Integer(2))
    }

    #[test]
    fn one_of_two() {
        assert_eq!(given(switch().plan(), "value"), "one".into());
        assert_eq!(given(switch().param("use", "b").plan(), "value"), Value::Integer(2));
        assert_eq!(given(switch().param("use", "b").input("when", Value::Flag(true)).plan(), "value"), "one".into());
    }

    #[test]
    fn an_empty_side_is_refused() {
        assert_eq!(Fixture::new(&SPEC).input("b", "two".into()).refusal(), "nothing is connected here");
        assert_eq!(switch().param("use", "c").refusal(), "`c` is not one of the choices");
    }
}
