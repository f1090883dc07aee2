//! Asks an image model for a picture: key frames, reference sheets, storyboards.
//!
//! A shot, a prompt or both say what; which model answers is decided later.

use model::{Help, NodeSpec, Plan, PlanCx, PortType, Ports, Stop, Task, no_upgrade};

use crate::generation;

/// `model.image`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "model.image",
    version: 1,
    help: Help {
        title: "Image model",
        category: "Models",
        summary: "Makes a picture from a shot, a prompt and references",
        keywords: &["generate", "text to image", "key frame", "still", "storyboard", "inpaint"],
    },
    params: &[
        generation::PROMPT,
        generation::NEGATIVE,
        generation::MODEL,
        generation::QUALITY,
        generation::SEED_POLICY,
        generation::SEED,
        generation::WIDTH,
        generation::HEIGHT,
        generation::SLATE,
        generation::CAPTIONS,
        generation::OPTIONS,
    ],
    ports: |_| {
        Ports::new()
            .optional("shot", PortType::Shot, "What happens and who is there")
            .optional_gather("references", PortType::Any, generation::REFERENCES)
            .optional("first_frame", PortType::Image, "A picture to start from")
            .optional("mask", PortType::Image, generation::MASK)
            .output("image", PortType::Image, "The picture")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let mut call = generation::call(cx, Task::Image)?;
    call.mask = generation::mask(cx, &call)?;
    generation::asked(cx, call)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{ModelChoice, Quality, Role, Value, Work};

    use super::*;
    use crate::samples::{asked, list, reference, shot};
    use crate::testing::Fixture;

    #[test]
    fn without_a_shot_every_reference_enters() {
        let references = list([
            Value::Reference(reference(Role::Character, "MARA", "a keeper")),
            Value::Reference(reference(Role::Prop, "ROPE", "tarred")),
        ]);
        let fixture = Fixture::new(&SPEC)
            .param("prompt", "a sheet of poses")
            .param("model", "some-model")
            .param("quality", "final")
            .param("width", 513i64)
            .param("options", model::Data::List(vec!["steps = 30".into()]))
            .input("references", references);
        let Work::Call(call) = asked(fixture.plan()) else { panic!("a model is called") };
        assert_eq!((call.task, call.n_frames, call.size), (Task::Image, 1, (512, 720)));
        assert_eq!((call.model, call.quality), (ModelChoice::Named("some-model".to_owned()), Quality::Final));
        assert_eq!(call.references.len(), 2);
        assert_eq!(call.options.get("steps").map(String::as_str), Some("30"));
    }

    #[test]
    fn a_wrong_value_on_references_is_refused() {
        let fixture = Fixture::new(&SPEC)
            .input("shot", Value::Shot(Arc::new(shot("s1.b1"))))
            .input("references", list([Value::Flag(true)]));
        assert_eq!(fixture.refusal(), "this port cannot take flag");
    }
}
