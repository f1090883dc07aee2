//! Which package may depend on which, from the lines of Cargo.toml files and of Cargo.lock.
//!
//! Dependencies are one per line in our manifests, which is all that the scanner reads; a TOML crate would add a
//! dependency to every test build for this one reader.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Finding;

/// Each package of ours and the ones it may import: the arrows of the README.
pub(super) const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("engine", &["model"]),
    ("nodes", &["model"]),
    ("compute", &["engine", "model"]),
    ("animatic", &["engine", "model"]),
    ("media", &["engine", "model"]),
    ("providers", &["engine", "model"]),
    ("ui", &["engine", "model"]),
    ("fuzz", &["model", "nodes"]),
];

/// What only tests of a package may import besides: panels are tested with the real kinds of nodes.
const TEST_ARROWS: &[(&str, &[&str])] = &[("ui", &["nodes"])];

/// Packages that stay plain, and what they must not reach by any way; a final `*` stands for any ending.
const PLAIN: &[&str] = &["model", "engine", "nodes"];
const FORBIDDEN: &[&str] = &["egui*", "eframe", "gstreamer*", "tokio", "reqwest"];

const ARROWS_WHY: &str = "the arrows of the README are the only allowed imports";
const PLAIN_WHY: &str = "model, engine and nodes are planned, priced and tested without a window, a codec or a network";

