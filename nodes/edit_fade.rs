//! Fades a clip in from black and out into it, sound included.

use model::{Help, NodeSpec, no_upgrade};

use crate::editing::{count, edited, frames, ports};

/// `edit.fade`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.fade",
    version: 1,
    help: Help {
        title: "Fade",
        category: "Edit",
        summary: "Fades in from black and out into it, sound included",
        keywords: &["black", "fade in", "fade out", "silence"],
    },
    params: &[
        frames("fade_in_frames", 12).help("Length of the fade in"),
        frames("fade_out_frames", 12).help("Length of the fade out"),
    ],
    ports: |_| ports(),
    plan: |cx| {
        let (clip, fade_in, fade_out) = (cx.clip("clip")?, count(cx, "fade_in_frames")?, count(cx, "fade_out_frames")?);
        let mut plan = edited(clip.fade(fade_in, fade_out));
        let ends =
            [("fade_in_frames", fade_in, clip.pieces.first()), ("fade_out_frames", fade_out, clip.pieces.last())];
        for (field, frames, piece) in ends {
            if let Some(piece) = piece.filter(|piece| piece.frames < frames) {
                let message = format!("the fade is shortened to {} frames, to the nearest cut", piece.frames);
                plan = plan.note(cx.warn("short-fade", field, message));
            }
        }
        Ok(plan)
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clip, given_clip};
    use crate::testing::Fixture;

    #[test]
    fn both_ends_fade() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("fade_out_frames", 100i64);
        let made = given_clip(fixture.plan());
        assert_eq!((made.pieces[0].fade_in, made.pieces[0].fade_out), (12, 48));
        let notes = fixture.plan().expect("it plans").notes;
        assert_eq!(notes[0].message, "the fade is shortened to 48 frames, to the nearest cut");
        assert_eq!(fixture.param("fade_in_frames", -1i64).refusal(), "-1 is outside 0 to 10368000");
    }
}
