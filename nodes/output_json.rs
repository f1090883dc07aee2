//! Writes any value, or a whole list, as JSON for other programs.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade};
use serde_json::{Map, Value as Json};

use crate::rendering::check_file;

/// `output.json`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "output.json",
    version: 1,
    help: Help {
        title: "JSON file",
        category: "Outputs",
        summary: "Writes a value or a list as JSON; of reports, the measured data",
        keywords: &["export", "data", "report", "shots", "table", "save"],
    },
    params: &[ParamSpec::text("file", "data.json").help("Where the JSON is written, relative to the graph's folder")],
    ports: |_| {
        Ports::new()
            .optional("value", PortType::Any, "One value; a list gives one file per element")
            .optional_gather("items", PortType::Any, "A whole list, written as one object by element id")
            .output("file", PortType::Text, "The written JSON")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    check_file(cx, SPEC.kind)?;
    let value = match (cx.maybe("value"), cx.maybe("items")) {
        (Some(_), Some(_)) => {
            return Err(cx.refuse("items", "a value and a list are both connected").hint("disconnect one of them"));
        }
        (Some(value), None) | (None, Some(value)) => value,
        (None, None) => {
            return Err(cx.refuse("value", "there is nothing to write").hint("connect a value, or a list to items"));
        }
    };
    let json = json(value).map_err(|error| cx.refuse("value", format!("it cannot be written as JSON: {error}")))?;
    let text = serde_json::to_string_pretty(&json)
        .map_err(|error| cx.refuse("value", format!("it cannot be written as JSON: {error}")))?;
    Ok(Plan::values([("file", Value::Text((text + "\n").into()))]))
}

/// The value without the tag that tells its type; readers know what they asked for.
fn json(value: &Value) -> Result<Json, serde_json::Error> {
    Ok(match value {
        Value::Text(text) | Value::Choice(text) => Json::from(&**text),
        Value::Report(report) => report.data.clone(),
        Value::List(list) => {
            let fields: Result<Map<_, _>, _> =
                list.iter().map(|entry| Ok((entry.id.to_string(), json(&entry.value)?))).collect();
            Json::Object(fields?)
        }
        other => match serde_json::to_value(other)? {
            Json::Object(tagged) if tagged.len() == 1 => {
                tagged.into_iter().next().map_or(Json::Null, |(_, inner)| inner)
            }
            plain => plain,
        },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;
    use model::Report;

    use super::*;
    use crate::samples::{clip, given, list, shot};
    use crate::testing::Fixture;

    #[test]
    fn a_list_is_an_object_by_id() {
        let report = Report { data: serde_json::json!({"mean": 0.25}), ..Report::default() };
        let items = list([Value::Report(Arc::new(report)), "fog".into(), Value::Number(2.0)]);
        let Value::Text(text) = given(Fixture::new(&SPEC).input("items", items).plan(), "file") else {
            panic!("a text")
        };
        expect![[r#"
            {
              "a": {
                "mean": 0.25
              },
              "b": "fog",
              "c": 2.0
            }
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn structures_lose_their_tag() {
        let Value::Text(text) =
            given(Fixture::new(&SPEC).input("value", Value::Shot(Arc::new(shot("s1.b1")))).plan(), "file")
        else {
            panic!("a text")
        };
        assert!(text.starts_with("{\n  \"id\": \"s1.b1\""), "{text}");
        given(Fixture::new(&SPEC).input("value", clip(3)).plan(), "file");
    }

    #[test]
    fn nothing_and_both_are_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "there is nothing to write");
        let both = Fixture::new(&SPEC).input("value", "a".into()).input("items", list([]));
        assert_eq!(both.refusal(), "a value and a list are both connected");
    }
}
