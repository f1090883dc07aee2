//! A video file enters the graph, counted at the graph's frame rate.

use model::{Help, ImportKind, NodeSpec, ParamSpec, Plan, PortType, Ports, no_upgrade};

/// Files that the media worker reads as clips.
pub(crate) const CLIPS: &[&str] = &["mp4", "mov", "mkv", "webm", "m4v", "avi", "ogv"];

/// `import.clip`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "import.clip",
    version: 1,
    help: Help {
        title: "Import clip",
        category: "Imports",
        summary: "Reads a video file with its sound",
        keywords: &["load", "video", "mp4", "footage", "open"],
    },
    params: &[ParamSpec::file("file", CLIPS).help("The video, relative to the graph's folder")],
    ports: |_| Ports::new().output("clip", PortType::Clip, "The clip"),
    plan: |cx| {
        let clip = cx.import(ImportKind::Clip, "file", &cx.text("file")?)?;
        Ok(Plan::values([("clip", clip)]))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use model::{Rate, Work};

    use super::*;
    use crate::samples::{clip, given};
    use crate::testing::Fixture;

    #[test]
    fn a_file_becomes_a_clip_at_the_graphs_rate() {
        let fixture = Fixture::new(&SPEC).param("file", "media/a.mp4").answers(|work| match work {
            Work::Import(import) if import.rate == Some(Rate::FILM) => Some(vec![("value".into(), clip(48))]),
            _ => None,
        });
        assert_eq!(given(fixture.plan(), "clip"), clip(48));
        assert_eq!(Fixture::new(&SPEC).refusal(), "no file is chosen");
    }
}
