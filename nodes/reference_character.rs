//! A character: named once, recognised in every shot by the name that cues give.

use model::{Help, NodeSpec, ParamSpec, PortType, Ports, Role, no_upgrade};

use crate::referring;

/// `reference.character`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "reference.character",
    version: 1,
    help: Help {
        title: "Character",
        category: "References",
        summary: "Somebody who must look and sound the same in every shot",
        keywords: &["person", "actor", "cast", "identity", "face", "voice"],
    },
    params: &[
        ParamSpec::text("name", "").help("The name as the script's cues give it"),
        referring::ALIASES,
        ParamSpec::multiline("description", "").help("Age, build, hair and clothes, pasted into prompts word for word"),
        referring::NEGATIVE,
        referring::PALETTE,
        referring::IMAGES,
        ParamSpec::number("pitch_hz", 0.0)
            .range(0.0, 400.0)
            .unit("Hz")
            .help("Base pitch of the scratch voice, 60 to 400; 0 derives one from the name"),
        ParamSpec::text("voice", "").help(
            "Voice that speaks the lines: its name or id, or one for each provider or model, such as \
                `openai: marin, elevenlabs: JBFqnCBsd6RMkjVDRZzb`; the scratch voice needs none",
        ),
    ],
    ports: |_| {
        Ports::new()
            .optional_gather("images", PortType::Image, "Pictures made in the graph, after those from files")
            .output("character", PortType::Character, "The character")
    },
    plan: |cx| {
        referring::plan(cx, Role::Character, "character", |reference| {
            let pitch = cx.number("pitch_hz")?;
            if 0.0 < pitch && pitch < 60.0 {
                return Err(cx.refuse("pitch_hz", format!("{pitch} Hz is too low for a voice")).hint("use 60 to 400"));
            }
            reference.pitch_hz = (0.0 < pitch).then_some(pitch);
            reference.voice = referring::voices(cx, "voice", &cx.text("voice")?)?.to_string();
            Ok(())
        })
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;
    use model::{Data, Image, Rate, Recipe, Value, Work};

    use super::*;
    use crate::samples::{list, media, picture, shown};
    use crate::testing::Fixture;

    fn mara() -> Fixture {
        Fixture::new(&SPEC).param("name", "Mara ").param("images", Data::List(vec!["refs/mara.png".into()])).answers(
            |work| match work {
                Work::Import(import) => {
                    Some(vec![("value".into(), Value::Image(Image::File(Arc::new(picture(&import.path)))))])
                }
                Work::Render(_) => Some(vec![("file".into(), Value::Image(Image::File(Arc::new(picture("frame")))))]),
                _ => None,
            },
        )
    }

    #[test]
    fn files_and_frames_become_its_pictures() {
        let clip = Arc::new(Recipe::file(media(48), None, Rate::FILM));
        let fixture = mara()
            .param("aliases", Data::List(vec!["the keeper".into(), " ".into()]))
            .param("palette", Data::List(vec!["#fc0".into()]))
            .param("pitch_hz", 180.0)
            .param("voice", " marin ")
            .input("images", list([Value::Image(Image::Frame { clip, frame: 3 })]));
        expect![[r#"
            character.reference.role=character
            character.reference.name=MARA
            character.reference.aliases.0=THE KEEPER
            character.reference.description=
            character.reference.palette.0=#ffcc00
            character.reference.images.0.digest=6c92e60b68fbd65c832bffc958e6db053d272f6264f8fefaa852baaaf187fb54
            character.reference.images.0.bytes=100
            character.reference.images.0.format=png
            character.reference.images.0.video.width=64
            character.reference.images.0.video.height=48
            character.reference.images.0.video.rate.0=1
            character.reference.images.0.video.rate.1=1
            character.reference.images.0.video.n_frames=1
            character.reference.images.0.video.codec=png
            character.reference.images.1.digest=b84bbbf495b3f5fe35085304d048e337853f0cc3dac096870ec35322b385d9bc
            character.reference.images.1.bytes=100
            character.reference.images.1.format=png
            character.reference.images.1.video.width=64
            character.reference.images.1.video.height=48
            character.reference.images.1.video.rate.0=1
            character.reference.images.1.video.rate.1=1
            character.reference.images.1.video.n_frames=1
            character.reference.images.1.video.codec=png
            character.reference.pitch_hz=180
            character.reference.voice=marin
        "#]]
        .assert_eq(&shown(fixture.plan()));
    }

    #[test]
    fn missing_pictures_are_asked_for_together() {
        let files = Data::List(vec!["a.png".into(), "b.png".into()]);
        let fixture = Fixture::new(&SPEC).param("name", "MARA").param("images", files);
        assert_eq!(fixture.plan(), Err(model::Stop::Pending));
        assert_eq!(fixture.asked().len(), 2);
    }

    #[test]
    fn nameless_and_growling_characters_are_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "it has no name");
        assert_eq!(mara().param("pitch_hz", 20.0).refusal(), "20 Hz is too low for a voice");
        assert_eq!(mara().param("voice", "openai: a, openai: b").refusal(), "`openai` has two voices");
        assert_eq!(mara().param("palette", Data::List(vec!["blue".into()])).refusal(), "`blue` is not a colour");
    }
}
