//! Asks a language model. With a schema the answer is JSON that fits it, or the node fails and shows what came.

use model::{Help, NodeSpec, ParamSpec, Params, Plan, PlanCx, PortType, Ports, Stop, Value, no_upgrade};

use crate::asking::{self, Question, ask};
use crate::referring::pictures_on;
use crate::schema::{Schema, json_in};
use crate::template::{filled, slot_ports};

/// `text.chat`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "text.chat",
    version: 1,
    help: Help {
        title: "Ask a language model",
        category: "Models",
        summary: "Asks a language model, and can hold its answer to a JSON schema",
        keywords: &["llm", "chat", "gpt", "claude", "gemini", "ollama", "json", "question", "write"],
    },
    params: &[
        ParamSpec::multiline("prompt", "")
            .help("The question; `{name}` makes an input called name, `{{` and `}}` stand for braces"),
        ParamSpec::multiline("system", "").help("Who the model is and how it answers, before the question"),
        ParamSpec::multiline("schema", "")
            .help("A JSON schema that the answer must fit; a wrong answer is shown back once to be mended"),
        asking::MODEL,
        asking::max_tokens(4096),
        asking::TEMPERATURE,
        asking::SEED,
        asking::OPTIONS,
    ],
    ports,
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn ports(params: &Params) -> Ports {
    slot_ports(&SPEC, "prompt", params)
        .optional_gather("images", PortType::Image, "Pictures that the question is about")
        .output("text", PortType::Text, "The answer; with a schema the JSON alone")
}

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let prompt = filled(cx, "prompt", &cx.text("prompt")?, false)?.trim().to_owned();
    if prompt.is_empty() {
        return Err(cx.refuse("prompt", "there is no question").hint("type one, or connect a text to `prompt`"));
    }
    let text = cx.text("schema")?;
    let schema = match text.trim() {
        "" => None,
        text => Some(Schema::parse(text).map_err(|reason| cx.refuse("schema", reason))?),
    };
    let question = Question {
        system: &cx.text("system")?,
        prompt,
        schema: schema.as_ref().map(|_| text.trim()),
        pictures: pictures_on(cx, "images")?,
    };
    let told = ask(cx, question, &|answer| match &schema {
        None if answer.trim().is_empty() => Err(vec!["it is empty".to_owned()]),
        None => Ok(answer.to_owned()),
        Some(schema) => fitting(schema, answer),
    })?;
    let plan = Plan::values([("text", Value::Text(told.value.into()))]).made_by(told.work);
    Ok(told.mended.into_iter().fold(plan, Plan::note))
}

