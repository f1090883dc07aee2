//! Arithmetic on one or two numbers.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade};

/// `number.math`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "number.math",
    version: 1,
    help: Help {
        title: "Math",
        category: "Logic",
        summary: "Arithmetic on one or two numbers",
        keywords: &["add", "subtract", "multiply", "divide", "round", "calculate", "expression"],
    },
    params: &[
        ParamSpec::choice(
            "op",
            "add",
            &[
                "add", "subtract", "multiply", "divide", "modulo", "power", "min", "max", "round", "floor", "ceil",
                "abs",
            ],
        )
        .help("What is done; round, floor, ceil and abs look at `a` alone"),
        ParamSpec::number("a", 0.0).range(-1e15, 1e15).soft(0.0, 10.0).help("The first number"),
        ParamSpec::number("b", 0.0).range(-1e15, 1e15).soft(0.0, 10.0).help("The second number"),
    ],
    ports: |_| {
        Ports::new().output("number", PortType::Number, "The result").output(
            "integer",
            PortType::Integer,
            "The result rounded to the nearest whole number",
        )
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (op, a, b) = (cx.choice("op")?, cx.number("a")?, cx.number("b")?);
    if b == 0.0 && matches!(op, "divide" | "modulo") {
        return Err(cx.refuse("b", "nothing can be divided by zero"));
    }
    let number = match op {
        "subtract" => a - b,
        "multiply" => a * b,
        "divide" => a / b,
        "modulo" => a.rem_euclid(b),
        "power" => a.powf(b),
        "min" => a.min(b),
        "max" => a.max(b),
        "round" => a.round(),
        "floor" => a.floor(),
        "ceil" => a.ceil(),
        "abs" => a.abs(),
        _ => a + b,
    };
    if !number.is_finite() {
        return Err(cx.refuse("op", format!("{op} of {a} and {b} is not a number that can be written")));
    }
    Ok(Plan::values([("number", Value::Number(number)), ("integer", Value::Integer(number.round() as i64))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::given;
    use crate::testing::Fixture;

    fn math(op: &str, a: f64, b: f64) -> Fixture {
        Fixture::new(&SPEC).param("op", op).param("a", a).param("b", b)
    }

    #[test]
    fn every_operation_does_what_it_says() {
        let expected = [
            ("add", 1.5),
            ("subtract", -6.5),
            ("multiply", -10.0),
            ("divide", -0.625),
            ("modulo", 1.5),
            ("power", 39.0625),
            ("min", -2.5),
            ("max", 4.0),
            ("round", -3.0),
            ("floor", -3.0),
            ("ceil", -2.0),
            ("abs", 2.5),
        ];
        for (op, result) in expected {
            assert_eq!(given(math(op, -2.5, 4.0).plan(), "number"), Value::Number(result), "{op}");
        }
        assert_eq!(given(math("divide", 7.0, 2.0).plan(), "integer"), Value::Integer(4));
    }

    #[test]
    fn what_has_no_result_is_refused() {
        assert_eq!(math("divide", 1.0, 0.0).refusal(), "nothing can be divided by zero");
        assert_eq!(math("power", -2.0, 0.5).refusal(), "power of -2 and 0.5 is not a number that can be written");
    }
}
