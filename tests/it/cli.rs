//! The command line, as a user meets it: the real program in folders of its own.
//!
//! Snapshots of whole outputs were weighed: they would hide in noise the few lines that each test is about.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::helpers::{gst, listing, n_frames, root, start, throughline};

/// Two scenes; the last beat is long enough for two shots.
const SCRIPT: &str = "\
INT. KITCHEN - DAY

Ana pours tea into a cup.

EXT. GARDEN - DAY

Rain falls on the grass.

Ana opens the door and looks out.
";

const GRAPH: &str = r#"(
    throughline: 1,
    settings: (size: (320, 180), fps: (12, 1)),
    nodes: {
        "script": (kind: "structure.script", version: 1, params: { "file": "tea.fountain" }),
        "shots": (kind: "structure.breakdown", version: 1, params: { "max_seconds": 2.0 }),
        "ana": (kind: "reference.character", version: 1, params: { "name": "ANA", "images": [] }),
        "generate": (kind: "model.video", version: 1, params: {}),
        "film": (kind: "output.film", version: 1, params: { "file": "tea.mp4" }),
    },
    links: {
        "shots.script": "script.script",
        "generate.shot": "shots.shots",
        "generate.references": ["ana.character"],
        "film.clips": "generate.clip",
    },
)
"#;

/// A project in a folder that goes away.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    pub(crate) fn new() -> Project {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        project.write("tea.ron", GRAPH);
        project.write("tea.fountain", SCRIPT);
        project
    }

    /// None where nothing can be rendered.
    pub(crate) fn to_run() -> Option<Project> {
        gst().map(|_| Project::new())
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).unwrap();
    }

    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path().join(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, &text.replace(from, to));
    }

    #[track_caller]
    pub(crate) fn call(&self, args: &[&str]) -> crate::helpers::Outcome {
        throughline(self.path(), args)
    }

    /// Files that are no inputs, the store left out.
    fn made(&self) -> Vec<String> {
        let names = listing(self.path()).into_iter().map(|path| path.to_string_lossy().into_owned());
        names
            .filter(|name| !name.starts_with(".throughline/") && !["tea.ron", "tea.fountain"].contains(&&**name))
            .collect()
    }
}

#[test]
fn one_changed_line_makes_one_shot_and_the_join() {
    let Some(project) = Project::to_run() else { return };
    let fresh = project.call(&["plan", "tea.ron"]).expect(0);
    assert_eq!(fresh.last(), "5 to run, 0 reused, cost 0");
    assert_eq!(project.made(), Vec::<String>::new());
    assert!(!project.path().join(".throughline").exists(), "planning makes no store");

    let first = project.call(&["run", "tea.ron"]).expect(0);
    assert_eq!(first.last(), "ran 5, reused 0, cost 0");
    assert!(first.err.contains("[5/5] film  render"), "{}", first.err);
    assert_eq!(project.made(), ["tea.ids.ron", "tea.mp4"]);
    let ids = fs::read_to_string(project.path().join("tea.ids.ron")).unwrap();
    assert_eq!(project.call(&["plan", "tea.ron"]).expect(0).out, "nothing to run: 5 reused, cost 0\n");

    // A thing to see: a change that the picture does not show would rightly leave the film alone.
    let seen = "Rain falls on a lantern.";
    project.replace("tea.fountain", "Rain falls on the grass.", seen);
    let planned = project.call(&["plan", "tea.ron"]).expect(0);
    let lines: Vec<&str> = planned.out.lines().collect();
    let items: Vec<&str> =
        lines.iter().filter(|line| line.starts_with("ready") || line.starts_with("want")).copied().collect();
    assert_eq!(items.len(), 2, "{}", planned.out);
    assert!(items[0].starts_with("ready   generate/s2.b1"), "{}", planned.out);
    assert!(items[1].starts_with("want    film") && items[1].ends_with("follows generate/s2.b1"), "{}", planned.out);
    assert!(planned.out.contains("Rain falls on the grass."), "the old text: {}", planned.out);
    assert!(planned.out.contains("Rain falls on a lantern"), "the new text: {}", planned.out);
    assert_eq!(planned.last(), "2 to run, 3 reused, cost 0");
    assert_eq!(fs::read_to_string(project.path().join("tea.ids.ron")).unwrap(), ids, "planning remembers nothing");

    let before = fs::read(project.path().join("tea.mp4")).unwrap();
    let second = project.call(&["run", "tea.ron"]).expect(0);
    assert_eq!(second.last(), "ran 2, reused 3, cost 0");
    assert_ne!(fs::read(project.path().join("tea.mp4")).unwrap(), before);
    assert!(!second.err.contains("error["), "{}", second.err);

    let why = project.call(&["explain", "tea.ron", "generate/s2.b1"]).expect(0).out;
    let changed: Vec<&str> = why.lines().skip_while(|line| !line.starts_with("~ ")).take(3).collect();
    assert_eq!(changed.len(), 3, "{why}");
    assert!(changed[1].starts_with("    before  ") && changed[1].contains("the grass"), "{why}");
    assert!(changed[2].starts_with("    now     ") && changed[2].contains("a lantern"), "{why}");
    assert!(why.lines().any(|line| line.starts_with("  ") && line.contains(" = ")), "what stayed is listed too: {why}");
    let only = project.call(&["explain", "tea.ron", "generate/s2.b1", "--changes"]).expect(0).out;
    assert!(only.lines().count() < why.lines().count() && only.contains("a lantern"), "{only}");

    project.replace("tea.fountain", seen, "Rain falls on the grass.");
    let back = project.call(&["run", "tea.ron"]).expect(0);
    assert_eq!(back.last(), "ran 0, reused 5, cost 0", "earlier results are kept");
    assert_eq!(fs::read(project.path().join("tea.mp4")).unwrap(), before);
}

