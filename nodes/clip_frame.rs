//! One frame of a clip as a picture.

use model::{Help, Image, NodeSpec, ParamSpec, Plan, PortType, Ports, Value, no_upgrade};

use crate::editing::{count, frames};

/// `clip.frame`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "clip.frame",
    version: 1,
    help: Help {
        title: "Frame of a clip",
        category: "Edit",
        summary: "Takes the first, the last or any frame of a clip as a picture",
        keywords: &["still", "grab", "last frame", "first frame", "thumbnail", "key frame"],
    },
    params: &[
        ParamSpec::choice("which", "last", &["first", "last", "number"]).help("Which frame"),
        frames("frame", 0).help("The frame under `number`; 0 is the first"),
    ],
    ports: |_| Ports::new().input("clip", PortType::Clip, "The clip").output("image", PortType::Image, "The frame"),
    plan: |cx| {
        let clip = cx.clip("clip")?;
        let n_frames = clip.n_frames();
        let frame = match cx.choice("which")? {
            "first" => 0,
            "last" => n_frames.saturating_sub(1),
            _ => count(cx, "frame")?,
        };
        if n_frames <= frame {
            return Err(cx.refuse("frame", format!("the clip has {n_frames} frames, so there is no frame {frame}")));
        }
        Ok(Plan::values([("image", Value::Image(Image::Frame { clip: clip.clone(), frame }))]))
    },
    sibling: None,
    upgrade: no_upgrade,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{clip, given};
    use crate::testing::Fixture;

    #[test]
    fn first_last_and_any() {
        let frame = |which: &str| {
            let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("which", which).param("frame", 7i64);
            match given(fixture.plan(), "image") {
                Value::Image(Image::Frame { frame, .. }) => frame,
                other => panic!("a frame, not {other:?}"),
            }
        };
        assert_eq!([frame("first"), frame("last"), frame("number")], [0, 47, 7]);
    }

    #[test]
    fn a_frame_behind_the_end_is_refused() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("which", "number").param("frame", 48i64);
        assert_eq!(fixture.refusal(), "the clip has 48 frames, so there is no frame 48");
    }
}
