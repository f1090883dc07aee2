//! Writes a text.

use model::{Help, NodeSpec, ParamSpec, Plan, PortType, Ports, Value, no_upgrade};

use crate::rendering::check_file;

/// `output.text`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "output.text",
    version: 1,
    help: Help {
        title: "Text file",
        category: "Outputs",
        summary: "Writes a text to a file",
        keywords: &["txt", "markdown", "export", "save", "prompt"],
    },
    params: &[
        ParamSpec::text("file", "text.txt").help("Where the text is written, relative to the graph's folder"),
        ParamSpec::multiline("text", "").help("The text"),
    ],
    ports: |_| Ports::new().output("file", PortType::Text, "The written text"),
    plan: |cx| {
        check_file(cx, SPEC.kind)?;
        Ok(Plan::values([("file", Value::Text(cx.text("text")?))]))
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
    fn the_text_is_what_is_written() {
        let fixture = Fixture::new(&SPEC).input("text", "A lamp.".into());
        assert_eq!(given(fixture.plan(), "file"), "A lamp.".into());
        assert_eq!(
            fixture.param("file", "run.sh").refusal(),
            "`run.sh` does not end in .txt or .md or .csv or .fountain or .srt or .vtt"
        );
    }
}
