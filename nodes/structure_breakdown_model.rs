//! A script broken down by rules and directed by a language model: the same shots with the same ids, seen anew.
//!
//! The rules decide what shots there are, who is in them and who says what; the model may change how each is seen: its
//! camera, words and length. It gets one scene at a time under handles of its own, so that it can neither make nor lose
//! an id, and a changed scene alone is directed again. What the script itself asks for stays.

use model::plan::all;
use model::{
    Angle, Framing, Help, Move, NodeSpec, Origin, ParamSpec, Plan, PlanCx, Provenance, Scope, Shot, ShotSize, Stop,
    no_upgrade,
};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

use crate::asking::{self, Question, Told, ask_for_a_part};
use crate::breakdown::breakdown;
use crate::schema::{Schema, json_in};
use crate::structure_breakdown::{self as rules, options, outputs};
use crate::words::dialogue;

/// `structure.breakdown_model`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "structure.breakdown_model",
    version: 1,
    help: Help {
        title: "Directed breakdown",
        category: "Structure",
        summary: "Turns a script into shots by rules, and lets a language model direct camera, words and length of each",
        keywords: &["shots", "scenes", "storyboard", "shot list", "llm", "director"],
    },
    params: &[
        ParamSpec::multiline("direction", "").help("How the film should be seen, such as handheld and close"),
        rules::MAX_SECONDS,
        rules::MIN_SECONDS,
        rules::WORDS_PER_SECOND,
        rules::AVERAGE_SECONDS,
        rules::WEATHER,
        rules::LENS_MM,
        asking::MODEL,
        asking::max_tokens(8192),
        asking::TEMPERATURE,
        asking::SEED,
        asking::OPTIONS,
    ],
    ports: |_| rules::ports(),
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

const SYSTEM: &str = "You are the director of a short film. You get one scene in shots that an assistant has planned, and \
    say how each is to be seen. Change only what makes the scene better: sizes that carry the emotion, cuts that join (no \
    two neighbours of the same size and angle), movement with a reason. A field that you leave out stays as it is; fields \
    named in `fixed` are the script's own and stay in any case.";

/// How surely a model's choice is right, beside the rules' own confidences.
const CONFIDENCE: f64 = 0.7;

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let script = cx.script("script")?;
    let options = options(cx)?;
    let mut done = breakdown(&script.text, &options, cx.memory);
    let (direction, model) = (cx.text("direction")?, cx.text("model")?);
    let schema_text = schema(options.min_seconds, options.max_seconds).to_string();
    let schema = Schema::parse(&schema_text).map_err(|reason| cx.refuse("", format!("BUG: {reason}")))?;
    let scenes: Vec<&[Shot]> = done.shots.chunk_by(|a, b| a.scene == b.scene).collect();
    // All scenes are asked for before the first that is missing stops the plan, so that they are directed side by side.
    let directed = scenes.iter().map(|shots| {
        let question = Question {
            system: SYSTEM,
            prompt: task(shots, direction.trim()),
            schema: Some(&schema_text),
            pictures: Vec::new(),
        };
        let check = |answer: &str| changed(shots, answer, &schema, model.trim());
        let scene = shots.first().map_or("", |shot| &shot.scene);
        ask_for_a_part(cx, &Scope::new(scene, "", []), question, &check)
    });
    let directed: Vec<Told<Vec<Shot>>> = all(directed.collect())?;
    let (mut shots, mut notes) = (Vec::new(), Vec::new());
    for told in directed {
        shots.extend(told.value);
        notes.extend(told.mended);
    }
    done.shots = shots;
    Ok(notes.into_iter().fold(outputs(cx, done), Plan::note))
}

/// What an answer must look like.
fn schema(min_seconds: f64, max_seconds: f64) -> Json {
    json!({
        "type": "object",
        "properties": { "shots": { "type": "array", "items": {
            "type": "object",
            "properties": {
                "shot": { "type": "string", "description": "the handle, such as S1" },
                "size": { "enum": ShotSize::NAMES },
                "framing": { "enum": Framing::NAMES },
                "angle": { "enum": Angle::NAMES },
                "move": { "enum": Move::NAMES },
                "lens_mm": { "type": "integer", "minimum": 8, "maximum": 300 },
                "seconds": { "type": "number", "minimum": min_seconds, "maximum": max_seconds },
                "text": { "type": "string", "minLength": 1, "description": "what is seen to happen, in prose" },
            },
            "required": ["shot"],
            "additionalProperties": false,
        } } },
        "required": ["shots"],
        "additionalProperties": false,
    })
}

