//! A finished film gives its graph back: what it carries, that its bytes stay the same, and how to forbid it.

use std::fs;

use crate::cli::Project;
use crate::helpers::{gst, n_frames};

#[test]
fn a_film_alone_is_enough_to_go_on_from() {
    let Some(project) = Project::to_run() else { return };
    project.call(&["run", "tea.ron"]).expect(0);
    let printed = project.call(&["unpack", "tea.mp4"]).expect(0).out;
    assert_eq!(printed, fs::read_to_string(project.path().join("tea.ron")).unwrap());

    let away = tempfile::tempdir().unwrap();
    fs::copy(project.path().join("tea.mp4"), away.path().join("sent.mp4")).unwrap();
    let there = |args: &[&str]| crate::helpers::throughline(away.path(), args);
    assert_eq!(there(&["unpack", "sent.mp4", "-o", "here"]).expect(0).out, "here/tea.ron\n");
    for name in ["tea.fountain", "tea.ids.ron"] {
        let (was, is) = (project.path().join(name), away.path().join("here").join(name));
        assert_eq!(fs::read(is).unwrap(), fs::read(was).unwrap(), "{name}");
    }
    assert_eq!(there(&["plan", "here/tea.ron"]).expect(0).last(), "5 to run, 0 reused, cost 0");
    let refused = there(&["unpack", "sent.mp4", "-o", "here"]).expect(2);
    assert!(refused.err.contains("file-exists"), "{}", refused.err);

    there(&["run", "here/tea.ron"]).expect(0);
    let film = fs::read(project.path().join("tea.mp4")).unwrap();
    assert!(film == fs::read(away.path().join("here/tea.mp4")).unwrap(), "the same graph gives the same bytes");
    let path = project.path().to_string_lossy().into_owned();
    assert!(!film.windows(path.len()).any(|bytes| bytes == path.as_bytes()), "no path of this machine");
    assert_eq!(
        n_frames(&gst().unwrap(), project.path(), "tea.mp4"),
        n_frames(&gst().unwrap(), away.path(), "here/tea.mp4"),
        "players skip what is carried"
    );
}

#[test]
fn what_is_carried_follows_the_graph_but_not_its_layout() {
    let Some(project) = Project::to_run() else { return };
    project.call(&["run", "tea.ron"]).expect(0);
    let written = |project: &Project| {
        let lines = project.call(&["run", "tea.ron", "--json"]).expect(0).json();
        lines.last().unwrap()["files"][0]["written"].as_bool().unwrap()
    };
    assert!(!written(&project));
    project.replace("tea.ron", "    },\n)", "    },\n    layout: {\n        \"film\": (at: (1, 2)),\n    },\n)");
    assert!(!written(&project), "a place on the canvas is no other film");
    project.replace(
        "tea.ron",
        "\"film\": (kind",
        "\"note\": (kind: \"prompt.text\", version: 1, params: { \"text\": \"x\" }),\n        \"film\": (kind",
    );
    assert!(written(&project), "another graph of the same pictures");
    assert!(project.call(&["unpack", "tea.mp4"]).expect(0).out.contains("prompt.text"));

    project.replace("tea.ron", "{ \"file\": \"tea.mp4\" }", "{ \"file\": \"tea.mp4\", \"carry_graph\": false }");
    assert!(written(&project));
    let none = project.call(&["unpack", "tea.mp4"]).expect(2);
    assert!(none.err.contains("no-graph") && none.err.contains("carry_graph"), "{}", none.err);
}
