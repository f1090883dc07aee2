//! What we build on: every dependency is used, and every licence is one that a program may be shipped with.
//!
//! `cargo deny` and `cargo machete` were weighed: each is a program of its own, and building them takes longer than
//! the rest of the checks. What they know of advisories is not checked here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Licences that ask for no more than to be named, and the weak copyleft of MPL, which stays within its files.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "Ubuntu-font-1.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn metadata() -> Value {
    let found = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform"])
        .arg("x86_64-unknown-linux-gnu")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    serde_json::from_slice(&found.stdout).unwrap()
}

/// Whether one of the alternatives of a licence expression asks only for what is allowed.
fn is_allowed(expression: &str) -> bool {
    // Old manifests write a slash for OR; brackets only group what OR and AND group here anyway, checked from inside.
    let expression = expression.replace('/', " OR ");
    let Some((before, rest)) = expression.split_once('(') else {
        let single = |name: &str| ALLOWED.contains(&name.split(" WITH ").next().unwrap_or(name).trim());
        return expression.split(" OR ").any(|all| all.split(" AND ").all(single));
    };
    let Some((inside, after)) = rest.split_once(')') else { return false };
    let stands_for = if is_allowed(inside) { "MIT" } else { "refused" };
    is_allowed(&format!("{before}{stands_for}{after}"))
}

#[test]
fn every_licence_is_allowed() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let linked: Vec<&Value> = metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    let mut refused = BTreeMap::new();
    for package in packages.iter().filter(|package| linked.contains(&&package["id"])) {
        let licence = package["license"].as_str().unwrap_or("none is stated");
        if !is_allowed(licence) {
            refused.insert(package["name"].to_string(), licence.to_owned());
        }
    }
    assert!(100 < linked.len(), "the scan lost the packages");
    assert_eq!(refused, BTreeMap::new());
}

#[test]
fn a_licence_can_be_refused() {
    for fine in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(MIT OR GPL-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(is_allowed(fine), "{fine}");
    }
    for not in ["GPL-3.0", "MIT AND GPL-2.0", "(GPL-2.0 OR AGPL-3.0) AND MIT", "none is stated", "(MIT"] {
        assert!(!is_allowed(not), "{not}");
    }
}

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") && !path.join("Cargo.toml").exists() {
            sources(&path, text);
        } else if path.extension().is_some_and(|it| it == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_dependency_is_used() {
    let metadata = metadata();
    let ours = metadata["workspace_members"].as_array().unwrap();
    let mut unused = Vec::new();
    for package in metadata["packages"].as_array().unwrap().iter().filter(|package| ours.contains(&package["id"])) {
        let mut text = String::new();
        sources(Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap(), &mut text);
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["rename"].as_str().or(dependency["name"].as_str()).unwrap();
            if !text.contains(&name.replace('-', "_")) {
                unused.push(format!("{} does not use {name}", package["name"]));
            }
        }
    }
    assert_eq!(unused, Vec::<String>::new());
}
