//! A sound file enters the graph.

use model::{Help, ImportKind, NodeSpec, ParamSpec, Plan, PortType, Ports, no_upgrade};

/// Files that the media worker reads as sound.
pub(crate) const SOUNDS: &[&str] = &["wav", "flac", "mp3", "ogg", "opus", "m4a", "aac"];

/// `import.audio`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "import.audio",
    version: 1,
    help: Help {
        title: "Import audio",
        category: "Imports",
        summary: "Reads a sound file",
        keywords: &["load", "music", "sound", "wav", "mp3", "open"],
    },
    params: &[ParamSpec::file("file", SOUNDS).help("The sound, relative to the graph's folder")],
    ports: |_| Ports::new().output("audio", PortType::Audio, "The sound"),
    plan: |cx| {
        let audio = cx.import(ImportKind::Audio, "file", &cx.text("file")?)?;
        Ok(Plan::values([("audio", audio)]))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{given, sound};
    use crate::testing::Fixture;

    #[test]
    fn a_file_becomes_a_sound() {
        let fixture = Fixture::new(&SPEC).param("file", "a.wav").answers(|_| Some(vec![("value".into(), sound(24))]));
        assert_eq!(given(fixture.plan(), "audio"), sound(24));
        assert_eq!(Fixture::new(&SPEC).refusal(), "no file is chosen");
    }
}