/// The folders of the workspace's members.
pub(super) fn members(text: &str) -> Vec<String> {
    let list = text.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    list.split(',').map(|member| member.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Checks the dependencies that a manifest names against the arrows.
pub(super) fn check_arrows(file: &str, text: &str) -> Vec<Finding> {
    let Some(name) = text.lines().find_map(|line| line.strip_prefix("name = ")).map(|name| name.trim_matches('"'))
    else {
        return vec![Finding::new(file, 1, "the package has no name", ARROWS_WHY)];
    };
    let Some((_, allowed)) = ARROWS.iter().find(|(package, _)| *package == name) else {
        return vec![Finding::new(file, 1, format!("package `{name}` has no arrow"), ARROWS_WHY)];
    };
    let mut findings = Vec::new();
    let in_tests = TEST_ARROWS.iter().find(|(package, _)| *package == name).map_or(&[] as &[&str], |(_, it)| it);
    for (line, dependency, section) in dependencies(text) {
        let for_tests = section == Section::Tests && in_tests.contains(&dependency);
        if ARROWS.iter().any(|(ours, _)| *ours == dependency) && !allowed.contains(&dependency) && !for_tests {
            let may = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
            let what = format!("`{name}` imports `{dependency}` but may import {may}");
            findings.push(Finding::new(file, line, what, ARROWS_WHY));
        }
        if PLAIN.contains(&name) && forbidden(dependency) {
            findings.push(Finding::new(file, line, format!("`{name}` depends on `{dependency}`"), PLAIN_WHY));
        }
    }
    findings
}

/// Checks what the plain packages reach through any number of steps.
pub(super) fn check_closure(file: &str, text: &str) -> Vec<Finding> {
    let lock = Lock::new(text);
    let mut findings = Vec::new();
    for &package in PLAIN {
        if !lock.packages.keys().any(|(name, _)| *name == package) {
            findings.push(Finding::new(file, 1, format!("package `{package}` is not in the lock file"), PLAIN_WHY));
        }
        for (line, way) in lock.reach(package) {
            findings.push(Finding::new(file, line, way, PLAIN_WHY));
        }
    }
    findings
}

fn forbidden(name: &str) -> bool {
    FORBIDDEN.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

/// Who sees a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Package,
    Tests,
}

/// Dependencies of any section (dev, build, per target), with their lines; a renamed crate by its real name.
fn dependencies(text: &str) -> Vec<(usize, &str, Section)> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut who = Section::Package;
    for (number, line) in text.lines().enumerate() {
        if let Some(section) = line.trim().strip_prefix('[').and_then(|line| line.split_once(']')).map(|(name, _)| name)
        {
            who = if section.contains("dev-dependencies") { Section::Tests } else { Section::Package };
            inside = section.ends_with("dependencies") && !section.starts_with("workspace");
            if let Some((before, name)) = section.rsplit_once('.')
                && before.ends_with("dependencies")
                && !before.starts_with("workspace")
            {
                found.push((number + 1, name, who));
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| inside && !line.starts_with([' ', '#'])) else {
            continue;
        };
        let name = key.split('.').next().unwrap_or(key).trim().trim_matches('"');
        let renamed = value.split_once("package = \"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
        found.push((number + 1, renamed.unwrap_or(name), who));
    }
    found
}

/// A package of the lock file: name and version.
type Id<'a> = (&'a str, &'a str);

/// The lock file: each package with its line and dependencies, these as `name` or `name version`.
struct Lock<'a> {
    packages: BTreeMap<Id<'a>, (usize, Vec<&'a str>)>,
}

impl<'a> Lock<'a> {
    fn new(text: &'a str) -> Lock<'a> {
        let mut packages: BTreeMap<Id<'_>, (usize, Vec<&str>)> = BTreeMap::new();
        let (mut id, mut start) = (("", ""), 1);
        for (number, line) in text.lines().enumerate() {
            let value = |key: &str| line.strip_prefix(key).map(|value| value.trim_matches('"'));
            if let Some(name) = value("name = ") {
                (id, start) = ((name, ""), number + 1);
            } else if let Some(version) = value("version = ").filter(|_| !id.0.is_empty()) {
                id.1 = version;
                packages.insert(id, (start, Vec::new()));
            } else if let Some(dependency) = line.strip_prefix(" \"").and_then(|line| line.strip_suffix("\","))
                && let Some((_, dependencies)) = packages.get_mut(&id)
            {
                dependencies.push(dependency);
            }
        }
        Lock { packages }
    }

    fn find(&self, dependency: &str) -> impl Iterator<Item = Id<'a>> {
        let mut parts = dependency.split(' ');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next());
        let fits = |id: &Id<'_>| id.0 == name && version.is_none_or(|version| id.1 == version);
        self.packages.keys().copied().filter(fits).collect::<Vec<_>>().into_iter()
    }

    /// The ways from a package to forbidden ones, `engine -> hyper -> tokio`, shortest first.
    fn reach(&self, package: &'a str) -> Vec<(usize, String)> {
        let mut queue: VecDeque<(Id<'_>, String)> = self.find(package).map(|id| (id, id.0.to_owned())).collect();
        let mut seen: BTreeSet<Id<'_>> = queue.iter().map(|(id, _)| *id).collect();
        let mut found = Vec::new();
        while let Some((id, way)) = queue.pop_front() {
            let (line, dependencies) = &self.packages[&id];
            if forbidden(id.0) {
                found.push((*line, way));
                continue;
            }
            for next in dependencies.iter().flat_map(|dependency| self.find(dependency)) {
                if seen.insert(next) {
                    queue.push_back((next, format!("{way} -> {}", next.0)));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        check_arrows("a/Cargo.toml", text).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn arrows_can_fail() {
        let fine = "[package]\nname = \"engine\"\n[dependencies]\nmodel.workspace = true\nserde = \"1\"\n";
        assert_eq!(found(fine), Vec::<String>::new());
        assert_eq!(
            found("[package]\nname = \"model\"\n[dev-dependencies]\nengine.workspace = true\n"),
            [format!("a/Cargo.toml:4: `model` imports `engine` but may import nothing of ours ({ARROWS_WHY})")]
        );
        assert_eq!(
            found("[package]\nname = \"media\"\n[dependencies.nodes]\npath = \"../nodes\"\n"),
            [format!("a/Cargo.toml:3: `media` imports `nodes` but may import engine, model ({ARROWS_WHY})")]
        );
        assert_eq!(
            found("[package]\nname = \"helpers\"\n"),
            [format!("a/Cargo.toml:1: package `helpers` has no arrow ({ARROWS_WHY})")]
        );
    }

    #[test]
    fn direct_dependencies_can_fail() {
        let text = "[package]\nname = \"nodes\"\n[target.'cfg(unix)'.dependencies]\n\
                    gst = { package = \"gstreamer\", version = \"1\" }\n# tokio = \"1\"\n[features]\ntokio = []\n";
        assert_eq!(found(text), [format!("a/Cargo.toml:4: `nodes` depends on `gstreamer` ({PLAIN_WHY})")]);
    }

    #[test]
    fn the_closure_can_fail() {
        let package = |name: &str, version: &str, dependencies: &str| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = [\n{dependencies}]\n\n")
        };
        let old = package("model", "0.1.0", "")
            + &package("engine", "0.1.0", " \"log 1.0.0\",\n")
            + &package("nodes", "0.1.0", "")
            + &package("log", "1.0.0", "")
            + &package("log", "2.0.0", " \"tokio\",\n")
            + &package("tokio", "1.0.0", "");
        assert_eq!(check_closure("Cargo.lock", &old), []);
        let findings = check_closure("Cargo.lock", &old.replace("log 1.0.0", "log 2.0.0"));
        assert_eq!(findings, [Finding::new("Cargo.lock", 34, "engine -> log -> tokio", PLAIN_WHY)]);
        let lost = check_closure("Cargo.lock", &old.replace("name = \"nodes\"", "name = \"kinds\""));
        assert_eq!(lost, [Finding::new("Cargo.lock", 1, "package `nodes` is not in the lock file", PLAIN_WHY)]);
    }

    #[test]
    fn members_may_span_lines() {
        assert_eq!(members("[workspace]\nmembers = [\n  \"src/a\",\n  \"nodes\",\n]\n"), ["src/a", "nodes"]);
    }
}
