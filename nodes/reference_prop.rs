//! A prop: recognised in every shot by the name that the script gives.

use model::{Help, NodeSpec, ParamSpec, PortType, Ports, Role, no_upgrade};

use crate::referring;

/// `reference.prop`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "reference.prop",
    version: 1,
    help: Help {
        title: "Prop",
        category: "References",
        summary: "A thing that must look the same in every shot",
        keywords: &["object", "item", "thing", "product"],
    },
    params: &[
        ParamSpec::text("name", "").help("The name as the shots give it"),
        referring::ALIASES,
        ParamSpec::multiline("description", "").help("Shape, material and wear, pasted into prompts word for word"),
        referring::NEGATIVE,
        referring::PALETTE,
        referring::IMAGES,
    ],
    ports: |_| {
        Ports::new()
            .optional_gather("images", PortType::Image, "Pictures made in the graph, after those from files")
            .output("prop", PortType::Prop, "The prop")
    },
    plan: |cx| referring::plan(cx, Role::Prop, "prop", |_| Ok(())),
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use model::Value;

    use super::*;
    use crate::samples::given;
    use crate::testing::Fixture;

    #[test]
    fn a_prop_has_a_name_and_looks() {
        let fixture = Fixture::new(&SPEC).param("name", "lantern").param("description", "brass, dented\n");
        let Value::Reference(prop) = given(fixture.plan(), "prop") else { panic!("a reference") };
        assert_eq!((prop.role, &*prop.name, &*prop.description), (Role::Prop, "LANTERN", "brass, dented"));
        assert_eq!(Fixture::new(&SPEC).refusal(), "it has no name");
    }
}