/// The JSON of an answer that fits.
fn fitting(schema: &Schema, answer: &str) -> Result<String, Vec<String>> {
    let (text, value) = json_in(answer).ok_or_else(|| vec!["there is no JSON in it".to_owned()])?;
    let faults = schema.faults(&value);
    if faults.is_empty() { Ok(text.to_owned()) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::asking::tests::{answering, calls};
    use crate::samples::{given, image, list, shown};
    use crate::testing::Fixture;

    const SCHEMA: &str =
        r#"{ "type": "object", "required": ["mood"], "properties": { "mood": { "type": "string" } } }"#;

    fn asked() -> Fixture {
        Fixture::new(&SPEC).param("prompt", "Which mood has {what}?").input("what", "fog".into())
    }

    #[test]
    fn a_question_becomes_a_call_and_its_answer_a_text() {
        let fixture = answering(asked().param("system", "You are brief."), &["A quiet one."]);
        expect!["text.text=A quiet one.\n"].assert_eq(&shown(fixture.plan()));
        let call = calls(&fixture).remove(0);
        assert_eq!(fixture.plan().unwrap().made_by, Some(Box::new(model::Work::Call(Box::new(call.clone())))));
        let call = model::walk::ingredients_of(&call);
        let call: Vec<_> = call.into_iter().map(|(path, text)| format!("{path}={text}\n")).collect();
        expect![[r#"
            task=text
            model.named=cheapest
            quality=draft
            prompt=Which mood has fog?
            size.0=0
            size.1=0
            rate.0=1
            rate.1=1
            n_frames=1
            seed=1106798192159430409
            take=1
            captions=false
            sound=false
            options.max_tokens=4096
            options.system=You are brief.
        "#]]
        .assert_eq(&call.concat());
    }

    #[test]
    fn takes_and_elements_differ_where_they_should() {
        let seed = |element: &str, take: u32| {
            let fixture = answering(asked().element(element).take(take), &[""]);
            fixture.plan().expect_err("an empty answer is asked for again");
            calls(&fixture)[0].clone()
        };
        assert_eq!(seed("a", 1), seed("b", 1), "the same question is paid once");
        assert_ne!(seed("a", 1).seed, seed("a", 2).seed);
    }

    #[test]
    fn pictures_go_along() {
        let fixture = answering(asked().input("images", list([image("a"), image("b")])), &["Dim."]);
        assert_eq!(given(fixture.plan(), "text"), "Dim.".into());
        assert_eq!(calls(&fixture)[0].references[0].images.len(), 2);
    }

    #[test]
    fn an_answer_that_fits_is_the_json_alone() {
        let fixture = answering(asked().param("schema", SCHEMA), &["Sure:\n```json\n{\"mood\": \"grey\"}\n```"]);
        assert_eq!(given(fixture.plan(), "text"), "{\"mood\": \"grey\"}".into());
        let call = calls(&fixture).remove(0);
        assert_eq!(call.options["schema"], SCHEMA);
        assert!(call.prompt.contains(SCHEMA), "models without schemas read it: {}", call.prompt);
    }

    #[test]
    fn a_wrong_answer_is_mended_once_and_says_so() {
        let fixture = answering(asked().param("schema", SCHEMA), &["grey", "{\"mood\": \"grey\"}"]);
        let plan = fixture.plan().expect("the second answer fits");
        assert_eq!(plan.notes[0].code, "answer-mended");
        let calls = calls(&fixture);
        assert_eq!(calls.len(), 2);
        let second = calls[1].prompt.strip_prefix(calls[0].prompt.as_str()).expect("the question again");
        expect![[r#"


            You have answered:
            grey

            That cannot be used:
            - there is no JSON in it
            Answer again, whole and mended."#]]
        .assert_eq(second);
        assert_eq!(plan.made_by, Some(Box::new(model::Work::Call(Box::new(calls[1].clone())))));
    }

    #[test]
    fn a_second_wrong_answer_is_shown() {
        let fixture =
            answering(asked().param("schema", SCHEMA), &["grey", "{\"mood\": 1}", "{\"mood\": \"never asked\"}"]);
        let Err(Stop::Refused(told)) = fixture.plan() else { panic!("it is refused") };
        expect!["the model's answer is of no use, and it could not mend it: /mood: is a number, not string"]
            .assert_eq(&told.message);
        assert_eq!(told.hints[0], "it says: {\"mood\": 1}");
        assert_eq!(calls(&fixture).len(), 2);
    }

    #[test]
    fn a_cut_answer_is_told_not_mended() {
        let fixture =
            asked().answers(|_| Some(vec![("text".into(), "{\"mo".into()), ("cut_short".into(), Value::Flag(true))]));
        assert_eq!(fixture.refusal(), "the answer was cut off, as it is longer than `max_tokens` allows");
        assert_eq!(fixture.asked().len(), 1);
    }

    #[test]
    fn bad_questions_are_refused_before_anything_is_asked() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "there is no question");
        assert_eq!(Fixture::new(&SPEC).param("prompt", "{a}").refusal(), "nothing fills the slot `a`");
        assert_eq!(asked().param("schema", "{ \"if\": {} }").refusal(), "#/if is a keyword that is not checked here");
        assert_eq!(asked().param("temperature", 3.0).refusal(), "3 is outside 0 to 2");
        let hot = answering(asked().param("temperature", 0.5), &["x"]);
        hot.plan().expect("it answers");
        assert_eq!(calls(&hot)[0].options["temperature"], "0.5");
    }
}
