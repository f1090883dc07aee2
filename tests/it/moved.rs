//! Media that were moved or renamed are found again by what is in them.

use std::fs;

use crate::cli::Project;
use crate::helpers::root;

#[test]
fn a_moved_picture_is_found_by_what_is_in_it() {
    let Some(project) = Project::to_run() else { return };
    let at = |path: &str| project.path().join(path);
    fs::copy(root().join("graphs/refs/mara.png"), at("ana.png")).unwrap();
    project.replace("tea.ron", "\"images\": []", "\"images\": [\"ana.png\"]");
    project.call(&["run", "tea.ron"]).expect(0);
    let ids = fs::read_to_string(at("tea.ids.ron")).unwrap();
    assert!(ids.contains("\"ana.png\": \""), "{ids}");

    fs::create_dir_all(at("cast/leads")).unwrap();
    fs::rename(at("ana.png"), at("cast/leads/ana pours.png")).unwrap();
    let moved = "`cast/leads/ana pours.png` holds the same";
    let planned = project.call(&["plan", "tea.ron"]).expect(0);
    assert!(planned.out.starts_with("nothing to run: "), "{}", planned.out);
    let ran = project.call(&["run", "tea.ron"]).expect(0);
    assert!(ran.last().starts_with("ran 0, reused "), "{}", ran.out);
    assert!(ran.err.contains("warning[file-moved]") && ran.err.contains(moved), "{}", ran.err);
    // What the file holds is known without the store: on another machine there is none yet.
    fs::remove_dir_all(at(".throughline")).unwrap();
    let found = project.call(&["check", "tea.ron", "--json"]).expect(0).json();
    let [told] = &found[0]["diagnostics"].as_array().unwrap()[..] else { panic!("{found:?}") };
    assert_eq!((&told["code"], &told["subject"]["node"]), (&"file-moved".into(), &"ana".into()));
    assert_eq!(told["fix"]["title"], "Use `cast/leads/ana pours.png`");
    let again = project.call(&["run", "tea.ron", "--target", "generate/s1.b1"]).expect(0);
    assert!(again.err.contains(moved), "{}", again.err);

    project.replace("tea.ron", "[\"ana.png\"]", "[\"cast/leads/ana pours.png\"]");
    assert_eq!(project.call(&["check", "tea.ron"]).expect(0).out, "no problems found\n");
    project.call(&["run", "tea.ron"]).expect(0);
    let ids = fs::read_to_string(at("tea.ids.ron")).unwrap();
    assert!(ids.contains("leads/ana pours.png") && !ids.contains("\"ana.png\""), "{ids}");

    fs::remove_file(at("cast/leads/ana pours.png")).unwrap();
    let gone = project.call(&["run", "tea.ron"]).expect(1);
    assert!(gone.err.contains("file-missing") && gone.err.contains("--> ana"), "{}", gone.err);
}
