//! The example graphs: each opens, checks clean, plans, and is made into a film of the right length.
//!
//! Small ones are run whole. Of the long one only some shots are made, because tests run without optimisation.

use std::path::Path;

use throughline::project::Project;
use throughline::session::{Access, Options, Session};

use crate::helpers::{copy_folder, gst, listing, n_frames, root, throughline};

/// The examples' names without extension.
fn names() -> Vec<String> {
    let names = listing(&root().join("graphs")).into_iter().filter_map(|path| {
        let name = path.to_str()?.strip_suffix(".ron")?;
        (!name.contains(['/', '.'])).then(|| name.to_owned())
    });
    names.collect()
}

/// A copy of the examples.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names() {
        let file = format!("{name}.ron");
        std::fs::copy(root().join("graphs").join(&file), folder.path().join(&file)).unwrap();
    }
    std::fs::copy(root().join("graphs/lighthouse.fountain"), folder.path().join("lighthouse.fountain")).unwrap();
    copy_folder(&root().join("graphs/refs"), &folder.path().join("refs"));
    copy_folder(&root().join("graphs/media"), &folder.path().join("media"));
    folder
}

/// Music is as long as the film, so nobody is asked for it, nor for a price, before the clips are there.
#[test]
fn what_may_cost_money_has_no_price_before_it_can_be_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let voices = include_str!("../../graphs/voices.ron");
    let told = |from: &str, to: &str| {
        std::fs::write(folder.path().join("g.ron"), voices.replacen(from, to, 1)).expect("written");
        throughline(folder.path(), &["plan", "g.ron"]).expect(0).last().to_owned()
    };
    let music = r#""music": (kind: "audio.music", version: 1, params: {"#;
    let with = |model: &str| told(music, &format!("{music} \"model\": \"{model}\","));
    assert!(with("animatic").ends_with("cost 0"), "{}", with("animatic"));
    for model in ["cheapest", "elevenlabs/music_v2_5"] {
        assert!(with(model).ends_with("cost $0.00 and 1 unknown price"), "{}", with(model));
    }
    let settings = "fps: (24, 1))";
    let ruled = |models: &str| told(settings, &format!("fps: (24, 1), models: ({models}))"));
    assert!(ruled(r#"aim: (final: "best")"#).ends_with("cost 0"), "drafts stay previs");
    let pinned = ruled(r#"pins: { "shot:s9.b9": "runway/gen4.5" }"#);
    assert!(pinned.ends_with("unknown price"), "a pin may say otherwise: {pinned}");
}

#[test]
fn every_example_opens_checks_clean_and_plans_without_writing() {
    let folder = copy();
    let before = listing(folder.path());
    assert!(6 <= names().len(), "the examples are gone: {:?}", names());
    for name in names() {
        let graph = format!("{name}.ron");
        let checked = throughline(folder.path(), &["check", &graph]).expect(0);
        assert_eq!((checked.out.as_str(), checked.err.as_str()), ("no problems found\n", ""), "{graph}");
        let planned = throughline(folder.path(), &["plan", &graph]).expect(0);
        assert!(planned.last().ends_with("to run, 0 reused, cost 0"), "{graph}: {}", planned.out);
        assert!(planned.out.contains("not made yet"), "{graph}: {}", planned.out);
        assert_eq!(planned.err, "", "{graph}");
    }
    assert_eq!(listing(folder.path()), before, "check and plan write nothing");
}

#[test]
fn every_example_is_saved_as_it_stands() {
    for name in names() {
        let path = root().join("graphs").join(format!("{name}.ron"));
        let project = Project::open(&path).unwrap();
        assert_eq!(project.document.to_text(), std::fs::read_to_string(&path).unwrap(), "{name}");
    }
}

/// The length that the graph's own plan gives its film, before anything was rendered but its shots.
fn planned_frames(graph: &Path, node: &str, set: &[(&str, &str, f64)]) -> u64 {
    let mut project = Project::open(graph).unwrap();
    for (node, param, value) in set {
        let edit = model::Edit::SetParam {
            node: (*node).to_owned(),
            param: (*param).to_owned(),
            value: Some(model::Data::from(*value)),
            at: None,
        };
        project.set(edit).unwrap();
    }
    let session = Session::open(project, &Options { access: Access::Read, ..Options::default() }).unwrap();
    let items = session.engine.items(node);
    items
        .iter()
        .map(|item| match session.engine.value(item.at, "clip") {
            Some(model::Value::Clip(clip)) => clip.n_frames(),
            other => panic!("{} is not a clip: {other:?}", item.name),
        })
        .sum()
}

/// Runs an example twice; the second time there is nothing to do. Gives the counted and the planned frames.
#[track_caller]
fn run(name: &str, clips: &str, set: &[(&str, &str, f64)]) -> Option<(u64, u64)> {
    let gst = gst()?;
    let folder = copy();
    let (graph, film) = (format!("{name}.ron"), format!("{name}.mp4"));
    let settings: Vec<String> =
        set.iter().map(|(node, param, value)| format!("--set={node}.{param}={value:?}")).collect();
    let mut args = vec!["run", &graph];
    args.extend(settings.iter().map(String::as_str));
    let first = throughline(folder.path(), &args).expect(0);
    assert!(first.out.contains(&format!("film wrote ./{film}\n")), "{}", first.out);
    assert!(first.last().contains(", reused 0, cost 0"), "{}", first.out);
    let second = throughline(folder.path(), &args).expect(0);
    assert!(second.last().starts_with("ran 0, reused "), "{}", second.out);
    assert!(second.out.contains(&format!("film is up to date: ./{film}\n")), "{}", second.out);
    assert_eq!(second.err, "", "nothing is made the second time");
    args[0] = "plan";
    assert!(throughline(folder.path(), &args).expect(0).out.starts_with("nothing to run: "));
    Some((n_frames(&gst, folder.path(), &film), planned_frames(&folder.path().join(&graph), clips, set)))
}

#[test]
fn hello_becomes_two_seconds_of_film() {
    let Some((counted, planned)) = run("hello", "generate", &[]) else { return };
    assert_eq!((counted, planned), (48, 48));
}

#[test]
fn continuity_becomes_a_film_as_long_as_its_shots() {
    let Some((counted, planned)) = run("continuity", "generate", &[]) else { return };
    assert_eq!(counted, planned);
    assert!(24 < counted, "{counted}");
}

#[test]
fn list_mapping_becomes_a_film_whose_crossfades_overlap() {
    let Some((counted, planned)) = run("list_mapping", "generate", &[]) else { return };
    assert_eq!(planned, 3 * 48, "noon is filtered out");
    assert_eq!(counted, planned - 2 * 12);
}

#[test]
fn reedit_becomes_a_film_of_its_edits() {
    let Some((counted, planned)) = run("reedit", "fade", &[]) else { return };
    assert_eq!(counted, planned);
}

#[test]
fn voices_become_a_film_that_is_heard() {
    let Some((counted, planned)) = run("voices", "sounding", &[]) else { return };
    assert_eq!(counted, planned);
    assert!(24 < counted, "{counted}");
}

/// What a shot says is one take, however many lines it has: pinned, it stands when the lines change.
#[test]
fn a_pinned_take_of_speech_stands_when_its_lines_change() {
    if gst().is_none() {
        return;
    }
    let folder = copy();
    let voices = include_str!("../../graphs/voices.ron");
    let told = |command: &str, graph: &str| {
        std::fs::write(folder.path().join("voices.ron"), graph).expect("written");
        let told = throughline(folder.path(), &[command, "voices.ron", "--target", "speech"]).expect(0);
        (told.last().to_owned(), told.out)
    };
    let changed = voices.replace("It has stopped again.", "It stopped.");
    let taken = |graph: &str, choice: &str| {
        graph.replace("    layout: {", &format!("    takes: {{ \"speech/s1.b2\": ({choice}) }},\n    layout: {{"))
    };
    assert_eq!(told("run", voices).0, "ran 4, reused 0, cost 0");
    let (last, out) = told("plan", &taken(&changed, "take: 1, pinned: false"));
    assert!(!last.starts_with("nothing to run") && out.contains("speech/s1.b2"), "{out}");
    assert_eq!(told("plan", &taken(&changed, "take: 1, pinned: true")).0, "nothing to run: 4 reused, cost 0");
    // A second take, and back.
    assert_eq!(told("run", &taken(voices, "take: 2, pinned: false")).0, "ran 1, reused 3, cost 0");
    assert_eq!(told("plan", &taken(voices, "take: 1, pinned: false")).0, "nothing to run: 4 reused, cost 0");
}

#[test]
fn references_become_a_film_of_both_prompts() {
    let Some((counted, planned)) = run("references", "generate", &[("generate", "seconds", 0.5)]) else { return };
    assert_eq!((counted, planned), (24, 24));
}

#[test]
fn single_shots_of_the_long_example_are_made_alone() {
    if gst().is_none() {
        return;
    }
    let folder = copy();
    let targets = ["--target", "generate/s1.b1", "--target", "generate/s3.b2"];
    let run = |command: &str| {
        let args: Vec<&str> = [command, "lighthouse.ron", "--json"].into_iter().chain(targets).collect();
        throughline(folder.path(), &args).expect(0).json()
    };
    let ran = run("run");
    let made: Vec<&str> = ran
        .iter()
        .filter(|line| line["event"] == "ran" && line["work"] == "call")
        .filter_map(|line| line["item"].as_str())
        .collect();
    assert_eq!(made.len(), 2, "{made:?}");
    assert!(targets.iter().filter(|it| it.contains('/')).all(|it| made.contains(it)), "{made:?}");
    assert_eq!(run("plan")[0]["steps"], serde_json::json!([]));
    assert!(!folder.path().join("lighthouse.mp4").exists(), "the film was not asked for");
}
