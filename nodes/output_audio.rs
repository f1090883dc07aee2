//! Writes the sound of a clip.

use model::{Help, NodeSpec, ParamSpec, Plan, PortType, Ports, Render, RenderForm, RenderSettings, Work, no_upgrade};

use crate::rendering::{CARRY, check_file};

/// `output.audio`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "output.audio",
    version: 1,
    help: Help {
        title: "Audio",
        category: "Outputs",
        summary: "Writes the sound of a clip as a WAV",
        keywords: &["wav", "export", "sound", "mix", "stem"],
    },
    params: &[
        ParamSpec::text("file", "sound.wav").help("Where the sound is written, relative to the graph's folder"),
        CARRY,
    ],
    ports: |_| {
        Ports::new().input("clip", PortType::Clip, "The clip").output("file", PortType::Audio, "The written sound")
    },
    plan: |cx| {
        check_file(cx, SPEC.kind)?;
        let clip = cx.clip("clip")?;
        if clip.n_frames() == 0 {
            return Err(cx.refuse("clip", "the clip has no frame"));
        }
        let settings = RenderSettings { form: RenderForm::Wav, ..RenderSettings::default() };
        Ok(Plan::work(Work::Render(Render { recipe: clip.clone(), settings })))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{asked, clip};
    use crate::testing::Fixture;

    #[test]
    fn a_clips_sound_is_rendered() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48));
        let Work::Render(render) = asked(fixture.plan()) else { panic!("sound is rendered") };
        assert_eq!((render.settings.form, render.recipe.n_frames()), (RenderForm::Wav, 48));
        assert_eq!(fixture.param("file", "a.mp3").refusal(), "`a.mp3` does not end in .wav");
    }
}