#[test]
fn an_inserted_scene_leaves_the_others_alone() {
    let Some(project) = Project::to_run() else { return };
    project.call(&["run", "tea.ron"]).expect(0);
    project.replace("tea.fountain", "EXT. GARDEN", "INT. HALL - DAY\n\nA clock ticks.\n\nEXT. GARDEN");
    assert_eq!(project.call(&["run", "tea.ron"]).expect(0).last(), "ran 2, reused 4, cost 0");
}

#[test]
fn flags_of_one_call_change_nothing_for_good() {
    let Some(project) = Project::to_run() else { return };
    project.call(&["run", "tea.ron", "--target", "generate/s1.b1", "--jobs", "1"]).expect(0);
    assert_eq!(project.made(), ["tea.ids.ron"], "no output was asked for");
    let planned = project.call(&["plan", "tea.ron"]).expect(0);
    assert_eq!(planned.last(), "4 to run, 1 reused, cost 0");

    let set = ["run", "tea.ron", "--set", "film.audio_kbps=0", "-o", "out/silent.mp4", "--target=film"];
    let ran = project.call(&set).expect(0);
    assert_eq!(ran.last(), "ran 4, reused 1, cost 0");
    assert!(ran.out.contains("film wrote out/silent.mp4\n"), "{}", ran.out);
    assert_eq!(project.made(), ["out/silent.mp4", "tea.ids.ron"]);
    assert_eq!(fs::read_to_string(project.path().join("tea.ron")).unwrap(), GRAPH, "the graph is as it was");
    let gst = gst().unwrap();
    let frames = n_frames(&gst, project.path(), "out/silent.mp4");
    assert!(0 < frames && frames <= 4 * 24, "{frames}");

    let store = project.call(&["run", "tea.ron", "--store", "elsewhere", "--target", "generate/s2.b2"]).expect(0);
    assert_eq!(store.last(), "ran 1, reused 0, cost 0");
    assert!(project.path().join("elsewhere").is_dir());
}

#[test]
fn json_is_one_object_a_line() {
    let Some(project) = Project::to_run() else { return };
    let lines = project.call(&["run", "tea.ron", "--json"]).expect(0).json();
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events.len(), lines.len(), "each line is an event");
    assert_eq!(events.iter().filter(|event| **event == "ran").count(), 5);
    let last = lines.last().unwrap();
    let number = |field: &str| last[field].as_u64();
    assert_eq!(last["event"], "finished");
    assert_eq!((number("exit"), number("ran"), number("reused")), (Some(0), Some(5), Some(0)));
    assert_eq!((number("failed"), number("blocked"), number("waiting")), (Some(0), Some(0), Some(0)));
    assert_eq!((number("cost_microusd"), &last["held"]), (Some(0), &Value::Array(vec![])));
    assert_eq!(last["files"][0]["item"], "film");
    assert_eq!(last["files"][0]["written"], true);
    assert_eq!(last["diagnostics"], Value::Array(vec![]));
    let plan = project.call(&["plan", "tea.ron", "--json"]).expect(0).json();
    assert_eq!((plan[0]["reused"].as_u64(), plan[0]["steps"].as_array().map(Vec::len)), (Some(5), Some(0)));
}