/// The scene as its model sees it: no ids, no numbers, nothing of other scenes.
fn task(shots: &[Shot], direction: &str) -> String {
    let mut task = String::new();
    if let Some(first) = shots.first() {
        let light = crate::words::light(&first.setting);
        let _ = writeln!(task, "Scene: {}, {light}", first.setting.location);
    }
    if !direction.is_empty() {
        let _ = writeln!(task, "Direction: {direction}");
    }
    task.push_str("Shots:\n");
    for (idx, shot) in shots.iter().enumerate() {
        let fixed: Vec<_> = FIELDS.iter().filter(|field| is_fixed(shot, field)).collect();
        let row = json!({
            "shot": handle(idx),
            "size": shot.camera.size.name(),
            "framing": shot.camera.framing.name(),
            "angle": shot.camera.angle.name(),
            "move": shot.camera.r#move.name(),
            "lens_mm": shot.camera.lens_mm,
            "seconds": shot.duration_s,
            "text": shot.text,
            "cast": shot.cast.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(),
            "said": dialogue(&shot.lines),
            "fixed": fixed,
        });
        let _ = writeln!(task, "{row}");
    }
    task.push_str("Answer with the shots that you change, each with its handle and the changed fields.");
    task
}

fn handle(idx: usize) -> String {
    format!("S{}", idx + 1)
}

/// What a model may change, as the schema names it.
const FIELDS: &[&str] = &["size", "framing", "angle", "move", "lens_mm", "seconds", "text"];

/// The name under which a shot keeps a field's origin.
fn path(field: &str) -> String {
    match field {
        "seconds" => "duration_s".to_owned(),
        "text" => field.to_owned(),
        _ => format!("camera.{field}"),
    }
}

/// The script's own words about the camera outrank everybody but the user. Its prose is there to be put into pictures.
fn is_fixed(shot: &Shot, field: &str) -> bool {
    field != "text" && shot.provenance.get(&path(field)).is_some_and(|it| it.by == Origin::Script)
}

/// The shots with an answer's changes, or what is wrong with it.
fn changed(shots: &[Shot], answer: &str, schema: &Schema, model: &str) -> Result<Vec<Shot>, Vec<String>> {
    let (_, value) = json_in(answer).ok_or_else(|| vec!["there is no JSON in it".to_owned()])?;
    let mut faults = schema.faults(&value);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut shots = shots.to_vec();
    for row in value["shots"].as_array().into_iter().flatten() {
        let name = row["shot"].as_str().unwrap_or_default();
        let Some(shot) = (0..shots.len()).find(|idx| handle(*idx) == name).map(|idx| &mut shots[idx]) else {
            faults.push(format!("there is no shot `{name}`"));
            continue;
        };
        for field in FIELDS.iter().filter(|field| row.get(**field).is_some()) {
            if !is_fixed(shot, field) && set(shot, field, &row[*field]) {
                let by = Provenance { by: Origin::Model, source: model.to_owned(), confidence: CONFIDENCE };
                shot.provenance.insert(path(field), by);
            }
        }
        let ends = shot.lines.iter().map(|line| line.start_s + line.duration_s).fold(0.0, f64::max);
        if shot.duration_s + 1e-6 < ends {
            faults.push(format!("{name} lasts {} seconds, and what is said in it takes {ends:.1}", shot.duration_s));
        }
    }
    if faults.is_empty() { Ok(shots) } else { Err(faults) }
}

