//! Groups as a user meets them: one file used twice with other settings, a change of it reaching every use.

use crate::cli::Project;

const LOOK: &str = r#"(
    throughline: 1,
    nodes: {
        "grade": (kind: "edit.color", version: 1, params: {}),
        "fade": (kind: "edit.fade", version: 1, params: {}),
    },
    links: { "fade.clip": "grade.clip" },
    interface: (
        inputs: { "clip": "grade.clip" },
        outputs: { "clip": "fade.clip" },
        params: { "exposure": "grade.exposure" },
    ),
)
"#;

const GRAPH: &str = r#"(
    throughline: 1,
    settings: (size: (160, 90), fps: (12, 1)),
    nodes: {
        "tea": (kind: "model.video", version: 1, params: { "prompt": "a cup of tea", "seconds": 1.0 }),
        "night": (kind: "group", version: 1, params: { "file": "look.ron", "exposure": -1.0 }),
        "day": (kind: "group", version: 1, params: { "file": "look.ron" }),
        "film": (kind: "output.film", version: 1, params: { "file": "look.mp4" }),
    },
    links: {
        "night.clip": "tea.clip",
        "day.clip": "tea.clip",
        "film.clips": ["night.clip", "day.clip"],
    },
)
"#;

#[test]
fn a_group_is_used_twice_and_revised_once() {
    let Some(project) = Project::to_run() else { return };
    project.write("look.ron", LOOK);
    project.write("uses.ron", GRAPH);
    assert_eq!(project.call(&["check", "uses.ron"]).expect(0).out, "no problems found\n");
    assert_eq!(project.call(&["run", "uses.ron"]).expect(0).last(), "ran 2, reused 0, cost 0");
    assert_eq!(project.call(&["plan", "uses.ron"]).expect(0).last(), "nothing to run: 2 reused, cost 0");

    let one = project.call(&["plan", "uses.ron", "--target", "night"]).expect(0);
    assert_eq!(one.last(), "nothing to run: 1 reused, cost 0", "a group is a target by its name");
    let set = project.call(&["plan", "uses.ron", "--set", "day.exposure=0.5"]).expect(0);
    assert!(set.out.contains("1 to run, 1 reused"), "an override of one instance reaches the film: {}", set.out);
    project.replace(
        "look.ron",
        "\"edit.color\", version: 1, params: {}",
        "\"edit.color\", version: 1, params: { \"contrast\": 1.2 }",
    );
    let planned = project.call(&["plan", "uses.ron"]).expect(0);
    assert!(planned.out.contains("1 to run, 1 reused"), "a change of the group reaches its users: {}", planned.out);
}

#[test]
fn a_broken_group_says_what_and_where() {
    let project = Project::new();
    project.write("uses.ron", GRAPH);
    let missing = project.call(&["check", "uses.ron"]).expect(2);
    assert!(missing.err.contains("look.ron") && missing.err.contains("night"), "{}", missing.err);
    project.write("look.ron", &LOOK.replace("\"clip\": \"fade.clip\"", "\"picture\": \"fade.clip\""));
    let port = project.call(&["plan", "uses.ron"]).expect(2);
    assert!(port.err.contains("the group has no output `clip`") && port.err.contains("picture"), "{}", port.err);
    project.replace("uses.ron", "look.ron\", \"exposure\"", "../look.ron\", \"exposure\"");
    let outside = project.call(&["check", "uses.ron"]).expect(2);
    assert!(outside.err.contains("outside the graph's folder"), "{}", outside.err);
}