#[test]
fn a_failed_item_leaves_the_rest_finished() {
    let Some(project) = Project::to_run() else { return };
    fs::copy(root().join("tests/bad/media/bad_checksum.png"), project.path().join("ana.png")).unwrap();
    project.replace("tea.ron", "\"images\": []", "\"images\": [\"ana.png\"]");
    project.replace(
        "tea.ron",
        "\"film\": (",
        "\"still\": (kind: \"model.video\", version: 1, params: { \"prompt\": \"tea\", \"seconds\": 0.5 }),\n        \"film\": (",
    );
    let failed = project.call(&["run", "tea.ron", "--target", "generate", "--target", "still"]).expect(1);
    assert!(failed.err.contains("ana.png"), "the file: {}", failed.err);
    assert!(failed.err.contains("--> ana"), "the node: {}", failed.err);
    assert!(failed.err.contains("help: "), "the way out: {}", failed.err);
    assert_eq!(failed.err.matches("error[").count(), 1, "said once: {}", failed.err);
    assert_eq!(failed.last(), "ran 1, reused 0, failed 1, blocked 4, cost 0");
    let again = project.call(&["plan", "tea.ron", "--target", "still"]).expect(0);
    assert_eq!(again.out, "nothing to run: 1 reused, cost 0\n", "what could be made is kept");
    fs::remove_file(project.path().join("ana.png")).unwrap();
    project.replace("tea.ron", "[\"ana.png\"]", "[]");
    project.call(&["run", "tea.ron"]).expect(0);
}

#[test]
fn bad_usage_and_bad_documents_exit_with_two_and_write_nothing() {
    let project = Project::new();
    project.write("broken.ron", "(throughline: 1, nodes: {");
    let cases: &[(&[&str], &str)] = &[
        (&["run"], "usage"),
        (&["fly", "tea.ron"], "unrecognized subcommand"),
        (&["run", "tea.ron", "--jobs", "0"], "--jobs"),
        (&["run", "tea.ron", "--budget", "much"], "5usd"),
        (&["run", "broken.ron"], "broken.ron:1:"),
        (&["run", "absent.ron"], "absent.ron"),
        (&["plan", "."], "not a regular file"),
        (&["run", "tea.ron", "--target", "flim"], "there is no node `flim`"),
        (&["run", "tea.ron", "--target", "generate/s9.b9"], "generate/s1.b1"),
        (&["plan", "tea.ron", "--set", "shots.max_seconds"], "node.param=value"),
        (&["plan", "tea.ron", "--set", "shots.seconds=3"], "has no parameter `seconds`"),
        (&["plan", "tea.ron", "--set", "shots.max_seconds=long"], "max_seconds"),
        (&["run", "tea.ron", "--target", "generate", "-o", "a.mp4"], "-o"),
        (&["explain", "tea.ron", "nothing"], "there is no node `nothing`"),
        (&["nodes", "no.such"], "no.such"),
        (&["edit", "tea.ron"], if cfg!(feature = "gui") { "no window opens" } else { "no editor" }),
    ];
    for (args, words) in cases {
        let refused = project.call(args).expect(2);
        assert!(refused.err.to_lowercase().contains(words), "{args:?}: {}", refused.err);
        assert_eq!(refused.out, "", "{args:?}: results only on standard output");
    }
    let left: Vec<String> = project.made();
    assert_eq!(left, ["broken.ron"]);
}

#[test]
fn an_interrupted_run_keeps_what_is_finished() {
    let Some(project) = Project::to_run() else { return };
    let beats: String = (1..=12).map(|n| format!("INT. ROOM {n} - DAY\n\nA lamp swings over table {n}.\n\n")).collect();
    project.write("tea.fountain", &beats);
    let mut running = start(project.path(), &["run", "tea.ron", "--jobs", "1"]);
    running.wait_for_progress();
    let id = running.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).current_dir(project.path()).status().unwrap();
    assert!(sent.success());
    let stopped = running.wait(crate::helpers::LONGEST).expect(130);
    let n_ran: u64 = number_after(stopped.last(), "ran ");
    assert!((1..13).contains(&n_ran), "{}", stopped.out);
    assert!(!project.path().join("tea.mp4").exists());
    let lines = project.call(&["plan", "tea.ron", "--json"]).expect(0).json();
    assert_eq!(lines[0]["reused"].as_u64(), Some(n_ran));
    let rest = project.call(&["run", "tea.ron"]).expect(0);
    assert_eq!(rest.last(), format!("ran {}, reused {n_ran}, cost 0", 13 - n_ran));
    let whole = project.call(&["store", "verify", "tea.ron"]).expect(0);
    assert_eq!(whole.last(), "the store is whole");
}

