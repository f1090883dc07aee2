//! Writes one picture: an image, or a frame of a clip.

use std::sync::Arc;

use model::{
    Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Recipe, Render, RenderForm, RenderSettings, Stop, Work,
    no_upgrade,
};

use crate::editing::{count, frames};
use crate::rendering::{CARRY, check_file};

/// `output.still`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "output.still",
    version: 1,
    help: Help {
        title: "Still",
        category: "Outputs",
        summary: "Writes a picture, or one frame of a clip, as a PNG",
        keywords: &["png", "export", "thumbnail", "poster", "frame"],
    },
    params: &[
        ParamSpec::text("file", "still.png").help("Where the picture is written, relative to the graph's folder"),
        frames("frame", 0).help("The clip's frame; 0 is the first"),
        CARRY,
    ],
    ports: |_| {
        Ports::new()
            .optional("image", PortType::Image, "The picture")
            .optional("clip", PortType::Clip, "The clip to take a frame of, where there is no picture")
            .output("file", PortType::Image, "The written picture")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    check_file(cx, SPEC.kind)?;
    let recipe = if cx.maybe("image").is_some() {
        Recipe::still(cx.image("image")?.clone(), 1, cx.settings.fps)
    } else {
        let clip = cx
            .maybe_clip("clip")?
            .ok_or_else(|| cx.refuse("image", "there is nothing to write").hint("connect a picture, or a clip"))?;
        let (frame, n_frames) = (count(cx, "frame")?, clip.n_frames());
        if n_frames <= frame {
            return Err(cx.refuse("frame", format!("the clip has {n_frames} frames, so there is no frame {frame}")));
        }
        clip.frame(frame)
    };
    let settings = RenderSettings { form: RenderForm::Png, ..RenderSettings::default() };
    Ok(Plan::work(Work::Render(Render { recipe: Arc::new(recipe), settings })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{asked, clip, image};
    use crate::testing::Fixture;

    #[test]
    fn a_frame_of_a_clip_is_rendered() {
        let Work::Render(render) = asked(Fixture::new(&SPEC).input("clip", clip(48)).param("frame", 7i64).plan())
        else {
            panic!("a picture is rendered")
        };
        let piece = &render.recipe.pieces[0];
        assert_eq!((render.settings.form, piece.start, render.recipe.n_frames()), (RenderForm::Png, 7, 1));
        let Work::Render(render) = asked(Fixture::new(&SPEC).input("image", image("a")).plan()) else {
            panic!("a picture is rendered")
        };
        assert_eq!(render.recipe.size, (64, 48));
    }

    #[test]
    fn nothing_and_too_late_are_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "there is nothing to write");
        let late = Fixture::new(&SPEC).input("clip", clip(48)).param("frame", 48i64);
        assert_eq!(late.refusal(), "the clip has 48 frames, so there is no frame 48");
    }
}
