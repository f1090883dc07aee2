//! Keeps a rectangle of a clip's frame and fits it into a size.

use model::{Crop, Fit, Help, NodeSpec, ParamSpec, no_upgrade};

use crate::editing::{edited, ports};

/// `edit.crop`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.crop",
    version: 1,
    help: Help {
        title: "Crop and fit",
        category: "Edit",
        summary: "Keeps a rectangle of the frame and fits it into a size",
        keywords: &["reframe", "resize", "scale", "zoom", "letterbox", "aspect"],
    },
    params: &[
        ParamSpec::number("left", 0.0).range(0.0, 1.0).help("Left edge of the kept rectangle, as a share of the width"),
        ParamSpec::number("top", 0.0).range(0.0, 1.0).help("Top edge of the kept rectangle, as a share of the height"),
        ParamSpec::number("width", 1.0).range(0.01, 1.0).help("Width of the kept rectangle, as a share of the width"),
        ParamSpec::number("height", 1.0)
            .range(0.01, 1.0)
            .help("Height of the kept rectangle, as a share of the height"),
        ParamSpec::integer("out_width", 0, 0, 8192).unit("pixels").help("Width of the result; 0 is the rectangle's"),
        ParamSpec::integer("out_height", 0, 0, 8192).unit("pixels").help("Height of the result; 0 is the rectangle's"),
        ParamSpec::choice("fit", "contain", &["contain", "cover", "fill"])
            .help("All of the picture with bars, all of the frame with edges cut, or stretched"),
    ],
    ports: |_| ports(),
    plan: |cx| {
        let rectangle = Crop {
            left: cx.number("left")?,
            top: cx.number("top")?,
            width: cx.number("width")?,
            height: cx.number("height")?,
        };
        for (field, end) in [("width", rectangle.left + rectangle.width), ("height", rectangle.top + rectangle.height)]
        {
            // A third and two thirds may miss one by a rounding.
            if 1.0 + 1e-9 < end {
                return Err(cx.refuse(field, "the rectangle leaves the picture").hint("make it smaller, or move it"));
            }
        }
        let fit = match cx.choice("fit")? {
            "cover" => Fit::Cover,
            "fill" => Fit::Fill,
            _ => Fit::Contain,
        };
        let clip = cx.clip("clip")?.crop(rectangle);
        let side = |name: &str, own: u32| {
            let pixels = cx.integer(name)?.unsigned_abs() as u32;
            Ok::<u32, model::Stop>(if pixels == 0 { own } else { pixels })
        };
        let size = (side("out_width", clip.size.0)?, side("out_height", clip.size.1)?);
        Ok(edited(clip.fit(size, fit)))
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
    fn a_rectangle_is_kept_and_fitted() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("left", 0.5).param("width", 0.5);
        let made = given_clip(fixture.plan());
        assert_eq!(made.size, (320, 360));
        assert_eq!(made.pieces[0].crop, Some(Crop { left: 0.5, top: 0.0, width: 0.5, height: 1.0 }));
        let fixture = fixture.param("out_width", 720i64).param("out_height", 1280i64).param("fit", "cover");
        let made = given_clip(fixture.plan());
        assert_eq!((made.size, made.pieces[0].fit), ((720, 1280), Fit::Cover));
    }

    #[test]
    fn a_rectangle_outside_is_refused() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("top", 0.5);
        assert_eq!(fixture.refusal(), "the rectangle leaves the picture");
    }
}
