//! The page about `--json` and what the commands print: every field that is printed is described.
//!
//! A schema was weighed: it would be a third description beside the page and the code, and say less than the page.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::cli::Project;
use crate::helpers::{root, throughline};

/// Objects whose fields are no words of ours: formats of files.
const FREE: &[&str] = &["artifacts"];

/// What the page leaves to the program's own version.
const OPAQUE: &[&str] = &["edits"];

fn collect(value: &Value, parent: &str, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                // Names of files are no fields.
                if !FREE.contains(&parent) && !key.contains('.') {
                    keys.insert(key.clone());
                }
                if !OPAQUE.contains(&key.as_str()) {
                    collect(value, key, keys);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, parent, keys)),
        _ => {}
    }
}

/// Fields of the outputs that are not described, by command.
fn undescribed(outputs: &[(String, Vec<Value>)]) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/JSON.md")).unwrap();
    let mut missing = Vec::new();
    for (command, lines) in outputs {
        let mut keys = BTreeSet::new();
        lines.iter().for_each(|line| collect(line, "", &mut keys));
        assert!(!keys.is_empty(), "{command} prints no object");
        missing.extend(
            keys.into_iter().filter(|key| !page.contains(&format!("`{key}`"))).map(|key| format!("{command}: {key}")),
        );
    }
    missing
}

#[test]
fn every_printed_field_is_described() {
    let project = Project::new();
    let call = |code: i32, args: &[&str]| {
        let outcome = project.call(&[args, &["--json"]].concat()).expect(code);
        assert_eq!(outcome.err, "", "{args:?}: everything is in the JSON");
        (args.join(" "), outcome.json())
    };
    let mut outputs = vec![
        call(0, &["plan", "tea.ron"]),
        call(0, &["explain", "tea.ron", "generate/s1.b1"]),
        call(0, &["nodes"]),
        call(0, &["nodes", "edit.trim"]),
        call(0, &["nodes", "--markdown"]),
        call(0, &["completions", "fish"]),
        call(0, &["man"]),
        call(2, &["fly"]),
        call(2, &["run"]),
        call(0, &["models"]),
        call(2, &["models", "nothing-like-it"]),
        call(0, &["keys", "list"]),
        call(2, &["keys", "set", "NOBODYS_KEY"]),
        call(2, &["run", "tea.ron", "--target", "nothing"]),
        call(2, &["run", "absent.ron"]),
        call(2, &["check", "tea.ron", "--set", "shots.max_seconds=1000.0"]),
        call(0, &["store", "stats", "tea.ron"]),
        call(0, &["store", "verify", "tea.ron"]),
        call(0, &["store", "gc", "--dry-run", "tea.ron"]),
        call(2, &["unpack", "tea.ron"]),
        call(0, &["run", "tea.ron", "--dry-run"]),
        call(0, &["ledger", "tea.ron"]),
        call(0, &["jobs", "list", "tea.ron"]),
        call(2, &["jobs", "settle", "tea.ron", "1", "--nothing"]),
    ];
    if crate::helpers::gst().is_some() {
        outputs.push(call(0, &["run", "tea.ron"]));
        project.replace("tea.fountain", "cup", "glass");
        outputs.push(call(0, &["unpack", "tea.mp4"]));
        outputs.push(call(0, &["unpack", "tea.mp4", "-o", "unpacked"]));
        outputs.push(call(0, &["plan", "tea.ron"]));
        outputs.push(call(0, &["run", "tea.ron"]));
        outputs.push(call(0, &["explain", "tea.ron", "generate/s1.b1"]));
        project.replace("tea.ron", "\"images\": []", "\"images\": [\"tea.fountain\"]");
        outputs.push(call(1, &["run", "tea.ron"]));
        outputs.push(call(0, &["store", "stats", "tea.ron"]));
        outputs.push(call(0, &["store", "rebuild", "tea.ron"]));
    }
    project.write("broken.ron", "(throughline: 1, nodes: {");
    outputs.push(call(2, &["check", "broken.ron"]));
    assert_eq!(undescribed(&outputs), Vec::<String>::new());
}

#[test]
fn wrong_usage_is_a_diagnostic() {
    let folder = tempfile::tempdir().unwrap();
    let refused = throughline(folder.path(), &["run", "a.ron", "--jobs", "0", "--json"]).expect(2);
    let [line] = &refused.json()[..] else { panic!("one object: {}", refused.out) };
    assert_eq!(line["diagnostic"]["code"], "usage");
    let said = line["diagnostic"]["message"].as_str().unwrap();
    assert!(said.contains("'0'") && said.contains("--jobs"), "{said}");
    let words = throughline(folder.path(), &["--help", "--json"]).expect(0);
    assert!(words.out.contains("Usage:"), "{}", words.out);
    let page = throughline(folder.path(), &["man", "--json"]).expect(0);
    assert!(page.json()[0]["text"].as_str().unwrap().contains(".TH throughline 1"));
}

#[test]
fn a_field_that_is_not_described_is_noticed() {
    let lines =
        vec![serde_json::json!({ "event": "ran", "colour_of_the_sea": 1, "artifacts": { "mp4": { "files": 1 } } })];
    assert_eq!(undescribed(&[("run".to_owned(), lines)]), ["run: colour_of_the_sea"]);
}
