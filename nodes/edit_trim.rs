//! Keeps a part of a clip.

use model::{Help, NodeSpec, no_upgrade};

use crate::editing::{count, edited, frames, not_empty, ports};

/// `edit.trim`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.trim",
    version: 1,
    help: Help {
        title: "Trim",
        category: "Edit",
        summary: "Keeps a part of a clip",
        keywords: &["cut", "in point", "out point", "shorten", "range"],
    },
    params: &[
        frames("start_frames", 0).help("Frames to drop from the start"),
        frames("length_frames", 0).help("Frames to keep from there; 0 keeps the rest"),
    ],
    ports: |_| ports(),
    plan: |cx| {
        let (clip, start) = (cx.clip("clip")?, count(cx, "start_frames")?);
        let end = match count(cx, "length_frames")? {
            0 => u64::MAX,
            length => start.saturating_add(length),
        };
        let n_frames = clip.n_frames();
        not_empty(cx, "start_frames", clip.trim(start..end))
            .map(edited)
            .map_err(|refusal| refusal.hint(format!("the clip has {n_frames} frames")))
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
    fn frames_are_exact() {
        let trim = |length: i64| {
            let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("start_frames", 12i64);
            let made = given_clip(fixture.param("length_frames", length).plan());
            (made.pieces[0].start, made.n_frames())
        };
        assert_eq!([trim(0), trim(10), trim(100)], [(12, 36), (12, 10), (12, 36)]);
    }

    #[test]
    fn a_start_behind_the_end_is_refused() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("start_frames", 48i64);
        assert_eq!(fixture.refusal(), "no frame is left");
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
    }
}
