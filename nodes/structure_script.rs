//! A screenplay from a file or from the node itself.
//!
//! It checks the text and passes it on unread: scenes and shots are the breakdown's. Parsing here and passing on
//! elements would make every reader's key depend on this parser's version.

use std::sync::Arc;

use model::{
    Help, ImportKind, NodeSpec, ParamSpec, Place, Plan, PlanCx, PortType, Ports, Script, Stop, Value, no_upgrade,
};

use crate::fountain::{self, Kind};

pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "structure.script",
    version: 1,
    help: Help {
        title: "Script",
        category: "Structure",
        summary: "A screenplay in Fountain, from a file or typed here",
        keywords: &["fountain", "screenplay", "story", "text"],
    },
    params: &[
        ParamSpec::file("file", &["fountain", "spmd", "txt"]).help("The screenplay; leave empty to type it here"),
        ParamSpec::multiline("text", "").help("The screenplay itself, where there is no file"),
    ],
    ports: |_| Ports::new().output("script", PortType::Script, "The screenplay"),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (path, text) = (cx.text("file")?, cx.text("text")?);
    let (field, text) = match (path.trim().is_empty(), text.trim().is_empty()) {
        (false, true) => match cx.import(ImportKind::Text, "file", &path)? {
            Value::Text(text) => ("file", text),
            _ => return Err(cx.refuse("file", "the file is not a text")),
        },
        (true, false) => ("text", text),
        (true, true) => {
            return Err(cx.refuse("file", "there is no script").hint("choose a file, or type the script into `text`"));
        }
        (false, false) => {
            return Err(cx
                .refuse("text", "both a file and a text are given")
                .hint("clear `text` to use the file, or clear `file` to use the text"));
        }
    };
    let file = if field == "file" { &*path } else { "text" };
    let script = fountain::parse(&text);
    let mut plan = Plan::values([("script", Value::Script(Arc::new(Script { text: text.to_string() })))]);
    for problem in &script.problems {
        let place = Place::of(file, &text, problem.offset);
        plan = plan.note(cx.warn(problem.code, field, problem.message).at_place(place).hint(problem.hint));
    }
    if !script.elements.iter().any(|element| matches!(element.kind, Kind::Action | Kind::Dialogue)) {
        let note = cx.warn("script-empty", field, "the script has no action and no dialogue");
        plan = plan.note(
            note.at_place(Place::of(file, &text, 0))
                .hint("write what is seen as a paragraph, and a speaker's name in capitals above what is said"),
        );
    } else if !script.elements.iter().any(|element| matches!(element.kind, Kind::Heading { .. })) {
        let note = cx.warn("script-without-headings", field, "the script has no scene heading, so it is one scene");
        let note = note.at_place(Place::of(file, &text, 0));
        plan = plan.note(note.hint("write headings like `INT. KITCHEN - DAY` with a blank line before and after"));
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use model::{Outcome, Outputs, Work};

    use super::*;
    use crate::testing::Fixture;

    fn notes(fixture: &Fixture) -> Vec<String> {
        fixture.plan().unwrap().notes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_is_imported_and_passed_on_unread() {
        let fixture = Fixture::new(&SPEC).param("file", "a.fountain").answers(|work| match work {
            Work::Import(import) if import.path == "a.fountain" => {
                Some(Outputs::from([("value".into(), Value::from("INT. A - DAY\r\n\r\nRain.\r\n"))]))
            }
            _ => None,
        });
        let plan = fixture.plan().unwrap();
        assert_eq!(plan.notes, []);
        let Outcome::Values(outputs) = plan.outcome else { panic!("a script is a value") };
        let script = Script { text: "INT. A - DAY\r\n\r\nRain.\r\n".to_owned() };
        assert_eq!(outputs, [("script".into(), Value::Script(Arc::new(script)))]);
    }

    #[test]
    fn a_file_that_is_not_read_yet_is_waited_for() {
        assert_eq!(Fixture::new(&SPEC).param("file", "a.fountain").plan(), Err(Stop::Pending));
    }

    #[test]
    fn problems_are_shown_in_their_line() {
        let shown = notes(&Fixture::new(&SPEC).param("text", "INT. A - DAY\n\nShe [[waits.\n"));
        assert_eq!(shown.len(), 1);
        assert!(shown[0].contains("--> text:3:5"), "{}", shown[0]);
        assert!(shown[0].contains("3 | She [[waits.\n  |     ^"), "{}", shown[0]);
        assert!(notes(&Fixture::new(&SPEC).param("text", "Only words."))[0].contains("one scene"));
        assert!(notes(&Fixture::new(&SPEC).param("text", "/* all of it */"))[0].contains("no action"));
    }

    #[test]
    fn exactly_one_source_is_taken() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "there is no script");
        let both = Fixture::new(&SPEC).param("file", "a.fountain").param("text", "INT. A");
        assert_eq!(both.refusal(), "both a file and a text are given");
    }
}
