//! From an idea to a screenplay, written by a language model and read like any other script.
//!
//! What comes must be Fountain with scenes that last about as long as asked: the same parser and the same clock as the
//! breakdown's judge it, so that a script that passes can be broken down.

use std::sync::Arc;

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Reference, Script, Stop, Value, no_upgrade};

use crate::asking::{self, Question, ask};
use crate::breakdown::{Options, breakdown};
use crate::fountain::{self, Kind};

/// `structure.idea`.
pub(crate) const SPEC: NodeSpec =
    NodeSpec {
        kind: "structure.idea",
        version: 1,
        help: Help {
            title: "Script from an idea",
            category: "Structure",
            summary: "Lets a language model write a screenplay from an idea",
            keywords: &["logline", "story", "write", "llm", "screenplay", "fountain", "concept"],
        },
        params: &[
            ParamSpec::multiline("idea", "").help("What the film is about: a logline, or notes of any length"),
            ParamSpec::number("seconds", 60.0).range(5.0, 1800.0).soft(15.0, 300.0).unit("seconds").help(
                "How long the film should be; what lasts less than half or more than twice as long is written anew",
            ),
            ParamSpec::text("tone", "").help("Genre and mood, such as a quiet ghost story"),
            ParamSpec::integer("scenes", 0, 0, 60).help("How many scenes; 0 leaves it to the model"),
            ParamSpec::text("language", "English").help("The language of the script"),
            asking::MODEL,
            asking::max_tokens(8192),
            asking::TEMPERATURE,
            asking::SEED,
            asking::OPTIONS,
        ],
        ports: |_| {
            Ports::new()
                .optional_gather("characters", PortType::Character, "Who is in it; more may be invented without any")
                .optional_gather("locations", PortType::Location, "Where it happens; more may be invented without any")
                .output("script", PortType::Script, "The screenplay")
                .output("text", PortType::Text, "The same as a text, to be read or written to a file")
        },
        plan,
        sibling: None,
        upgrade: no_upgrade,
    };

const SYSTEM: &str = "You write short screenplays in Fountain. A scene begins with a heading such as `INT. LAMP ROOM - \
    NIGHT` between blank lines. Action stands in short paragraphs of what can be seen and heard, in the present tense. \
    Above what is said stands the speaker's name in capitals on a line of its own. You answer with the screenplay alone: \
    no title page, no notes, no Markdown.";

/// Seconds of film that a page has: what a writer counts in.
const PAGE: f64 = 60.0;

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (idea, seconds) = (cx.text("idea")?, cx.number("seconds")?);
    if idea.trim().is_empty() {
        return Err(cx.refuse("idea", "there is no idea").hint("say in a sentence what the film is about"));
    }
    let mut prompt = format!(
        "Write a screenplay of {seconds:.0} seconds, about {:.1} pages.\nThe idea: {}",
        seconds / PAGE,
        idea.trim()
    );
    let mut add = |title: &str, text: &str| {
        if !text.trim().is_empty() {
            prompt.push_str(&format!("\n{title}: {}", text.trim()));
        }
    };
    add("Tone", &cx.text("tone")?);
    if let scenes @ 1.. = cx.integer("scenes")? {
        add("Scenes", &scenes.to_string());
    }
    add("Language", &cx.text("language")?);
    add("Only these characters speak, under these names", &listed(&cx.references("characters")?));
    add("Only these places, under these names", &listed(&cx.references("locations")?));
    let question = Question { system: SYSTEM, prompt, ..Question::default() };
    let told = ask(cx, question, &|answer| screenplay(answer, seconds))?;
    let script = Value::Script(Arc::new(Script { text: told.value.clone() }));
    let plan = Plan::values([("script", script), ("text", Value::Text(told.value.into()))]).made_by(told.work);
    Ok(told.mended.into_iter().fold(plan, Plan::note))
}

/// `MARA (a keeper of sixty); JON`.
fn listed(references: &[(&model::ElementId, &Arc<Reference>)]) -> String {
    let one = |it: &Arc<Reference>| match it.description.trim() {
        "" => it.name.clone(),
        looks => format!("{} ({looks})", it.name),
    };
    references.iter().map(|(_, it)| one(it)).collect::<Vec<_>>().join("; ")
}

