//! Exposure, contrast, saturation and temperature of a clip.

use model::{Grade, Help, NodeSpec, ParamSpec, no_upgrade};

use crate::editing::{edited, ports};

/// `edit.color`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "edit.color",
    version: 1,
    help: Help {
        title: "Color",
        category: "Edit",
        summary: "Changes exposure, contrast, saturation and temperature",
        keywords: &["grade", "correct", "brightness", "warm", "cool", "black and white"],
    },
    params: &[
        ParamSpec::number("exposure", 0.0)
            .range(-8.0, 8.0)
            .soft(-2.0, 2.0)
            .unit("stops")
            .help("Brighter above 0, darker below; one stop doubles the light"),
        ParamSpec::number("contrast", 1.0)
            .range(0.0, 4.0)
            .soft(0.5, 2.0)
            .help("Factor around mid-grey; 1 changes nothing"),
        ParamSpec::number("saturation", 1.0)
            .range(0.0, 4.0)
            .soft(0.0, 2.0)
            .help("Factor on colour; 0 is black and white"),
        ParamSpec::number("temperature", 0.0).range(-1.0, 1.0).help("Cooler below 0, warmer above"),
    ],
    ports: |_| ports(),
    plan: |cx| {
        let grade = Grade {
            exposure: cx.number("exposure")?,
            contrast: cx.number("contrast")?,
            saturation: cx.number("saturation")?,
            temperature: cx.number("temperature")?,
            ..Grade::default()
        };
        Ok(edited(cx.clip("clip")?.grade(grade)))
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
    fn grades_stack_and_neutral_ones_vanish() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48));
        assert!(given_clip(fixture.plan()).pieces[0].grades.is_empty());
        let graded = given_clip(fixture.param("exposure", 1.0).plan());
        let twice = Fixture::new(&SPEC).input("clip", model::Value::Clip(graded)).param("saturation", 0.0);
        let grades = &given_clip(twice.plan()).pieces[0].grades;
        assert_eq!((grades[0].exposure, grades[1].saturation), (1.0, 0.0));
    }

    #[test]
    fn a_blinding_exposure_is_refused() {
        let fixture = Fixture::new(&SPEC).input("clip", clip(48)).param("exposure", 9.0);
        assert_eq!(fixture.refusal(), "9 is outside -8 to 8");
    }
}