#[track_caller]
fn number_after(text: &str, word: &str) -> u64 {
    let rest = text.split_once(word).unwrap_or_else(|| panic!("no {word} in {text}")).1;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn two_processes_may_make_the_same_film_at_once() {
    let Some(project) = Project::to_run() else { return };
    let runs = [0, 1].map(|_| start(project.path(), &["run", "tea.ron"]));
    for run in runs {
        let done = run.wait(crate::helpers::LONGEST).expect(0);
        let (ran, reused) = (number_after(done.last(), "ran "), number_after(done.last(), "reused "));
        assert_eq!(ran + reused, 5, "{}", done.out);
    }
    project.call(&["store", "verify", "tea.ron"]).expect(0);
    assert_eq!(project.call(&["plan", "tea.ron"]).expect(0).out, "nothing to run: 5 reused, cost 0\n");
    assert_eq!(project.made(), ["tea.ids.ron", "tea.mp4"]);
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_throughline"));
    let gone = command.current_dir(root()).arg("nodes").stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((gone.status.code(), String::from_utf8_lossy(&gone.stderr).as_ref()), (Some(0), ""));
    let mut shell = Command::new("sh");
    shell.current_dir(root()).args(["-c", "\"$0\" nodes | head -n 1", env!("CARGO_BIN_EXE_throughline")]);
    let piped = shell.output().unwrap();
    assert!(piped.status.success());
    assert_eq!(String::from_utf8_lossy(&piped.stdout).lines().count(), 1);
    assert_eq!(String::from_utf8_lossy(&piped.stderr), "");
}

#[test]
fn texts_about_the_program_come_from_its_declarations() {
    let folder = tempfile::tempdir().unwrap();
    let call = |args: &[&str]| throughline(folder.path(), args).expect(0).out;
    assert_eq!(call(&["nodes", "--markdown"]), fs::read_to_string(root().join("docs/NODES.md")).unwrap());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = call(&["completions", shell]);
        assert!(script.contains("throughline") && script.contains("explain"), "{shell}: {script}");
    }
    let page = call(&["man"]);
    assert!(page.contains(".TH throughline 1") && page.contains("interrupted"), "{page}");
    assert!(page.contains(".TH throughline-store-verify 1") && page.contains("throughline plan"), "{page}");
    assert!(call(&["--version"]).starts_with("throughline 0."));
    assert!(call(&["--help"]).contains("130  interrupted"));
    assert_eq!(call(&["nodes"]).lines().count(), nodes::ALL.len());
    assert!(call(&["nodes", "edit.trim"]).contains("start_frames"));
    assert!(call(&["nodes", "trim"]).starts_with("edit.trim"));
    assert!(listing(folder.path()).is_empty());
}

#[test]
fn the_store_is_checked_counted_cleaned_and_mended() {
    let Some(project) = Project::to_run() else { return };
    project.call(&["run", "tea.ron"]).expect(0);
    project.replace("tea.fountain", "cup", "glass");
    project.call(&["run", "tea.ron"]).expect(0);
    let store = |args: &[&str]| project.call(&[&["store"], args, &["tea.ron"]].concat());

    assert_eq!(store(&["verify"]).expect(0).last(), "the store is whole");
    assert!(store(&["stats"]).expect(0).out.contains(" mp4 files"));
    let files = |project: &Project| listing(&project.path().join(".throughline"));
    let before = files(&project);
    assert!(store(&["gc", "--dry-run"]).expect(0).out.starts_with("would remove "));
    assert_eq!(files(&project), before, "a dry run removes nothing");
    assert!(store(&["gc"]).expect(0).out.starts_with("removed "));
    assert_eq!(project.call(&["plan", "tea.ron"]).expect(0).out, "nothing to run: 5 reused, cost 0\n");
    assert_eq!(store(&["verify"]).expect(0).last(), "the store is whole");

    assert!(store(&["rebuild"]).expect(0).last().starts_with("restored "));
    assert_eq!(project.call(&["run", "tea.ron"]).expect(0).last(), "ran 0, reused 5, cost 0");

    let clip = files(&project).into_iter().find(|path| path.extension().is_some_and(|it| it == "mp4")).unwrap();
    let clip = project.path().join(".throughline").join(clip);
    fs::remove_file(&clip).unwrap();
    fs::write(&clip, b"not what it was").unwrap();
    let damaged = store(&["verify"]).expect(1);
    assert!(damaged.out.contains("damaged artifact"), "{}", damaged.out);
    assert!(damaged.out.contains(clip.file_name().unwrap().to_str().unwrap()), "{}", damaged.out);
}
