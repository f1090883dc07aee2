//! Text over a clip.

use model::{Help, NodeSpec, ParamSpec, Title, no_upgrade};

use crate::editing::{count, edited, frames, ports};

/// `edit.title`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.title",
    version: 1,
    help: Help {
        title: "Title",
        category: "Edit",
        summary: "Shows text over a clip; it runs on over cuts",
        keywords: &["text", "caption", "subtitle", "overlay", "credits", "lower third"],
    },
    params: &[
        ParamSpec::multiline("text", "").help("What is shown"),
        ParamSpec::number("x", 0.5).range(0.0, 1.0).help("Centre of the text, as a share of the width from the left"),
        ParamSpec::number("y", 0.85).range(0.0, 1.0).help("Centre of the text, as a share of the height from the top"),
        ParamSpec::number("size", 0.08)
            .range(0.01, 1.0)
            .soft(0.02, 0.25)
            .help("Height of a line, as a share of the frame's height"),
        ParamSpec::color("color", "#ffffff").help("Colour of the text"),
        frames("start_frames", 0).help("First frame that shows it"),
        frames("length_frames", 0).help("How long it stays; 0 is to the end"),
    ],
    ports: |_| ports(),
    plan: |cx| {
        let (clip, text, start) = (cx.clip("clip")?, cx.text("text")?, count(cx, "start_frames")?);
        if text.trim().is_empty() {
            return Err(cx.refuse("text", "there is nothing to show").hint("type the title's text"));
        }
        let n_frames = clip.n_frames();
        if n_frames <= start {
            return Err(cx
                .refuse("start_frames", "the title starts behind the clip's end")
                .hint(format!("the clip has {n_frames} frames")));
        }
        let frames = match count(cx, "length_frames")? {
            0 => n_frames - start,
            length => length,
        };
        let at = (cx.number("x")?, cx.number("y")?);
        let (size, color) = (cx.number("size")?, cx.color("color")?);
        Ok(edited(clip.title(&Title { text: text.to_string(), at, size, color, start, frames })))
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
    fn a_title_has_place_and_time() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("text", "Lamp").param("start_frames", 12i64);
        let title = &given_clip(fixture.plan()).pieces[0].titles[0];
        assert_eq!((&*title.text, title.at, title.start, title.frames), ("Lamp", (0.5, 0.85), 12, 36));
    }

    #[test]
    fn empty_and_late_titles_are_refused() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48));
        assert_eq!(fixture.refusal(), "there is nothing to show");
        let late = fixture.param("text", "Lamp").param("start_frames", 48i64);
        assert_eq!(late.refusal(), "the title starts behind the clip's end");
    }
}