/// The Fountain of an answer, or what keeps it from being a film of that length.
fn screenplay(answer: &str, seconds: f64) -> Result<String, Vec<String>> {
    let text = unfenced(answer);
    let script = fountain::parse(text);
    let mut faults: Vec<String> = script.problems.iter().map(|problem| problem.message.to_owned()).take(8).collect();
    if !script.elements.iter().any(|element| matches!(element.kind, Kind::Heading { .. })) {
        faults.push("it has no scene heading like `INT. KITCHEN - DAY` between blank lines".to_owned());
    }
    if !script.elements.iter().any(|element| matches!(element.kind, Kind::Action)) {
        faults.push("it has no action".to_owned());
    }
    if faults.is_empty() {
        let shots = breakdown(text, &Options::default(), None).shots;
        let lasts: f64 = shots.iter().map(|shot| shot.duration_s).sum();
        if lasts < 0.5 * seconds || 2.0 * seconds < lasts {
            faults.push(format!("it lasts about {lasts:.0} seconds, not {seconds:.0}"));
        }
    }
    if faults.is_empty() { Ok(format!("{}\n", text.trim_end())) } else { Err(faults) }
}

/// The text between fences, where a model has put some around it.
fn unfenced(answer: &str) -> &str {
    let answer = answer.trim();
    let inside = answer.strip_prefix("```").and_then(|it| it.strip_suffix("```"));
    // What follows the opening fence on its line names a language.
    inside.and_then(|it| it.split_once('\n')).map_or(answer, |(_, text)| text.trim())
}

#[cfg(test)]
mod tests {
    use model::Role;

    use super::*;
    use crate::asking::tests::{answering, calls};
    use crate::samples::{given, list, reference};
    use crate::testing::Fixture;

    const GOOD: &str = "```fountain\nINT. LAMP ROOM - NIGHT\n\nMara lifts the lantern. The glass is dark. Rain runs down \
        the panes.\n\nMARA\nIt has stopped.\n\nEXT. GALLERY - NIGHT\n\nShe leans into the wind and looks for the boat.\n```";

    fn idea() -> Fixture {
        Fixture::new(&SPEC).param("idea", "A keeper finds the lamp dark.").param("seconds", 15.0)
    }

    #[test]
    fn an_idea_becomes_a_script_that_the_breakdown_takes() {
        let mara = Value::Reference(reference(Role::Character, "MARA", "a keeper"));
        let fixture = answering(idea().param("tone", "quiet").input("characters", list([mara])), &[GOOD]);
        let Value::Script(script) = given(fixture.plan(), "script") else { panic!("a script") };
        assert!(script.text.starts_with("INT. LAMP ROOM") && script.text.ends_with("boat.\n"), "{}", script.text);
        assert_eq!(given(fixture.plan(), "text"), script.text.as_str().into());
        assert_eq!(breakdown(&script.text, &Options::default(), None).shots[0].id, "s1.b1");
        expect_test::expect![[r#"
            Write a screenplay of 15 seconds, about 0.2 pages.
            The idea: A keeper finds the lamp dark.
            Tone: quiet
            Language: English
            Only these characters speak, under these names: MARA (a keeper)"#]]
        .assert_eq(&calls(&fixture)[0].prompt);
    }

    #[test]
    fn what_is_no_screenplay_is_written_anew_and_then_refused() {
        let fixture = answering(idea(), &["Once upon a time there was a lamp.", GOOD]);
        assert_eq!(fixture.plan().expect("the second is one").notes[0].code, "answer-mended");
        let second = &calls(&fixture)[1].prompt;
        assert!(second.contains("- it has no scene heading"), "{second}");
        let never = answering(idea(), &["Once upon a time.", "And again."]).refusal();
        assert!(never.ends_with("it has no scene heading like `INT. KITCHEN - DAY` between blank lines"), "{never}");
    }

    #[test]
    fn a_film_of_another_length_is_no_answer() {
        let fixture = answering(idea().param("seconds", 300.0), &[GOOD, GOOD]);
        let told = fixture.refusal();
        assert!(told.contains("it lasts about ") && told.ends_with("seconds, not 300"), "{told}");
    }

    #[test]
    fn no_idea_is_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "there is no idea");
    }
}
