//! Lays a sound under a clip.

use model::{Help, NodeSpec, ParamSpec, PortType, Sound, no_upgrade};

use crate::editing::{count, edited, frames, ports};

/// `edit.sound`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.sound",
    version: 1,
    help: Help {
        title: "Lay sound",
        category: "Edit",
        summary: "Lays a sound under a clip, beside the clip's own",
        keywords: &["music", "voice over", "effect", "audio", "mix", "soundtrack"],
    },
    params: &[
        frames("at_frames", 0).help("Frame of the clip where the sound starts"),
        frames("start_frames", 0).help("Frames to skip at the sound's start"),
        ParamSpec::number("gain_db", 0.0).range(-96.0, 24.0).soft(-24.0, 12.0).unit("dB").help("Loudness of the sound"),
        frames("fade_in_frames", 0).help("Length of the sound's fade in"),
        frames("fade_out_frames", 0).help("Length of the sound's fade out"),
    ],
    ports: |_| ports().input("audio", PortType::Audio, "The sound, cut where the clip ends"),
    plan: |cx| {
        let (clip, media, at) = (cx.clip("clip")?, cx.audio("audio")?, count(cx, "at_frames")?);
        let laid = clip.lay_sound(Sound {
            media: media.clone(),
            at,
            start: count(cx, "start_frames")?,
            frames: clip.n_frames().saturating_sub(at),
            gain_db: cx.number("gain_db")?,
            fade_in: count(cx, "fade_in_frames")?,
            fade_out: count(cx, "fade_out_frames")?,
        });
        if laid.sound.len() == clip.sound.len() {
            return Err(cx.refuse("at_frames", "none of the sound would be heard").hint("start it earlier"));
        }
        Ok(edited(laid))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clip, given_clip, sound};
    use crate::testing::Fixture;

    fn laid() -> Fixture {
        Fixture::new(&SPEC).input("clip", clip(48)).input("audio", sound(24))
    }

    #[test]
    fn a_sound_lies_where_it_was_put() {
        let made = given_clip(laid().param("at_frames", 12i64).param("fade_out_frames", 6i64).plan());
        assert_eq!((made.sound[0].at, made.sound[0].frames, made.sound[0].fade_out), (12, 24, 6));
        assert_eq!(given_clip(laid().param("at_frames", 40i64).plan()).sound[0].frames, 8);
    }

    #[test]
    fn an_unheard_sound_is_refused() {
        assert_eq!(laid().param("at_frames", 48i64).refusal(), "none of the sound would be heard");
    }
}
