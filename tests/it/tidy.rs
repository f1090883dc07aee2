//! The house rules, as tests: which package may import which, what a source file looks like, which pages must be current.
//!
//! Plain line scanning over the working tree: no `cargo metadata`, no network, nothing built. Each scanner has a
//! failing example in its own tests, so that a rule which can no longer fail is noticed. A lint plug-in was weighed:
//! it would tie the rules to one compiler version.

mod kinds;
mod packages;
mod pages;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// One broken rule, printed as `file:line: what (why)`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    file: String,
    /// From 1; 1 where the whole file is meant.
    line: usize,
    what: String,
    why: &'static str,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>, why: &'static str) -> Finding {
        Finding { file: file.to_owned(), line, what: what.into(), why }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} ({})", self.file, self.line, self.what, self.why)
    }
}

#[track_caller]
fn assert_none(findings: &[Finding]) {
    let list: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{} broken rules:\n{}", list.len(), list.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file} is needed by a rule: {error}"))
}

/// Files below `folder` by extension, relative to the root with `/`, sorted; build outputs and hidden folders left out.
fn files(folder: &str, extension: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path: PathBuf = entry.expect("a folder of the working tree can be listed").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" {
                    folders.push(path);
                }
            } else if extension.is_none_or(|wanted| path.extension().is_some_and(|found| found == wanted)) {
                let relative = path.strip_prefix(root()).expect("it was found below the root");
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_source_file_keeps_the_house_style() {
    let texts: BTreeMap<String, String> =
        files("", Some("rs")).into_iter().map(|file| (file.clone(), read(&file))).collect();
    assert!(10 < texts.len(), "the walk lost the sources: {:?}", texts.keys());
    let test_files = source::test_files(&texts);
    let findings: Vec<Finding> =
        texts.iter().flat_map(|(file, text)| source::check(file, text, test_files.contains(file))).collect();
    assert_none(&findings);
}

#[test]
fn packages_import_only_along_the_arrows() {
    let members = packages::members(&read("Cargo.toml"));
    assert!(members.contains(&"src/model".to_owned()), "the workspace lost its members: {members:?}");
    let findings: Vec<Finding> = members
        .iter()
        .map(String::as_str)
        .chain(["fuzz"])
        .flat_map(|member| {
            let file = format!("{member}/Cargo.toml");
            packages::check_arrows(&file, &read(&file))
        })
        .collect();
    assert_none(&findings);
}

#[test]
fn the_core_never_pulls_in_a_window_a_codec_or_a_network() {
    assert_none(&packages::check_closure("Cargo.lock", &read("Cargo.lock")));
}

#[test]
fn each_node_file_is_named_after_its_kind_and_listed() {
    let texts: BTreeMap<String, String> =
        files("nodes", Some("rs")).into_iter().map(|file| (file.clone(), read(&file))).collect();
    assert_none(&kinds::check(&texts));
    for spec in nodes::ALL {
        let file = format!("nodes/{}.rs", spec.kind.replace('.', "_"));
        assert!(texts.contains_key(&file), "{file}:1: kind `{}` has no file of its name ({})", spec.kind, kinds::WHY);
    }
}

#[test]
fn readme_states_the_architecture_and_the_promises() {
    assert_none(&pages::check_readme("README.md", &read("README.md")));
}

#[test]
fn readme_layout_names_every_package() {
    let members = packages::members(&read("Cargo.toml"));
    assert_none(&pages::check_layout("README.md", &read("README.md"), &members));
}

#[test]
fn the_node_reference_is_current() {
    assert_none(&pages::check_reference("docs/NODES.md", &read("docs/NODES.md"), &nodes::markdown()));
}

#[test]
fn system_packages_are_written_down_once() {
    assert_none(&pages::check_system_packages(&read("system-packages.txt"), &read("x"), &read(".ci/run")));
}

#[test]
fn every_damaged_input_has_its_expected_message() {
    let listed = pages::listed_paths(&read("tests/bad/EXPECT.txt"));
    let there: BTreeSet<String> = files("tests/bad", None)
        .iter()
        .filter_map(|file| file.strip_prefix("tests/bad/"))
        .filter(|file| *file != "EXPECT.txt")
        .map(str::to_owned)
        .collect();
    assert_none(&pages::check_expectations("tests/bad/EXPECT.txt", &listed, &there));
}