/// Sets a field that the schema has let through; whether it is another value now.
fn set(shot: &mut Shot, field: &str, value: &Json) -> bool {
    let before = (shot.camera.clone(), shot.duration_s, shot.text.clone());
    let name = value.as_str().unwrap_or_default();
    let camera = &mut shot.camera;
    match field {
        "size" => camera.size = ShotSize::named(name).unwrap_or(camera.size),
        "framing" => camera.framing = Framing::named(name).unwrap_or(camera.framing),
        "angle" => camera.angle = Angle::named(name).unwrap_or(camera.angle),
        "move" => camera.r#move = Move::named(name).unwrap_or(camera.r#move),
        "lens_mm" => camera.lens_mm = value.as_f64().map_or(camera.lens_mm, |mm| mm as u32),
        "seconds" => shot.duration_s = value.as_f64().unwrap_or(shot.duration_s),
        _ => name.trim().clone_into(&mut shot.text),
    }
    before != (shot.camera.clone(), shot.duration_s, shot.text.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;
    use model::{List, Script, Value};

    use super::*;
    use crate::asking::tests::{answering, calls};
    use crate::samples::given;
    use crate::testing::Fixture;

    const SCRIPT: &str = "INT. LAMP ROOM - NIGHT\n\nMARA, 30, lifts the lantern.\n\nMARA\nIt has stopped.\n";
    const SECOND: &str = "\nEXT. GALLERY - NIGHT\n\nCLOSE ON the rail.\n";

    fn fixture(text: &str) -> Fixture {
        Fixture::new(&SPEC).input("script", Value::Script(Arc::new(Script { text: text.to_owned() })))
    }

    fn shots(fixture: &Fixture) -> List {
        match given(fixture.plan(), "shots") {
            Value::List(list) => list,
            other => panic!("{other:?}"),
        }
    }

    fn told(list: &List) -> Vec<String> {
        let one = |value: &Value| match value {
            Value::Shot(shot) => {
                let by_model: Vec<_> = shot.provenance.iter().filter(|(_, it)| it.by == Origin::Model).collect();
                let by_model: Vec<_> = by_model.into_iter().map(|(field, _)| field.as_str()).collect();
                format!("{} {} {} [{}]", shot.id, shot.camera.size.name(), shot.text, by_model.join(" "))
            }
            other => panic!("{other:?}"),
        };
        list.iter().map(|entry| one(&entry.value)).collect()
    }

    #[test]
    fn a_scene_is_directed_and_keeps_its_ids() {
        let answer = r#"{"shots": [{"shot": "S2", "size": "ECU", "text": "Her breath on the dead glass."}]}"#;
        let fixture = answering(fixture(SCRIPT).param("direction", "close and still"), &[answer]);
        let list = shots(&fixture);
        assert_eq!(told(&list)[1], "s1.b2 ECU Her breath on the dead glass. [camera.size text]");
        assert_eq!(list.len(), 2);
        expect![[r#"
            Scene: LAMP ROOM, interior, night
            Direction: close and still
            Shots:"#]]
        .assert_eq(&calls(&fixture)[0].prompt.lines().take(3).collect::<Vec<_>>().join("\n"));
        assert!(!calls(&fixture)[0].prompt.contains("s1.b"), "ids stay here");
        assert!(fixture.plan().unwrap().memory.is_some());
    }

    #[test]
    fn scenes_are_asked_side_by_side_and_one_changed_scene_is_asked_alone() {
        let waiting = fixture(&format!("{SCRIPT}{SECOND}"));
        assert_eq!(waiting.plan(), Err(Stop::Pending));
        let both = calls(&waiting);
        assert_eq!(both.len(), 2);
        let edited = fixture(&format!("{SCRIPT}{}", SECOND.replace("rail", "door")));
        assert_eq!(edited.plan(), Err(Stop::Pending));
        assert_eq!(calls(&edited)[0], both[0]);
        assert_ne!(calls(&edited)[1], both[1]);
    }

    #[test]
    fn the_scripts_own_camera_stays() {
        let answer = r#"{"shots": [{"shot": "S1", "size": "EWS"}]}"#;
        let alone = answering(fixture(SECOND), &[answer]);
        let told = told(&shots(&alone));
        assert!(told[0].starts_with("s1.b1 CU ") && told[0].ends_with("[]"), "{told:?}");
    }

    #[test]
    fn unknown_handles_and_cut_lines_are_shown_back_once() {
        let answer = r#"{"shots": [{"shot": "S9"}, {"shot": "S2", "seconds": 1.2}]}"#;
        let fixture = answering(fixture(SCRIPT), &[answer, r#"{"shots": []}"#]);
        let plan = fixture.plan().expect("no change is an answer");
        assert_eq!(plan.notes[0].code, "answer-mended");
        let second = &calls(&fixture)[1].prompt;
        assert!(
            second.contains("- there is no shot `S9`\n- S2 lasts 1.2 seconds, and what is said in it takes"),
            "{second}"
        );
    }

    #[test]
    fn a_model_that_never_answers_right_is_refused() {
        let fixture = answering(fixture(SCRIPT), &["no", r#"{"shots": [{"shot": "S1", "size": "HUGE"}]}"#]);
        assert!(fixture.refusal().contains("/shots/0/size: is \"HUGE\", not one of \"ECU\""), "{}", fixture.refusal());
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
    }

    #[test]
    fn an_empty_script_asks_nobody() {
        let plan = fixture("").plan().expect("there is nothing to direct");
        assert_eq!(plan.notes[0].code, "script-empty");
    }
}
