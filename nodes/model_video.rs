//! Asks a video model for a clip. A shot, a prompt or both say what; which model answers is decided later.
//!
//! Continuity makes an element depend on the one before it: that clip's last frame is this one's first.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, Task, Value, no_upgrade, plan};

use crate::generation::{self, frame, last_frame_of};

/// `model.video`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "model.video",
    version: 1,
    help: Help {
        title: "Video model",
        category: "Models",
        summary: "Makes a clip from a shot, a prompt, references and key frames",
        keywords: &["generate", "text to video", "image to video", "video to video", "lip sync", "previs", "animatic"],
    },
    params: &[
        generation::PROMPT,
        generation::NEGATIVE,
        generation::MODEL,
        generation::QUALITY,
        ParamSpec::choice("continuity", "off", &["off", "previous_in_scene", "previous"])
            .help("Whether a shot starts from the last frame of the shot before it"),
        ParamSpec::number("seconds", 4.0)
            .range(0.1, 600.0)
            .soft(1.0, 12.0)
            .unit("seconds")
            .help("Length of the clip where neither a shot nor a source clip gives one"),
        generation::SEED_POLICY,
        generation::SEED,
        generation::WIDTH,
        generation::HEIGHT,
        ParamSpec::flag("sound", true).help("Whether sound is wanted from models that make it"),
        generation::SLATE,
        generation::CAPTIONS,
        generation::OPTIONS,
    ],
    ports: |_| {
        Ports::new()
            .optional("shot", PortType::Shot, "What happens, who is there and how long it takes")
            .optional_gather("references", PortType::Any, generation::REFERENCES)
            .optional("first_frame", PortType::Image, "The picture that the clip starts from")
            .optional("last_frame", PortType::Image, "The picture that the clip ends on")
            .optional("source", PortType::Clip, "A clip to work from, for models that restyle, edit or follow one")
            .optional(
                "audio",
                PortType::Audio,
                "A sound that the picture follows, for models that move lips or cut to it",
            )
            .optional("mask", PortType::Image, generation::MASK)
            .output("clip", PortType::Clip, "The clip")
    },
    plan,
    sibling: Some(sibling),
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let mut call = generation::call(cx, Task::Video)?;
    call.n_frames = match (&call.shot, cx.maybe_clip("source")?) {
        (Some(shot), _) => shot.n_frames(call.rate),
        (None, Some(clip)) => call.rate.frames_in(clip.rate.seconds(clip.n_frames())),
        (None, None) => call.rate.frames_in(cx.number("seconds")?),
    };
    call.last_frame = frame(cx, "last_frame")?;
    call.source = generation::file_of(cx, "source")?;
    call.audio = cx.maybe("audio").map(|_| cx.audio("audio").cloned()).transpose()?;
    call.sound = cx.flag("sound")?;
    if call.first_frame.is_none() && cx.choice("continuity")? != "off" {
        call.first_frame = cx.sibling("clip").and_then(last_frame_of);
    }
    call.mask = generation::mask(cx, &call)?;
    generation::asked(cx, call)
}

