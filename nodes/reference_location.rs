//! A place: recognised in every shot by the name that scene headings give.

use model::{Help, NodeSpec, ParamSpec, PortType, Ports, Role, no_upgrade};

use crate::referring;

/// `reference.location`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "reference.location",
    version: 1,
    help: Help {
        title: "Location",
        category: "References",
        summary: "A place that must look and sound the same in every shot",
        keywords: &["place", "set", "background", "environment", "room tone"],
    },
    params: &[
        ParamSpec::text("name", "")
            .help("The name as scene headings give it, without time; parts after ` - ` may be left out"),
        referring::ALIASES,
        ParamSpec::multiline("description", "")
            .help("Architecture, materials and mood, pasted into prompts word for word"),
        referring::NEGATIVE,
        referring::PALETTE,
        referring::IMAGES,
        ParamSpec::text("ambience", "").help("Words that choose room tone and backdrop, such as `sea, wind`"),
    ],
    ports: |_| {
        Ports::new()
            .optional_gather("images", PortType::Image, "Pictures made in the graph, after those from files")
            .output("location", PortType::Location, "The place")
    },
    plan: |cx| {
        referring::plan(cx, Role::Location, "location", |reference| {
            reference.ambience = cx.text("ambience")?.trim().to_owned();
            Ok(())
        })
    },
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
    fn a_place_carries_its_sound() {
        let fixture = Fixture::new(&SPEC).param("name", "Lighthouse").param("ambience", "sea, wind ");
        let Value::Reference(place) = given(fixture.plan(), "location") else { panic!("a reference") };
        assert_eq!((place.role, &*place.name, &*place.ambience), (Role::Location, "LIGHTHOUSE", "sea, wind"));
        assert!(Value::Reference(place).port_type() == PortType::Location);
    }

    #[test]
    fn a_nameless_place_is_refused() {
        assert_eq!(Fixture::new(&SPEC).param("name", "  ").refusal(), "it has no name");
    }
}
