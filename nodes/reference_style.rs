//! A style: the look of everything, whatever a shot names.

use model::{Help, NodeSpec, ParamSpec, PortType, Ports, Role, no_upgrade};

use crate::referring;

/// `reference.style`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "reference.style",
    version: 1,
    help: Help {
        title: "Style",
        category: "References",
        summary: "A look that every shot shares",
        keywords: &["look", "grain", "palette", "film stock", "mood"],
    },
    params: &[
        ParamSpec::text("name", "").help("A name to tell styles apart"),
        referring::ALIASES,
        ParamSpec::multiline("description", "")
            .help("Stock, light, colour and texture, pasted into prompts word for word"),
        referring::NEGATIVE,
        referring::PALETTE,
        referring::IMAGES,
    ],
    ports: |_| {
        Ports::new()
            .optional_gather("images", PortType::Image, "Pictures made in the graph, after those from files")
            .output("style", PortType::Style, "The style")
    },
    plan: |cx| referring::plan(cx, Role::Style, "style", |_| Ok(())),
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use model::{Data, Value};

    use super::*;
    use crate::samples::given;
    use crate::testing::Fixture;

    #[test]
    fn a_style_keeps_its_palette_in_order() {
        let palette = Data::List(vec!["#102030".into(), "#ffcc00".into()]);
        let fixture = Fixture::new(&SPEC).param("name", "storm").param("palette", palette);
        let Value::Reference(style) = given(fixture.plan(), "style") else { panic!("a reference") };
        let colors: Vec<_> = style.palette.iter().map(ToString::to_string).collect();
        assert_eq!((style.role, colors), (Role::Style, vec!["#102030".to_owned(), "#ffcc00".to_owned()]));
        assert_eq!(Fixture::new(&SPEC).refusal(), "it has no name");
    }
}