fn sibling(cx: &plan::SiblingCx<'_>) -> Option<usize> {
    let previous = cx.idx.checked_sub(1)?;
    if (cx.input)("first_frame", cx.idx).is_some() {
        return None;
    }
    let scene = |idx| match (cx.input)("shot", idx) {
        Some(Value::Shot(shot)) if !shot.scene.is_empty() => Some(shot.scene.clone()),
        _ => None,
    };
    match cx.params.get("continuity").and_then(model::Data::as_text) {
        Some("previous") => Some(previous),
        Some("previous_in_scene") if scene(cx.idx).is_some_and(|own| scene(previous) == Some(own)) => Some(previous),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;
    use model::{Image, Params, Role, Work};

    use super::*;
    use crate::samples::{asked, clip, image, list, media, reference, shot, shown, sound, voiced};
    use crate::testing::Fixture;

    #[test]
    fn a_prompt_alone_is_enough() {
        let plan = Fixture::new(&SPEC).param("prompt", "a lamp in fog").param("seconds", 2.0).plan();
        expect![[r#"
            call.task=video
            call.model=auto
            call.quality=draft
            call.prompt=a lamp in fog
            call.size.0=1280
            call.size.1=720
            call.rate.0=24
            call.rate.1=1
            call.n_frames=48
            call.seed=16939196523981877476
            call.take=1
            call.captions=true
            call.sound=true
        "#]]
        .assert_eq(&shown(plan));
    }

    #[test]
    fn a_shot_brings_its_references_and_its_length() {
        let references = list([
            Value::Reference(voiced("MARA", "marin")),
            Value::Reference(reference(Role::Prop, "ROPE", "tarred")),
        ]);
        let Work::Call(call) = asked(
            Fixture::new(&SPEC)
                .input("shot", Value::Shot(Arc::new(shot("s2.b1"))))
                .input("references", references)
                .element("s2.b1")
                .plan(),
        ) else {
            panic!("a model is called")
        };
        assert_eq!(call.n_frames, 60);
        assert_eq!(call.references.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["MARA"]);
        assert!(call.prompt.starts_with("Mara climbs the stair.\nCamera: wide shot"), "{}", call.prompt);
        assert_eq!(call.negative, "blur");
        // Identity stands on the slate and nowhere else.
        assert_eq!(call.slate.map(|slate| (slate.scene, slate.shot)), Some(("s2".to_owned(), "s2.b1".to_owned())));
        assert_eq!(call.shot.map(|shot| shot.id.clone()), Some(String::new()));
        // A voice is no part of a picture: recasting it must make none anew.
        assert!(call.references.iter().all(|it| it.voice.is_empty()));
    }

    #[test]
    fn seeds_follow_the_policy() {
        let seed = |policy: &str, element: &str, take: u32, fixed: Option<u64>| {
            let shot = model::Shot { seed: fixed, ..shot("s2.b1") };
            let fixture = Fixture::new(&SPEC)
                .param("seed_policy", policy)
                .param("seed", 7i64)
                .element(element)
                .take(take)
                .input("shot", Value::Shot(Arc::new(shot)));
            match asked(fixture.plan()) {
                Work::Call(call) => (call.seed, call.take),
                other => panic!("a model is called, not {other:?}"),
            }
        };
        assert_eq!(seed("fixed", "a", 1, None), (7, 1));
        assert_eq!(seed("by_shot", "a", 1, None).0, seed("by_shot", "a", 2, None).0);
        assert_ne!(seed("by_shot", "a", 1, None).0, seed("by_shot", "b", 1, None).0);
        assert_ne!(seed("by_take", "a", 1, None).0, seed("by_take", "a", 2, None).0);
        assert_eq!(seed("by_take", "a", 2, Some(99)), (99, 2));
    }

    #[test]
    fn continuity_starts_from_the_last_frame_before() {
        let fixture = || {
            Fixture::new(&SPEC)
                .param("continuity", "previous")
                .param("prompt", "waves")
                .sibling(vec![("clip".into(), clip(48))])
        };
        let first_frame = |fixture: Fixture| match asked(fixture.plan()) {
            Work::Call(call) => call.first_frame,
            other => panic!("a model is called, not {other:?}"),
        };
        assert!(matches!(first_frame(fixture()), Some(Image::Frame { frame: 47, .. })));
        assert!(matches!(first_frame(fixture().input("first_frame", image("key"))), Some(Image::File(_))));
    }

    #[test]
    fn the_chain_breaks_at_scenes() {
        let scenes = ["s1", "s1", "s2"];
        let input = |port: &str, idx: usize| {
            (port == "shot").then(|| Value::Shot(Arc::new(shot(&format!("{}.b{idx}", scenes[idx])))))
        };
        let elements: Vec<model::ElementId> = ["a", "b", "c"].map(Into::into).to_vec();
        let chain = |continuity: &str| {
            let params = Params::from([("continuity".to_owned(), model::Data::from(continuity))]);
            [0, 1, 2].map(|idx| sibling(&plan::SiblingCx { params: &params, elements: &elements, idx, input: &input }))
        };
        assert_eq!(chain("previous_in_scene"), [None, Some(0), None]);
        assert_eq!(chain("previous"), [None, Some(0), Some(1)]);
        assert_eq!(chain("off"), [None, None, None]);
    }

    #[test]
    fn a_clip_can_be_worked_from_and_a_sound_followed() {
        let call = |fixture: Fixture| match asked(fixture.plan()) {
            Work::Call(call) => call,
            other => panic!("a model is called, not {other:?}"),
        };
        let fixture = || Fixture::new(&SPEC).input("source", clip(36)).input("audio", sound(36));
        let made = call(fixture());
        assert_eq!((made.source, made.n_frames), (Some(media(36)), 36), "a file is given as it is, and whole");
        assert!(made.audio.is_some_and(|audio| audio.format == "wav"));
        assert_eq!(made.prompt, "", "a clip may say it all");
        let Value::Clip(recipe) = clip(36) else { panic!("it is one") };
        let edited = Value::Clip(Arc::new(model::Recipe { size: (320, 180), ..(*recipe).clone() }));
        let fixture = Fixture::new(&SPEC).param("prompt", "as a woodcut").input("source", edited);
        assert!(matches!(fixture.plan(), Err(Stop::Pending)), "what was edited is rendered first");
        assert!(matches!(&fixture.asked()[..], [Work::Render(render)] if render.recipe.size == (320, 180)));
        let answer = |work: &Work| matches!(work, Work::Render(_)).then(|| vec![("file".into(), clip(40))]);
        assert_eq!(call(fixture.answers(answer)).source, Some(media(40)));
    }

    #[test]
    fn a_mask_is_for_something() {
        let fixture = || Fixture::new(&SPEC).param("prompt", "a red door").input("mask", image("door"));
        assert_eq!(fixture().refusal(), "there is nothing that the mask is for");
        let Work::Call(call) = asked(fixture().input("first_frame", image("house")).plan()) else { panic!("a call") };
        assert!(call.mask.is_some());
    }

    #[test]
    fn nothing_to_make_is_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "there is nothing to make: neither a prompt nor a shot");
        let fixture = Fixture::new(&SPEC).param("prompt", "a").param("options", model::Data::List(vec!["x".into()]));
        assert_eq!(fixture.refusal(), "`x` is not an option");
    }
}
