//! A number that several nodes share.

use model::{Help, NodeSpec, ParamSpec, Plan, PortType, Ports, Value, no_upgrade};

/// `number.value`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "number.value",
    version: 1,
    help: Help {
        title: "Number",
        category: "Logic",
        summary: "A number that several nodes can share",
        keywords: &["constant", "float", "integer", "value", "slider"],
    },
    params: &[ParamSpec::number("number", 0.0).range(-1e12, 1e12).soft(0.0, 10.0).help("The number")],
    ports: |_| {
        Ports::new().output("number", PortType::Number, "The number").output(
            "integer",
            PortType::Integer,
            "The number rounded to the nearest whole one",
        )
    },
    plan: |cx| {
        let number = cx.number("number")?;
        Ok(Plan::values([("number", Value::Number(number)), ("integer", Value::Integer(number.round() as i64))]))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::given;
    use crate::testing::Fixture;

    #[test]
    fn a_number_and_its_nearest_whole_one() {
        let fixture = Fixture::new(&SPEC).param("number", 2.5);
        assert_eq!(given(fixture.plan(), "number"), Value::Number(2.5));
        assert_eq!(given(fixture.plan(), "integer"), Value::Integer(3));
        assert!(Fixture::new(&SPEC).param("number", 1e300).refusal().contains("is outside"));
    }
}
