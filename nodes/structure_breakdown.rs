//! A script broken down into shots by rules, with ids that survive its next edit.
//!
//! The rules are the `breakdown` module's; this node brings in limits and memory and hands out lists. A language model
//! directs the same shots in `structure.breakdown_model`.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Help, List, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Shot, Stop, Value, Weather, no_upgrade};

use crate::breakdown::{Breakdown, Options, breakdown};

pub(crate) const MAX_SECONDS: ParamSpec =
    ParamSpec::number("max_seconds", 6.0).range(2.0, 30.0).unit("seconds").help("Longest shot");
pub(crate) const MIN_SECONDS: ParamSpec =
    ParamSpec::number("min_seconds", 1.2).range(0.4, 5.0).unit("seconds").help("Shortest shot");
pub(crate) const WORDS_PER_SECOND: ParamSpec =
    ParamSpec::number("words_per_second", 2.5).range(1.0, 6.0).unit("words").help("Speed of speech");
pub(crate) const AVERAGE_SECONDS: ParamSpec = ParamSpec::number("average_seconds", 4.5)
    .range(1.0, 20.0)
    .unit("seconds")
    .help("Action is cut into shots of about this length");
pub(crate) const WEATHER: ParamSpec =
    ParamSpec::choice("weather", "clear", Weather::NAMES).help("Weather where the script names none");
pub(crate) const LENS_MM: ParamSpec =
    ParamSpec::integer("lens_mm", 0, 0, 300).unit("mm").help("Focal length of every shot; 0 lets the size decide");

pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "structure.breakdown",
    version: 1,
    help: Help {
        title: "Breakdown",
        category: "Structure",
        summary: "Turns a script into shots with camera, cast, light and length, by rules and without a model",
        keywords: &["shots", "scenes", "beats", "storyboard", "shot list"],
    },
    params: &[MAX_SECONDS, MIN_SECONDS, WORDS_PER_SECOND, AVERAGE_SECONDS, WEATHER, LENS_MM],
    ports: |_| ports(),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

/// Ports of a node that breaks a script down.
pub(crate) fn ports() -> Ports {
    Ports::new()
        .input("script", PortType::Script, "The screenplay")
        .outputs("shots", PortType::Shot, "The shots in order")
        .outputs("characters", PortType::Text, "Names in order of appearance")
        .outputs("locations", PortType::Text, "Places in order of appearance")
}

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let script = cx.script("script")?;
    let options = options(cx)?;
    Ok(outputs(cx, breakdown(&script.text, &options, cx.memory)))
}

/// The limits that the parameters set.
///
/// # Errors
/// A refusal where no shot could keep them.
pub(crate) fn options(cx: &PlanCx<'_>) -> Result<Options, Stop> {
    let options = Options {
        min_seconds: cx.number("min_seconds")?,
        max_seconds: cx.number("max_seconds")?,
        words_per_second: cx.number("words_per_second")?,
        average_seconds: cx.number("average_seconds")?,
        weather: Weather::named(cx.choice("weather")?).unwrap_or_default(),
        lens_mm: u32::try_from(cx.integer("lens_mm")?).unwrap_or_default(),
    };
    if options.max_seconds < options.min_seconds {
        return Err(cx
            .refuse("min_seconds", "the shortest shot is longer than the longest")
            .hint("lower `min_seconds` or raise `max_seconds`"));
    }
    Ok(options)
}

/// A breakdown on the ports, with its warnings, remembered.
pub(crate) fn outputs(cx: &PlanCx<'_>, done: Breakdown) -> Plan {
    let empty = done.shots.is_empty();
    let shots = done.shots.into_iter().map(|shot: Shot| (shot.id.as_str().into(), Value::Shot(Arc::new(shot))));
    let mut plan = Plan::values([
        ("shots", Value::List(List::new(shots))),
        ("characters", Value::List(names(&done.characters))),
        ("locations", Value::List(names(&done.locations))),
    ]);
    if empty {
        plan = plan.note(cx.warn("script-empty", "script", "the script has nothing to show, so there is no shot"));
    }
    for (code, message) in done.warnings {
        plan = plan.note(cx.warn(code, "script", message));
    }
    plan.remember(done.memory)
}

/// Texts by an id made from the name: `OLD MAN` is `old-man`.
fn names(names: &[String]) -> List {
    let mut used = BTreeSet::new();
    List::new(names.iter().map(|name| {
        let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
        let slug = parts.map(str::to_lowercase).collect::<Vec<_>>().join("-");
        let slug = if slug.is_empty() { "name".to_owned() } else { slug };
        let mut id = slug.clone();
        let mut n = 1;
        while !used.insert(id.clone()) {
            n += 1;
            id = format!("{slug}-{n}");
        }
        (id.into(), Value::from(name.as_str()))
    }))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::{Outcome, Script};

    use super::*;
    use crate::testing::Fixture;

    const SCRIPT: &str = "INT. LAMP ROOM - NIGHT\n\nMARA, 30, lifts the lantern.\n\nMARA\nIt has stopped.\n";

    fn fixture(text: &str) -> Fixture {
        Fixture::new(&SPEC).input("script", Value::Script(Arc::new(Script { text: text.to_owned() })))
    }

    fn output(plan: &Plan, port: &str) -> List {
        let Outcome::Values(outputs) = &plan.outcome else { panic!("a breakdown is values") };
        match outputs.iter().find(|(name, _)| name == port) {
            Some((_, Value::List(list))) => list.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_script_becomes_lists_by_id() {
        let plan = fixture(SCRIPT).plan().unwrap();
        assert_eq!(plan.notes, []);
        let ids = |port: &str| output(&plan, port).iter().map(|entry| entry.id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids("shots"), ["s1.b1", "s1.b2"]);
        assert_eq!(ids("characters"), ["mara"]);
        assert_eq!(ids("locations"), ["lamp-room"]);
        expect![[r#"
            {"version":1,"next_scene":2,"scenes":[
            {"id":"s1","heading":"int lamp room night","next_beat":3,"beats":[{"id":1,"text":":0 mara 30 lifts the lantern"},{"id":2,"text":"mara: it has stopped"}]}
            ]}
        "#]]
        .assert_eq(plan.memory.as_deref().unwrap());
    }

    #[test]
    fn a_damaged_memory_is_a_warning() {
        for memory in ["{", "[]", "{\"version\":9,\"next_scene\":1,\"scenes\":[]}", "\u{0}"] {
            let plan = fixture(SCRIPT).memory(memory).plan().unwrap();
            assert_eq!(plan.notes.iter().map(|note| note.code.as_str()).collect::<Vec<_>>(), ["memory-damaged"]);
            assert_eq!(output(&plan, "shots").len(), 2);
        }
    }

    #[test]
    fn impossible_limits_are_refused() {
        let refused = fixture(SCRIPT).param("min_seconds", 4.0).param("max_seconds", 2.0).refusal();
        assert_eq!(refused, "the shortest shot is longer than the longest");
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
    }
}
