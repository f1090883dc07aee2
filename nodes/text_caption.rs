//! What is on a picture, in words, by a language model that sees.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade};

use crate::asking::{self, Question, ask};
use crate::referring::still;

/// `text.caption`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "text.caption",
    version: 1,
    help: Help {
        title: "Caption",
        category: "Models",
        summary: "Puts a picture into words with a language model that sees",
        keywords: &["describe", "image to text", "vision", "alt text", "llm"],
    },
    params: &[
        ParamSpec::choice("about", "picture", &["picture", "person", "place", "thing", "style"])
            .help("What to describe: all of it, or only what a reference of that kind would say"),
        ParamSpec::integer("words", 40, 3, 400).unit("words").help("About how long the caption is"),
        ParamSpec::multiline("notes", "").help("What else to look for, or to leave out"),
        asking::MODEL,
        asking::max_tokens(2048),
        asking::SEED,
        asking::OPTIONS,
    ],
    ports: |_| {
        Ports::new().input("image", PortType::Image, "The picture").output("caption", PortType::Text, "It in words")
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

const SYSTEM: &str = "You describe pictures for a film crew: what is seen, plainly and precisely, in English prose. You \
    name no real people, guess no intentions, and answer with the description alone, without a title or quotes around it.";

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let picture = still(cx, "image", Value::Image(cx.image("image")?.clone()))?;
    let about = match cx.choice("about")? {
        "person" => "Describe the person only: age, build, face, hair, clothes. Nothing of pose, place or light.",
        "place" => "Describe the place only: what is there, materials, colours. Nobody in it, no time of day.",
        "thing" => "Describe the main object only: shape, material, colour, wear.",
        "style" => "Describe the style only: medium, light, colour, grain, lens. Not what is shown.",
        _ => "Describe the picture: shot size and angle, who and what, doing what, where, in which light.",
    };
    let (words, notes) = (cx.integer("words")?, cx.text("notes")?);
    let prompt = format!("{about} About {words} words. {}", notes.trim()).trim().to_owned();
    let question = Question { system: SYSTEM, prompt, schema: None, pictures: vec![picture] };
    let told = ask(cx, question, &|answer| match answer.trim().trim_matches('"').trim() {
        "" => Err(vec!["it is empty".to_owned()]),
        caption => Ok(caption.to_owned()),
    })?;
    let plan = Plan::values([("caption", Value::Text(told.value.into()))]).made_by(told.work);
    Ok(told.mended.into_iter().fold(plan, Plan::note))
}

#[cfg(test)]
mod tests {
    use model::{Image, Rate, Recipe};

    use super::*;
    use crate::asking::tests::{answering, calls};
    use crate::samples::{given, image, media, picture};
    use crate::testing::Fixture;

    #[test]
    fn a_picture_goes_to_a_model_and_comes_back_as_words() {
        let fixture = Fixture::new(&SPEC).input("image", image("a")).param("about", "person").param("words", 12i64);
        let fixture = answering(fixture, &["\"A keeper of sixty.\""]);
        assert_eq!(given(fixture.plan(), "caption"), "A keeper of sixty.".into());
        let call = calls(&fixture).remove(0);
        assert_eq!(call.references[0].images, [picture("a")]);
        assert!(call.prompt.ends_with("Nothing of pose, place or light. About 12 words."), "{}", call.prompt);
        assert_eq!(call.options["max_tokens"], "2048");
    }

    #[test]
    fn a_frame_of_a_clip_is_rendered_first() {
        let clip = std::sync::Arc::new(Recipe::file(media(48), None, Rate::FILM));
        let fixture = Fixture::new(&SPEC).input("image", Value::Image(Image::Frame { clip, frame: 3 }));
        assert_eq!(fixture.plan(), Err(Stop::Pending));
        assert_eq!(fixture.asked().iter().map(model::Work::kind).collect::<Vec<_>>(), ["render"]);
    }

    #[test]
    fn without_a_picture_there_is_nothing_to_say() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
        let odd = Fixture::new(&SPEC).input("image", image("a")).param("words", 1i64);
        assert_eq!(odd.refusal(), "1 is outside 3 to 400");
    }
}
