//! A picture file enters the graph.

use model::{Help, ImportKind, NodeSpec, ParamSpec, Plan, PortType, Ports, no_upgrade};

use crate::referring::PICTURES;

/// `import.image`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "import.image",
    version: 1,
    help: Help {
        title: "Import image",
        category: "Imports",
        summary: "Reads a picture file",
        keywords: &["load", "photo", "png", "jpeg", "open"],
    },
    params: &[ParamSpec::file("file", PICTURES).help("The picture, relative to the graph's folder")],
    ports: |_| Ports::new().output("image", PortType::Image, "The picture"),
    plan: |cx| {
        let image = cx.import(ImportKind::Image, "file", &cx.text("file")?)?;
        Ok(Plan::values([("image", image)]))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{given, image};
    use crate::testing::Fixture;

    #[test]
    fn a_file_becomes_a_picture() {
        let fixture = Fixture::new(&SPEC).param("file", "refs/a.png");
        assert_eq!(fixture.plan(), Err(model::Stop::Pending));
        assert_eq!(given(fixture.answers(|_| Some(vec![("value".into(), image("a"))])).plan(), "image"), image("a"));
        assert_eq!(Fixture::new(&SPEC).refusal(), "no file is chosen");
    }
}
