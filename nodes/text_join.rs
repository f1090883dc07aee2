//! Joins texts with something between them.

use model::{Help, NodeSpec, ParamSpec, Plan, PortType, Ports, Stop, Value, no_upgrade};

/// `text.join`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "text.join",
    version: 1,
    help: Help {
        title: "Join texts",
        category: "Prompts",
        summary: "Joins a list of texts into one",
        keywords: &["concatenate", "merge", "combine", "separator", "paragraphs"],
    },
    params: &[
        ParamSpec::multiline("separator", ", ").help("What stands between two texts"),
        ParamSpec::flag("skip_empty", true).help("Whether empty texts are left out with their separator"),
    ],
    ports: |_| {
        Ports::new().gather("texts", PortType::Text, "The texts in order").output(
            "text",
            PortType::Text,
            "The joined text",
        )
    },
    plan: |cx| {
        let (separator, skip_empty) = (cx.text("separator")?, cx.flag("skip_empty")?);
        let mut texts = Vec::new();
        for entry in cx.list("texts")?.into_iter().flat_map(|list| list.iter()) {
            match &entry.value {
                Value::Text(text) | Value::Choice(text) if skip_empty && text.trim().is_empty() => {}
                Value::Text(text) | Value::Choice(text) => texts.push(&**text),
                other => {
                    let message = format!("this port cannot take {}", other.port_type().name());
                    return Err::<Plan, Stop>(cx.refuse("texts", message));
                }
            }
        }
        Ok(Plan::values([("text", Value::Text(texts.join(&separator).into()))]))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{given, list};
    use crate::testing::Fixture;

    #[test]
    fn texts_are_joined_in_order() {
        let fixture = Fixture::new(&SPEC).input("texts", list(["fog", " ", "rain"].map(Value::from)));
        assert_eq!(given(fixture.plan(), "text"), "fog, rain".into());
        let kept = fixture.param("skip_empty", false).param("separator", "/");
        assert_eq!(given(kept.plan(), "text"), "fog/ /rain".into());
        assert_eq!(
            Fixture::new(&SPEC).input("texts", list([Value::Flag(true)])).refusal(),
            "this port cannot take flag"
        );
    }
}
